// The visitor's formulas: what they may say, what they mean, and how they fail. Compared with plain JavaScript.
import { describe, expect, it } from 'vitest';
import { BitgradError } from '@bitgrad/core';
import { certify } from '@bitgrad/certificate';
import { formulaSurrogate, parseFormula } from '../src/quantizers/formula.js';
import { createQuantizer } from '../src/quantizers/library.js';
import { evaluateExpression } from '@bitgrad/core';

const points = [-5, -1.5, -1, -0.3, -0, 0, 0.25, 1, 2.75];

describe('formulas', () => {
  const cases: [string, (x: number) => number][] = [
    ['max(0, 1 - abs(x))', (x) => Math.max(0, 1 - Math.abs(x))],
    ['exp(-2 * x^2)', (x) => Math.exp(-2 * x * x)],
    ['-x^2', (x) => -(x * x)],
    ['(-x)^2 * -(x + 1)^2 - -x^3', (x) => x * x * -((x + 1) ** 2) + x ** 3],
    ['2^3 - x**3', (x) => 8 - x ** 3],
    ['x < 0 ? -x : sin(pi * x)', (x) => (x < 0 ? -x : Math.sin(Math.PI * x))],
    ['abs(x) <= 1 && !(x > 0.5)', (x) => (Math.abs(x) <= 1 && !(x > 0.5) ? 1 : 0)],
    [
      'sech(x)^2 / 2 + sigmoid(x) - tanh(x)',
      (x) => 1 / Math.cosh(x) ** 2 / 2 + 1 / (1 + Math.exp(-x)) - Math.tanh(x),
    ],
    ['clip(x, -1, e) * sign(x)', (x) => Math.min(Math.max(x, -1), Math.E) * (x < 0 ? -1 : 1)],
  ];
  it.each(cases)('%s', (text, wanted) => {
    const expression = parseFormula(text);
    for (const x of points)
      expect(evaluateExpression(expression, { x }), `at ${x}`).toBeCloseTo(wanted(x), 12);
  });

  it.each([
    ['', 'nothing'],
    ['1 +', 'syntax'],
    ['y + 1', 'unknown name'],
    ['x.constructor', 'syntax'],
    ['abs.constructor(x)', 'function'],
    ['this', 'syntax'],
    ['constructor(x)', 'function'],
    ['alert(1)', 'function'],
    ['toString', 'unknown name'],
    ['"a"', 'literal'],
    ['x; x', 'syntax'],
    ['[x]', 'syntax'],
    ['max(x)', 'arguments'],
    ['x^x', 'exponent'],
    ['x^0.5', 'exponent'],
    ['-x^2^2', 'syntax'],
    ['2 * -', 'syntax'],
    ['~x', 'operator'],
    ['x % 2', 'operator'],
    [`${'('.repeat(80)}x${')'.repeat(80)} + ${'-'.repeat(100)}x`, 'nesting'],
    ['x'.repeat(500), 'length'],
    ['(((x/9)^31)^31)^31', 'size'],
    [`${'('.repeat(55)}x${'^32)'.repeat(55)}`, 'size'],
    [`${'('.repeat(25)}x${'+1)^3'.repeat(25)}`, 'size'],
  ])('refuses %s', (text, part) => {
    const attempt = (): unknown => parseFormula(text);
    expect(attempt).toThrow(BitgradError);
    expect(attempt).toThrow(part);
  });

  it('refuses a formula without a value somewhere', () => {
    expect(() => formulaSurrogate('1 / x')).toThrow(/not-finite|x = 0/);
    expect(() => formulaSurrogate('log(x)')).toThrow(BitgradError);
  });

  it('is answered in time, however the formula is nested', () => {
    const nested = (start: string, middle: (inside: string, i: number) => string): string => {
      let text = start;
      for (let i = 1; ; i++) {
        const next = middle(text, i);
        if (next.length > 400 || i > 55) return text;
        text = next;
      }
    };
    const formulas = [
      nested('x', (inside) => `(${inside}/9)^31`),
      nested('x', (inside, i) => `min(${inside},${i})`),
      nested('x', (inside, i) => `abs(${inside}-${i})`),
      nested('x', (inside, i) => `(${inside}>${i}?x:0)`),
      nested('x', (inside) => `(${inside})^2`),
      nested('sin(99*x)', (inside) => `abs(${inside}) > 0.5`),
      nested('max(0,x)', (inside, i) => `${inside}+max(0,x-${i})`),
    ];
    for (const formula of formulas) {
      // Processor time: the machine may be busy with other things.
      const before = process.cpuUsage();
      try {
        formulaSurrogate(formula);
      } catch (error) {
        expect(error).toBeInstanceOf(BitgradError);
      }
      const { user, system } = process.cpuUsage(before);
      expect((user + system) / 1e6, formula).toBeLessThan(3);
    }
  });

  it('finds where a formula jumps or bends', () => {
    const at = formulaSurrogate('abs(x) <= 1.23 ? 1 : 0').breakpoints!({});
    for (const wanted of [-1.23, 0, 1.23])
      expect(Math.min(...at.map((x) => Math.abs(x - wanted)))).toBeLessThan(1e-9);
    expect(formulaSurrogate('exp(-x^2)').breakpoints!({})).toEqual([]);
  });

  it('certifies the integral of a formula, and not its pair with sign', () => {
    const formula = 'max(0, 1 - abs(x))';
    expect(certify(createQuantizer({ kind: 'formula', formula, forward: 'integral' })).holds).toBe(true);
    expect(certify(createQuantizer({ kind: 'formula', formula, forward: 'sign' })).holds).toBe(false);
    const { forward } = createQuantizer({ kind: 'formula', formula, forward: 'integral' });
    // The integral of the triangle from -1 to x, from -1 to 1.
    const wanted = (x: number): number => (x < 0 ? (1 + x) ** 2 - 1 : 1 - (1 - x) ** 2);
    for (const x of [-1, -0.4, 0, 0.7, 1]) expect(forward.formula(x, {})).toBeCloseTo(wanted(x), 6);
  });
});
