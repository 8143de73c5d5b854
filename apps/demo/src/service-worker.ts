// Offline use: every file of the build is kept when the page is first opened; nothing else is ever asked of a server
// twice. A new build has a new cache name, and takes over when all tabs of the old one are closed.
declare const __FILES__: string[];
declare const __CACHE__: string;
declare const self: ServiceWorkerGlobalScope;

const files = __FILES__;
const cacheName = __CACHE__;

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(cacheName).then((cache) => cache.addAll(files)));
});

self.addEventListener('activate', (event) => {
  const drop = async (): Promise<void> => {
    for (const name of await caches.keys())
      if (name.startsWith('bitgrad-demo-') && name !== cacheName) await caches.delete(name);
    await self.clients.claim();
  };
  event.waitUntil(drop());
});

const answer = async (request: Request): Promise<Response> => {
  const cache = await caches.open(cacheName);
  const { pathname } = new URL(request.url);
  // The page is kept under the address of its folder: some hosts send its own name there, and what was sent on may not be
  // given to a visitor who asks for the name.
  const asked = pathname.endsWith('/index.html') ? './' : request;
  const known = await cache.match(asked, { ignoreSearch: true });
  if (known) return known;
  const response = await fetch(request);
  if (response.ok) await cache.put(request, response.clone());
  return response;
};

self.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method === 'GET' && new URL(request.url).origin === self.location.origin)
    event.respondWith(answer(request));
});

export {};
