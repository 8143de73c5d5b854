import { clear, drawable } from './draw.js';
import { loadNetwork, words } from './model.js';

const canvas = document.querySelector('canvas');
const output = document.querySelector('output');
const show = (text) => {
  output.textContent = text;
};

try {
  const model = await loadNetwork();
  // Drawings are dark on light, digits of MNIST light on dark.
  const look = async () => show(words(await model.classify(canvas, { invert: true, top: 2 })));
  drawable(canvas, () => look().catch((error) => show(error.message)));
  document.querySelector('button').addEventListener('click', () => {
    clear(canvas);
    show('Draw a digit.');
  });
  show('Draw a digit.');
} catch (error) {
  show(error.message);
}
