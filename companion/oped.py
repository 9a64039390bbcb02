"""The op-ed as data: its record, 12 paragraphs, 50 sentences; anchors and hashes, never its text."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import quote

import yaml

from companion.problems import Problem, Wrong, relative

CLASSES = ("fact", "cause", "forecast", "judgement", "advice")
MAX_QUOTE = 8  # words in a row that the book may quote
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z“\"])")


@dataclass(frozen=True)
class Sentence:
    """One sentence: class, first and last words, hash of the normalised text, and quotes held against it."""

    id: str
    classed: str
    starts: str
    ends: str
    words: int
    sha256: str
    quotes: tuple[str, ...]
    line: int

    @property
    def paragraph(self) -> str:
        return self.id.split(".")[0]


@dataclass(frozen=True)
class Paragraph:
    id: str
    about: str
    sentences: tuple[Sentence, ...]

    @property
    def number(self) -> int:
        return int(self.id[1:])


@dataclass(frozen=True)
class Oped:
    """The op-ed's record and structure. ``url`` may be None; every feature works without it."""

    record: dict
    cut_off: date
    window: tuple[date, date]
    paragraphs: tuple[Paragraph, ...]
    path: str

    @property
    def url(self) -> str | None:
        return self.record.get("url")

    @property
    def sentences(self) -> dict[str, Sentence]:
        return {s.id: s for p in self.paragraphs for s in p.sentences}

    def link(self, sentence: Sentence) -> str | None:
        """The sentence's place in the original as a text-fragment link; None while the address is unknown."""
        if not self.url:
            return None
        # A comma and a hyphen have a meaning in a text directive, so they are escaped too.
        start, end = (quote(part, safe="").replace("-", "%2D") for part in (sentence.starts, sentence.ends))
        fragment = start if start == end else f"{start},{end}"
        base, _, old = self.url.partition("#")
        return f"{base}#{old.split(':~:')[0]}:~:text={fragment}"


def normalise(text: str) -> str:
    """Text as it is hashed: NFKC, straight quotes and dashes, single spaces."""
    text = unicodedata.normalize("NFKC", text)
    for curly, straight in {"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-"}.items():
        text = text.replace(curly, straight)
    return re.sub(r"\s+", " ", text).strip()


def hashed(text: str) -> str:
    return hashlib.sha256(normalise(text).encode()).hexdigest()


def words(text: str) -> list[str]:
    """Words for comparing and counting: lower case, without punctuation."""
    return re.findall(r"[a-z0-9%']+", normalise(text).lower())


def load(path: Path, root: Path) -> tuple[Oped, list[Problem]]:
    """Read ``data/oped.yml``; returns the op-ed and what is wrong with the file."""
    where = relative(path, root)
    raw = read_yaml(path, root)
    problems: list[Problem] = []
    text = path.read_text(encoding="utf-8")
    lines = {m.group(1): text.count("\n", 0, m.start()) + 1 for m in re.finditer(r"id:\s*(p\d\d\.s\d+)", text)}
    try:
        record, window = raw["record"], raw["record"]["window"]
        cut_off, span = raw["cut_off"], (window["start"], window["end"])
        listed = raw["paragraphs"]
    except (KeyError, TypeError) as err:
        raise Wrong(Problem(where, 0, "oped", f"{err} is missing; the file has record, cut_off, paragraphs")) from None
    if not all(isinstance(day, date) for day in (cut_off, *span)):
        raise Wrong(Problem(where, 0, "oped", "cut_off and window.start/end are dates such as 2022-12-31"))
    paragraphs, seen = [], set()
    for item in _mappings(listed, "paragraphs", where):
        sentences = []
        if not item.get("id"):
            raise Wrong(Problem(where, 0, "oped", "a paragraph has no 'id', such as p09"))
        for entry in _mappings(item.get("sentences"), f"sentences of {item['id']}", where):
            ident = str(entry.get("id"))
            line = lines.get(ident, 0)
            if ident in seen:
                problems.append(Problem(where, line, "oped", f"sentence '{ident}' stands twice"))
            seen.add(ident)
            classed = entry.get("class")
            if classed not in CLASSES:
                what = f"class '{classed}' is unknown" if classed else "has no class"
                problems.append(Problem(where, line, "oped", f"sentence '{ident}' {what}; use one of {', '.join(CLASSES)}"))
            for field in ("starts", "ends", "words", "sha256"):
                if not entry.get(field):
                    problems.append(Problem(where, line, "oped", f"sentence '{ident}' has no '{field}'"))
            number = entry.get("words") or 0
            if not isinstance(number, int):
                problems.append(Problem(where, line, "oped", f"sentence '{ident}': words '{number}' is not a whole number"))
                number = 0
            quotes = entry.get("quotes") or []
            if not isinstance(quotes, list):
                problems.append(Problem(where, line, "oped", f"sentence '{ident}': quotes is not a list"))
                quotes = []
            quotes = tuple(map(str, quotes))
            for quoted in quotes:
                if len(words(quoted)) > MAX_QUOTE:
                    message = f"quote '{quoted[:40]}…' has {len(words(quoted))} words; at most {MAX_QUOTE} in a row"
                    problems.append(Problem(where, line, "quote", message))
            sentences.append(
                Sentence(
                    ident,
                    classed or "",
                    str(entry.get("starts", "")),
                    str(entry.get("ends", "")),
                    number,
                    str(entry.get("sha256", "")),
                    quotes,
                    line,
                )
            )
        paragraphs.append(Paragraph(str(item["id"]), str(item.get("about") or ""), tuple(sentences)))
    return Oped(record, cut_off, span, tuple(paragraphs), where), problems


def _mappings(listed: object, what: str, where: str) -> list[dict]:
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise Wrong(Problem(where, 0, "oped", f"{what} is not a list of entries, each beginning with '- id: …'"))
    return listed


def read_yaml(path: Path, root: Path) -> dict:
    """A YAML mapping; says file, line and reason where it can't be read."""
    where = relative(path, root)
    try:
        text = path.read_text(encoding="utf-8")
        raw = yaml.load(text, Loader=_UniqueKeys)
    except FileNotFoundError:
        raise Wrong(Problem(where, 0, "yaml", "the file is missing")) from None
    except UnicodeDecodeError as err:
        raise Wrong(Problem(where, 0, "encoding", f"not UTF-8 (byte {err.start}); save it as UTF-8")) from None
    except yaml.MarkedYAMLError as err:
        mark = err.problem_mark or err.context_mark
        line = mark.line + 1 if mark else 0
        raise Wrong(Problem(where, line, "yaml", f"not valid YAML: {yaml_words(err, text)}")) from None
    except (yaml.YAMLError, ValueError) as err:
        raise Wrong(Problem(where, 0, "yaml", f"not valid YAML: {str(err).splitlines()[0]}")) from None
    if not isinstance(raw, dict):
        what = "is empty" if raw is None else "is not a mapping"
        raise Wrong(Problem(where, 0, "yaml", f"the file {what}; write 'key: value' lines"))
    return raw


def yaml_words(err: yaml.MarkedYAMLError, text: str) -> str:
    """What would be right where people trip; else the parser's own words."""
    if err.problem_mark and any("\t" in row for row in text.split("\n")[err.problem_mark.line :][:1]):
        return "a tab; indent with spaces"
    if "mapping values are not allowed" in str(err.problem):
        return "a text with ': ' in it needs quotes around it"
    return str(err.problem)


class _UniqueKeys(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """A safe loader that refuses a repeated key instead of keeping the last one silently."""

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=deep)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"the key '{key}' stands twice", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


def split(text: str) -> list[list[str]]:
    """The op-ed's text, one paragraph a line with bylines first and last, as paragraphs of sentences."""
    body = [line.strip() for line in text.splitlines() if line.strip()]
    body = [line for line in body if not line.startswith(("By Dennis Soltys", "Dennis Soltys is"))]
    return [_SENTENCE_END.split(line) for line in body]


def verify_quotes(oped: Oped, text: str, committed: dict[str, str]) -> list[str]:
    """Hold ids, hashes, anchors and quotes against a copy of the text; returns what is wrong.

    ``committed`` maps the path of each committed text file to its content; none may carry a sentence of the
    op-ed, nor more than ``MAX_QUOTE`` of its words in a row.
    """
    wrong: list[str] = []
    paragraphs = split(text)
    flat = normalise(" ".join(" ".join(p) for p in paragraphs))
    if len(paragraphs) != len(oped.paragraphs):
        wrong.append(f"the text has {len(paragraphs)} paragraphs, {oped.path} has {len(oped.paragraphs)}")
    for paragraph, sentences in zip(oped.paragraphs, paragraphs, strict=False):
        if len(paragraph.sentences) != len(sentences):
            wrong.append(f"{paragraph.id}: the text has {len(sentences)} sentences, {len(paragraph.sentences)} listed")
        for sentence, original in zip(paragraph.sentences, sentences, strict=False):
            original = normalise(original)
            if hashed(original) != sentence.sha256:
                wrong.append(f"{sentence.id}: the hash is not that of the sentence at this place")
            if len(original.split()) != sentence.words:
                wrong.append(f"{sentence.id}: {len(original.split())} words, not {sentence.words}")
            starts, ends = normalise(sentence.starts), normalise(sentence.ends)
            if not original.startswith(starts) or not original.rstrip(".!?").endswith(ends):
                wrong.append(f"{sentence.id}: its first or last words are not those of the text")
            elif flat.index(starts) != flat.index(original):
                wrong.append(f"{sentence.id}: '{sentence.starts}' stands earlier in the text, so a link would go there")
            for quoted in sentence.quotes:
                if normalise(quoted) not in original:
                    wrong.append(f"{sentence.id}: the quote '{quoted}' is not in the sentence")
    grams: dict[tuple[str, ...], str] = {}
    for sentence, original in zip(oped.sentences.values(), (s for p in paragraphs for s in p), strict=False):
        tokens = words(original)
        size = min(len(tokens), MAX_QUOTE + 1)
        for i in range(len(tokens) - size + 1):
            grams.setdefault(tuple(tokens[i : i + size]), sentence.id)
    sizes = sorted({len(gram) for gram in grams})
    for path, content in committed.items():
        tokens = words(content)
        found = {
            grams[gram] for size in sizes for i in range(len(tokens) - size + 1) if (gram := tuple(tokens[i : i + size])) in grams
        }
        wrong += [f"{path}: carries {ident}, or more than {MAX_QUOTE} of its words in a row" for ident in sorted(found)]
    return wrong
