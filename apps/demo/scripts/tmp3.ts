import { use, useBackend } from '@bitgrad/core';
import { wasm } from '@bitgrad/backend-wasm';
import { compileModel } from '@bitgrad/compiler';
import { createModel } from '@bitgrad/models';
import { createDigits } from '@bitgrad/datasets';
import { stePlugin } from '@bitgrad/quantizer-ste';
import { createTrainer, evaluate } from '@bitgrad/training';
import { jsEngine, loadModel } from '@bitgrad/runtime';
use(stePlugin); await useBackend([wasm()]);
const data = createDigits({ seed: 1, train: 1500, test: 500 });
const m = createModel('cnn', { inputShape: [28,28,1], classes: 10, kernelQuantizer: 'ste', seed: 1, width: 0.5 });
for await (const e of createTrainer({ model: m, train: data.train, test: data.test, epochs: 2, learningRate: 0.003, seed: 1 }).run()) if (e.type==='epoch') console.log(e.accuracy, e.hardenedTestAccuracy);
for (const shuffle of [0, 1]) {
const { bytes, agreement } = await compileModel(m, { input: 'u8', normalization: { mean: [0.5], std: [0.5] }, samples: data.test.images.slice(0, 64*784), minAgreement: 0 });
console.log(agreement, (await evaluate(m, data.test)).accuracy);
const p = await loadModel(bytes, { engine: jsEngine() });
const y = await p.predict(data.test.images);
let r=0; for (let i=0;i<500;i++){ const row=[...y.subarray(i*10,i*10+10)]; if (row.indexOf(Math.max(...row))===data.test.labels[i]) r++; }
console.log('packed', r/500);
}
