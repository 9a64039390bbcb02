// The switch of the service worker, and what it has kept.
(async () => {
  const place = document.getElementById("keep-pages");
  if (!place) return;
  const line = (text) => Object.assign(document.createElement("p"), { textContent: text });
  if (new URLSearchParams(location.search).has("missing")) {
    document.querySelector("main h1").after(line("The page that you asked for was not kept in this browser, and the network doesn't answer."));
    history.replaceState(null, "", location.pathname);
  }
  const say = Object.assign(line(""), { id: "keep-state" });
  say.setAttribute("role", "status");
  place.append(say);
  if (!location.protocol.startsWith("http") || !("serviceWorker" in navigator && "locks" in navigator)) {
    say.textContent = location.protocol === "file:"
      ? "You read a copy from your disk: it is all here already."
      : "This browser can't keep pages by itself; take the archive.";
    return;
  }
  const scope = new URL("./", location).href;
  const KEPT = `kept-pages ${scope}`;
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: "Keep the pages that I read" });
  place.append(button);
  let on = false; // as the button says, whatever another tab has done meanwhile

  // Another book's worker may hold for this address too.
  const known = async () => [await navigator.serviceWorker.getRegistration(scope)].find((one) => one?.scope === scope);
  async function switchOn() {
    await caches.open(KEPT);
    const held = await navigator.serviceWorker.register(`${scope}sw.js`);
    const loaded = performance.getEntriesByType("resource").map(({ name }) => name).filter((name) => name.startsWith(scope));
    await new Promise((done) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = done;
      (held.installing || held.waiting || held.active).postMessage([scope, `${scope}offline.html`, ...loaded], [port2]);
      setTimeout(done, 10000);
    });
  }
  async function switchOff() {
    await (await known())?.unregister();
    // The worker lives on while another tab is open. It writes under this lock, and only where the cache is.
    await navigator.locks.request(KEPT, () => caches.delete(KEPT));
  }
  async function show() {
    on = Boolean(await known()) && (await caches.has(KEPT));
    if (!on) await switchOff();
    const kept = on ? (await (await caches.open(KEPT)).matchAll()).filter((one) => /^text\/html/.test(one.headers.get("Content-Type"))).length : 0;
    say.textContent = on
      ? `On: ${kept} page${kept === 1 ? "" : "s"} kept in this browser.`
      : "Off: nothing is kept beyond what your browser does by itself.";
    button.textContent = on ? "Switch off and delete what was kept" : "Keep the pages that I read";
  }
  button.addEventListener("click", async () => {
    if (button.getAttribute("aria-disabled") === "true") return; // not `disabled`, which would take the focus away
    button.setAttribute("aria-disabled", true);
    try {
      await (on ? switchOff() : switchOn());
      await show();
    } catch (error) {
      await show().catch(() => {});
      say.textContent = `That didn't work: ${error.message.replace(/\.?$/, ".")} The archive is the other way.`;
    }
    button.removeAttribute("aria-disabled");
  });
  try {
    await show();
  } catch {
    button.remove();
    say.textContent = "Your browser lets this site store nothing, so it can't keep pages; take the archive.";
  }
})();
