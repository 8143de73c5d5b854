// What a model on the Draw page is given: a drawing, a picture, or nothing that this page has.
import type { Model } from '@bitgrad/runtime';
import { imageSide } from './strokes.js';

/** `drawing`: as digits are drawn. `picture`: a photo or the camera. `sound` and `numbers` are for other places. */
export type InputKind = 'drawing' | 'picture' | 'sound' | 'numbers';

/** Files of drawings say nothing of how pictures were brought to their size; those of pictures do. */
export function inputKind({ input: { shape }, metadata }: Pick<Model, 'input' | 'metadata'>): InputKind {
  if (metadata.sound) return 'sound';
  const [height, width, channels] = shape;
  if (shape.length !== 3 || ![1, 3, 4].includes(channels!)) return 'numbers';
  const small = height === imageSide && width === imageSide && channels === 1;
  return small && !metadata.picture ? 'drawing' : 'picture';
}
