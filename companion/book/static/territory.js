// The explorer of territory: chooses among the maps, rows and lines that stand in the page. It computes nothing but the share
// that an area is of the whole, and shows no day that has no row.
(() => {
  const root = document.getElementById("territory");
  if (!root) return;
  const one = (what, from = root) => from.querySelector(what);
  const all = (what, from = root) => [...from.querySelectorAll(what)];
  const MONTHS = "January February March April May June July August September October November December".split(" ");
  const words = (day) => { const [y, m, d] = day.split("-").map(Number); return `${d} ${MONTHS[m - 1]} ${y}`; };
  const days = (day) => Date.parse(day) / 864e5; // ISO days are UTC, so every day has its full length
  const iso = (n) => new Date(n * 864e5).toISOString().slice(0, 10);
  const chart = one(".territory-chart"), map = one(".territory-map"), slider = one("#territory-day"), other = one("#territory-line");
  const { first, whole, cutOff } = chart.dataset;
  const [left, right, top, floor] = chart.dataset.box.split(" ").map(Number);
  const span = Number(chart.dataset.days), low = Number(chart.dataset.low), high = Number(chart.dataset.high);
  const x = (day) => left + ((days(day) - days(first)) / span) * (right - left);
  const y = (share) => top + ((high - share) / (high - low)) * (floor - top);
  const hide = (node, off) => node.toggleAttribute("hidden", off);

  const makers = new Map(all("input[name=maker]").map((radio) => {
    const key = radio.value, line = one(`[data-line="${key}"]`), areas = new Map();
    for (const part of all("[data-km2]", line).reverse()) { // where two have a day, the one named first holds
      for (const run of part.dataset.km2.split("|")) {
        const [from, list] = run.split(":");
        list.split(" ").forEach((km2, i) => areas.set(iso(days(from) + i), Number(km2)));
      }
    }
    const maps = new Map(all(`.territory-all-of[data-maker="${key}"] tbody`).map((body) => [body.dataset.day, body]));
    return [key, { areas, maps, radio, line, name: one("span", radio.parentElement).firstChild.textContent.trim() }];
  }));

  const state = { maker: one("input[name=maker]:checked").value, day: "", line: null };
  const then = () => document.documentElement.dataset.clock === "then";
  const stops = (who) => [...who.maps].filter(([, body]) => !then() || body.classList.contains("of-then")).map(([day]) => day);
  const share = (km2) => (km2 / whole) * 100;
  const percent = (km2) => `${share(km2).toFixed(1)}%`;
  const near = (list, day) => list.filter((d) => d <= day).pop() || list[0]; // the last by then, else the first of all

  // Why a step leads no further, and what "then" leaves out.
  function ends(who, list, place) {
    const limit = then() ? chart.dataset.limit : "";
    const some = [...makers.values()].filter((other) => other !== who && !other.radio.disabled);
    const beyond = (test) => some.filter((other) => stops(other).some(test)).map((other) => other.name).join("; ");
    const said = [limit];
    if (place === list.length - 1) {
      const later = beyond((d) => d > state.day);
      said.push(later ? `These maps end here. Later days: ${later}.` : limit ? "" : "No map is later than this.");
    } else if (place === 0) {
      const before = beyond((d) => d < state.day);
      said.push(before ? `These maps begin here. Earlier days: ${before}.` : "No map is earlier than this.");
    }
    return said.filter(Boolean).join(" ");
  }

  function draw() {
    const who = makers.get(state.maker), list = stops(who), place = list.indexOf(state.day), body = who.maps.get(state.day);
    const rows = [...body.rows].map((row) => ({
      row, oblast: row.dataset.oblast, short: `${row.dataset.short}%`, value: parseFloat(row.cells[2].textContent),
    }));
    const known = new Map(rows.map((r) => [r.oblast, r]));
    const km2 = who.areas.get(state.day), when = words(state.day);
    one(".territory-end").textContent = ends(who, list, place);
    for (const maker of makers.values()) maker.line.classList.toggle("chosen", maker === who);
    who.line.parentNode.insertBefore(who.line, one(".cursor"));
    slider.max = list.length - 1;
    slider.value = place;
    slider.setAttribute("aria-valuetext", `${when}, map ${place + 1} of ${list.length}`);
    one("[data-step='-1']").setAttribute("aria-disabled", place === 0);
    one("[data-step='1']").setAttribute("aria-disabled", place === list.length - 1);
    one(".territory-day").textContent = when;
    one(".territory-of").textContent = `${who.name}, ${when}`;
    one(".territory-share").textContent = km2 === undefined ? `no figure on ${when}` : `${percent(km2)} on ${when}`;
    const shade = (oblast) => { const r = known.get(oblast); return r ? `s${Math.min(Math.max(Math.ceil(r.value / 20), 1), 5)}` : "none"; };
    for (const path of all("[data-oblast]", map)) path.setAttribute("class", `oblast ${shade(path.dataset.oblast)}`);
    for (const text of all("[data-at]", map)) {
      text.setAttribute("class", `at ${shade(text.dataset.at)}`);
      one(".figure", text).textContent = known.get(text.dataset.at)?.short || "";
    }
    const table = one(".territory-table"), copy = document.createElement("tbody");
    copy.setAttribute("role", "rowgroup");
    for (const { row } of rows) {
      const line = row.cloneNode(true);
      line.cells[0].remove();
      line.setAttribute("role", "row"); // a phone sets each row apart, which takes its role away in some browsers
      for (const cell of line.cells) cell.setAttribute("role", cell.tagName === "TH" ? "rowheader" : "cell");
      copy.append(line);
    }
    table.tBodies[0].replaceWith(copy);
    table.caption.firstChild.textContent = `${who.name}, ${when}: every oblast with a figure, the same as on the map, for those who don’t use a pointer`;
    table.closest(".table-scroll").setAttribute("aria-label", table.caption.textContent);
    point(one(".cursor"), state.day, km2);
    touch(null);
    read();
  }

  function point(mark, day, km2) {
    const at = x(day), up = km2 === undefined ? top : y(share(km2)), text = one("text", mark), dot = one("circle", mark);
    one("path", mark).setAttribute("d", `M${at} ${top}V${floor}`);
    dot.setAttribute("cx", at);
    dot.setAttribute("cy", up);
    hide(dot, km2 === undefined);
    if (!text) return;
    const turn = at > right - 84;
    text.setAttribute("class", turn ? "value end" : "value");
    text.setAttribute("x", at + (turn ? -8 : 8));
    text.setAttribute("y", up - 9);
    text.textContent = km2 === undefined ? "" : percent(km2);
  }

  // The line on another day: beside the map, never in its place.
  function read() {
    const who = makers.get(state.maker), day = state.line, said = one(".territory-line-words"), mark = one(".reading");
    other.min = first;
    other.max = then() ? cutOff : iso(days(first) + span);
    if (document.activeElement !== other || !day) other.value = day || state.day;
    const km2 = day ? who.areas.get(day) : undefined;
    hide(mark, km2 === undefined || day === state.day);
    if (km2 !== undefined) point(mark, day, km2);
    let text = "";
    if (day && km2 !== undefined) {
      text = `${words(day)}: ${percent(km2)} of Ukraine, ${Math.round(km2).toLocaleString("en")} km² (${who.name}).`;
      if (day !== state.day) text += ` The map is of ${words(state.day)}.`;
    } else if (day) {
      const list = [...who.areas.keys()].filter((d) => !then() || d <= cutOff).sort();
      const around = [list.filter((d) => d < day).pop(), list.find((d) => d > day)].filter(Boolean).map(words);
      text = `${who.name} has no figure of ${words(day)}; the nearest ${around.length > 1 ? "are of" : "is of"} ${around.join(" and ")}.`;
    }
    if (said.textContent !== text) said.textContent = text;
    tell();
  }

  // Said once the reader has stopped, so that a slider under way isn't a stream of words.
  let waiting = 0;
  function tell() {
    const query = new URLSearchParams({ maker: state.maker, day: state.day, ...(state.line && state.line !== state.day ? { line: state.line } : {}) });
    one(".territory-link a").href = `?${query}#territory`;
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      const who = makers.get(state.maker), km2 = who.areas.get(state.day), when = words(state.day);
      const parts = [...who.maps.get(state.day).rows].map((row) => `${row.dataset.oblast} ${row.dataset.short}%`);
      const lead = km2 === undefined
        ? `For ${when} there is no share of Ukraine at hand (${who.name}).`
        : `On ${when} Russian forces held ${percent(km2)} of Ukraine (${who.name}).`;
      const said = one(".territory-lead");
      if (said.textContent !== lead) said.textContent = lead;
      one(".territory-parts").textContent = `By oblast: ${parts.join(", ")}.`;
      if (moved) try { history.replaceState(null, "", `?${query}`); } catch { /* a page opened from disk */ }
    }, 350);
  }

  // A pointer on an oblast, or on its row.
  function touch(oblast) {
    const who = makers.get(state.maker), row = oblast && [...who.maps.get(state.day).rows].find((r) => r.dataset.oblast === oblast);
    for (const path of all("[data-oblast]", map)) path.classList.toggle("touched", path.dataset.oblast === oblast);
    for (const line of all(".territory-table tr[data-oblast]")) line.classList.toggle("touched", line.dataset.oblast === oblast);
    one(".territory-touched").textContent = !oblast ? "\u00a0"
      : row ? `${oblast}: ${row.cells[2].textContent} held, ${row.cells[3].textContent} km²` : `${oblast}: no figure on this map`;
  }

  let moved = false;
  function go(change) {
    moved = true;
    Object.assign(state, change);
    settle();
  }

  // Holds the state within what there is: a maker with a map, a day with rows.
  const title = one("title", chart), allWords = title.textContent;
  function settle() {
    title.textContent = then() ? chart.dataset.then : allWords;
    for (const { radio } of makers.values()) radio.disabled = then() && "late" in radio.dataset;
    if (makers.get(state.maker).radio.disabled) state.maker = [...makers].find(([, who]) => !who.radio.disabled)?.[0] || state.maker;
    const who = makers.get(state.maker), list = stops(who);
    if (!list.length) return;
    if (!list.includes(state.day)) state.day = near(list, state.day);
    if (then() && state.line > cutOff) state.line = null;
    who.radio.checked = true;
    draw();
  }

  for (const { radio } of makers.values()) radio.addEventListener("change", () => go({ maker: radio.value }));
  slider.addEventListener("input", () => go({ day: stops(makers.get(state.maker))[slider.value], line: null }));
  for (const button of all("[data-step]")) {
    button.addEventListener("click", () => {
      const list = stops(makers.get(state.maker)), day = list[list.indexOf(state.day) + Number(button.dataset.step)];
      if (day) go({ day, line: null });
    });
  }
  for (const form of all("form")) form.addEventListener("submit", (event) => event.preventDefault());
  other.addEventListener("change", () => { if (other.value && other.validity.valid) go({ line: other.value }); });
  const press = (event) => {
    const box = chart.getBoundingClientRect(), at = ((event.clientX - box.left) / box.width) * chart.viewBox.baseVal.width;
    const day = days(first) + Math.round(((at - left) / (right - left)) * span);
    const known = [...makers.get(state.maker).areas.keys()].filter((d) => !then() || d <= cutOff);
    go({ line: known.reduce((a, b) => (Math.abs(days(b) - day) < Math.abs(days(a) - day) ? b : a)) });
  };
  chart.addEventListener("pointerdown", press);
  chart.addEventListener("pointermove", (event) => { if (event.buttons & 1) press(event); });
  const over = (event) => touch(event.target.closest("[data-oblast]")?.dataset.oblast || null);
  for (const part of [map, one(".territory-table")]) {
    part.addEventListener("pointerover", over);
    part.addEventListener("pointerdown", over);
    part.addEventListener("pointerleave", (event) => { if (event.pointerType !== "touch") touch(null); });
  }
  one(".territory-table").addEventListener("focusin", over);
  document.addEventListener("companion:clock", settle);

  const asked = new URLSearchParams(location.search), day = asked.get("day"), line = asked.get("line");
  const valid = (d) => /^\d{4}-\d\d-\d\d$/.test(d) && !Number.isNaN(Date.parse(d));
  if (makers.has(asked.get("maker"))) state.maker = asked.get("maker");
  state.day = near(stops(makers.get(state.maker)), cutOff) || "";
  if (valid(day)) {
    state.day = day;
    if (!makers.get(state.maker).maps.has(day)) state.line = day; // such a day has no map; its share, if any, is said beside
  }
  if (valid(line)) state.line = line;
  const details = one(".territory-all");
  settle();
  root.classList.add("ready");
  details.open = false;
  details.dataset.ready = "";
})();
