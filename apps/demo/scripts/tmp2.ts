import { wasmEngine } from '@bitgrad/backend-wasm/engine';
import { jsEngine, loadModel } from '@bitgrad/runtime';
import { createDigits } from '@bitgrad/datasets';
import { readFileSync } from 'node:fs';
const data = createDigits({ seed: 1, train: 10, test: 1000 });
const bytes = readFileSync('/tmp/browser.bitgrad');
for (const engine of [jsEngine(), wasmEngine({variant:'relaxed-simd'}), wasmEngine({variant:'simd'}), wasmEngine({variant:'scalar'})]) {
  const m = await loadModel(bytes, { engine });
  const y = await m.predict(data.test.images.slice(0, 500*784));
  let r=0; for (let i=0;i<500;i++){ const row=[...y.subarray(i*10,i*10+10)]; if (row.indexOf(Math.max(...row))===data.test.labels[i]) r++; }
  console.log(engine.name, m.report().variant, r/500, m.report().ops.map(o=>o.op+':'+o.kernel).join(' '));
}
{
  const m = await loadModel(bytes, { engine: jsEngine() });
  const y = await m.predict(data.test.images.slice(0, 500*784));
  const conf = Array.from({length:10},()=>new Array(10).fill(0));
  let s=''; for (let c=0;c<10;c++){ let r=0; for (let i=c*50;i<c*50+50;i++){ const row=[...y.subarray(i*10,i*10+10)]; const p=row.indexOf(Math.max(...row)); conf[data.test.labels[i]!]![p]++; if (p===data.test.labels[i]) r++; } s+=' '+r; }
  console.log(s); console.log(conf.map(r=>r.join(' ')).join('\n')); console.log(JSON.stringify(m.metadata).slice(0,600));
}
