"""Pages that only the whole book can have, held against the claims that they are made from."""

from __future__ import annotations

import re

import pytest
from browser import WIDTHS, window
from bs4 import BeautifulSoup
from conftest import REAL

from companion.claims import CLOCKS, OUTCOMES
from companion.project import Project

HELD = ("supported", "mostly supported")


@pytest.fixture(scope="module")
def claims():
    return Project(REAL).claims


@pytest.fixture(scope="module")
def page(site):
    def soup(name: str) -> BeautifulSoup:
        return BeautifulSoup((site.html / f"{name}.html").read_text(encoding="utf-8"), "html.parser")

    return soup


def claim_in(node) -> str:
    """The claim that the first link in a node leads to."""
    return claim_in_link(node.select_one("a[href*='#claim-']"))


def claim_in_link(link) -> str:
    return link["href"].partition("#claim-")[2]


def test_each_reason_stands_under_what_it_is_a_reason_for(page, claims):
    tree = page("argument").select_one(".argument > ul.reasons, .argument ul.reasons")
    pairs = set()
    for item in tree.select("li"):
        above = item.find_parent("li")
        if above is None:
            assert not claims[claim_in(item)].supports, f"{claim_in(item)} is no conclusion"
        else:
            pairs.add((claim_in(item), claim_in(above)))
    assert pairs == {(claim.id, up) for claim in claims.values() for up in claim.supports}
    assert len(pairs) > len(claims) / 2, "most claims are in the argument"


def test_weak_points_are_near_a_conclusion_and_do_not_hold(page, claims):
    tops = {claim.id for claim in claims.values() if not claim.supports}
    near = {claim.id for claim in claims.values() if tops & set(claim.supports)}
    near |= {claim.id for claim in claims.values() if near & set(claim.supports)}
    right = {
        ident for ident in near if not claims[ident].waits_for and {claims[ident].then.word, claims[ident].since.word} - set(HELD)
    }
    rows = page("argument").select("#weak-points tbody tr")
    assert {claim_in(row) for row in rows} == right and len(rows) == len(right) > 0


def test_the_cover_names_the_main_claim_with_both_words(page, claims):
    said = next(p for p in page("index").select("main p") if "main claim" in p.get_text())
    claim = claims[claim_in(said)]
    parts = said.get_text().partition("We find it ")[2].split(";")
    for clock in CLOCKS:
        found = getattr(claim, clock)
        part = next(part for part in parts if re.search(rf"\b{clock}\b", part))
        assert part.strip().startswith(f"{found.word} "), said.get_text()
        assert ("low confidence" in part) == (found.confidence == "low"), said.get_text()


def test_the_map_has_a_mark_for_each_claim_of_the_argument(page, claims):
    argued = {up for claim in claims.values() for up in claim.supports} | {c.id for c in claims.values() if c.supports}
    signs = [node.get_text().strip() for node in page("argument").select(":is(#conclusions, #weak-points) .sign")]
    for size in ("wide", "narrow"):
        marks = page("argument").select(f"svg.argument-map.{size} > a")
        assert sorted(claim_in_link(mark) for mark in marks) == sorted(argued)
        for mark in marks:
            claim = claims[claim_in_link(mark)]
            assert mark.title.get_text() == claim.short
            for clock in CLOCKS:
                half = mark.select_one(f".clock-{clock}")
                word = getattr(claim, clock).word
                assert f"word-{word.replace(' ', '-')}" in half["class"] and ("A" in half["d"]) == (word in HELD), claim.id
        named = [mark.select_one("text").get_text().split()[0] for mark in marks if mark.select_one("text")]
        assert sorted(named) == sorted(signs) and len(set(named)) == len(named) > 5


def test_lines_of_the_map_lead_one_way_from_each_reason(page, claims):
    svg = page("argument").select_one("svg.argument-map.wide")
    at = {claim_in_link(mark): re.findall(r"[\d.]+", mark["transform"]) for mark in svg.select("a")}
    drawn = {
        (tuple(map(float, points[:2])), tuple(map(float, points[-2:])))
        for path in svg.select("path.reason-for")
        for points in (re.findall(r"-?[\d.]+", line) for line in path["d"].split("M")[1:])
    }
    right = {(tuple(map(float, at[up])), tuple(map(float, at[claim.id]))) for claim in claims.values() for up in claim.supports}
    assert drawn == right and all(start[0] < end[0] for start, end in drawn)
    assert len({tuple(place) for place in at.values()}) == len(at), "two marks in one place"


@pytest.mark.parametrize("width", WIDTHS)
def test_names_on_the_map_lie_on_no_mark_and_no_other_name(site, browser, width):
    with window(browser, width=width) as context:
        opened = context.new_page()
        opened.goto(f"{site.url}/argument.html")
        met = opened.evaluate(
            """() => {
              const seen = e => e.getClientRects().length, svg = [...document.querySelectorAll('.argument-map')].filter(seen);
              const boxes = [...svg[0].querySelectorAll('a text, a path')].map(e => [e, e.getBoundingClientRect()]);
              const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 2 && b.top < a.bottom - 2;
              return {maps: svg.length, boxes: boxes.length, met: boxes.flatMap(([e, a]) => boxes
                .filter(([f, b]) => e.tagName == 'text' && f.parentNode != e.parentNode && meet(a, b))
                .map(([f]) => [e.textContent, f.textContent || f.parentNode.querySelector('title').textContent]))};
            }"""
        )
    assert met["maps"] == 1 and met["boxes"] > 100 and met["met"] == []


def test_every_forecast_is_in_the_docket_under_what_came_of_it(page, claims):
    docket, found = page("forecasts"), {}
    for word in (*OUTCOMES, "waits"):
        group = docket.select_one(f"section#outcome-{word.replace(' ', '-')}")
        for entry in group.select("section[id^=forecast-]") if group else ():
            ident = entry["id"].removeprefix("forecast-")
            found[ident] = word
            said = entry.select_one("dl.forecast").get_text(" ", strip=True)
            assert "How often such things happen" in said and "{" not in said, ident
    forecasts = {claim.id: claim.outcome or "waits" for claim in claims.values() if claim.kind == "forecast"}
    assert found == forecasts and len(forecasts) > 5


def test_a_claim_whose_word_moved_has_both_reasons(page, claims):
    rows = {claim_in(row): row for row in page("changed").select("main tbody tr")}
    assert rows.keys() == {claim.id for claim in claims.values() if claim.moved}
    for ident, row in rows.items():
        then, since = (cell.get_text(" ", strip=True) for cell in row.find_all(["td", "th"])[1:])
        assert then.startswith(claims[ident].then.word) and since.startswith(claims[ident].since.word), ident
        for cell, word in ((then, claims[ident].then.word), (since, claims[ident].since.word)):
            assert len(cell) > len(word) + 20 and "{" not in cell and "](" not in cell, cell


def test_origins_count_an_author_once(page, claims):
    project = Project(REAL)
    rows = {
        claim_in(row): [cell.get_text(" ", strip=True) for cell in row.find_all(["td", "th"])[1:]]
        for row in page("origins").select("main tbody tr")
    }
    assert rows.keys() == {claim.id for claim in claims.values() if not claim.waits_for}
    for ident, (cited, origins, _) in rows.items():
        assert 0 <= int(origins), ident
        if int(cited) == 0:
            assert int(origins) == 0
    # By hand, for one claim: the keys that it cites, and the authors of the sources that aren't computed.
    claim = next(c for c in claims.values() if not c.waits_for and not any(p.refs("value") for p in c.evidence()))
    keys = {key for part in claim.evidence() for key in part.refs("cite")}
    assert int(rows[claim.id][0]) == len(keys)
    assert int(rows[claim.id][1]) <= len({project.sources[key].author for key in keys}) + sum(
        len(project.sources[key].rests_on) for key in keys if project.sources[key].primary == "computed"
    )
