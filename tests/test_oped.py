"""The op-ed as data: links, normalising, and holding it against a text."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import unquote

import pytest
from conftest import MINIBOOK
from hypothesis import given
from hypothesis import strategies as st

from companion.oped import MAX_QUOTE, Oped, Sentence, hashed, load, normalise, split, verify_quotes, words
from companion.problems import Wrong
from companion.project import Project

TEXT = (MINIBOOK / "oped.txt").read_text(encoding="utf-8")
OPED = Project(MINIBOOK).oped
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def sentence(starts: str, ends: str) -> Sentence:
    return Sentence("p09.s1", "fact", starts, ends, 9, "", (), 1)


def at(url: str | None) -> Oped:
    return replace(OPED, record={**OPED.record, "url": url})


def test_no_link_while_the_address_is_unknown():
    assert OPED.url is None
    assert all(OPED.link(s) is None for s in OPED.sentences.values())


def test_an_address_alone_makes_every_sentence_a_link():
    links = [at("https://example.org/oped").link(s) for s in OPED.sentences.values()]
    assert len(set(links)) == 4
    assert links[0] == "https://example.org/oped#:~:text=Their%20cheering%20is,dries%20as%20fast"


def test_a_comma_and_a_hyphen_in_the_words_are_escaped():
    link = at("https://example.org/a").link(sentence("So far, Ukraine", "by mid-2023 & on"))
    fragment = link.partition(":~:text=")[2]
    assert fragment == "So%20far%2C%20Ukraine,by%20mid%2D2023%20%26%20on"
    assert fragment.count(",") == 1 and "-" not in fragment


def test_a_short_sentence_is_one_piece():
    assert at("https://example.org/a").link(sentence("It is so", "It is so")).endswith("#:~:text=It%20is%20so")


def test_an_address_with_a_fragment_keeps_it():
    link = at("https://example.org/a?b=c#part").link(sentence("a", "b"))
    assert link == "https://example.org/a?b=c#part:~:text=a,b"
    again = at("https://example.org/a#:~:text=old").link(sentence("a", "b"))
    assert again == "https://example.org/a#:~:text=a,b"


@given(starts=text.filter(bool), ends=text.filter(bool))
def test_a_link_gives_the_words_back(starts, ends):
    fragment = at("https://example.org/a").link(sentence(starts, ends)).partition(":~:text=")[2]
    assert [unquote(part) for part in fragment.split(",")] == ([starts] if starts == ends else [starts, ends])
    assert "-" not in fragment and "&" not in fragment


@given(text)
def test_normalising_twice_is_normalising_once(raw):
    once = normalise(raw)
    assert normalise(once) == once
    assert hashed(once) == hashed(raw)


@given(st.lists(st.sampled_from(["war", "peace", "“pause”", "Russia’s", "mid–2022", "a—b"]), min_size=1))
def test_a_hash_does_not_see_quotes_dashes_and_spaces(tokens):
    curly = " ".join(tokens)
    straight = "\u00a0\n ".join(tokens).translate(str.maketrans("“”’–—", '""\'--'))
    assert hashed(curly) == hashed(f"  {straight}\t")
    assert hashed(curly) != hashed(curly + " not")


def test_words_are_compared_without_case_and_punctuation():
    assert words("“Almost” a fifth, 18% — Russia’s!") == ["almost", "a", "fifth", "18%", "russia's"]


def test_split():
    assert [len(paragraph) for paragraph in split(TEXT)] == [2, 2]
    assert split("One. Two? “Three!” Four.\n\nFive")[0] == ["One.", "Two?", "“Three!” Four."]


# Against a text


def test_the_minibook_agrees_with_its_text():
    assert verify_quotes(OPED, TEXT, {"a.md": "Nothing of it."}) == []


def change(ident: str, **changed) -> Oped:
    """The op-ed with one sentence changed."""
    assert ident in OPED.sentences
    paragraphs = tuple(
        replace(p, sentences=tuple(replace(s, **changed) if s.id == ident else s for s in p.sentences)) for p in OPED.paragraphs
    )
    return replace(OPED, paragraphs=paragraphs)


def test_a_wrong_hash_is_found():
    assert verify_quotes(change("p09.s2", sha256="0" * 64), TEXT, {}) == [
        "p09.s2: the hash is not that of the sentence at this place"
    ]


def test_a_wrong_count_is_found():
    assert verify_quotes(change("p09.s2", words=3), TEXT, {}) == ["p09.s2: 18 words, not 3"]


@pytest.mark.parametrize("changed", [{"starts": "Four persons in"}, {"ends": "to a friend"}])
def test_wrong_ends_are_found(changed):
    assert verify_quotes(change("p09.s2", **changed), TEXT, {}) == ["p09.s2: its first or last words are not those of the text"]


def test_a_moved_sentence_is_found():
    first, second = split(TEXT)[0]
    moved = TEXT.replace(f"{first} {second}", f"{second} {first}")
    assert moved != TEXT
    wrong = verify_quotes(OPED, moved, {})
    assert [line.split(":")[0] for line in wrong if "hash" in line] == ["p09.s1", "p09.s2"]


def test_a_sentence_more_or_less_is_found():
    wrong = verify_quotes(OPED, TEXT.replace("as fast. Four", "as fast. And so on. Four"), {})
    assert "p09: the text has 3 sentences, 2 listed" in wrong
    assert "the text has 3 paragraphs, data/oped.yml has 2" in verify_quotes(OPED, TEXT + "One more.\n", {})


def test_words_that_stand_earlier_are_found():
    repeated = TEXT.replace("let go of almost", "Four people in anger let go of almost")
    wrong = verify_quotes(OPED, repeated.replace("Their cheering is", "Four people in fear cheered; their cheering is"), {})
    assert any("p09.s2: 'Four people in' stands earlier in the text" in line for line in wrong)


def test_a_quote_that_is_not_in_its_sentence_is_found():
    assert verify_quotes(change("p11.s1", quotes=("almost a third",)), TEXT, {}) == [
        "p11.s1: the quote 'almost a third' is not in the sentence"
    ]


def test_a_committed_sentence_is_found_however_it_is_set():
    first = split(TEXT)[0][0]
    committed = {
        "a.md": f"> {first.upper()}",
        "b.md": first.replace(" ", "\n"),
        "c.md": first.replace("cheering", "shouting")[:40],
    }
    wrong = verify_quotes(OPED, TEXT, committed)
    assert [line.split(":")[0] for line in wrong] == ["a.md", "b.md"]


def test_eight_words_may_stand_and_nine_may_not():
    original = split(TEXT)[1][1].split()
    eight, nine = " ".join(original[3 : 3 + MAX_QUOTE]), " ".join(original[3 : 4 + MAX_QUOTE])
    assert verify_quotes(OPED, TEXT, {"a.md": eight}) == []
    assert verify_quotes(OPED, TEXT, {"a.md": nine}) == ["a.md: carries p11.s2, or more than 8 of its words in a row"]


# Reading the file


def test_loading_the_minibook():
    oped, problems = load(MINIBOOK / "data/oped.yml", MINIBOOK)
    assert problems == [] and list(oped.sentences) == ["p09.s1", "p09.s2", "p11.s1", "p11.s2"]
    lines = (MINIBOOK / "data/oped.yml").read_text().split("\n")
    assert all(f"id: {s.id}" in lines[s.line - 1] and s.paragraph == s.id[:3] for s in oped.sentences.values())
    assert [p.number for p in oped.paragraphs] == [9, 11]


@pytest.mark.parametrize(
    "content",
    ["", "[]", "a: [", "record: 1", "record: {window: {start: 2022-01-01, end: x}}\ncut_off: 2022-12-31\nparagraphs: []"]
    + [
        f"record: {{window: {{start: 2022-01-01, end: 2022-01-02}}}}\ncut_off: 2022-12-31\nparagraphs: {p}"
        for p in ("null", "[1]", "[{about: x}]", "[{id: p01, sentences: 3}]", "[{id: p01, sentences: [3]}]")
    ],
)
def test_a_file_of_another_form_is_a_problem_and_no_traceback(tmp_path, content):
    path = tmp_path / "oped.yml"
    path.write_text(content)
    with pytest.raises(Wrong) as caught:
        load(path, tmp_path)
    assert all(p.path == "oped.yml" and p.message for p in caught.value.problems)
