// The index of people, places and organisations: a field that filters it while a reader types. Without it the page is whole.
(() => {
  const lists = [...document.querySelectorAll("ul.names-list")];
  if (!lists.length) return;
  const fold = (s) => s.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  // What a reader looks for is a name or one of its spellings, or who it is; not the titles of what names it.
  const items = lists.flatMap((list) => [...list.children]).map((li) => ({
    li,
    words: fold([...li.querySelectorAll(".name-line, .name-about")].map((p) => p.textContent).join(" ")),
  }));
  const form = document.createElement("form");
  form.className = "filters names-filter";
  form.setAttribute("role", "search");
  form.setAttribute("aria-label", "Filter the index");
  const label = document.createElement("label");
  const field = Object.assign(document.createElement("input"), { type: "search", name: "q", autocomplete: "off", spellcheck: false });
  label.append("Show names with ", field);
  form.append(label);
  const count = document.createElement("p");
  count.setAttribute("role", "status");
  let timer;
  const apply = () => {
    const wanted = fold(field.value).split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const { li, words } of items) {
      li.hidden = !wanted.every((word) => words.includes(word));
      shown += li.hidden ? 0 : 1;
    }
    for (const list of lists) list.closest("section").hidden = ![...list.children].some((li) => !li.hidden);
    clearTimeout(timer);
    const say = () => { count.textContent = `${shown} of ${items.length} names shown`; };
    if (count.textContent) timer = setTimeout(say, 400); else say();
  };
  form.addEventListener("submit", (event) => event.preventDefault());
  field.addEventListener("input", apply);
  lists[0].closest("section").before(form, count);
  // A link to one name, from the search, must find it whatever was typed before.
  addEventListener("hashchange", () => { if (field.value) { field.value = ""; apply(); document.getElementById(location.hash.slice(1))?.scrollIntoView(); } });
  apply();
})();
