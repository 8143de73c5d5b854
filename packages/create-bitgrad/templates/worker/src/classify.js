// The network and its answers; for a network of your own take the bytes of its file in place of the zoo's.
import { jsEngine, loadModel, topClasses } from '@bitgrad/runtime';
import { wasmEngine } from '@bitgrad/backend-wasm/engine';
import mnistTfc from '@bitgrad/zoo/mnist-tfc';

/**
 * Loads the network.
 * @param module the engine's WebAssembly.Module, where it cannot be compiled at run time
 */
export const loadNetwork = (module) =>
  loadModel(mnistTfc.bytes(), { engine: [wasmEngine(module ? { module } : {}), jsEngine()] });

const refuse = (status, error) => Response.json({ error }, { status });

/** Answers a request with the most probable classes. */
export async function answer(request, model) {
  const size = model.input.shape.reduce((product, length) => product * length, 1);
  if (request.method !== 'POST') return refuse(405, `POST ${size} bytes`);
  const bytes = new Uint8Array(await request.arrayBuffer());
  if (bytes.length !== size) return refuse(400, `got ${bytes.length} bytes, expected ${size}`);
  const classes = topClasses(await model.predict(bytes), model);
  return Response.json({ engine: model.report().engine, classes });
}
