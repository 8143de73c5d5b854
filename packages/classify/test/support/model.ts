// The smallest model of pictures: 2 x 2 grey pixels, whose left or right half is brighter.
import { encodeModel } from '@bitgrad/runtime';

/** @param more of its metadata */
export const halves = (more: object = {}): Uint8Array<ArrayBuffer> =>
  encodeModel(
    {
      version: 1,
      input: 0,
      output: 4,
      buffers: [
        { type: 'u8', shape: [2, 2, 1] },
        { type: 'u8', shape: [4] },
        { type: 'bits', shape: [4] },
        { type: 'i32', shape: [2] },
        { type: 'f32', shape: [2] },
      ],
      weights: [
        { type: 'i32', shape: [4] },
        { type: 'bits', shape: [4] },
        { type: 'bits', shape: [2, 4] },
        { type: 'f32', shape: [2] },
        { type: 'f32', shape: [2] },
      ],
      ops: [
        { op: 'reshape', inputs: [0], output: 1 },
        { op: 'threshold', inputs: [1], weights: [0, 1], output: 2 },
        { op: 'dense', inputs: [2], weights: [2], output: 3 },
        { op: 'affine', inputs: [3], weights: [3, 4], output: 4 },
      ],
    },
    [
      Int32Array.of(128, 128, 128, 128),
      Uint32Array.of(0),
      // Bits are set where a weight is -1: right, and left.
      Uint32Array.of(0b1010, 0b0101),
      Float32Array.of(0.5, 0.5),
      Float32Array.of(0, 0),
    ],
    { classes: ['left', 'right'], ...more },
  ) as Uint8Array<ArrayBuffer>;

/** 2 x 2 pixels, RGBA, white on one side. */
export const picture = (side: 'left' | 'right') => ({
  width: 2,
  height: 2,
  data: Uint8ClampedArray.from(
    [0, 1, 0, 1].flatMap((column) => {
      const byte = (column === 0) === (side === 'left') ? 255 : 0;
      return [byte, byte, byte, 255];
    }),
  ),
});
