// On the page for an address that isn't there: the pages of the book whose names are nearest to what was asked for.
const plain = (text) => {
  try {
    return decodeURIComponent(text);
  } catch { // a stray %
    return text;
  }
};
const parts = (text) => new Set(plain(text).toLowerCase().replace(/\.html$/, "").split(/[^a-z0-9]+/).filter((w) => w.length > 1));
const asked = parts(location.pathname.split("/").slice(-2).join(" "));
const near = [...document.querySelectorAll("#contents a[href]")]
  .map((link) => ({ link, shared: [...parts(link.getAttribute("href").split("/").slice(-2).join(" ") + " " + link.textContent)].filter((w) => asked.has(w)).length }))
  .filter(({ shared }) => shared > 0)
  .sort((a, b) => b.shared - a.shared)
  .slice(0, 3);
const list = document.getElementById("near");
if (near.length && list) {
  for (const { link } of near) {
    const item = document.createElement("li");
    item.append(Object.assign(document.createElement("a"), { href: link.href, textContent: link.textContent }));
    list.append(item);
  }
  list.parentElement.hidden = false;
}
