// Offline use, of the demo and of the site around it: files of the build are kept when a page is first opened; nothing else is
// ever asked of a server twice. A new build has a new cache name, and takes over when all tabs of the old one are closed.
declare const __FILES__: string[];
/** What it is, a colon, and what the files are. */
declare const __CACHE__: string;
/** Folders that have a worker of their own. */
declare const __OTHERS__: string[];
declare const self: ServiceWorkerGlobalScope;

const files = __FILES__;
const cacheName = __CACHE__;
const kind = cacheName.slice(0, cacheName.indexOf(':') + 1);
const others = __OTHERS__.map((folder) => new URL(folder, self.location.href).href);

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(cacheName).then((cache) => cache.addAll(files)));
});

self.addEventListener('activate', (event) => {
  const drop = async (): Promise<void> => {
    for (const name of await caches.keys())
      if (name.startsWith(kind) && name !== cacheName) await caches.delete(name);
    await self.clients.claim();
  };
  event.waitUntil(drop());
});

const answer = async (request: Request): Promise<Response> => {
  const cache = await caches.open(cacheName);
  // A page is kept under the address of its folder: some hosts send its own name there, and what was sent on may not be
  // given to a visitor who asks for the name.
  const { origin, pathname } = new URL(request.url);
  const asked = pathname.endsWith('/index.html') ? origin + pathname.slice(0, -'index.html'.length) : request;
  const known = await cache.match(asked, { ignoreSearch: true });
  if (known) return known;
  const response = await fetch(request);
  if (response.ok) await cache.put(request, response.clone());
  return response;
};

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const own = request.url.startsWith(`${self.location.origin}/`);
  if (request.method === 'GET' && own && !others.some((folder) => request.url.startsWith(folder)))
    event.respondWith(answer(request));
});

export {};
