'use client';
import { useEffect, useState } from 'react';
import { imageInput, jsEngine, loadModel, topClasses } from '@bitgrad/runtime';
import { wasmEngine } from '@bitgrad/backend-wasm/engine';

/** A model of a component: undefined while it loads. */
function useModel(address) {
  const [model, setModel] = useState();
  useEffect(() => {
    const ending = new AbortController();
    const loading = loadModel(address, { engine: [wasmEngine(), jsEngine()], signal: ending.signal });
    loading.then(setModel, (error) => ending.signal.aborted || console.error(error));
    return () => {
      ending.abort();
      loading.then(
        (loaded) => loaded.dispose(),
        () => {},
      );
    };
  }, [address]);
  return model;
}

export default function Page() {
  const model = useModel('digits.bitgrad');
  const [answer, setAnswer] = useState('');
  const classify = async ({ target: picture }) => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [picture.naturalWidth, picture.naturalHeight];
    canvas.getContext('2d').drawImage(picture, 0, 0);
    const [best] = topClasses(await model.predict(imageInput(canvas, model)), model);
    setAnswer(`${best.name} by ${model.report().engine}`);
  };
  return (
    <main>
      {model && <img src="seven.png" alt="a drawn digit" onLoad={classify} />}
      <output>{answer}</output>
    </main>
  );
}
