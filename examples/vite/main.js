// The model runs in a worker. Vite builds a classic one by default, which is a single file: see worker.js.
const worker = new Worker(new URL('worker.js', import.meta.url));
worker.onmessage = ({ data }) => {
  document.querySelector('output').textContent = data;
};
const picture = await fetch(new URL('../assets/seven.png', import.meta.url));
worker.postMessage(await createImageBitmap(await picture.blob()));
