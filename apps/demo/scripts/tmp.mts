import { openChromium } from '@bitgrad/tooling/chromium';
import { readFileSync } from 'node:fs';
import { createDigits } from '@bitgrad/datasets';
const data = createDigits({ seed: 1, train: 10, test: 500 });
const c = await openChromium({ resolveDir: process.cwd(), contents: `
import { wasmEngine } from '@bitgrad/backend-wasm/engine';
import { jsEngine, loadModel } from '@bitgrad/runtime';
export async function go(file, images) {
  const bytes = Uint8Array.from(file), x = Uint8Array.from(images);
  const js = await (await loadModel(bytes, { engine: jsEngine() })).predict(x);
  const out = [];
  for (const variant of ['relaxed-simd','simd','scalar']) for (const n of [1, 100, 250, 500]) {
    const m = await loadModel(bytes, { engine: wasmEngine({ variant }) });
    const y = await m.predict(x.slice(0, n*784));
    let bad = 0, first = -1; for (let i=0;i<n;i++) { let d = false; for (let k=0;k<10;k++) if (y[i*10+k] !== js[i*10+k]) d = true; if (d) { bad++; if (first<0) first=i; } }
    out.push(variant+' '+n+' bad '+bad+' first '+first);
  }
  return out;
}` });
for (const f of ['/tmp/trained.bitgrad', 'public/digits.bitgrad']) console.log(f, await c.call('go', [...readFileSync(f)], [...data.test.images]));
await c.close();
