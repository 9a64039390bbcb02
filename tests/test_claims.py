"""Claims: what a chapter's Markdown gives, with its lines, and what is wrong in its form."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from conftest import MINIBOOK
from hypothesis import given
from hypothesis import strategies as st

from companion.claims import CONFIDENCE, SCALE, Assessment, assessment, clocks_of, parse, refs, split_options
from companion.problems import Wrong
from companion.sources import last_day, load

P09 = MINIBOOK / "chapters/p09-thin-support.md"


def chapter(root: Path, body: str, name: str = "p09-x.md", front: str = "---\nkernelspec: {name: python3}\n---\n"):
    path = root / name
    path.write_text(front + body)
    return parse(path, root)


CLAIM = """::::{claim} an-id
:sentences: p09.s1, p09.s2
:kind: fact
:then: mixed (low)
:since: supported (high)
:assessed: 2026-11-24
:review: 2027-05-24

A paraphrase
in two lines.

:::{evidence} for, then
Words with {value}`a` and
{value}`b`. {cite}`k1, k2`
:::
:::{searched} against, since
:on: 2026-11-24
:where: here
  and there

Nothing.
:::
::::
"""


def test_a_claim(tmp_path):
    found = chapter(tmp_path, "# Title\n\nProse.\n\n" + CLAIM)
    assert found.problems == [] and found.title == "Title" and found.paragraph == "p09"
    (claim,) = found.claims
    assert (claim.id, claim.sentences, claim.kind) == ("an-id", ("p09.s1", "p09.s2"), "fact")
    assert claim.then == Assessment("mixed", "low") and claim.since == Assessment("supported", "high") and claim.moved
    assert (claim.assessed, claim.review) == (date(2026, 11, 24), date(2027, 5, 24))
    assert claim.paraphrase == "A paraphrase in two lines."
    evidence, searched = claim.parts
    assert (evidence.kind, evidence.side, evidence.clock) == ("evidence", "for", "then")
    assert evidence.refs("value") == ["a", "b"] and evidence.refs("cite") == ["k1", "k2"]
    assert searched.options == {"on": "2026-11-24", "where": "here and there"} and searched.text == "Nothing."
    assert claim.evidence("for", "then") == [evidence] and claim.evidence(clock="since") == []
    assert claim.of("searched") == [searched]


def test_lines(tmp_path):
    found = chapter(tmp_path, "# Title\n\nProse.\n\n" + CLAIM)
    lines = found.text.split("\n")
    (claim,) = found.claims
    assert lines[claim.line - 1] == "::::{claim} an-id"
    for part in claim.parts:
        assert lines[part.line - 1] == part.text.split("\n")[0]
    for line, text in found.prose:
        assert text.split("\n")[0] in lines[line - 1]


def test_the_minibooks_lines():
    found = parse(P09, MINIBOOK)
    lines = found.text.split("\n")
    assert len(found.claims) == 2 and len(found.cells) == 5 and sum(len(c.parts) for c in found.claims) == 19
    for claim in found.claims:
        assert claim.id in lines[claim.line - 1]
        for part in claim.parts:
            assert lines[part.line - 1] == part.text.split("\n")[0]
    for line, code in found.cells:
        code = code.strip("\n").split("\n")[0]
        assert code in lines[line - 1 : line + 2]
    for name, line in found.evaluated.lines.items():
        assert f'"{name}"' in lines[line - 1] + lines[line]


def test_a_claim_that_waits_needs_no_assessment(tmp_path):
    found = chapter(tmp_path, "::::{claim} w\n:sentences: p09.s1\n:kind: fact\n:waits-for: evidence\n\nWords.\n::::\n")
    assert found.problems == [] and found.claims[0].waits_for == "evidence" and found.claims[0].then is None


def broken(old: str, new: str) -> str:
    assert CLAIM.count(old) == 1
    return CLAIM.replace(old, new)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (broken(" an-id", " An_Id"), "claim id 'An_Id' is not kebab-case"),
        (broken(":kind: fact\n", ""), "claim 'an-id' has no ':kind:'"),
        (broken(":kind: fact", ":kind: number"), "kind 'number' is unknown"),
        (broken(":kind: fact", ":knd: fact"), "option ':knd:' is unknown"),
        (broken(":then: mixed (low)", ":then: proven (low)"), "'proven' is not on the scale; use one of supported"),
        (broken(":then: mixed (low)", ":then: mixed (sure)"), "has no confidence; write for example 'mixed (medium)'"),
        (broken(":review: 2027-05-24", ":review: next year"), ":review: 'next year' is not a date"),
        (broken(":review: 2027-05-24", ":review: 2026-11-24"), ":review: is not after :assessed:"),
        (broken(":kind: fact", ":kind: forecast"), "is a forecast without ':counts:'"),
        (broken("A paraphrase\nin two lines.\n", ""), "has no paraphrase"),
        (broken("for, then", "for"), "'{evidence} for' is not a side and a clock"),
        (broken("for, then", "for, later"), "is not a side and a clock"),
        (broken(":::{evidence} for, then", ":::{would-change} never"), "names no clock"),
        (broken(":::{evidence} for, then", ":::{note}"), "{note} can't stand in a claim"),
        (broken(":on: 2026-11-24", ":on: today"), "a recorded search has its day"),
        (broken("Nothing.\n", ""), "{searched} is empty"),
        (broken(":::\n:::{searched}", ":::\nLoose.\n:::{searched}"), "prose between the parts of a claim"),
        (broken(":::{evidence} for, then", ":::{history} then"), None),
        (":::{history} then\n- 2026-01-01: mixed (low). Why.\n:::\n", "{history} stands outside a claim"),
    ],
)
def test_what_is_wrong_in_its_form(tmp_path, body, says):
    problems = chapter(tmp_path, body).problems
    if says is None:
        assert problems == []
        return
    assert any(says in p.message for p in problems), problems
    assert all(p.line > 3 and p.path == "p09-x.md" and p.rule == "claim" for p in problems)


@pytest.mark.parametrize(
    "entry", ["2026-13-01: mixed (low). Why.", "2026-01-01: mixed. Why.", "2026-01-01: odd (low). Why.", "mixed (low)."]
)
def test_history_is_read(tmp_path, entry):
    part = ":::{history} then\n- 2026-01-01: mixed (low). Fewer sources.\n- %s\n:::\n::::\n"
    said = chapter(tmp_path, CLAIM.removesuffix("::::\n") + part % entry).problems
    assert len(said) == 1 and f"history '{entry[:20]}" in said[0].message
    assert chapter(tmp_path, CLAIM.removesuffix("::::\n") + part % "2026-02-01: mostly supported (high): New map.").problems == []


def test_a_page_of_another_name_annotates_no_paragraph(tmp_path):
    assert chapter(tmp_path, "# T\n", "crossing.md").paragraph is None


def test_a_chapter_that_cannot_be_read_has_that_as_its_problem(tmp_path):
    path = tmp_path / "p09-x.md"
    path.write_bytes(b"# T\n\n\xff")
    found = parse(path, tmp_path)
    assert [(p.line, p.rule) for p in found.problems] == [(3, "encoding")] and found.claims == []


@pytest.mark.parametrize("front", ["", "---\na: [\n---\n", "---\n- a\n---\n", "---\n"])
def test_odd_front_matter_is_no_traceback(tmp_path, front):
    assert chapter(tmp_path, "# T\n", front=front).front == {}


@given(word=st.sampled_from(list(SCALE)), confidence=st.sampled_from(list(CONFIDENCE)), space=st.sampled_from(["", " ", "  "]))
def test_every_word_of_the_scale_is_read(word, confidence, space):
    assert assessment(f"{space}{word}{space or ' '}({space}{confidence}{space}){space}") == Assessment(word, confidence)


@given(st.text(max_size=30))
def test_no_other_word_is(text):
    if any(text.strip().startswith(word) for word in SCALE):
        return
    with pytest.raises(ValueError, match="scale"):
        assessment(text)


def test_small_readers():
    assert clocks_of(" for , then ") == ("for", "then") and clocks_of("") == ()
    assert split_options([":a: b", "  c", ":d-e:", "text", ":f: g"]) == ({"a": "b c", "d-e": ""}, 3)
    assert split_options([]) == ({}, 0)
    assert refs("{cite}`a, b` {value}`c` {cite}`d`", "cite") == ["a", "b", "d"]


# Sources


def test_last_days():
    assert [last_day(text) for text in ("2022", "2022-02", "2024-02", "2022-11-21")] == [
        date(2022, 12, 31),
        date(2022, 2, 28),
        date(2024, 2, 29),
        date(2022, 11, 21),
    ]
    for wrong in ("", "22", "2022-13", "2022-02-30", "2022-1-1", "soon"):
        with pytest.raises(ValueError):
            last_day(wrong)


def test_the_minibooks_sources():
    sources, problems = load(MINIBOOK / "references.bib", MINIBOOK)
    assert problems == [] and len(sources) == 6
    lines = (MINIBOOK / "references.bib").read_text().split("\n")
    assert all(f"{{{key}," in lines[source.line - 1] and source.key == key for key, source in sources.items())
    report = sources["poll_2024"]
    assert (report.title, report.year, report.published_by) == ("An invented report & its tables", "2024", date(2024, 12, 31))
    assert report.url.endswith("/report_2024") and report.rests_on == ("poll_2023b",)
    assert sources["area_book"].author.startswith("Inventor") and report.bibtex.startswith("@report{poll_2024")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("kind = {poll}", "kind = {rumour}", "kind 'rumour' is unknown"),
        ("primary = {yes}", "primary = {perhaps}", "primary 'perhaps' is unknown"),
        ("primary = {yes}", "primary = {no}", "says what it rests on"),
        ("url = {https:", "url = {ftp:", "is not http(s)"),
        ("author = {A}", "editor = {A}", "no author"),
        ("date = {2022-05}", "date = {May}", "'May' is not a date"),
        (" date = {2022-05},", "", "no date; give the publication date"),
        ("title = {T}", "title = {}", "no title"),
    ],
)
def test_what_is_wrong_in_a_source(tmp_path, old, new, says):
    text = "\n@online{k,\n title = {T}, author = {A}, date = {2022-05}, url = {https://a.org}, urldate = {2026-11-24},"
    text += " langid = {en}, kind = {poll}, primary = {yes},\n}\n"
    path = tmp_path / "references.bib"
    path.write_text(text)
    assert load(path, tmp_path)[1] == []
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
    _, problems = load(path, tmp_path)
    assert any(says in p.message for p in problems) and all(p.line == 2 and p.path == "references.bib" for p in problems)


@pytest.mark.parametrize("content", [b"@online{a, title = {", b"@online{a, title={T}}\n@online{a, title={T}}", b"\xff"])
def test_references_that_cannot_be_read(tmp_path, content):
    path = tmp_path / "references.bib"
    path.write_bytes(content)
    with pytest.raises(Wrong) as caught:
        load(path, tmp_path)
    assert caught.value.problems[0].path == "references.bib"
