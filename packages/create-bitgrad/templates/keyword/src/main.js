import { createListener, loadNetwork, sampleRate } from './listener.js';
import { openMicrophone } from './microphone.js';

const button = document.querySelector('button');
const output = document.querySelector('output');
const show = (text) => {
  output.textContent = text;
};
const network = loadNetwork();
let close;

async function listen() {
  const model = await network;
  const hear = createListener(model);
  // One piece after the other: each answer is awaited before the next is asked for.
  let turn = Promise.resolve();
  close = await openMicrophone(sampleRate(model), (samples) => {
    turn = turn.then(async () => {
      const word = await hear(samples);
      if (word !== undefined) show(word);
    });
    turn.catch((error) => show(error.message));
  });
}

button.addEventListener('click', async () => {
  button.disabled = true;
  try {
    if (close) {
      await close();
      close = undefined;
      show('Not listening.');
    } else {
      await listen();
      show('Listening.');
    }
    button.textContent = close ? 'Stop' : 'Listen';
  } catch (error) {
    show(error.message);
  }
  button.disabled = false;
});
