// Classifies pictures: npm start -- one.png two.jpg; without any, a drawn bar.
import { loadModel } from 'bitgrad';
import { file } from './recipe.js';

const bar = {
  width: 28,
  height: 28,
  data: Uint8Array.from({ length: 784 }, (_, i) =>
    i % 28 > 12 && i % 28 < 16 && i > 112 && i < 672 ? 255 : 0,
  ),
};
const pictures = process.argv.slice(2);
const model = await loadModel(file);
for (const picture of pictures.length > 0 ? pictures : [bar]) {
  const [best] = await model.classify(picture);
  console.log(
    picture === bar ? 'a bar' : picture,
    'is',
    best.label,
    `(${(100 * best.probability).toFixed(1)} %)`,
  );
}
model.dispose();
