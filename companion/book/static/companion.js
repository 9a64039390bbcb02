// All that an ordinary page runs: the reader's choice of light or dark and of then or since, notes on hover and focus, and
// filters for the scorecard. Without scripts the page is whole: it follows the system's mode and shows both clocks.
const root = document.documentElement;
const store = (key, value) => { try { value ? localStorage.setItem(key, value) : localStorage.removeItem(key); } catch { /* lasts for this page */ } };

// Light or dark

function modeButton() {
  const button = document.querySelector("button.mode");
  if (!button) return;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const dark = () => (root.dataset.theme || (system.matches ? "dark" : "light")) === "dark";
  const show = () => { button.textContent = dark() ? "Light" : "Dark"; };
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    store("mode", root.dataset.theme);
    show();
  });
  system.addEventListener("change", show);
  show();
}

// Then or since

function clockSwitch() {
  const form = document.querySelector("form.clocks");
  if (!form) return;
  const say = form.querySelector("output");
  const words = {
    both: "",
    then: form.dataset.then,
    since: form.dataset.since,
  };
  const show = (value) => {
    if (value === "both") delete root.dataset.clock; else root.dataset.clock = value;
    form.elements.clock.value = value;
    say.textContent = words[value];
    document.dispatchEvent(new CustomEvent("companion:clock", { detail: value }));
  };
  form.addEventListener("change", () => {
    const { value } = form.elements.clock;
    // What the reader looks at stays where it is, though parts above it come or go.
    const kept = [...document.querySelectorAll("main h1, main h2, main h3, main figure.chart")]
      .filter((e) => e.checkVisibility?.() && e.getBoundingClientRect().bottom > 0)
      .find((e) => !e.closest(value === "then" ? ".clock-since" : value === "since" ? ".clock-then" : ".none"));
    const before = kept?.getBoundingClientRect().top;
    store("clock", value === "both" ? "" : value);
    show(value);
    if (kept) scrollBy({ top: kept.getBoundingClientRect().top - before, behavior: "instant" });
  });
  // A link may lead to a part that the choice hides: then this page shows all.
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    const hidden = target.closest(".clock-then, .clock-since, .chart-all, .chart-then");
    if (hidden && root.dataset.clock && target.checkVisibility && !target.checkVisibility()) show("both");
    for (let part = target.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  show(root.dataset.clock || "both");
  if (location.hash) reveal();
}

// Notes: what a link leads to, without going there. One box for all; it stays while the pointer is in it, Escape closes it,
// and a touch opens it first, with the way on inside.

function notes() {
  const note = document.createElement("div");
  note.id = "note";
  note.setAttribute("role", "tooltip");
  note.popover = "manual";
  document.querySelector("main").append(note); // within a landmark, for those who go by them
  if (!note.showPopover) return; // an old browser: the links still lead on
  let at = null, timer = 0, touched = false;
  const close = () => {
    clearTimeout(timer);
    if (!at) return;
    at.removeAttribute("aria-describedby");
    at = null;
    note.hidePopover();
  };
  const open = (link) => {
    clearTimeout(timer);
    if (at === link) return;
    close();
    at = link;
    note.replaceChildren(...link.dataset.note.split("\n").map((line) => Object.assign(document.createElement("p"), { textContent: line })));
    if (touched) {
      const on = Object.assign(document.createElement("a"), { href: link.href, textContent: link.dataset.on || "Where it comes from" });
      on.addEventListener("click", close);
      note.append(on);
    }
    link.setAttribute("aria-describedby", "note");
    note.showPopover();
    const box = [...link.getClientRects()].at(-1), edge = 8;
    const { offsetWidth: wide, offsetHeight: high } = note;
    const left = Math.max(edge, Math.min(box.left + box.width / 2 - wide / 2, root.clientWidth - wide - edge));
    const below = box.bottom + 6, above = box.top - high - 6;
    note.style.left = `${left}px`;
    note.style.top = `${below + high > innerHeight && above > 0 ? above : below}px`;
  };
  const soon = (what, link) => { clearTimeout(timer); timer = setTimeout(what, 160, link); };
  const noted = (event) => event.target.closest?.("a[data-note]");
  document.addEventListener("pointerdown", (event) => {
    touched = event.pointerType === "touch";
    if (!noted(event) && !note.contains(event.target)) close();
  });
  document.addEventListener("click", (event) => {
    const link = noted(event);
    if (link && touched && at !== link) { event.preventDefault(); open(link); } else if (link) close();
  }, true);
  document.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return;
    const link = noted(event);
    if (link) soon(open, link); else if (note.contains(event.target)) clearTimeout(timer); else if (at && at !== document.activeElement) soon(close);
  });
  document.addEventListener("focusin", (event) => {
    const link = noted(event);
    if (link && !touched && link.matches(":focus-visible")) open(link); else if (!link && !note.contains(event.target)) close();
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
  addEventListener("scroll", () => { if (at && at !== document.activeElement) close(); }, { passive: true });
}

// A box that has nothing to scroll needn't stop the Tab key.
function tabStops() {
  const watch = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (target.scrollWidth > target.clientWidth || target.scrollHeight > target.clientHeight) target.tabIndex = 0;
      else target.removeAttribute("tabindex");
    }
  });
  for (const box of document.querySelectorAll(".table-scroll")) watch.observe(box);
}

function filters(table) {
  const rows = [...table.tBodies[0].rows];
  const value = (row, kind) => ([...row.classList].find((c) => c.startsWith(kind + "--")) || "").slice(kind.length + 2);
  const kinds = { p: "Paragraph", kind: "Kind", then: "Then", since: "Since", moved: "Changed since" };
  const form = document.createElement("form");
  form.className = "filters";
  form.setAttribute("aria-label", "Filter the claims");
  form.addEventListener("submit", (event) => event.preventDefault());
  const count = document.createElement("p");
  count.setAttribute("role", "status");
  const SCALE = ["supported", "mostly-supported", "mixed", "mostly-contradicted", "contradicted"];
  const selects = Object.entries(kinds).map(([kind, label]) => {
    const select = document.createElement("select");
    select.name = kind;
    select.add(new Option("all", ""));
    // Words of the scale in its order, anything else by the alphabet.
    const rank = (v) => (SCALE.includes(v) ? String(SCALE.indexOf(v)) : "9" + v);
    for (const v of [...new Set(rows.map((row) => value(row, kind)))].sort((a, b) => (rank(a) < rank(b) ? -1 : 1))) {
      select.add(new Option(v === "waits" ? "not yet assessed" : v.replaceAll("-", " "), v));
    }
    const wrap = document.createElement("label");
    wrap.append(label + " ", select);
    form.append(wrap);
    select.addEventListener("change", apply);
    return select;
  });
  function apply() {
    let shown = 0;
    for (const row of rows) {
      row.hidden = selects.some((s) => s.value && value(row, s.name) !== s.value);
      shown += row.hidden ? 0 : 1;
    }
    count.textContent = `${shown} of ${rows.length} claims shown`;
    const query = new URLSearchParams(selects.filter((s) => s.value).map((s) => [s.name, s.value])).toString();
    try { history.replaceState(null, "", query ? "?" + query : location.pathname); } catch { /* a page opened from disk */ }
  }
  const given = new URLSearchParams(location.search);
  for (const s of selects) if ([...s.options].some((o) => o.value === given.get(s.name))) s.value = given.get(s.name);
  const place = table.closest(".table-scroll") || table;
  place.before(form, count);
  apply();
}

modeButton();
clockSwitch();
notes();
tabStops();
for (const link of document.querySelectorAll("[popover] a")) {
  link.addEventListener("click", () => { try { link.closest("[popover]").hidePopover(); } catch { /* not open */ } });
}
const scorecard = document.querySelector("table.scorecard");
if (scorecard) filters(scorecard);
// Paper can't open anything.
addEventListener("beforeprint", () => { for (const part of document.querySelectorAll("main details:not(.code)")) part.open = true; });
