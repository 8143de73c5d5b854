// Options in words, read off schemas and rules.
import * as v from 'valibot';
import { expect, it } from 'vitest';
import {
  explained,
  memberOptions,
  option,
  parseOptions,
  ruleOptions,
  schemaOptions,
  told,
} from '../src/index.js';

const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));
const schema = v.strictObject({
  any: v.optional(v.number(), 2),
  above: told(positive, 1, 'above 0'),
  range: told(v.pipe(v.number(), v.minValue(1), v.maxValue(64)), 20, ''),
  share: told(v.pipe(v.number(), v.gtValue(0), v.maxValue(1)), 0.5, ''),
  below: told(v.pipe(v.number(), v.minValue(0), v.ltValue(1)), 0.5, ''),
  whole: told(v.pipe(v.number(), v.integer(), v.minValue(1)), 3, 'a count'),
  none: told(v.nullable(positive), null, 'or null'),
  name: v.picklist(['a', 'b']),
  switch: v.optional(v.pipe(v.boolean(), v.description('on'))),
  list: told(v.pipe(v.array(positive), v.minLength(2)), [1, 2], ''),
  inner: told(v.union([v.boolean(), v.strictObject({ k: told(positive, 64, 'inside') })]), false, 'a part'),
  own: v.optional(v.pipe(v.number(), v.check((x) => x > 3, 'a number above 3'))), // prettier-ignore
});

it('has type and range, default and meaning of each entry of a schema', () => {
  expect(schemaOptions(schema).map(({ name, expected, text, required, ...rest }) => [name, expected, rest.default, text, required])).toEqual([
    ['any', 'a finite number', 2, '', false],
    ['above', 'a finite number above 0', 1, 'above 0', false],
    ['range', 'a number from 1 to 64', 20, '', false],
    ['share', 'a finite number above 0, at most 1', 0.5, '', false],
    ['below', 'a finite number, 0 or more, below 1', 0.5, '', false],
    ['whole', 'an integer, 1 or more', 3, 'a count', false],
    ['none', 'a finite number above 0, or null', null, 'or null', false],
    ['name', 'one of "a", "b"', undefined, '', true],
    ['switch', 'true or false', undefined, 'on', false],
    ['list', 'a list of at least 2, each a finite number above 0', [1, 2], '', false],
    ['inner', 'true or false, or an object', false, 'a part', false],
    ['own', 'a number above 3', undefined, '', false],
  ]); // prettier-ignore
  expect(schemaOptions(schema).find(({ name }) => name === 'inner')!.inner).toEqual([
    { name: 'k', expected: 'a finite number above 0', default: 64, required: false, text: 'inside' },
  ]);
});

it('resolved options know their schema, which shows in no copy of them', () => {
  const resolved = parseOptions('pkg', 'x', schema, { name: 'a' });
  expect(memberOptions(resolved)).toEqual(schemaOptions(schema));
  expect(memberOptions({ ...resolved })).toBeNull();
  expect(JSON.parse(JSON.stringify(resolved))).toEqual({ ...resolved });
  expect(Reflect.ownKeys({ ...resolved }).every((key) => typeof key === 'string')).toBe(true);
});

it('has the same of rules', () => {
  const rules = {
    depth: explained(option.required(option.integer(1, 9)), 'how deep', 4),
    rest: explained(option.inside({ k: explained(option.positive, 'inside') }), 'the rest'),
    bare: option.boolean,
  };
  expect(ruleOptions(rules)).toEqual([
    { name: 'depth', expected: 'an integer from 1 to 9', default: 4, required: true, text: 'how deep' }, // prettier-ignore
    { name: 'rest', expected: 'an object', required: false, text: 'the rest', inner: [{ name: 'k', expected: 'a finite number above 0', required: false, text: 'inside' }] }, // prettier-ignore
    { name: 'bare', expected: 'true or false', required: false, text: '' },
  ]);
});
