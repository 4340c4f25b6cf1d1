// The service worker: when the server is out of reach, a page that says so. It keeps the files of that page and nothing else, never mail.
const CACHE = "roost-shell-1";
const KEPT = [/* kept */];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(KEPT)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(caches.keys().then((names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name)))).then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.mode === "navigate" && request.method === "GET") event.respondWith(fetch(request).catch(() => caches.match(KEPT[0])));
  else if (request.method === "GET" && KEPT.slice(1).includes(new URL(request.url).pathname + new URL(request.url).search)) event.respondWith(fetch(request).catch(() => caches.match(request)));
});
