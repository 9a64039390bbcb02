// The poll explorer. It draws polls-data.js, made at the build with every interval, and computes no share and no interval.
(() => {
const data = window.companionPolls, place = document.getElementById("polls");
if (!data || !place) return;
const put = (text, ...parts) => text.replace(/%/g, () => parts.shift());

const W = data.words; // every sentence; % stands for what is filled in
const [START, END, EXACT, ANSWER, VALUE, LOW, HIGH, N, HOW, PUBLIC, SOURCE, LINE, ROW, NOTE] = Array(14).keys();
const NUMBERS = [1, 2, 4]; // columns of the table
const MONTHS = W.months;
const GAP = 95; // days, as in the other charts
const unique = (list) => [...new Set(list)];
const final = (list) => list[list.length - 1];
const slug = (text) => text.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
const day = (d) => new Date(d) / 864e5;
const words = (iso) => { const [y, m, d] = iso.split("-"); return `${+d} ${MONTHS[m - 1]} ${y}`; };
const PERIODS = { whole: ["", ""], until: ["", data.cutOff], since: [new Date(Date.parse(data.cutOff) + 864e5).toISOString().slice(0, 10), ""] };
const el = (name, props, ...inside) => { const e = Object.assign(document.createElement(name), props); e.append(...inside); return e; };
const tag = (e, given, ...inside) => { for (const key in given) e.setAttribute(key, given[key]); e.append(...inside); return e; };
const svg = (name, ...more) => tag(document.createElementNS("http://www.w3.org/2000/svg", name), ...more);

const series = data.series.map((s) => ({ ...s, asked: data.abouts[s.about], of: data.tables[s.table], polls: new Set(s.rows.map((r) => r[END])).size }));
const topics = unique(series.map((s) => s.topic));
const ALL = "";
const opens = series[data.opens];
const at = { topic: opens.topic, pollster: null, question: null, among: null, from: "", to: "", show: null };
const then = () => document.documentElement.dataset.clock === "then";
const inTopic = () => series.filter((s) => s.topic === at.topic);
const pollsters = () => unique(inTopic().map((s) => s.pollster));
const ofPollster = () => inTopic().filter((s) => s.pollster === at.pollster);
const questions = () => unique(ofPollster().map((s) => s.question));
const ofQuestion = () => ofPollster().filter((s) => s.question === at.question);
const groups = () => unique(ofQuestion().map((s) => s.among));
const most = (list) => list.reduce((best, s) => (s.polls > best.polls ? s : best));

// A choice that is gone gives way to the one with the most polls.
function settle() {
  if (!topics.includes(at.topic)) at.topic = opens.topic;
  const names = pollsters();
  if (!names.includes(at.pollster) && !(at.pollster === ALL && names.length > 1)) at.pollster = most(inTopic()).pollster;
  if (at.pollster === ALL) { at.question = at.among = null; return; }
  if (!questions().includes(at.question)) at.question = most(ofPollster()).question;
  if (!groups().includes(at.among)) at.among = groups()[0];
}

// What may be shown; first what is, unless the reader says otherwise.
function lines() {
  let found;
  if (at.pollster === ALL) {
    const first = inTopic().filter((s, i, list) => list.findIndex((o) => o.pollster === s.pollster && o.question === s.question) === i);
    const best = pollsters().map((name) => most(first.filter((s) => s.pollster === name)));
    found = first.map((s) => ({ s, answer: s.lead, on: best.includes(s), name: `${s.pollster}${best.includes(s) ? "" : `, ${s.question}`}: ${s.answers[s.lead][0]}` }));
    found.sort((a, b) => b.on - a.on || b.s.polls - a.s.polls);
  } else {
    const several = ofQuestion().filter((s) => s.among === at.among);
    found = several.flatMap((s) => s.answers.map(([name, none, shown], answer) => ({ s, answer, none, on: !!shown, name: several.length > 1 ? `${name} (${s.of[1]})` : name })));
  }
  let said = 0, none = 0;
  for (const line of found) {
    line.id = slug(line.name);
    line.none = line.s.answers[line.answer][1];
    line.mark = (said + none) % 5;
    line.look = line.none ? `none-${none++ % 2 + 1}` : `hue-${said++ % 6 + 1}${said > 6 ? " again" : ""}`;
    if (at.show) line.on = at.show.includes(line.id);
  }
  return found;
}

// Figures in the period, and how many weren't public by the cut-off.
function points(line) {
  const own = line.s.rows.filter((r) => r[ANSWER] === line.answer && (!at.from || r[END] >= at.from) && (!at.to || r[END] <= at.to));
  const known = then() ? own.filter((r) => r[END] <= data.cutOff && r[PUBLIC] && r[PUBLIC].slice(0, 10) <= data.cutOff) : own;
  return { known, late: own.length - known.length };
}

function query() {
  const q = new URLSearchParams({ q: slug(at.topic), pollster: at.pollster === ALL ? "all" : slug(at.pollster) });
  if (at.question && questions().length > 1) q.set("question", slug(at.question));
  if (at.among && groups().length > 1) q.set("among", slug(at.among));
  for (const key of ["from", "to"]) if (at[key]) q.set(key, at[key]);
  if (at.show) q.set("show", at.show.join("."));
  return q.toString();
}
function read() {
  const q = new URLSearchParams(location.search), match = (list, key) => list.find((name) => slug(name) === q.get(key));
  at.topic = match(topics, "q") || opens.topic;
  const first = (name) => (q.has("q") || data.opens === 0 ? undefined : opens[name]); // a link says what is shown, or the page does
  at.pollster = q.get("pollster") === "all" ? ALL : match(pollsters(), "pollster") || first("pollster");
  settle();
  at.question = match(questions(), "question") || first("question");
  settle();
  at.among = match(groups(), "among");
  settle();
  for (const key of ["from", "to"]) if (/^\d{4}-\d\d-\d\d$/.test(q.get(key) || "") && !isNaN(day(q.get(key)))) at[key] = q.get(key);
  if (q.has("show")) at.show = q.get("show").split(".");
}

const form = el("form", { className: "filters polls-form" });
tag(form, { "aria-label": W.form });
const inputs = {};
for (const name in W.labels) {
  inputs[name] = el(/^(from|to)$/.test(name) ? "input" : "select", { name });
  form.append(el("label", {}, `${W.labels[name]} `, inputs[name]));
}
inputs.from.type = inputs.to.type = "date";
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("change", ({ target: { name, value } }) => {
  if (name === "period") [at.from, at.to] = PERIODS[value] || [at.from, at.to];
  else if (name === "from" || name === "to") at[name] = value === inputs[name].dataset.open ? "" : value;
  else {
    at[name] = value;
    if (name !== "among") at.show = null;
    settle();
  }
  changed();
});
function options(control, list, value) {
  control.replaceChildren(...list.map(([key, name]) => new Option(name, key, false, key === value)));
  control.disabled = list.length < 2;
}
function fill() {
  const names = pollsters();
  options(inputs.topic, topics.map((t) => [t, t]), at.topic);
  options(inputs.pollster, [...(names.length > 1 ? [[ALL, put(W.all, names.length)]] : []), ...names.map((n) => [n, n])], at.pollster);
  options(inputs.question, at.pollster === ALL ? [["", W.ownQuestion]] : questions().map((n) => [n, n]), at.question);
  options(inputs.among, at.pollster === ALL ? [["", W.wholeSample]] : groups().map((n) => [n, n]), at.among);
  options(inputs.period, Object.entries(W.periods), Object.keys(PERIODS).find((key) => PERIODS[key].join() === `${at.from},${at.to}`) || "own");
  const days = lines().flatMap((l) => l.s.rows.map((r) => r[END])).sort();
  for (const [key, open] of [["from", days[0]], ["to", then() ? data.cutOff : final(days)]]) {
    inputs[key].dataset.open = open;
    inputs[key].value = at[key] || open;
  }
}

const said = tag(el("p", { className: "polls-said" }), { role: "status" });
const link = el("a", { className: "polls-link", textContent: W.link });
const answers = el("fieldset", { className: "polls-answers" });
const plot = el("div", { className: "polls-plot" }), notes = el("figcaption", {}), cards = el("div", { className: "polls-cards" });
const figure = el("figure", {}, answers, plot, notes);
const view = el("div", { className: "polls-view" }); // chart and cards side by side, or the cards of several below
const card = el("section", { className: "polls-about" }, el("h2", { textContent: W.asked }), cards);
const figures = el("section", { className: "polls-figures" });
answers.addEventListener("change", ({ target }) => {
  const now = lines();
  at.show = now.filter((l) => (l.id === target.value ? target.checked : l.on)).map((l) => l.id);
  changed(true);
});
view.append(figure, card);
const instead = [...place.childNodes]; // what stands there where the script doesn't get through
place.replaceChildren(form, el("p", { className: "polls-where" }, link), said, view, figures);

function changed(answersOnly) {
  show(answersOnly);
  try { history.replaceState(null, "", `?${query()}`); } catch { /* a page opened from disk */ }
}

let now = [];
function show(answersOnly) {
  fill();
  const found = lines(), on = found.filter((l) => l.on);
  now = on.map((l) => ({ ...l, ...points(l) })).filter((l) => l.known.length);
  if (!answersOnly) {
    answers.replaceChildren(el("legend", { textContent: at.pollster === ALL ? W.oneAnswer : W.answers }), ...found.map(tick));
  }
  link.href = `${location.href.split(/[?#]/)[0]}?${query()}`;
  const news = status(on);
  if (said.textContent !== news) said.textContent = news;
  about(on);
  draw();
  table();
}

function tick(line) {
  const box = el("input", { type: "checkbox", value: line.id, checked: line.on });
  return el("label", {}, box, svg("svg", { class: `polls-swatch ${line.look}`, width: 28, height: 12, "aria-hidden": "true" },
    svg("path", { class: "line", d: "M1 6H27" }), marker(14, 6, line.mark)), el("span", { textContent: line.name }));
}

function status(on) {
  const late = on.reduce((sum, l) => sum + points(l).late, 0);
  if (at.from && at.to && at.from > at.to) return W.backwards;
  if (!on.length) return W.noAnswer;
  if (!now.length) return `${then() ? W.noneThen : W.none} ${then() && late ? W.later : W.other}`;
  const days = now.flatMap((l) => l.known.map((r) => r[END])).sort(), first = words(days[0]), last = words(final(days));
  const polls = new Set(now.flatMap((l) => l.known.map((r) => l.s.pollster + l.s.question + l.s.among + r[END]))).size;
  const who = unique(now.map((l) => l.s.pollster)).join(", ");
  return `${put(polls > 1 ? W.polls : W.poll, polls)}, ${who}, ${first === last ? first : put(W.span, first, last)}. ${put(W.shown[now.length > 1 ? 1 : 0], now.length)}${now.length > 3 ? "" : `: ${now.map((l) => l.name).join("; ")}`}.${then() ? ` ${W.then}${late ? ` ${put(W.left, late)}` : ""}` : ""}`;
}

const MARKS = [(x, y) => `M${x - 4} ${y}a4 4 0 1 0 8 0a4 4 0 1 0-8 0z`, (x, y) => `M${x} ${y - 5}l5 5l-5 5l-5-5z`, (x, y) => `M${x - 3.8} ${y - 3.8}h7.6v7.6h-7.6z`,
  (x, y) => `M${x} ${y - 5}l5 8.6h-10z`, (x, y) => `M${x} ${y + 5}l5-8.6h-10z`];
const marker = (x, y, kind, hollow) => svg("path", { class: hollow ? "mark hollow" : "mark", d: MARKS[kind](x, y) });
const figureOf = (r) => `${data.notes[r[NOTE]].qualifier ? `${data.notes[r[NOTE]].qualifier} ` : ""}${r[VALUE]}%`;
const label = (r) => `${+r[VALUE].toFixed(1)}%`;
const dated = (r) => `${label(r)}, ${MONTHS[r[END].slice(5, 7) - 1].slice(0, 3)} ${r[END].slice(0, 4)}`;
const span = (r) => (r[LOW] === null ? W.noInterval : put(W.span, r[LOW].toFixed(1), r[HIGH].toFixed(1)));
const when = (r) => {
  const [y, m] = r[END].split("-");
  if (r[EXACT] === "month") return `${MONTHS[m - 1]} ${y}`;
  if (r[START] === r[END]) return words(r[END]);
  return put(W.span, r[START].slice(0, 7) === r[END].slice(0, 7) ? +r[START].slice(8) : words(r[START]), words(r[END]));
};
const clash = (r) => data.notes[r[NOTE]].conflict;

function fold(text, most) {
  const out = [""];
  for (const word of text.split(" ")) {
    if (final(out) && (final(out) + " " + word).length > most) out.push(word); else out[out.length - 1] = `${final(out)} ${word}`.trim();
  }
  return out;
}

function draw() {
  const wide = Math.floor(plot.clientWidth);
  plot.replaceChildren();
  notes.replaceChildren();
  plot.classList.toggle("empty", !now.length);
  if (!now.length || !wide) return;
  const small = wide < 520, room = small ? 112 : 156, top = 26, high = small ? 340 : 400, left = 38, right = wide - room, bottom = high - 26;
  const rows = now.flatMap((l) => l.known), days = rows.map((r) => day(r[END]));
  let first = Math.min(...days), last = Math.max(...days);
  if (at.from && day(at.from) < first && first - day(at.from) < 200) first = day(at.from);
  if ((at.to === data.cutOff || then()) && day(data.cutOff) - last < 200) last = Math.max(last, day(data.cutOff));
  const spare = Math.max((last - first) * 0.02, (90 - (last - first)) / 2, 3);
  first -= spare;
  last += spare;
  const x = (d) => left + ((day(d) - first) / (last - first)) * (right - left);
  const peak = Math.min(100, Math.ceil(Math.max(20, ...rows.map((r) => r[HIGH] ?? r[VALUE])) / 20) * 20);
  const y = (v) => bottom - (v / peak) * (bottom - top);
  const root = svg("svg", { viewBox: `0 0 ${wide} ${high}`, width: wide, height: high, role: "img", "aria-label": describe() });
  const add = (name, given, ...inside) => { const e = svg(name, given, ...inside); root.append(e); return e; };
  const cut = data.cutOff, [w0, w1] = data.window;
  if (day(cut) < last && !then()) add("rect", { class: "since", x: Math.max(x(cut), left), y: top, width: right - Math.max(x(cut), left), height: bottom - top });
  if (day(w1) > first && day(w0) < last) {
    const a = Math.max(x(w0), left), b = Math.min(Math.max(x(w1), a + 3), right), middle = (a + b) / 2;
    add("rect", { class: "window", x: a, y: top, width: b - a, height: bottom - top, opacity: b - a > 60 ? 0.5 : 1 });
    const named = Math.max(middle - 45, left);
    add("text", { class: "oped", x: named, y: 11 }, W.written);
    add("path", { class: "lead-oped", d: `M${middle} 15V${top}` });
    if (named < wide - 160 && !then()) add("text", { class: "axis", x: named + 88, y: 11 }, W.since);
  }
  for (let v = 0; v <= peak; v += peak > 40 ? 20 : 10) {
    add("path", { class: v ? "grid" : "rule", d: `M${left} ${y(v)}H${right}` });
    add("text", { class: "axis", x: left - 6, y: y(v) + 4, "text-anchor": "end" }, v === peak ? `${v}%` : `${v}`);
  }
  dates(add, first, last, x, bottom, right);
  const cuts = new Map();
  for (const line of now) {
    for (const [on, why] of line.s.breaks) {
      if (line.known.some((r) => day(r[END]) < day(on)) && line.known.some((r) => day(r[END]) >= day(on))) cuts.set(on + why, [on, why]);
    }
  }
  const marked = [...cuts.values()].sort((a, b) => day(a[0]) - day(b[0]));
  marked.forEach(([on], i) => {
    add("path", { class: "break", d: `M${x(on)} ${top}V${bottom}` });
    add("text", { class: "axis", x: x(on) + 3, y: top + 12 }, `${i + 1}`);
  });
  const ends = [], inside = [];
  let dotted = false, hollow = false, bands = false;
  for (const line of now) {
    const g = add("g", { class: line.look });
    const sure = line.known.filter((r) => !clash(r)), pieces = [];
    sure.forEach((r, i) => {
      const before = sure[i - 1];
      const broken = before && line.s.breaks.some(([on]) => day(before[END]) < day(on) && day(on) <= day(r[END]));
      const far = before && day(r[END]) - day(before[END]) > GAP;
      if (before && !broken && !far) final(pieces).push(r); else pieces.push([r]);
      if (before && far && !broken) {
        dotted = true;
        g.append(svg("path", { class: "gap", d: `M${x(before[END])} ${y(before[VALUE])}L${x(r[END])} ${y(r[VALUE])}` }));
      }
    });
    const many = line.known.length > 40;
    const path = (list, key) => list.map((r) => `${x(r[END]).toFixed(1)} ${y(r[key]).toFixed(1)}`).join("L");
    for (const piece of pieces) {
      if (piece.length < 2) continue;
      if (many && piece.every((r) => r[LOW] !== null)) {
        bands = true;
        g.prepend(svg("path", { class: "band", d: `M${path(piece, HIGH)}L${path(piece.slice().reverse(), LOW)}Z` }));
      }
      g.append(svg("path", { class: "line", d: `M${path(piece, VALUE)}` }));
    }
    for (const r of line.known) {
      const px = x(r[END]), alone = clash(r) || !many || pieces.some((p) => p.length < 2 && p[0] === r);
      if (alone && r[LOW] !== null) g.append(svg("path", { class: "bar", d: `M${px} ${y(r[LOW])}V${y(r[HIGH])}` }));
      if (r[EXACT] === "longer") g.append(svg("path", { class: "bar", d: `M${Math.max(x(r[START]), left)} ${y(r[VALUE])}H${px}` }));
      hollow ||= clash(r);
      const point = many && !alone ? svg("circle", { class: "mark", cx: px, cy: y(r[VALUE]), r: 1.8 }) : marker(px, y(r[VALUE]), line.mark, clash(r));
      point.append(svg("title", {}, `${line.name}: ${figureOf(r)} (${span(r)}), ${when(r)}`));
      g.append(point);
    }
    const end = final(line.known), text = fold(line.name, small ? 13 : 20);
    if (right - x(end[END]) >= 45) {
      inside.push({ g, px: x(end[END]), py: y(end[VALUE]), named: fold(line.name, 24), figure: dated(end), most: small ? 20 : 32 });
      continue;
    }
    ends.push({ g, px: x(end[END]), py: y(end[VALUE]), text: [...text, last - day(end[END]) > (last - first) * 0.08 ? dated(end) : label(end)], high: (text.length + 1) * 15 + 3 });
  }
  ends.sort((a, b) => a.py - b.py);
  let edge = top - 8;
  for (const e of ends) { e.from = Math.max(e.py - e.high / 2, edge); edge = e.from + e.high; }
  edge = high;
  for (const e of ends.slice().reverse()) { e.from = Math.min(e.from, edge - e.high); edge = e.from; }
  for (const e of ends) {
    const middle = e.from + e.high / 2;
    e.g.append(svg("path", { class: "leader", d: `M${e.px + 7} ${e.py}H${right + 2}L${right + 10} ${middle}` }));
    e.g.append(svg("text", { class: "name" }, ...e.text.map((t, i) => svg("tspan", { x: right + 15, y: e.from + 12 + i * 15, ...(i === e.text.length - 1 ? { class: "number" } : {}) }, t))));
  }
  name(inside, now.flatMap((l) => drawnAs(l.known.map((r) => [x(r[END]), y(r[VALUE])]))), { left, right: wide, top, bottom }, ends.map((e) => ({ from: right, wide: room, up: e.from, high: e.high })));
  plot.append(root);
  const tables = unique(now.map((l) => l.s.of));
  notes.append(...[
    `${bands ? W.bands : W.bars} ${W.notCovered}`,
    ...marked.map(([on, why], i) => `${i + 1}: ${words(on)}: ${why}.`),
    dotted && put(W.dotted, GAP),
    hollow && W.hollow,
    at.pollster === ALL && now.length > 1 && W.compare,
  ].filter(Boolean).map((text) => el("p", { textContent: text })),
  el("p", {}, put(W.unit, unique(tables.map((t) => t[2].replace("%", "percent"))).join("; ")), ...tables.flatMap((t, i) => [i ? ", " : "", t[4] ? el("a", { href: t[4], textContent: t[0] }) : t[0]]), "."));
}

// Points along a line, near enough to tell whether words lie on it.
const drawnAs = (points) => points.flatMap(([px, py], i) => {
  if (!i) return [[px, py]];
  const [qx, qy] = points[i - 1], steps = Math.ceil(Math.hypot(px - qx, py - qy) / 6) || 1;
  return Array.from({ length: steps }, (_, n) => [px - ((px - qx) * n) / steps, py - ((py - qy) * n) / steps]);
});

// A line that ends before the others has its name at its last point, where the least of what is drawn lies under it.
function name(inside, drawn, box, taken) {
  for (const { g, px, py, named, figure, most } of inside) {
    const one = named.length === 1 && `${named[0]} ${figure}`.length <= most;
    const wide = one ? `${named[0]} ${figure}`.length * 6.9 : Math.max(figure.length, ...named.map((t) => t.length)) * 6.9;
    const high = (named.length + (one ? 0 : 1)) * 15;
    let best = null;
    for (const away of [0, 14, -14, 24, -24, 38, -38, 54, -54, 74, -74, 98, -98, 126, -126, 160, -160]) {
      for (const [from, cost] of [[px + 11, 0], [px - wide / 2, 1], [px - wide - 11, 2]]) {
        const up = py + away - high / 2;
        if (from < box.left || from + wide > box.right || up < box.top || up + high > box.bottom) continue;
        const over = (a, b, room) => a >= from - room && a <= from + wide + room && b >= up - room && b <= up + high + room;
        const hits = drawn.filter(([a, b]) => over(a, b, 3)).length;
        const clashes = taken.filter((t) => t.from < from + wide && from < t.from + t.wide && t.up < up + high && up < t.up + t.high).length;
        const score = hits * 14 + clashes * 1000 + Math.abs(away) + cost * 6;
        if (!best || score < best.score) best = { score, from, up, away };
      }
    }
    if (!best) continue;
    taken.push({ ...best, wide, high });
    if (Math.abs(best.away) > 30) g.append(svg("path", { class: "leader", d: `M${px} ${py}L${Math.min(Math.max(px, best.from), best.from + wide)} ${best.away > 0 ? best.up : best.up + high}` }));
    const at = (i) => ({ x: best.from, y: best.up + 12 + i * 15 });
    g.append(svg("text", { class: "name inside" }, ...named.map((t, i) => svg("tspan", at(i), one ? `${t} ` : t)), svg("tspan", { class: "number", ...(one ? {} : at(named.length)) }, figure)));
  }
}

function dates(add, first, last, x, bottom, right) {
  const per = (right - x(first * 864e5)) / (last - first), years = last - first > 500, wanted = (years ? 44 : 64) / per / (years ? 365 : 30);
  const step = [1, 2, 3, 6, 12, 60].find((s) => s >= wanted) * (years ? 12 : 1);
  const start = new Date(first * 864e5), from = start.getUTCFullYear() * 12 + start.getUTCMonth() + 1;
  for (let m = Math.ceil(from / step) * step, named; ; m += step) {
    const year = Math.floor(m / 12), d = Date.UTC(year, m % 12);
    if (day(d) > last) break;
    add("path", { class: "rule", d: `M${x(d)} ${bottom}v5` });
    add("text", { class: "axis", x: x(d), y: bottom + 19, "text-anchor": "middle" }, years ? year : `${MONTHS[m % 12].slice(0, 3)}${named === year ? "" : ` ${year}`}`);
    named = year;
  }
}

function describe() {
  const one = (l) => {
    const by = (f) => l.known.reduce((m, r) => (f(r[VALUE], m[VALUE]) ? r : m)), say = (r) => `${figureOf(r)} (${span(r)}), ${MONTHS[r[END].slice(5, 7) - 1]} ${r[END].slice(0, 4)}`;
    if (l.known.length === 1) return put(W.onlyOne, l.name, say(l.known[0]));
    return put(W.course, l.name, l.known.length, say(l.known[0]), say(final(l.known)), say(by((v, m) => v < m)), say(by((v, m) => v > m)));
  };
  return `${W.chart} ${now.map(one).join(" ")} ${W.below}`;
}

function about(on) {
  const shown = unique(on.map((l) => l.s));
  view.classList.toggle("several", shown.length > 1);
  cards.replaceChildren(...shown.map((s) => {
    const a = s.asked, list = el("dl", {});
    const add = (term, ...inside) => inside.some(Boolean) && list.append(el("dt", { textContent: term }), el("dd", {}, ...inside.filter(Boolean)));
    const original = Object.entries(a.original || {});
    const F = W.facts, how = unique(s.rows.map((r) => data.how[r[HOW]]));
    add(a.language || original.length ? F.translated : F.wording, a.wording || W.noWording);
    for (const [lang, text] of original) add(F.original, el("span", { lang, textContent: text }));
    if (!original.length) add(F.original, `${W.noOriginal}${a.language ? ` (${a.language})` : ""}`);
    add(F.asked, a.asked_by || s.pollster);
    for (const key of ["paid_by", "mode", "sample"]) add(F[key], a[key] || W.notStated);
    add(F.among, s.among);
    add(F.warning, a.warning);
    add(F.interval, how.length > 3 ? put(W.alike, how[0]) : how.join("; "));
    add(F.table, s.of[4] ? el("a", { href: s.of[4], textContent: s.of[1] }) : s.of[1]);
    const more = el("details", {}, el("summary", { textContent: put(W.caveats, s.of[3].length) }), el("ul", {}, ...s.of[3].map((c) => el("li", { textContent: c }))));
    return el("article", { className: "polls-card" }, el("h3", { textContent: `${s.pollster}: ${s.question}` }), list, more);
  }));
}

function table() {
  figures.replaceChildren();
  if (!now.length) return;
  const rows = now.flatMap((l) => l.known.map((r) => [l, r])).sort((a, b) => (a[1][END] < b[1][END] ? -1 : a[1][END] > b[1][END] ? 1 : 0));
  const how = unique(rows.map(([, r]) => r[HOW])), remarks = ([, r]) => {
    const n = data.notes[r[NOTE]];
    return [n.conflict && W.clash, n.derived && W.derived, n.mode, how.length > 1 && `${W.interval}: ${data.how[r[HOW]]}`, n.note].filter(Boolean).join("; ");
  };
  const numeric = (i) => (NUMBERS.includes(i) ? { className: "num" } : {});
  const linked = (text, href) => (href ? el("a", { href, textContent: text }) : text);
  const body = rows.map((pair) => {
    const [l, r] = pair, [name, href] = data.sources[r[SOURCE]], page = l.s.of[4].split("#")[0];
    const cells = [when(r), figureOf(r), span(r), l.name, r[N] ?? W.notSeen, r[PUBLIC] ?? W.notKnown, linked(name, href), linked(put(W.line, r[LINE]), page && (r[ROW] ? `${page}#line-${r[LINE]}` : l.s.of[4])), remarks(pair)];
    // On a phone a row is a card: each cell is named by its column, and the roles are said, which ``display`` takes away.
    return tag(el("tr"), { role: "row" }, ...cells.map((cell, i) => (i ? tag(el("td", numeric(i), cell), { role: "cell", "data-label": W.head[i] }) : tag(el("th", {}, cell), { scope: "row", role: "rowheader" }))));
  });
  const box = tag(el("div"), { class: "table-scroll", tabindex: 0, role: "region", "aria-label": W.figures }, tag(el("table"), { class: "stack", role: "table" }, el("caption", { textContent: put(W.caption, rows.length) }),
    tag(el("thead"), { role: "rowgroup" }, tag(el("tr"), { role: "row" }, ...W.head.map((h, i) => tag(el("th", { textContent: h, ...numeric(i) }), { scope: "col", role: "columnheader" })))), tag(el("tbody"), { role: "rowgroup" }, ...body)));
  figures.append(el("h2", { textContent: W.figures }), el("p", { textContent: `${how.length === 1 ? `${W.interval}: ${data.how[how[0]]}. ` : ""}${W.legend}` }), box);
}

const every = document.querySelector("details.polls-all");
if (every && !location.hash) every.open = false;
try {
  read();
  show();
  place.classList.add("ready");
} catch (error) {
  place.replaceChildren(...instead);
  throw error;
}
document.addEventListener("companion:clock", () => show());
let width = plot.clientWidth;
new ResizeObserver(() => { if (plot.clientWidth !== width) { width = plot.clientWidth; draw(); } }).observe(plot);
})();
