// Plans put together op by op: what an op writes follows from its definition; what it does not take is named.
import { describe, expect, it } from 'vitest';
import { BitgradError, createPlanBuilder, validateModel } from '../src/index.js';

const window = { kernel: [3, 3], strides: [2, 1], dilations: [1, 1], pads: [1, 0, 1, 0] } as const;

describe('createPlanBuilder', () => {
  it('infers types and shapes, and gives a valid model', () => {
    const b = createPlanBuilder();
    const x = b.buffer('u8', [5, 6, 2]);
    const w = b.weight('bits', [3, 3, 3, 2], new Uint32Array(27));
    const sum = b.op({ op: 'conv', inputs: [x], weights: [w], ...window, padValue: 9, shift: 1, groups: 1 });
    expect(b.buffers[sum]).toEqual({ type: 'i32', shape: [3, 4, 3] });
    const flat = b.op({ op: 'reshape', inputs: [sum] }, [36]);
    const one = b.weight('f32', [36], new Float32Array(36));
    const y = b.op({ op: 'affine', inputs: [flat], weights: [one, one] });
    const model = b.finish(x, y, { name: 'built' });
    expect(validateModel(model)).toEqual(model);
  });

  it.each([
    [
      'a type that it does not take',
      [4, 4, 2],
      'i8',
      /weights\[0\] of clip: got 1|number of weights of clip: got 1, expected 0/,
    ],
    ['a window that does not fit', [2, 2, 2], 'bits', /kernel\[0\] of layer1/],
  ] as const)('names what is wrong: %s', (_, shape, type, message) => {
    const b = createPlanBuilder();
    const x = b.buffer('u8', shape);
    const w = b.weight(type, [3, 5, 5, 2], type === 'bits' ? new Uint32Array(75) : new Int8Array(150));
    const build = (): number =>
      type === 'bits'
        ? b.op({
            op: 'conv',
            name: 'layer1',
            inputs: [x],
            weights: [w],
            ...window,
            kernel: [5, 5],
            padValue: 0,
            shift: 0,
            groups: 1,
          })
        : b.op({ op: 'clamp', name: 'clip', inputs: [x], weights: [w], min: 0, max: 1 });
    expect(build).toThrow(BitgradError);
    expect(build).toThrow(message);
  });
});
