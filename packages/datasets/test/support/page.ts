// What the browser test runs in a page: pictures through a canvas into the input of a model, as an application does it.
import { imageInput, type CanvasLike, type ImageTarget, type Pixels } from '@bitgrad/runtime';

async function element(name: string): Promise<HTMLImageElement> {
  const image = new Image();
  image.src = name;
  await image.decode();
  return image;
}

const bitmap = async (name: string): Promise<ImageBitmap> =>
  createImageBitmap(await (await fetch(name)).blob());

/** Inputs of a model from pictures that are drawn on a canvas of their size. */
export async function inputs(
  names: string[],
  how: 'bitmap' | 'element',
  target: ImageTarget,
): Promise<number[][]> {
  const all: number[][] = [];
  for (const name of names) {
    const image = await (how === 'bitmap' ? bitmap(name) : element(name));
    const [width, height] = image instanceof HTMLImageElement ? [image.naturalWidth, image.naturalHeight] : [image.width, image.height]; // prettier-ignore
    const canvas = new OffscreenCanvas(width, height);
    canvas.getContext('2d')!.drawImage(image, 0, 0);
    all.push([...imageInput(canvas, target)]);
  }
  return all;
}

const messageOf = (run: () => unknown): string => {
  try {
    return String(run());
  } catch (error) {
    return (error as Error).name === 'BitgradError'
      ? (error as Error).message
      : `not typed: ${String(error)}`;
  }
};

/** What is said of an element, a bitmap, an empty canvas and a tainted one. */
export async function refused(name: string, target: ImageTarget): Promise<string[]> {
  const tainted = new OffscreenCanvas(9, 9);
  tainted.getContext('2d')!.drawImage(await element(`http://other.test${name}`), 0, 0);
  const pixels = (await Promise.all([element(name), bitmap(name)])) as unknown[];
  return [...pixels, new OffscreenCanvas(0, 0), tainted].map((image) =>
    messageOf(() => imageInput(image as Pixels | CanvasLike, target)),
  );
}

/** The bytes of an sRGB colour on a canvas whose own colours are those of Display P3. */
export function wideGamut(target: ImageTarget): number[] {
  const canvas = new OffscreenCanvas(4, 4);
  const context = canvas.getContext('2d', { colorSpace: 'display-p3' })!;
  context.fillStyle = 'rgb(200, 60, 30)';
  context.fillRect(0, 0, 4, 4);
  return [...imageInput(canvas, target)];
}
