// The search page. The claims stand in the page and are filtered at once; the index of the rest is a script of its own,
// asked for with the first word, since a browser lets a book opened from disk load scripts and nothing else.
(() => {
  const form = document.querySelector("form.find");
  const field = form.elements.q;
  const $ = (selector) => document.querySelector(selector);
  const status = $(".find-status");
  const make = (tag, className, ...inside) => {
    const made = document.createElement(tag);
    if (className) made.className = className;
    made.append(...inside);
    return made;
  };

  // Words

  // A word, a figure (17.7 or 15,000) or a sentence's place (p11.s2).
  const WORD = /[\p{L}\p{N}]+(?:[.,]\p{N}+|\.s\p{N}+|[’']\p{L}+)*/gu;
  const STOP = new Set("a an and any are as at be been by did do does for from had has have how i in into is it its many much not of on or s so than that the their there they this to was were what when where which who whom whose why will with would".split(" "));
  const fold = (word) => word.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/[’']s$/, "").replace(/[’',]/g, "").replace(/iz(?=[aei])/g, "is");
  const folded = (text) => [...text.matchAll(WORD)].map((m) => fold(m[0]));
  const ENDS = /(?:isations?|isers?|ising|ised|ises|ise|ations?|ments?|ings?|ers?|edly|ed|ies|es|s|ly|e|y)$/;
  const stem = (word) => {
    const cut = word.replace(ENDS, "");
    return cut.length >= 4 ? cut : word.replace(/s$/, "");
  };

  // Claims, from the page

  const claims = [...document.querySelectorAll(".found-claims > li")].map((li) => {
    const words = folded(li.textContent);
    return { li, words: new Set([...words, ...words.map(stem)]), p: li.dataset.p, s: li.dataset.s.split(" ") };
  });
  const asSentence = (query) => {
    const m = /^p?0?(\d{1,2})[.\s]*s\.?\s*(\d{1,2})$/i.exec(query) || /^(?:sentence\s+)p?0?(\d{1,2})[.\s]+s?(\d{1,2})$/i.exec(query);
    return m ? `p${m[1].padStart(2, "0")}.s${Number(m[2])}` : null;
  };
  const asParagraph = (query) => /^(?:¶|p|par\.?|paragraph)?\s*0?([1-9]\d?)$/i.exec(query)?.[1] || null;
  const same = (word, words) => words.has(word) || words.has(stem(word)) || (word.length > 2 && [...words].some((w) => w.startsWith(word)));

  function filterClaims(query) {
    const sentence = asSentence(query), paragraph = asParagraph(query);
    const all = folded(query), words = all.filter((w) => !STOP.has(w));
    const wanted = words.length ? words : all;
    let shown = 0;
    for (const claim of claims) {
      const found = sentence ? claim.s.includes(sentence) : paragraph ? claim.p === paragraph : wanted.every((w) => same(w, claim.words));
      claim.li.hidden = Boolean(query) && !found;
      shown += claim.li.hidden ? 0 : 1;
    }
    $("#found-claims").hidden = !shown;
    return shown;
  }

  // The index

  let index = null, asked = false;
  const LABELS = { claim: "Claim", section: "Text", page: "Page", chart: "Chart", table: "Table", source: "Source", term: "Glossary", name: "Index", sentence: "Sentence", explorer: "Explorer" };
  const WEIGHT = { claim: 1.5, section: 1.25, page: 1.3, chart: 1.15, term: 1.3, name: 1.25, table: 0.65, source: 0.5, sentence: 0.6, explorer: 2.6 };

  function ask() {
    if (asked) return;
    asked = true;
    const script = document.createElement("script");
    script.src = form.dataset.index;
    script.addEventListener("load", () => { index = prepared(window.companionIndex); run(); });
    script.addEventListener("error", () => { status.textContent = "The index of the text did not load; the claims can be searched all the same."; });
    document.head.append(script);
  }

  function prepared(data) {
    const vocabulary = new Map(); // word: [place, times in the text, times in the title] …
    let long = 0;
    const places = data.places.map(([kind, page, anchor, title, text, unit, label], at) => {
      // An explorer is called by what it is, too.
      const called = data.kinds[kind] === "explorer" ? `${title} ${/Explorer: [^.]*/.exec(text)?.[0] || ""}` : title;
      const inTitle = label ? [] : folded(called), inText = folded(text), seen = new Map();
      for (const word of inText) { const n = seen.get(word) || [0, 0]; n[0] += 1; seen.set(word, n); }
      for (const word of inTitle) { const n = seen.get(word) || [0, 0]; n[1] += 1; seen.set(word, n); }
      for (const [word, n] of seen) { if (!vocabulary.has(word)) vocabulary.set(word, []); vocabulary.get(word).push([at, ...n]); }
      long += inText.length;
      return { kind: data.kinds[kind], page: data.pages[page], anchor, title, text, unit, label, inTitle, inText };
    });
    const stems = new Map();
    for (const word of vocabulary.keys()) { const s = stem(word); stems.set(s, [...(stems.get(s) || []), word]); }
    // A claim and its parts, each on a clock, are one document: a query's words may stand apart in it.
    const heads = new Map(places.map((p, at) => [p.page[0] + (p.label ? "" : p.unit || `#${at}`), at]));
    places.forEach((p, at) => { p.doc = p.label ? heads.get(p.page[0] + p.unit) ?? at : at; });
    return { places, vocabulary, stems, mean: long / places.length, same: data.same.map((group) => group.map(folded)), languages: Object.entries(data.languages) };
  }

  // Words of the index that a word of the query stands for, each with its worth.
  function meant(word, open) {
    const out = new Map();
    for (const other of index.stems.get(stem(word)) || []) out.set(other, 0.8);
    if (index.vocabulary.has(word)) out.set(word, 1);
    if (!out.size && open && word.length > 1) for (const other of index.vocabulary.keys()) if (other.startsWith(word)) out.set(other, 0.5);
    return out;
  }

  // The query, and the same with another spelling of a name or term in it.
  function variants(words) {
    const joined = ` ${words.join(" ")} `, out = [words];
    for (const group of index.same) {
      const here = group.map((g) => ` ${g.join(" ")} `).filter((g) => joined.includes(g)).sort((a, b) => b.length - a.length)[0];
      if (!here) continue;
      for (const other of group) {
        const replaced = joined.replace(here, ` ${other.join(" ")} `).trim().split(" ");
        if (out.length < 7 && !out.some((w) => w.join(" ") === replaced.join(" "))) out.push(replaced);
      }
    }
    return out;
  }

  const spanned = (words, groups) => { // the fewest words in a row that hold one of each group
    const last = groups.map(() => -1);
    let best = Infinity;
    words.forEach((word, i) => {
      groups.forEach((group, g) => { if (group.has(word)) last[g] = i; });
      const first = Math.min(...last);
      if (first >= 0) best = Math.min(best, i - first + 1);
    });
    return best;
  };

  // Documents with all the words, best first; where there are none, those with most of them. Each names its parts that
  // have any of the words in their text, best first.
  function search(query) {
    const scores = new Map();
    let whole = false;
    for (const [turn, all] of variants(folded(query)).entries()) {
      const words = all.filter((w) => !STOP.has(w));
      const wanted = [...new Set(words.length ? words : all)];
      const groups = wanted.map((word, i) => meant(word, i === wanted.length - 1 && turn === 0));
      const found = new Map();
      groups.forEach((group, g) => {
        const hits = new Map(); // document: the best of its parts
        const parts = new Map(); // place: worth of its text
        const titled = new Set();
        for (const [word, worth] of group) {
          for (const [at, n, inTitle] of index.vocabulary.get(word)) {
            const { doc, inText } = index.places[at];
            const often = worth * n / (n + 1.2 * (0.4 + 0.6 * inText.length / index.mean));
            parts.set(at, Math.max(parts.get(at) || 0, often));
            hits.set(doc, Math.max(hits.get(doc) || 0, often + (inTitle ? 2 * worth : 0)));
            if (inTitle) titled.add(doc);
          }
        }
        const rare = Math.log(1 + index.places.length / (1 + hits.size));
        for (const [doc, score] of hits) {
          if (!found.has(doc)) found.set(doc, { score: 0, words: 0, titled: false, parts: new Map() });
          const entry = found.get(doc);
          entry.score += score * rare;
          entry.words += 1;
          entry.titled ||= titled.has(doc);
        }
        for (const [at, often] of parts) {
          const entry = found.get(index.places[at].doc);
          if (often) entry.parts.set(at, (entry.parts.get(at) || 0) + often * rare + 1);
        }
      });
      const most = Math.max(0, ...[...found.values()].map((e) => e.words));
      const complete = most === wanted.length && most > 0;
      if (complete && !whole) { whole = true; scores.clear(); }
      if (whole && !complete) continue;
      const phrase = ` ${all.join(" ")} `;
      for (const [doc, entry] of found) {
        // Of three words or more one may be missing, at a price: "how many Russians support the war" of "the invasion".
        if (entry.words < most - (most > 2 ? 1 : 0)) continue;
        const place = index.places[doc];
        let score = entry.score * WEIGHT[place.kind] * (turn ? 0.9 : 1) * (entry.words < most ? 0.7 : 1);
        if (!entry.titled && (place.kind === "name" || place.kind === "term")) score *= 0.4;
        const parts = [...entry.parts.keys()].map((at) => index.places[at].inText);
        if (wanted.length > 1) {
          if (` ${place.inTitle.join(" ")} `.includes(phrase)) score *= place.kind === "source" ? 1.3 : 2;
          else if (parts.some((words) => ` ${words.join(" ")} `.includes(phrase))) score *= 1.7;
          else if ([place.inTitle, ...parts].some((words) => spanned(words, groups) <= wanted.length + 6)) score *= 1.3;
        } else if (place.inTitle.join(" ") === all.join(" ")) score *= 2;
        if (scores.get(doc)?.score >= score) continue;
        scores.set(doc, { head: place, score, groups, at: doc, parts: [...entry.parts].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([at]) => index.places[at]) });
      }
    }
    return { whole, hits: [...scores.values()].sort((a, b) => b.score - a.score || a.at - b.at) };
  }

  // Results

  const wordsAt = (text, groups) => [...text.matchAll(WORD)].filter((m) => groups.some((g) => g.has(fold(m[0])))).map((m) => [m.index, m.index + m[0].length, fold(m[0])]);

  // Runs of Cyrillic say their language: that of the name's spelling, else what their letters tell.
  const CYRILLIC = /\p{Script=Cyrillic}+(?:[\s.,«»"“”–-]+\p{Script=Cyrillic}+)*/gu;
  const known = (run) => index.languages.find(([spelling]) => spelling.includes(run))?.[1];
  const tongue = (run) => known(run) || (/[іїєґ]/i.test(run) ? "uk" : "ru");
  function tongues(text) {
    const out = [];
    let done = 0;
    for (const m of text.matchAll(CYRILLIC)) {
      const names = m[0].split(", "), runs = names.every(known) ? names : [m[0]]; // spellings in a row, each of its own
      out.push(text.slice(done, m.index));
      runs.forEach((run, i) => {
        const span = make("span", "", run);
        span.lang = tongue(run);
        out.push(i ? ", " : "", span);
      });
      done = m.index + m[0].length;
    }
    out.push(text.slice(done));
    return out.filter(Boolean);
  }

  function marked(text, groups, from = 0, to = text.length) {
    const out = [];
    let done = from;
    for (const [start, end] of wordsAt(text, groups)) {
      if (start < from || end > to) continue;
      out.push(...tongues(text.slice(done, start)), make("b", "hit", ...tongues(text.slice(start, end))));
      done = end;
    }
    out.push(...tongues(text.slice(done, to)));
    return out;
  }

  // The part of a text with most of the words, from the beginning of a sentence where one is near.
  function excerpt(text, groups, room = 220) {
    const found = wordsAt(text, groups);
    let from = 0, best = -1;
    for (const [start] of found) {
      const inside = found.filter(([s, e]) => s >= start && e <= start + room);
      const kinds = new Set(inside.map(([, , w]) => groups.findIndex((g) => g.has(w)))).size * 10 + inside.length;
      if (kinds > best) { best = kinds; from = start; }
    }
    const before = text.slice(0, from);
    const sentence = Math.max(before.lastIndexOf(". "), before.lastIndexOf("? ")) + 1;
    from = from - sentence < 90 ? sentence : before.lastIndexOf(" ", from - 40) + 1;
    let to = Math.min(text.length, from + room);
    if (to < text.length) to = text.lastIndexOf(" ", to);
    return [from > 0 && !/[.?]\s*$/.test(text.slice(0, from)) ? "… " : "", ...marked(text, groups, from, to), to < text.length ? " …" : ""];
  }

  const address = (place, anchor = place.anchor) => place.page[0] + (anchor ? `#${anchor}` : "");
  let results = [], shown = 0;

  function item({ head, parts, groups }) {
    const link = make("a", "found-title", ...marked(head.title, groups));
    link.href = address(head);
    const about = make("p", "found-about", make("span", "", LABELS[head.kind]));
    if (head.kind !== "page" && head.page[1] !== head.title) about.append(": ", make("span", "", head.page[1]));
    const li = make("li", "", link, about);
    // Where the words stand in the title alone, the text's beginning says more of the place.
    const said = parts.length || head.kind === "claim" ? parts.slice(0, 2) : [head];
    for (const place of said.filter((part) => part.text)) {
      const line = make("p", `found-text${place.label ? ` by-${place.label.toLowerCase()}` : ""}`);
      if (place.label) {
        const part = make("a", "", place.label);
        part.href = address(place);
        line.append(part, ": ");
      }
      line.append(...excerpt(place.text, groups));
      li.append(line);
    }
    return li;
  }

  function show(more) {
    const list = $(".found-places");
    const next = results.slice(shown, shown + (more ? 20 : 10)).map(item);
    if (!more) list.replaceChildren();
    list.append(...next);
    shown += next.length;
    $(".found-more").hidden = shown >= results.length;
    if (more) next[0]?.querySelector("a").focus();
  }

  // Words of the book that are nearest to those of a query that is nowhere.
  function near(query) {
    const distance = (a, b, most) => {
      let row = [...Array(b.length + 1).keys()];
      for (let i = 1; i <= a.length; i += 1) {
        const next = [i];
        for (let j = 1; j <= b.length; j += 1) {
          next[j] = Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
        }
        if (Math.min(...next) > most) return most + 1;
        row = next;
      }
      return row[b.length];
    };
    const words = folded(query);
    const options = words.map((word) => {
      if (meant(word, true).size || word.length < 4) return [word];
      const most = word.length > 6 ? 2 : 1;
      return [...index.vocabulary]
        .filter(([other]) => Math.abs(other.length - word.length) <= most && !/\d/.test(other))
        .map(([other, where]) => [other, distance(word, other, most), where.length])
        .filter(([, far]) => far <= most)
        .sort((a, b) => a[1] - b[1] || b[2] - a[2]).slice(0, 3).map(([other]) => other);
    });
    if (options.some((o) => !o.length)) return [];
    // As the book writes it, with its capitals.
    const written = (word) => {
      const { title, text } = index.places[index.vocabulary.get(word)?.[0][0]] || { title: word, text: "" };
      return [...`${title} ${text}`.matchAll(WORD)].map((m) => m[0].replace(/[’']s$/, "")).find((w) => fold(w) === word) || word;
    };
    const out = options[0].map((first) => [first, ...options.slice(1).map((o) => o[0])]);
    return out.filter((one) => one.join(" ") !== words.join(" ")).map((one) => one.map(written).join(" "));
  }

  const many = (n, one, more = `${one}s`) => `${n.toLocaleString("en")} ${n === 1 ? one : more}`;
  let timer;
  function say(words) {
    clearTimeout(timer);
    timer = setTimeout(() => { status.textContent = words; }, 350);
  }

  function run() {
    const query = field.value.trim().replace(/\s+/g, " ");
    document.title = query ? `${query} · ${titled}` : titled;
    const shownClaims = filterClaims(query);
    const none = $("#found-none"), places = $("#found-places");
    if (!query || !index) {
      none.hidden = places.hidden = true;
      if (query) ask(); else say("");
      return;
    }
    const sentence = asSentence(query), paragraph = !sentence && asParagraph(query);
    const found = sentence ? search(sentence) : search(paragraph ? `paragraph ${paragraph}` : query);
    // A claim that the list above has for its wording is not said again unless its evidence has words of the query.
    const listed = new Set(claims.filter((c) => !c.li.hidden).map((c) => c.li.querySelector("a").getAttribute("href")));
    results = found.hits.filter(({ head, parts }) => parts.length || !listed.has(address(head)));
    shown = 0;
    show(false);
    places.hidden = !results.length;
    none.hidden = Boolean(results.length || shownClaims);
    $("#found-places-title").textContent = found.whole || !results.length ? "In the book" : "In the book, with some of the words";
    if (!none.hidden) {
      const count = (kind) => index.places.filter((p) => p.kind === kind && !p.label).length;
      const links = near(query).map((words) => {
        const link = make("a", "", words);
        link.href = `?q=${encodeURIComponent(words)}`;
        link.addEventListener("click", (event) => { event.preventDefault(); field.value = words; run(); field.focus(); });
        return link;
      });
      const line = $(".found-near");
      line.hidden = !links.length;
      line.replaceChildren("Did you mean ", ...links.flatMap((link, i) => (i ? [" or ", link] : [link])), "?");
      $(".found-in").textContent = `Searched were ${many(claims.length, "claim")} with their evidence, the text of all chapters and pages, `
        + `${many(count("chart"), "chart")}, ${many(count("table"), "table")}, ${many(count("source"), "source")}, `
        + "the index and the glossary; not the rows of tables, and not code.";
    }
    const total = shownClaims + results.length;
    const said = [...(shownClaims ? [many(shownClaims, "claim")] : []), ...(results.length ? [`${many(results.length, "place")} in the book`] : [])];
    say(total ? `${said.join(" and ")} for “${query}”` : `Nothing found for “${query}”`);
    try { history.replaceState(null, "", `?q=${encodeURIComponent(query)}`); } catch { /* a page opened from disk */ }
  }

  const titled = document.title;
  let typing;
  field.addEventListener("input", () => { ask(); filterClaims(field.value.trim()); clearTimeout(typing); typing = setTimeout(run, 90); });
  field.addEventListener("focus", ask, { once: true });
  form.addEventListener("submit", (event) => { event.preventDefault(); clearTimeout(typing); run(); });
  $(".found-more").addEventListener("click", () => show(true));
  const given = new URLSearchParams(location.search).get("q");
  if (given) { field.value = given; run(); }
})();
