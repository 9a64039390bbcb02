// All that an ordinary page runs: the reader's choice of light or dark and of then or since, notes on hover and focus, and
// filters for the scorecard. Without scripts the page is whole: it follows the system's mode and shows both clocks.
const root = document.documentElement;
const store = (key, value) => { try { value ? localStorage.setItem(key, value) : localStorage.removeItem(key); } catch { /* lasts for this page */ } };

const decoded = (text) => { try { return decodeURIComponent(text); } catch { return text; } };

// Light or dark

function modeButton() {
  const button = document.querySelector("button.mode");
  if (!button) return;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const dark = () => (root.dataset.theme || (system.matches ? "dark" : "light")) === "dark";
  const show = () => { button.firstElementChild.textContent = dark() ? "Light" : "Dark"; };
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
  const words = { both: "Shown: both clocks." };
  for (const note of document.querySelectorAll("[data-clock-note]")) words[note.dataset.clockNote] = note.textContent;
  let begun = false;
  const show = (value) => {
    if (value === "both") delete root.dataset.clock; else root.dataset.clock = value;
    form.elements.clock.value = value;
    if (begun) say.textContent = words[value]; // on loading, the note at the head of the text says it
    begun = true;
    document.dispatchEvent(new CustomEvent("companion:clock", { detail: value }));
  };
  form.addEventListener("change", () => {
    const { value } = form.elements.clock;
    // What the reader looks at stays where it is, though parts above it come or go.
    const kept = [...document.querySelectorAll("main :is(h1, h2, h3, h4)")]
      .filter((e) => e.checkVisibility?.() && e.getBoundingClientRect().bottom > 70) // below the header
      .find((e) => !e.closest(value === "then" ? ".clock-since" : value === "since" ? ".clock-then" : ".none"));
    const before = kept?.getBoundingClientRect().top;
    store("clock", value === "both" ? "" : value);
    root.style.overflowAnchor = "none"; // else the browser would move it as well
    show(value);
    if (kept) scrollBy({ top: kept.getBoundingClientRect().top - before, behavior: "instant" });
    requestAnimationFrame(() => requestAnimationFrame(() => { root.style.overflowAnchor = ""; }));
  });
  // A link may lead to a part that the choice hides: then this page shows all.
  const reveal = () => {
    const target = document.getElementById(decoded(location.hash.slice(1)));
    if (!target) return;
    const hidden = target.closest(".clock-then, .clock-since, .chart-all, .chart-then");
    if (hidden && root.dataset.clock && target.checkVisibility && !target.checkVisibility()) show("both");
    for (let part = target.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
    target.scrollIntoView();
  };
  // On a phone the switch would cover rows of a long chart: it goes as the reader goes down (the stylesheet says where).
  // Where the page has grown, or a clock was chosen, it was not the reader who moved the text.
  let last = scrollY, height = root.scrollHeight;
  addEventListener("scroll", () => {
    const by = scrollY - last, moved = root.scrollHeight !== height || root.style.overflowAnchor;
    if (!moved && Math.abs(by) < 24) return;
    last = scrollY;
    height = root.scrollHeight;
    if (!moved) root.dataset.goes = by > 0 ? "down" : "up";
  }, { passive: true });
  addEventListener("hashchange", reveal);
  show(root.dataset.clock || "both");
  if (location.hash) reveal();
}

// Notes: what a link leads to, without going there. One box for all; it stays while the pointer is in it, Escape closes it,
// and a touch opens it first, with the way on inside.

function notes() {
  const note = document.createElement("div");
  if (!note.showPopover) return; // an old browser: the links still lead on
  note.id = "note";
  note.setAttribute("role", "tooltip");
  note.popover = "manual";
  document.querySelector("main").append(note); // within a landmark, for those who go by them
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
    const lines = link.dataset.note.split("\n").map((line, i) => Object.assign(document.createElement("p"), { id: `note-${i}`, textContent: line }));
    if (link.dataset.noteLang) lines[0].lang = link.dataset.noteLang;
    note.replaceChildren(...lines);
    if (touched) {
      const on = Object.assign(document.createElement("a"), { href: link.href, textContent: link.dataset.on || "Where it comes from" });
      on.addEventListener("click", close);
      note.append(on);
    }
    link.setAttribute("aria-describedby", "note-0 note-1"); // the filter of a table is to look at, not to hear each time
    note.showPopover();
    const rects = link.getClientRects(), edge = 8;
    const box = rects[rects.length - 1];
    const { offsetWidth: wide, offsetHeight: high } = note;
    const left = Math.max(edge, Math.min(box.left + box.width / 2 - wide / 2, root.clientWidth - wide - edge));
    const below = box.bottom + 6, above = rects[0].top - high - 6;
    note.style.left = `${left}px`;
    note.style.top = `${below + high > innerHeight && above > 0 ? above : below}px`;
    if (touched) note.querySelector("a").focus({ preventScroll: true });
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
  addEventListener("scroll", () => {
    if (!at) return;
    const box = at.getBoundingClientRect();
    if (at !== document.activeElement || box.bottom < 0 || box.top > innerHeight) close();
  }, { passive: true });
}

// A box that has nothing to scroll needn't stop the Tab key, nor be a place to go to.
function tabStops() {
  const set = (box, scrolls) => {
    box.dataset.name ||= box.getAttribute("aria-label");
    for (const [name, value] of [["tabindex", "0"], ["role", "region"], ["aria-label", box.dataset.name]]) {
      if (scrolls) box.setAttribute(name, value); else box.removeAttribute(name);
    }
  };
  const watch = new ResizeObserver((entries) => {
    // All sizes are read before anything is written, else each box would be laid out anew.
    const scrolls = entries.map(({ target: t }) => t.scrollWidth > t.clientWidth || t.scrollHeight > t.clientHeight);
    entries.forEach(({ target }, i) => { set(target, scrolls[i]); });
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
    const rank = (v) => (SCALE.includes(v) ? String(SCALE.indexOf(v)) : /^\d+$/.test(v) ? v.padStart(4) : "9" + v);
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

// Each by itself, so that one that fails on something unforeseen doesn't take the others with it.
function start(...parts) {
  for (const part of parts) try { part(); } catch (error) { console.error(error); }
}

function lists() {
  for (const list of document.querySelectorAll("nav[popover]")) {
    const hide = () => { try { list.hidePopover(); } catch { /* not open */ } };
    for (const link of list.querySelectorAll("a")) link.addEventListener("click", hide);
    // Whoever leaves by the Tab key would find the list over what they go to.
    list.addEventListener("focusout", (event) => { if (event.relatedTarget && !list.contains(event.relatedTarget)) hide(); });
  }
}

function paper() { // can't open anything
  addEventListener("beforeprint", () => { for (const part of document.querySelectorAll("main details:not(.code)")) part.open = true; });
}

start(modeButton, clockSwitch, notes, tabStops, lists, paper, () => {
  const table = document.querySelector("table.scorecard");
  if (table) filters(table);
});
