import { imageInput, jsEngine, loadModel, topClasses } from '@bitgrad/runtime';
import { wasmEngine } from '@bitgrad/backend-wasm/engine';

/** The pixels of a picture at an address. */
async function pixelsOf(address) {
  const picture = await createImageBitmap(await (await fetch(address)).blob());
  const context = new OffscreenCanvas(picture.width, picture.height).getContext('2d');
  context.drawImage(picture, 0, 0);
  return context.getImageData(0, 0, picture.width, picture.height);
}

const model = await loadModel(new URL('../assets/digits.bitgrad', import.meta.url), {
  engine: [wasmEngine(), jsEngine()],
});
const image = await pixelsOf(new URL('../assets/seven.png', import.meta.url));
const [best] = topClasses(await model.predict(imageInput(image, model)), model);
document.querySelector('output').textContent = `${best.name} by ${model.report().engine}`;
