// Off until a reader switches it on, on the page about reading offline. Keeps each page that is read, with what it loads,
// and shows the kept one where the network doesn't answer. It asks no other host.
const KEPT = "kept-pages";

self.addEventListener("install", (event) => {
  const first = ["offline.html", "index.html", "_static/companion.css", "_static/companion.js"].map((path) => new URL(path, self.registration.scope).href);
  event.waitUntil(caches.open(KEPT).then((kept) => kept.addAll(first)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(self.registration.scope)) return;
  event.respondWith(fromNetwork(request).catch(() => fromKept(request)));
});

async function fromNetwork(request) {
  const answer = await fetch(request);
  if (answer.ok && answer.status !== 206) {
    const kept = await caches.open(KEPT);
    await kept.put(request, answer.clone());
  }
  return answer;
}

async function fromKept(request) {
  const kept = await caches.open(KEPT);
  const found = await kept.match(request, { ignoreSearch: true });
  if (found) return found;
  if (request.mode === "navigate") return (await kept.match(new URL("offline.html", self.registration.scope).href)) || Response.error();
  return Response.error();
}
