import { render } from 'preact';
import { App } from './app.js';

render(<App />, document.getElementById('app')!);

// Offline use; without a service worker (plain http, development) the page works all the same.
if (import.meta.env.PROD && 'serviceWorker' in navigator)
  addEventListener('load', () => {
    navigator.serviceWorker.register(new URL('sw.js', document.baseURI)).catch(() => undefined);
  });
