// `one-file` has the runtime and the engine without dynamic imports: a classic worker cannot be split into files.
import { imageInput, jsEngine, loadModel, topClasses, wasmEngine } from '@bitgrad/backend-wasm/one-file';

const loading = loadModel(new URL('../assets/digits.bitgrad', import.meta.url), {
  engine: [wasmEngine(), jsEngine()],
});

onmessage = async ({ data: picture }) => {
  const model = await loading;
  const context = new OffscreenCanvas(picture.width, picture.height).getContext('2d');
  context.drawImage(picture, 0, 0);
  const image = context.getImageData(0, 0, picture.width, picture.height);
  const [best] = topClasses(await model.predict(imageInput(image, model)), model);
  postMessage(`${best.name} by ${model.report().engine}`);
};
