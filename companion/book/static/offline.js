// The switch of the service worker, and what it has kept.
(async () => {
  const place = document.getElementById("keep-pages");
  if (!place) return;
  const say = Object.assign(document.createElement("p"), { id: "keep-state" });
  say.setAttribute("role", "status");
  place.append(say);
  if (!("serviceWorker" in navigator) || !location.protocol.startsWith("http")) {
    say.textContent = location.protocol === "file:"
      ? "You read a copy from your disk: it is all here already."
      : "This browser can't keep pages by itself; take the archive.";
    return;
  }
  const worker = new URL("sw.js", document.baseURI).href;
  const button = Object.assign(document.createElement("button"), { type: "button" });
  place.append(button);
  const known = () => navigator.serviceWorker.getRegistration(worker);
  async function show() {
    const on = await known();
    const kept = on ? (await (await caches.open("kept-pages")).keys()).filter((r) => /\.html$|\/$/.test(new URL(r.url).pathname)).length : 0;
    say.textContent = on
      ? `On: ${kept} page${kept === 1 ? "" : "s"} kept in this browser.`
      : "Off: nothing is kept beyond what your browser does by itself.";
    button.textContent = on ? "Switch off and delete what was kept" : "Keep the pages that I read";
  }
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const on = await known();
      if (on) {
        await on.unregister();
        await caches.delete("kept-pages");
      } else {
        await navigator.serviceWorker.register(worker);
        await navigator.serviceWorker.ready;
      }
      await show();
    } catch (error) {
      say.textContent = `That didn't work: ${error.message}. The archive is the other way.`;
    }
    button.disabled = false;
  });
  await show();
})();
