// Pictures of every kind as what `imageInput` reads: pixels, or a canvas.
import { failureOf, reasonOf, within, type Pixels } from '@bitgrad/bits';
import type { CanvasLike } from '@bitgrad/runtime';
import { fromNode, inNode } from './engines.js';

const failure = failureOf('classify');

/** What a page can draw: an image, a video, an ImageBitmap, a VideoFrame. */
export type Drawable = HTMLImageElement | HTMLVideoElement | ImageBitmap | VideoFrame;

/** What `classify` reads. */
export type Picture = string | URL | Blob | Pixels | CanvasLike | Drawable;

/** So long a video may take to its first frame, and a server to its picture, in ms. */
const patienceMs = 60_000;
const timely = <T>(wait: Promise<T>, what: string): Promise<T> =>
  within(patienceMs, wait, () => failure('io', { what: `${what} did not come in ${patienceMs} ms` }));

interface Decoders {
  decodeImage(name: string, bytes: Uint8Array): Pixels;
  readImage(path: string): Promise<Pixels>;
}

/** What reads files of pictures in Node. */
async function decoders(): Promise<Decoders> {
  const name = '@bitgrad/datasets/node';
  return fromNode<Decoders>(name).catch((cause: unknown) => {
    throw failure('backend-unavailable', {
      what: `files of pictures are read by @bitgrad/datasets, which cannot be loaded (${reasonOf(cause)})`,
      next: 'npm install @bitgrad/datasets, or give pixels: { width, height, data }.',
      cause,
    });
  });
}

function draw(drawable: CanvasImageSource, width: number, height: number): CanvasLike {
  if (width < 1 || height < 1)
    throw failure('shape-mismatch', {
      what: 'size of the picture (width, height)',
      got: [width, height],
      expected: 'at least 1 x 1: a picture that is loaded',
    });
  const canvas =
    typeof OffscreenCanvas === 'function'
      ? new OffscreenCanvas(width, height)
      : Object.assign(document.createElement('canvas'), { width, height });
  (canvas.getContext('2d') as CanvasRenderingContext2D).drawImage(drawable, 0, 0, width, height);
  return canvas as CanvasLike;
}

/** Upright as the file says (`from-image` is the default of browsers), colours as stored. */
async function decodeBlob(blob: Blob, name: string): Promise<Pixels | CanvasLike> {
  if (typeof createImageBitmap !== 'function')
    return (await decoders()).decodeImage(name, new Uint8Array(await blob.arrayBuffer()));
  const bitmap = await createImageBitmap(blob, { colorSpaceConversion: 'none' }).catch((cause: unknown) => {
    throw failure('invalid-file', {
      what: `${name}, whose bytes are no picture that this browser reads`,
      got: `${blob.size} bytes`,
      expected: 'a PNG, JPEG, WebP, BMP or GIF picture',
      cause,
    });
  });
  try {
    return draw(bitmap, bitmap.width, bitmap.height);
  } finally {
    bitmap.close();
  }
}

async function fetchPicture(address: string): Promise<Pixels | CanvasLike> {
  const response = await timely(fetch(address), address).catch((cause: unknown) => {
    throw failure('io', { what: `${address} cannot be fetched (${reasonOf(cause)})`, cause });
  });
  if (!response.ok)
    throw failure('io', { what: `answer for ${address}`, got: response.status, expected: 'a success' });
  return decodeBlob(await timely(response.blob(), address), address);
}

async function drawElement(picture: Drawable): Promise<CanvasLike> {
  if ('videoWidth' in picture) {
    // HAVE_CURRENT_DATA: there is a frame.
    if (picture.readyState < 2)
      await timely(
        new Promise<void>((resolve, reject) => {
          picture.addEventListener('loadeddata', () => resolve(), { once: true });
          picture.addEventListener('error', () => reject(failure('io', { what: 'the video cannot be played', got: picture.error?.message })), { once: true }); // prettier-ignore
        }),
        'the first frame of the video',
      );
    return draw(picture, picture.videoWidth, picture.videoHeight);
  }
  if ('naturalWidth' in picture) {
    await picture.decode().catch((cause: unknown) => {
      throw failure('io', { what: `the image ${picture.src.slice(0, 200)} cannot be shown`, cause });
    });
    return draw(picture, picture.naturalWidth, picture.naturalHeight);
  }
  if ('displayWidth' in picture) return draw(picture, picture.displayWidth, picture.displayHeight);
  return draw(picture, picture.width, picture.height);
}

const isDrawable = (picture: object): picture is Drawable =>
  ['HTMLImageElement', 'HTMLVideoElement', 'ImageBitmap', 'VideoFrame'].some((name) => {
    const kind = (globalThis as Record<string, unknown>)[name];
    return typeof kind === 'function' && picture instanceof kind;
  });

/**
 * The pixels of a picture, or a canvas that has them. Pixels and canvases are given back as they are.
 * @throws BitgradError `io` for what cannot be fetched or shown, `invalid-file` for what is no picture, `invalid-option`,
 *   `backend-unavailable` for files in Node without @bitgrad/datasets
 */
export async function pixelsOf(picture: Picture): Promise<Pixels | CanvasLike> {
  if (typeof picture === 'string' || picture instanceof URL) {
    const address = String(picture);
    if (!inNode() || /^(https?|data|blob):/i.test(address)) return fetchPicture(address);
    const path = /^file:/i.test(address)
      ? process.getBuiltinModule('node:url').fileURLToPath(address)
      : address;
    return (await decoders()).readImage(path);
  }
  if (typeof Blob === 'function' && picture instanceof Blob)
    return decodeBlob(picture, (picture as Partial<File>).name ?? 'the blob');
  if (typeof picture === 'object' && picture !== null && isDrawable(picture)) return drawElement(picture);
  return picture as Pixels | CanvasLike;
}
