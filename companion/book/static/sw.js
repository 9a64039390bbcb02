// Off until a reader switches it on, on the page about reading offline. Keeps each page that is read, with what it loads,
// and shows the kept one where the network doesn't answer. It asks no other host. The cache is the switch: only the page
// about reading offline makes it or deletes it, so that a worker which outlives its registration in some tab keeps nothing.
const { scope } = self.registration;
const KEPT = `kept-pages ${scope}`;
const SLOW = 5000; // milliseconds after which a kept copy is shown though the network may answer yet
const OFFLINE = `${scope}offline.html`;

// A page has one name, with or without its ending, and without what was searched for or chosen on it.
const named = (address) => {
  const { origin, pathname } = new URL(address);
  return origin + pathname.replace(/\.html$/, "").replace(/\/index$/, "/");
};
const bare = (address) => address.split("#")[0];

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

// What was loaded before the switch was on: the page about reading offline asks for it, and hears when it is there.
self.addEventListener("message", (event) => {
  const all = event.data.map(async (address) => keep(address, await fetch(address)));
  event.waitUntil(Promise.allSettled(all).then(() => event.ports[0].postMessage("done")));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(scope) || named(request.url).endsWith(".zip")) return;
  const network = fetch(request);
  // Apart from the answer, which must not wait for the disk, nor fail where the disk is full.
  event.waitUntil(network.then((answer) => answer.status === 200 && keep(request.url, answer.clone())).catch(() => {}));
  event.respondWith(answered(request, network));
});

async function answered(request, network) {
  const copy = await found(request.url).catch(() => undefined);
  try {
    return await (copy ? Promise.race([network, new Promise((done) => setTimeout(done, SLOW, copy))]) : network);
  } catch {
    if (copy) return copy;
    // By a redirection: what that page loads has addresses relative to it.
    const lost = request.mode === "navigate" && named(request.url) !== named(OFFLINE) && (await found(OFFLINE).catch(() => undefined));
    return lost ? Response.redirect(`${OFFLINE}?missing`, 302) : Response.error();
  }
}

// A page kept from an earlier build asks for files by versions that are gone; their later versions are better than none.
async function found(address) {
  const among = { cacheName: KEPT };
  return (await caches.match(bare(address), among)) || (await caches.match(address, { ...among, ignoreSearch: true })) || caches.match(named(address), among);
}

async function keep(address, answer) {
  if (answer.status !== 200) return;
  const headers = new Headers(answer.headers);
  headers.delete("Vary");
  // A new answer, since one that was redirected can't be a page's.
  const copy = new Response(await answer.blob(), { headers });
  const at = /^text\/html/.test(headers.get("Content-Type")) ? named(address) : bare(address);
  await navigator.locks.request(KEPT, { mode: "shared" }, async () => {
    if (!(await caches.has(KEPT))) return;
    const kept = await caches.open(KEPT);
    await kept.put(at, copy);
    for (const other of await kept.keys(at, { ignoreSearch: true })) if (other.url !== at) await kept.delete(other);
  });
}
