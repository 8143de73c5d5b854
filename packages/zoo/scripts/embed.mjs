// Writes a module for each folder of models/: bundlers need no address of a file, and a page that imports one has that one.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';

const at = (path) => new URL(`../${path}`, import.meta.url);
const names = readdirSync(at('models')).sort();
mkdirSync(at('src/generated'), { recursive: true });
const kinds = {};
for (const name of names) {
  const card = JSON.parse(readFileSync(at(`models/${name}/card.json`), 'utf8'));
  kinds[name] = card.sound ? 'sound' : 'picture';
  const base64 = readFileSync(at(`models/${name}/model.bitgrad`)).toString('base64');
  writeFileSync(
    at(`src/generated/${name}.ts`),
    `import { pretrained } from '../pretrained.js';\n\n/** ${card.title} */\nexport default pretrained(${JSON.stringify(card)}, '${base64}');\n`,
  );
}
const lines = names.map((name) => `  '${name}': () => import('./${name}.js'),\n`).join('');
writeFileSync(
  at('src/generated/index.ts'),
  `export const models = {\n${lines}} as const;\n\nexport const modelKinds = ${JSON.stringify(kinds)} as const;\n`,
);
