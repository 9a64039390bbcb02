// Filters for the scorecard. Without scripts the table is whole and the filters are not there.
document.addEventListener("DOMContentLoaded", () => {
  const table = document.querySelector("table.scorecard");
  if (!table) return;
  const rows = [...table.tBodies[0].rows];
  const value = (row, kind) => ([...row.classList].find((c) => c.startsWith(kind + "--")) || "").slice(kind.length + 2);
  const kinds = { p: "Paragraph", kind: "Kind", then: "Then", since: "Since", moved: "Changed since" };
  const form = document.createElement("form");
  form.className = "filters";
  form.setAttribute("aria-label", "Filter the claims");
  form.addEventListener("submit", (event) => event.preventDefault());
  const count = document.createElement("p");
  count.setAttribute("role", "status");
  const selects = Object.entries(kinds).map(([kind, label]) => {
    const select = document.createElement("select");
    select.name = kind;
    select.add(new Option("all", ""));
    for (const v of [...new Set(rows.map((row) => value(row, kind)))].sort()) {
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
    history.replaceState(null, "", query ? "?" + query : location.pathname);
  }
  const given = new URLSearchParams(location.search);
  for (const s of selects) if ([...s.options].some((o) => o.value === given.get(s.name))) s.value = given.get(s.name);
  const place = table.closest(".pst-scrollable-table-container") || table;
  place.before(form, count);
  apply();
});
