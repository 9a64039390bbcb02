"""Finding things: the search and its index, the index of names, the glossary and the links to it."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urldefrag

import pytest
from browser import MODES, STRICT, WIDTHS, axe, build, recorded, served, soup, window
from browser import Visit as Seen

from companion.checks import finding as rule
from companion.checks import run
from companion.finding import GLOSSARY, INDEX, Finder, names, pollsters, slug, terms
from companion.problems import Wrong
from companion.project import Project, use

ROOT = Path(__file__).parent.parent
MINIBOOK = Path(__file__).parent / "minibook"


# Reading and checking the two files


def said(book: Path) -> list[str]:
    """What the rule says, without the others, which take seconds."""
    project, found = Project(book), []
    with use(project):
        try:
            for problem in rule.check(project):
                found.append(str(problem))
        except Wrong as err:
            found += map(str, err.problems)
    return found


def test_the_minibook_has_no_such_problem(book):
    assert said(book) == []
    (book / INDEX).unlink()
    (book / GLOSSARY).unlink()
    assert said(book) == [], "both files may be missing"


def test_the_check_runs_the_rule(book):
    path = book / INDEX
    path.write_text(path.read_text(encoding="utf-8").replace("name: G7", "name: G8"), encoding="utf-8")
    assert [p.rule for p in run(Project(book)) if p.path == INDEX] == ["index"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "kind: pollster,",
            "kind: polster,",
            "data/index.yml:3: kind 'polster' of 'The Invented Pollster' is unknown; did you mean",
        ),
        ("kind: map maker}", "kind: ship}", "data/index.yml:4: kind 'ship' of 'The Invented Map Makers' is unknown; use one of"),
        (", kind: map maker}", "}", "data/index.yml:4: 'The Invented Map Makers' has no kind; use one of person, place"),
        ("name: G7,", "name: G8,", "data/index.yml:7: no page and no source names 'G8'; add the spelling"),
        ("also: [Invented Weekly]", "also: [G7]", "data/index.yml:7: 'G7' stands twice, also on line 5"),
        ("name: The Invented Institute", "name: the invented gazette", "'the invented gazette' stands twice, also on line 5"),
        ("also: [Invented Weekly]", "also: Invented Weekly", "data/index.yml:5: 'also' of 'The Invented Gazette' is not a list"),
        (
            "{ru: Выдуманный опрос}",
            "{Russian!: Опрос}",
            "data/index.yml:3: 'Russian!' of 'The Invented Pollster' is not a language",
        ),
        ("original: {ru", "orignals: {ru", "'orignals' of 'The Invented Pollster' is unknown; did you mean original?"),
        ("{name: G7, kind: organisation,", "{named: G7,", "data/index.yml:7: an entry without 'name'"),
        ("names:\n", "listed:\n", "data/index.yml: 'names' is not a list of entries"),
        ("{name: G7", "{name: [G7", "data/index.yml:7: not valid YAML"),
    ],
)
def test_what_is_wrong_in_the_index(book, old, new, message):
    path = book / INDEX
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    assert any(message in line for line in said(book)), said(book)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("sampling alone.", "sampling alone", "data/glossary.yml:3: the definition of 'interval' doesn't end in a full stop"),
        ("It covers sampling alone.", "A. B. C.", "data/glossary.yml:3: the definition of 'interval' has 4 sentences; 3 at most"),
        ("sampling alone", "95% of sampling", "'95%' in the definition of 'interval'; a definition has no figures"),
        ("more: how-to-read.md", "more: how-to-rad.md", "data/glossary.yml:3: 'more' of 'interval': no page 'how-to-rad.md'"),
        ("more: how-to-read.md", "more: how-to-read.md#x", "no section 'x' in how-to-read.md; it has how-to-read"),
        ("term: list experiment, also: [list experiments]", "term: zither", "no page, chart or table says 'zither'"),
        ("also: [waves]", "also: [intervals]", "data/glossary.yml:5: 'intervals' stands twice, also on line 3"),
        ("link: no", "link: maybe", "data/glossary.yml:6: 'link' of 'claim' is 'maybe'; write yes or no"),
        (", means: One round of a survey.", "", "data/glossary.yml:5: 'wave' has no 'means'"),
    ],
)
def test_what_is_wrong_in_the_glossary(book, old, new, message):
    path = book / GLOSSARY
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    assert any(message in line for line in said(book)), said(book)


def test_a_pollster_without_an_entry(book):
    for name in ("support.csv", "support.yml"):
        path = book / "data" / "polls" / name
        text = path.read_text(encoding="utf-8")
        if name.endswith("csv"):
            rows = text.rstrip("\n").split("\n")
            text = "\n".join([f"{rows[0]},pollster", *(f"{row},The Unknown Pollster" for row in rows[1:])]) + "\n"
        else:
            text = text.replace(
                "  - name: answer\n", "  - name: pollster\n    type: string\n    description: Who.\n  - name: answer\n", 1
            )
        path.write_text(text, encoding="utf-8")
    message = "pollster 'The Unknown Pollster' of table polls/support has no entry; add '- name: The Unknown Pollster'"
    assert any(message in line for line in said(book)), said(book)
    index = book / INDEX
    index.write_text(
        f"{index.read_text(encoding='utf-8')}  - {{name: The Unknown Pollster, kind: organisation}}\n", encoding="utf-8"
    )
    assert any(message in line for line in said(book)), "an entry of another kind is no pollster"


def test_every_pollster_of_the_tables_is_in_the_index():
    project = Project(ROOT)
    with use(project):
        assert len(pollsters(project)) > 5
        assert not list(rule.check(project))
        known, defined = names(project)[0], terms(project)[0]
    assert {name.kind for name in known} == {"person", "place", "pollster", "map maker", "organisation"}
    assert len(known) > 80 and len(defined) > 30
    private = {"Anastasia Banschikova", "Maria Ishkova", "Maria Andreeva"}
    assert not private & {spelling for name in known for spelling in name.spellings}, "private persons are not in the index"


def test_spellings_are_found_as_whole_words_and_the_longer_first():
    find = Finder({"Kyiv": 1, "Kyiv Independent": 2, "St Petersburg": 3})
    assert find.entries("Kyiv's view, in the Kyiv\nIndependent; St  Petersburg; Kyivan; pro-Kyiv; kyiv") == [1, 2, 3]
    assert [place[:2] for place in find.places("in Kyiv")] == [(3, 7)]
    assert Finder({"list experiment": 1}, fold=True).entries("List experiment") == [1]
    assert Finder({}).entries("anything") == []
    assert slug("Neue Zürcher Zeitung") == "neue-zurcher-zeitung"


# The built minibook


@pytest.fixture(scope="module")
def mini(tmp_path_factory) -> SimpleNamespace:
    """The minibook, built: its folder, its pages' folder, and where it is served."""
    root = tmp_path_factory.mktemp("finding") / "book"
    shutil.copytree(MINIBOOK, root, ignore=shutil.ignore_patterns("_build", "notebooks", "tables"))
    done = build(root, *STRICT)
    assert done.returncode == 0, done.stdout[-3000:]
    html = root / "_build" / "html"
    with served(html) as url:
        yield SimpleNamespace(root=root, html=html, url=url, disk=html.as_uri())


def data(html: Path) -> dict:
    text = (html / "find-index.js").read_text(encoding="utf-8")
    return json.loads(re.fullmatch(r"window\.companionIndex=(.*);\n", text, re.DOTALL).group(1))


def test_every_place_of_the_index_is_on_its_page(mini):
    found = data(mini.html)
    ids, lost = {}, []
    for kind, page, anchor, *_ in found["places"]:
        address = found["pages"][page][0]
        ids.setdefault(address, {tag["id"] for tag in soup(mini.html / address).select("[id]")})
        if anchor and anchor not in ids[address]:
            lost.append(f"{found['kinds'][kind]}: {address}#{anchor}")
    assert not lost
    assert {found["kinds"][place[0]] for place in found["places"]} == set(found["kinds"]) - {"explorer"}, (
        "a kind of place is missing"
    )


def test_the_index_has_the_text_and_not_the_rows_or_the_code(mini):
    found = data(mini.html)
    text = " ".join(place[4] for place in found["places"])
    assert "The invented polls point one way" in text
    assert "Support changed by" in text and re.search(r"Support changed by \W?\d", text), "figures stand as they are placed"
    for absent in ("chart.lines(", "share_held(", "2022-03-24,", "poll_2022"):
        assert absent not in text, absent
    assert not re.search(r"\([;\s]*\)|\.\s*\.", text), "citations leave no brackets and no second full stop"
    assert (mini.html / "find-index.js").stat().st_size < 40_000
    assert not (mini.html / "searchindex.js").exists(), "Sphinx's own index is made as well"


def test_no_other_page_loads_the_search(mini):
    for path in mini.html.rglob("*.html"):
        loaded = [Path(tag["src"].split("?")[0]).name for tag in soup(path).select("script[src]")]
        assert ("find.js" in loaded) == (path.name == "search.html"), path
        assert "find-index.js" not in loaded, "the index is asked for with the first word"
    name, _, version = soup(mini.html / "search.html").select_one("form.find")["data-index"].partition("?v=")
    written = (mini.html / name).read_bytes()
    assert version and hashlib.sha256(written).hexdigest().startswith(version), "the page asks for another index than was written"


def search(page, base: str, words: str) -> SimpleNamespace:
    """What the search page shows for words: its claims, its places as ``(label, title)``, and what it announces."""
    page.goto(f"{base}/search.html")
    page.get_by_role("searchbox").fill(words)
    page.get_by_role("status").filter(has_text="“").wait_for()
    claims = page.locator(".found-claims > li:visible > a").all_inner_texts()
    places = [
        (li.locator(".found-about").inner_text().split(": ")[0], li.locator(".found-title").inner_text())
        for li in page.locator(".found-places > li:visible").all()
    ]
    return SimpleNamespace(claims=claims, places=places, status=page.get_by_role("status").inner_text())


@pytest.mark.parametrize("where", ["url", "disk"])
def test_search_finds_on_the_web_and_from_disk(browser, mini, where):
    base = getattr(mini, where)
    with window(browser) as context:
        page, visit = context.new_page(), Seen(base)
        with recorded(page, visit):
            found = search(page, base, "thin")
            assert found.claims == ["Support at home was thin, and would not last."]
            assert found.places and all(label and title for label, title in found.places)
            assert re.match(r"1 claim and \d+ places? in the book for “thin”", found.status)
            found = search(page, base, "gap wider")
            assert found.places[0] == ("Claim", "Support at home was thin, and would not last.")
            part = page.locator(".found-text a").first
            assert part.inner_text() == "Then"
            assert part.get_attribute("href").endswith("#claim-support-is-thin-then")
            assert page.locator(".found-text b.hit").count() >= 2 and not page.locator("mark").count()
            assert page.title().startswith("gap wider · Search")
            part.click()
            page.wait_for_url("**#claim-support-is-thin-then")
            assert page.locator("#claim-support-is-thin-then").is_visible()
            # The form of any page leads here, and what it asks is answered.
            page.goto(f"{base}/index.html")
            page.get_by_role("searchbox").fill("interval")
            page.keyboard.press("Enter")
            page.locator(".found-places > li").first.wait_for()
            assert page.get_by_role("searchbox").input_value() == "interval"
            assert page.locator(".found-title").first.inner_text() == "interval"
        assert not visit.errors, visit.errors


@pytest.mark.parametrize(
    ("words", "claims"),
    [
        ("p09.s1", ["Support at home was thin, and would not last."]),
        ("P9 s1", ["Support at home was thin, and would not last."]),
        ("paragraph 11", "all of p11"),
        ("11", "all of p11"),
        ("¶ 11", "all of p11"),
        ("contradicted", "by word"),
        ("invented maps", []),
    ],
)
def test_the_finder_of_claims(browser, mini, words, claims):
    project = Project(MINIBOOK)
    every = project.claims.values()
    if claims == "all of p11":
        claims = [c.paraphrase for c in every if c.sentences[0].startswith("p11")]
    elif claims == "by word":
        claims = [c.paraphrase for c in every if any(a and "contradicted" in a.word for a in (c.then, c.since))]
        assert claims
    with window(browser) as context:
        found = search(context.new_page(), mini.url, words)
    assert [c.replace("’", "'") for c in found.claims] == [c.replace("’", "'") for c in claims], words


def test_other_spellings_and_forms_lead_to_the_same(browser, mini):
    with window(browser) as context:
        page = context.new_page()
        for words in ("Выдуманный", "Invented Pollster"):
            assert ("Index", "The Invented Pollster") in search(page, mini.url, words).places, words
            runs = page.locator(".found-text [lang]").evaluate_all("all => all.map(e => [e.lang, e.textContent])")
            assert ["ru", "Выдуманный опрос"] in runs or ["ru", "Выдуманный"] in runs, words
        for words in ("list experiments", "LIST EXPERIMENT", "list exper"):
            assert search(page, mini.url, words).places[0] == ("Glossary", "list experiment"), words


def test_the_search_has_no_clock(browser, mini):
    """A reader who chose "then" is shown all that is found, on a page that has no switch."""
    assert not re.search(r"\bclock-(then|since)\b|data-clocked", (mini.html / "search.html").read_text(encoding="utf-8"))
    with window(browser) as context:
        page = context.new_page()
        page.add_init_script("localStorage.setItem('clock', 'then')")
        search(page, mini.url, "thin")
        assert not page.locator("form.clocks").count()
        assert page.locator(".found-claims > li:visible .by-since").first.is_visible()


@pytest.mark.parametrize(
    ("words", "titles"),
    {
        "Kherson": ["Explore: who held what, and when"],
        "map": ["Explore: who held what, and when"],
        "polls": ["Explore the polls"],
        "explore": ["Explore the polls", "Explore: who held what, and when"],
    }.items(),
)
def test_the_explorers_are_among_the_first(browser, site, words, titles):
    with window(browser) as context:
        first = search(context.new_page(), site.url, words).places[:3]
    assert {("Explorer", title) for title in titles} <= set(first)


def test_the_index_of_names_leads_to_the_explorers(site):
    page = soup(site.html / "people-places.html")
    for name, path in {"Kherson": "explore-territory.html", "Levada Center": "explore-polls.html"}.items():
        item = next(li for li in page.select(".names-list > li") if li.select_one(".name-words").get_text() == name)
        line = next(p for p in item.select("p") if p.get_text().startswith("To explore: "))
        assert [a["href"] for a in line.select("a")] == [path]


def test_nothing_found_says_what_was_searched_and_where_else_to_look(browser, mini):
    with window(browser) as context:
        page = context.new_page()
        found = search(page, mini.url, "intervul")
        assert not found.claims and not found.places and found.status == "Nothing found for “intervul”"
        none = page.locator("#found-none")
        assert none.is_visible() and "Searched were" in none.inner_text() and not axe(page)
        for name in ("scorecard", "coverage map", "index of people and places", "glossary"):
            assert none.get_by_role("link", name=name).is_visible()
        page.get_by_role("link", name="interval", exact=True).click()
        page.locator(".found-places > li").first.wait_for()
        assert not none.is_visible() and page.get_by_role("searchbox").input_value() == "interval"
        page.get_by_role("searchbox").fill("zzxqy")
        page.get_by_role("status").filter(has_text="zzxqy").wait_for()
        assert none.is_visible() and not page.locator(".found-near").is_visible()


def test_search_by_keyboard_alone(browser, mini):
    with window(browser) as context:
        page = context.new_page()
        page.goto(f"{mini.url}/search.html")
        for _ in range(12):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.name") == "q":
                break
        page.keyboard.type("invented")
        page.keyboard.press("Enter")
        page.locator(".found-places > li").first.wait_for()
        assert page.url.endswith("search.html?q=invented"), "the address keeps the query"
        first = page.locator(".found-places > li").count()
        more = page.get_by_role("button", name="Show more")
        if first == 10:
            more.press("Enter")
            assert page.locator(".found-places > li").count() > first
            assert page.evaluate("document.activeElement.className") == "found-title", "the focus goes on to what was added"


def test_without_its_index_the_claims_can_still_be_searched(browser, mini):
    with window(browser) as context:
        context.route("**/find-index.js*", lambda route: route.abort())
        page = context.new_page()
        page.goto(f"{mini.url}/search.html")
        page.get_by_role("searchbox").fill("thin")
        page.get_by_role("status").filter(has_text="did not load").wait_for()
        assert page.locator(".found-claims > li:visible").count() == 1


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_pass_axe(browser, mini, mode, width):
    with window(browser, mode, width) as context:
        page = context.new_page()
        for path in ("search.html", "search.html?q=invented", "people-places.html", "glossary.html"):
            page.goto(f"{mini.url}/{path}")
            page.wait_for_load_state("networkidle")
            assert not axe(page), f"{path}, {mode}, {width}: {axe(page)}"
            room, wide = page.evaluate("[document.documentElement.clientWidth, document.documentElement.scrollWidth]")
            assert wide <= room, f"{path}, {width}: {wide} px in {room}"


def test_without_scripts_there_are_all_claims_and_other_ways(browser, mini):
    with window(browser, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{mini.disk}/search.html")
        assert page.locator(".found-claims > li:visible").count() == len(Project(MINIBOOK).claims)
        assert not page.get_by_role("searchbox").is_visible() and not page.locator("#found-none").is_visible()
        for name in ("scorecard", "coverage map", "index of people and places", "glossary"):
            assert page.get_by_role("main").get_by_role("link", name=name).is_visible()
        page.goto(f"{mini.disk}/people-places.html")
        assert page.locator(".names-list > li:visible").count() == len(names(Project(MINIBOOK))[0])


def test_the_index_of_names(mini):
    page = soup(mini.html / "people-places.html")
    assert [h.find(string=True) for h in page.select("main h2")] == ["Pollsters", "Map makers", "Organisations and publishers"]
    pollster = page.select_one("#name-the-invented-pollster")
    assert pollster.select_one("span[lang=ru]").get_text() == "Выдуманный опрос"
    listed = page.select_one("section#organisations").select(".name-words")
    assert [name.get_text() for name in listed] == ["G7", "The Invented Gazette", "The Invented Institute"], (
        "the article doesn't sort"
    )
    assert page.select_one("#name-g7 a")["href"].startswith("chapters/p09-thin-support.html")
    for link in page.select(".names-list a[href]"):
        path, anchor = urldefrag(link["href"])
        target = soup(mini.html / path)
        assert not anchor or target.find(id=anchor), link["href"]


def test_the_filter_of_the_index(browser, mini):
    with window(browser) as context:
        page = context.new_page()
        page.goto(f"{mini.url}/people-places.html")
        field = page.get_by_label("Show names with")
        field.fill("выдуманный")
        assert page.locator(".names-list > li:visible").all_inner_texts()[0].startswith("The Invented Pollster")
        assert page.locator(".names-list > li:visible").count() == 1 and page.locator("main h2:visible").count() == 1
        page.get_by_role("status").filter(has_text="1 of 5 names shown").wait_for()
        field.fill("")
        assert page.locator(".names-list > li:visible").count() == 5


def test_the_first_use_of_a_term_links_to_the_glossary(mini):
    glossary = soup(mini.html / "glossary.html")
    assert [term.get_text() for term in glossary.select("dt .term-words")] == ["claim", "interval", "list experiment", "wave"]
    assert glossary.select_one("#term-interval ~ dd a, #term-interval + dd a")["href"].startswith("how-to-read.html")
    defined = {term.id: term for term in terms(Project(MINIBOOK))[0]}
    seen = 0
    for path in mini.html.rglob("*.html"):
        page = soup(path)
        links = page.select("a.term")
        for link in links:
            target, anchor = urldefrag(link["href"])
            assert (path.parent / target).resolve() == mini.html / "glossary.html" and glossary.find(id=anchor)
            assert link["data-note"] == defined[anchor].means
            inside = link.find_parent(["h1", "h2", "h3", "h4", "a", "table", "blockquote", "pre", "code", "figure"])
            assert inside is None or inside is link, f"{path.name}: {link} in {inside.name}"
            seen += 1
        assert not [link for link in links if link["href"].endswith("#term-claim")], "an ordinary word is not linked"
        for claim in page.select("section.claim"):
            used = [link["href"] for link in claim.select("a.term")]
            assert len(used) == len(set(used)), f"{path.name}, {claim['id']}: a term is linked twice: {used}"
    assert seen >= 4
    for path in ("index.html", "glossary.html", "people-places.html", "how-to-read.html"):
        assert not soup(mini.html / path).select("a.term"), path


def test_a_changed_glossary_is_read_into_the_text(mini, tmp_path):
    root = tmp_path / "book"
    shutil.copytree(mini.root, root)
    path = root / GLOSSARY
    path.write_text(path.read_text(encoding="utf-8").replace("It covers sampling alone.", "Nothing more."), encoding="utf-8")
    done = build(root, *STRICT)
    assert done.returncode == 0, done.stdout[-2000:]
    chapter = soup(root / "_build" / "html" / "chapters" / "p09-thin-support.html")
    notes = [link["data-note"] for link in chapter.select("a.term[href$=term-interval]")]
    assert notes and all("Nothing more." in note for note in notes)
    assert data(root / "_build" / "html") != data(mini.html)


def test_a_book_of_one_page_has_the_lists_and_no_search(mini, tmp_path):
    root = tmp_path / "book"
    shutil.copytree(mini.root, root, ignore=shutil.ignore_patterns("html"))
    done = build(root, "--builder", "singlehtml")
    assert done.returncode == 0, done.stdout[-2000:]
    page = next((root / "_build" / "singlehtml").glob("index.html"))
    made = soup(page)
    assert made.select("a.term") and made.select(".names-list li") and not (page.parent / "find-index.js").exists()
    lost = [a["href"] for a in made.select("a.term, .names-list a") if not made.find(id=urldefrag(a["href"])[1])]
    assert not lost, lost
