// All that the book runs: the reader's choice of light or dark, and filters for the scorecard.
// Without scripts the page follows the system's mode, and the scorecard is whole.
const chosen = () => { try { return localStorage.getItem("mode"); } catch { return null; } };
if (["light", "dark"].includes(chosen())) document.documentElement.dataset.theme = chosen();

function modeButton() {
  const button = document.createElement("button");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const dark = () => (document.documentElement.dataset.theme || (system.matches ? "dark" : "light")) === "dark";
  const show = () => { button.textContent = dark() ? "Light" : "Dark"; button.title = dark() ? "Light page" : "Dark page"; };
  button.type = "button";
  button.className = "mode";
  button.addEventListener("click", () => {
    const next = dark() ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    try { localStorage.setItem("mode", next); } catch { /* the choice then lasts for this page */ }
    show();
  });
  system.addEventListener("change", show);
  show();
  document.querySelector("header.top")?.append(button);
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

document.addEventListener("DOMContentLoaded", () => {
  modeButton();
  tabStops();
  for (const button of document.querySelectorAll(".on-page a")) {
    button.addEventListener("click", () => { try { document.getElementById("on-page").hidePopover(); } catch { /* not open */ } });
  }
  const table = document.querySelector("table.scorecard");
  if (table) filters(table);
});
