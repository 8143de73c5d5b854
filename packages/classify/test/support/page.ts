// Runs in Chromium: every kind of picture that only a page has.
import { createClassifierElement, loadModel, type ClassifierElement, type Picture } from '../../src/index.js';
import { halves, picture } from './model.js';

const canvasOf = (side: 'left' | 'right'): HTMLCanvasElement => {
  const canvas = Object.assign(document.createElement('canvas'), { width: 2, height: 2 });
  const { data, width } = picture(side);
  canvas.getContext('2d')!.putImageData(new ImageData(data, width), 0, 0);
  return canvas;
};
const blobOf = (side: 'left' | 'right'): Promise<Blob> =>
  new Promise((resolve) => canvasOf(side).toBlob((blob) => resolve(blob!)));

/** A video whose first frame is the picture: a stream of a canvas. */
async function videoOf(side: 'left' | 'right'): Promise<HTMLVideoElement> {
  const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 64 });
  const context = canvas.getContext('2d')!;
  const paint = (): void => context.drawImage(canvasOf(side), 0, 0, 64, 64);
  context.imageSmoothingEnabled = false;
  paint();
  const video = Object.assign(document.createElement('video'), {
    muted: true,
    srcObject: canvas.captureStream(30),
  });
  setInterval(paint, 30);
  await video.play();
  return video;
}

async function pictures(side: 'left' | 'right'): Promise<Record<string, Picture>> {
  const blob = await blobOf(side);
  const url = URL.createObjectURL(blob);
  const image = Object.assign(new Image(), { src: url });
  const offscreen = new OffscreenCanvas(2, 2);
  offscreen.getContext('2d')!.drawImage(canvasOf(side), 0, 0);
  return {
    blob,
    file: new File([blob], 'a.png'),
    address: url,
    url: new URL(url),
    image,
    canvas: canvasOf(side),
    offscreen,
    bitmap: await createImageBitmap(blob),
    frame: new VideoFrame(canvasOf(side), { timestamp: 0 }),
    video: await videoOf(side),
    imageData: canvasOf(side).getContext('2d')!.getImageData(0, 0, 2, 2),
    pixels: picture(side),
  };
}

/** The best label of each kind of picture, and the engine. */
export async function classifyAll(side: 'left' | 'right'): Promise<Record<string, string>> {
  const model = await loadModel(halves());
  const found: Record<string, string> = { engine: model.report().engine };
  for (const [kind, each] of Object.entries(await pictures(side)))
    found[kind] = (await model.classify(each))[0]!.label;
  model.dispose();
  return found;
}

/** What is said of pictures that are none. */
export async function wrongPictures(): Promise<string[]> {
  const model = await loadModel(halves());
  const bad = [
    new Blob(['no picture']),
    '/nowhere.png',
    Object.assign(new Image(), { src: '/nowhere.png' }),
    document.createElement('div'),
    Object.assign(document.createElement('canvas'), { width: 0 }),
  ];
  return Promise.all(
    bad.map((each) => model.classify(each as Picture).then(() => 'taken', (error: unknown) => `${(error as { code?: string }).code}: ${(error as Error).message}`)), // prettier-ignore
  );
}

const modelUrl = (): string => URL.createObjectURL(new Blob([halves()]));

/** The element with a canvas inside: what it tells and shows. */
export async function elementInside(): Promise<unknown> {
  createClassifierElement();
  document.body.innerHTML = `<bitgrad-classify src="${modelUrl()}" top="2"></bitgrad-classify>`;
  const element = document.querySelector<ClassifierElement>('bitgrad-classify')!;
  const result = new Promise<CustomEvent>((resolve) => document.addEventListener('bitgrad-result', (e) => resolve(e as CustomEvent), { once: true })); // prettier-ignore
  element.append(canvasOf('right'));
  const classes = await element.classify();
  const { detail } = await result;
  const items = [...element.shadowRoot!.querySelectorAll('li')].map((item) => item.textContent);
  const chooser = element.shadowRoot!.querySelector('label')!.hidden;
  return {
    classes: classes.map(({ label }) => label),
    told: detail.classes.length,
    ms: typeof detail.ms,
    items,
    chooser,
  };
}

/** The element without anything inside, for a file that a visitor chooses. */
export function elementAlone(): void {
  createClassifierElement();
  document.body.innerHTML = `<bitgrad-classify src="${modelUrl()}"></bitgrad-classify>`;
}

export const shown = (): string =>
  document.querySelector('bitgrad-classify')!.shadowRoot!.querySelector('ol')!.textContent;

/** What an element without a right model says. */
export async function elementWrong(): Promise<unknown> {
  createClassifierElement();
  const told = new Promise<CustomEvent>((resolve) => document.addEventListener('bitgrad-error', (e) => resolve(e as CustomEvent), { once: true })); // prettier-ignore
  document.body.innerHTML = `<bitgrad-classify src="data:,nothing"></bitgrad-classify>`;
  const { detail } = await told;
  return { code: (detail as { code?: string }).code, alert: document.querySelector('bitgrad-classify')!.shadowRoot!.querySelector('[role=alert]')!.textContent }; // prettier-ignore
}

/** Names, and names that are taken. */
export function elementNames(): string[] {
  const one = createClassifierElement({ name: 'my-digits' });
  customElements.define('their-own', class extends HTMLElement {});
  const codes = [{ name: 'Digits' }, { name: 'their-own' }, { nam: 'x-y' }].map((options) => {
    try {
      createClassifierElement(options);
      return 'made';
    } catch (error) {
      return (error as { code: string }).code;
    }
  });
  return [String(one === createClassifierElement({ name: 'my-digits' })), ...codes];
}
