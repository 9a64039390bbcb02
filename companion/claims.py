"""Claims and evidence, as they stand in a chapter: one reading of the Markdown, for the check and for the book."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path

import yaml
from markdown_it import MarkdownIt
from mdit_py_plugins.colon_fence import colon_fence_plugin

from companion.figures import Evaluated, evaluate
from companion.oped import CLASSES
from companion.problems import Problem, relative
from companion.tables import near

SCALE = {
    "supported": "The evidence found agrees with the claim as worded, and what speaks against it is weak or beside the point.",
    "mostly supported": "The thrust holds; a part, a degree or a word goes further than the evidence.",
    "mixed": "Good evidence on both sides, or the claim holds in one fair reading and fails in another.",
    "mostly contradicted": "The thrust fails, though a part of it or a weaker wording would hold.",
    "contradicted": "The evidence found disagrees with the claim as worded, and what speaks for it is weak or beside the point.",
    "too vague to test": "No observation that we can think of would settle it as worded.",
    "too early to tell": "It could be tested, but the time it names, or the record it needs, has not come.",
}
HELD = ("supported", "mostly supported")
"""The words with which a claim is said to have held up."""
CONFIDENCE = {
    "high": "Several independent sources agree, the measure fits the claim, and we would be surprised to move by a step.",
    "medium": "The evidence points one way but is thin, indirect or leans on few origins; a step either way is possible.",
    "low": "A reasonable reader with the same evidence could well say otherwise.",
}
SIDES = ("for", "against", "limits")
CLOCKS = ("then", "since")
PARTS = ("why", "evidence", "searched", "would-change", "base-rate", "history")
"""The directives that stand in a claim; ``why`` says in a sentence or two why it is this word and not the next,
``base-rate`` how often such things happen."""
OUTCOMES = ("came true", "came true in part", "did not come true", "open", "too vague to say")
"""What came of a forecast: the words with which its outcome begins."""
ROLE = re.compile(r"\{(value|cite|quote|label|chart|claim)\}`([^`]+)`")
_ASSESSED = re.compile(r"^\s*(.+?)\s*\(\s*(\w+)\s*\)\s*$")
_OPTION = re.compile(r"^:([\w-]+):\s*(.*)$")
_OPENS = re.compile(r"\s*(:{3,}|`{3,})\{([\w-]+)\}")
_md = MarkdownIt("commonmark").use(colon_fence_plugin)


@dataclass(frozen=True)
class Assessment:
    word: str
    confidence: str

    def __str__(self) -> str:
        return f"{self.word} ({self.confidence} confidence)"


@dataclass(frozen=True)
class Part:
    """A piece of a claim: evidence, a recorded search, what would change it, or its history; or a chapter's answer on one
    clock. With its prose."""

    kind: str
    side: str | None
    clock: str | None
    options: dict[str, str]
    text: str
    line: int

    def refs(self, role: str) -> list[str]:
        """What the part's prose names in a role, in order: the names of its values, the keys of its citations."""
        return refs(self.text, role)


@dataclass(frozen=True)
class Claim:
    """One claim. ``waits_for`` says what its evidence waits for, when it is not assessed yet."""

    id: str
    chapter: str
    path: str
    line: int
    sentences: tuple[str, ...]
    kind: str
    paraphrase: str
    then: Assessment | None
    since: Assessment | None
    assessed: date | None
    review: date | None
    waits_for: str | None
    options: dict[str, str]
    parts: tuple[Part, ...]

    def evidence(self, side: str | None = None, clock: str | None = None) -> list[Part]:
        return self.of("evidence", side, clock)

    def of(self, kind: str, side: str | None = None, clock: str | None = None) -> list[Part]:
        return [p for p in self.parts if p.kind == kind and side in (None, p.side) and clock in (None, p.clock)]

    @property
    def short(self) -> str:
        """Its label where there is little room; the paraphrase where it has none of its own."""
        return self.options.get("short") or self.paraphrase

    @property
    def paragraph(self) -> str:
        """The number of the op-ed's paragraph that it is drawn from (``11``); empty for a claim without a sentence."""
        return self.sentences[0].split(".")[0].lstrip("p0") if self.sentences else ""

    @property
    def supports(self) -> tuple[str, ...]:
        """The claims for which it is a reason, by id."""
        return tuple(re.split(r"[,\s]+", said)) if (said := self.options.get("supports", "").strip()) else ()

    @property
    def outcome(self) -> str | None:
        """What came of a forecast, one of ``OUTCOMES``; None for other claims."""
        return self.options["outcome"].partition(".")[0].casefold() if self.options.get("outcome") else None

    @property
    def moved(self) -> bool:
        """Whether the word differs between the clocks."""
        return bool(self.then and self.since and self.then.word != self.since.word)


@dataclass
class Chapter:
    """One chapter as read: claims, its answer on each clock, code cells ``(line, code)``, prose ``(line, text)`` outside
    claims (that of the answers with it)."""

    path: Path
    name: str
    where: str
    title: str
    text: str
    front: dict
    claims: list[Claim] = field(default_factory=list)
    answers: list[Part] = field(default_factory=list)
    clocked: list[Part] = field(default_factory=list)
    """Prose outside claims that holds on one clock alone."""
    cells: list[tuple[int, str]] = field(default_factory=list)
    prose: list[tuple[int, str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    readable: bool = True
    """Whether the file could be read as a chapter; else its problems say why, and what it holds is not known."""

    @property
    def paragraph(self) -> str | None:
        """The op-ed's paragraph that the chapter annotates (``p09``), from its file name; None for other pages."""
        match = re.match(r"(p\d\d)-", self.name)
        return match.group(1) if match else None

    @cached_property
    def evaluated(self) -> Evaluated:
        """Values and charts, computed from the cells without running them."""
        return evaluate(self.where, self.cells)

    def blocks(self) -> list[tuple[int, str]]:
        """All prose with the line it starts on: outside claims, paraphrases and parts of claims."""
        inside = [(claim.line, claim.paraphrase) for claim in self.claims]
        inside += [(part.line, part.text) for claim in self.claims for part in claim.parts]
        return sorted([*self.prose, *inside])

    @cached_property
    def placed(self) -> dict[str, int]:
        """The names of the values that its prose places, numbered from 1 in the order of the text."""
        names = dict.fromkeys(name for _, prose in self.blocks() for name in refs(prose, "value"))
        return {name: i for i, name in enumerate(names, 1)}


def refs(text: str, role: str) -> list[str]:
    found = [m.group(2) for m in ROLE.finditer(text) if m.group(1) == role]
    if role == "cite":
        return [key.strip() for group in found for key in group.split(",") if key.strip()]
    return found


def assessment(text: str) -> Assessment:
    """Read ``mostly supported (high)``; a ValueError says what would be right."""
    match = _ASSESSED.match(text)
    word, confidence = match.groups() if match else (text.strip(), "")
    if word not in SCALE:
        raise ValueError(f"'{word}' is not on the scale; use one of {', '.join(SCALE)}")
    if confidence not in CONFIDENCE:
        raise ValueError(f"'{text.strip()}' has no confidence; write for example '{word} (medium)': high, medium or low")
    return Assessment(word, confidence)


def clocks_of(arguments: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in arguments.split(",") if part.strip())


def split_options(lines: list[str]) -> tuple[dict[str, str], int]:
    """Leading ``:key: value`` lines of a directive, and how many lines they take; an indented line continues a value."""
    options: dict[str, str] = {}
    last = None
    for i, line in enumerate(lines):
        match = _OPTION.match(line)
        if match:
            last = match.group(1)
            options[last] = match.group(2).strip()
        elif last and line.startswith((" ", "\t")) and line.strip():
            options[last] = f"{options[last]} {line.strip()}".strip()
        else:
            return options, i
    return options, len(lines)


def parse(path: Path, root: Path) -> Chapter:
    """Read one chapter; what is wrong with its form stands in its ``problems``."""
    where = relative(path, root)
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as err:
        # A chapter all the same, so that the others are read.
        line = path.read_bytes()[: err.start].count(b"\n") + 1
        problem = Problem(where, line, "encoding", f"not UTF-8 (byte 0x{err.object[err.start]:02X}); save the file as UTF-8")
        return Chapter(path, path.stem, where, "", "", {}, problems=[problem], readable=False)
    front, offset = _front_matter(text)
    chapter = Chapter(path, path.stem, where, "", text, front)
    body = text.split("\n")[offset:]
    tokens = _md.parse("\n".join(body))
    unclosed = _unclosed(body, offset)
    if unclosed:
        # What stands where can't be said before it is closed, so that whatever else were said would mislead.
        return Chapter(path, path.stem, where, "", "", front, problems=[Problem(where, *unclosed)], readable=False)
    for i, token in enumerate(tokens):
        if token.map is None:
            continue
        line = offset + token.map[0] + 1
        if token.type == "inline":
            if tokens[i - 1].type == "heading_open" and tokens[i - 1].tag == "h1" and not chapter.title:
                chapter.title = token.content
            chapter.prose.append((line, token.content))
        elif token.type in ("fence", "colon_fence"):
            name, arguments = _directive(token.info)
            content = token.content.rstrip("\n").split("\n")
            if name == "code-cell":
                _, taken = split_options(content)
                chapter.cells.append((line + 1 + taken, "\n".join(content[taken:])))
            elif name == "claim":
                _claim(chapter, arguments, content, line)
            elif name in PARTS:
                chapter.problems.append(
                    Problem(where, line, "claim", f"{{{name}}} stands outside a claim; nest it in a {{claim}}")
                )
            elif name:
                chapter.prose.append((line + 1, token.content))
                if name in ("answer", "clock"):
                    _clocked(chapter, name, arguments, token.content, line)
    return chapter


def _clocked(chapter: Chapter, name: str, clock: str, text: str, line: int) -> None:
    """Read an ``{answer}``, or prose in a ``{clock}``."""
    said = f"'{{{name}}} {clock}'".replace(" '", "'")
    if clock not in CLOCKS:
        message = f"{said} names no clock; write '{{{name}}} then' or '{{{name}}} since'"
    elif not text.strip():
        message = f"{said} is empty" + ("; say in a few sentences what the chapter finds" if name == "answer" else "")
    elif name == "answer" and clock in {answer.clock for answer in chapter.answers}:
        message = f"{said} stands twice; a chapter has one for each clock"
    else:
        held = chapter.answers if name == "answer" else chapter.clocked
        held.append(Part(name, None, clock, {}, text, line + 1))
        return
    chapter.problems.append(Problem(chapter.where, line, "claim", message))


def _unclosed(rows: list[str], offset: int, claim: str | None = None) -> tuple[int, str, str] | None:
    """The first directive (claim, part, code cell …) that isn't closed where the next one begins: line, rule, message.

    ``rows`` are those of a page, or of the ``claim``; the first is line ``offset + 1``.
    """
    for token in _md.parse("\n".join(rows)):
        if token.type not in ("fence", "colon_fence") or token.map is None:
            continue
        (start, end), mark = token.map, token.markup
        name, arguments = _directive(token.info)
        line, content = offset + start + 1, rows[start + 1 : end]
        if token.type == "colon_fence" and not token.info.strip():
            return line, "claim", f"this '{mark}' closes nothing that is open; take it out"
        if name is None:
            continue
        next_one = next((i for i, row in enumerate(content) if _begins(row, name, mark)), None)
        if next_one is None and re.fullmatch(rf"\s*{mark[0]}{{{len(mark)},}}\s*", (content or [""])[-1]):
            inside = _unclosed(content[:-1], line, arguments) if name == "claim" else None
            if inside:
                return inside
            continue
        if next_one is not None:
            before = f"line {line + 1 + next_one}"
            opens = _OPENS.match(content[next_one])
            if name == "claim" and opens and opens.group(2) in PARTS:
                return line, "claim", "a claim that holds parts opens and closes with four colons, its parts with three"
        else:
            before = f"line {offset + len(rows) + 1}" if claim is not None else "the end of the page"
        if name == "code-cell":
            return line, "cell", f"the cell that opens here has no closing {mark} before {before}"
        what = f"claim '{arguments}'" if name == "claim" else f"{{{name}}} {arguments}".strip()
        return line, "claim", f"{what} is not closed before {before}; put {mark} on a line of its own"
    return None


def _begins(row: str, name: str, mark: str) -> bool:
    """Whether a row in a directive begins what can't stand in it."""
    opens, own = _OPENS.match(row), name in ("claim", *PARTS)
    if not opens:
        return own and bool(re.match(r"#{1,6} ", row))
    if opens.group(1).startswith(mark) or name == "code-cell":
        return True
    return own and opens.group(2) == "code-cell"


def _front_matter(text: str) -> tuple[dict, int]:
    match = re.match(r"---\n(.*?\n)---\n", text, re.DOTALL)
    if not match:
        return {}, 0
    try:
        front = yaml.safe_load(match.group(1))
    except yaml.YAMLError:
        front = None  # the check says so
    return front if isinstance(front, dict) else {}, match.group(0).count("\n")


def _directive(info: str) -> tuple[str | None, str]:
    match = re.match(r"\{([\w-]+)\}\s*(.*)$", info.strip())
    return (match.group(1), match.group(2).strip()) if match else (None, "")


SHORT = 48
"""The most characters of a claim's label in charts."""
CLAIM_OPTIONS = (
    *("short", "sentences", "kind", "then", "since", "assessed", "review", "waits-for", "supports"),
    *("counts", "by", "outcome"),
)


def _claim(chapter: Chapter, ident: str, content: list[str], line: int) -> None:
    def problem(message: str, at: int = line) -> None:
        chapter.problems.append(Problem(chapter.where, at, "claim", message))

    blank = next((i for i, row in enumerate(content) if row.strip()), 0)
    options, taken = split_options(content[blank:])
    if blank and options:
        problem("a blank line parts the claim from its options; take it out")
    taken += blank
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", ident):
        problem(f"claim id '{ident}' is not kebab-case; write for example 'almost-a-fifth-held'")
    for option in options.keys() - set(CLAIM_OPTIONS):
        problem(f"option ':{option}:' is unknown; a claim has {', '.join(sorted(CLAIM_OPTIONS))}")
    waits = options.get("waits-for")
    if waits and (options.get("then") or options.get("since")):
        problem(f"claim '{ident}' has assessments and ':waits-for:'; take one out")
    needed = ["sentences", "kind"] + ([] if waits else ["then", "since", "assessed", "review"])
    for option in needed:
        if not options.get(option):
            problem(f"claim '{ident}' has no ':{option}:'")
    if len(options.get("short", "")) > SHORT:
        problem(f":short: has {len(options['short'])} characters; a label that charts have room for has at most {SHORT}")
    if options.get("kind") and options["kind"] not in CLASSES:
        problem(f"kind '{options['kind']}' is unknown; use one of {', '.join(CLASSES)}")
    assessed: dict[str, Assessment | None] = {clock: None for clock in CLOCKS}
    for clock in CLOCKS:
        if options.get(clock):
            try:
                assessed[clock] = assessment(options[clock])
            except ValueError as err:
                problem(f":{clock}: {err}")
    days: dict[str, date | None] = {"assessed": None, "review": None, "by": None}
    for option in days:
        if options.get(option):
            try:
                days[option] = date.fromisoformat(options[option])
            except ValueError:
                problem(f":{option}: '{options[option]}' is not a date; write for example 2026-11-24")
    if options.get("kind") == "forecast" and not waits:
        for option in ("counts", "by", "outcome"):
            if not options.get(option):
                problem(f"claim '{ident}' is a forecast without ':{option}:'; say what counts, by when, and the outcome")
    if options.get("outcome") and options["outcome"].partition(".")[0].casefold() not in OUTCOMES:
        problem(f":outcome: begins with what came of it and a full stop: {', '.join(word.capitalize() for word in OUTCOMES)}")
    if days["assessed"] and days["review"] and days["review"] <= days["assessed"]:
        problem(":review: is not after :assessed:")
    paraphrase, parts = [], []
    base = line + 1 + taken
    for token in _md.parse("\n".join(content[taken:])):
        if token.map is None:
            continue
        at = base + token.map[0]
        if token.type == "inline" and not parts:
            paraphrase.append(token.content)
        elif token.type == "inline":
            problem("prose between the parts of a claim; move it into an {evidence} or above the first one", at)
        elif token.type in ("fence", "colon_fence"):
            part = _part(chapter, token, at)
            if part:
                parts.append(part)
    if not paraphrase:
        problem(f"claim '{ident}' has no paraphrase; write the claim in one line that could be tested")
    chapter.claims.append(
        Claim(
            ident,
            chapter.name,
            chapter.where,
            line,
            tuple(re.split(r"[,\s]+", options.get("sentences", "").strip())) if options.get("sentences") else (),
            options.get("kind", ""),
            " ".join(" ".join(paraphrase).split()),
            assessed["then"],
            assessed["since"],
            days["assessed"],
            days["review"],
            waits,
            options,
            tuple(parts),
        )
    )


def _part(chapter: Chapter, token, line: int) -> Part | None:
    def problem(message: str) -> None:
        chapter.problems.append(Problem(chapter.where, line, "claim", message))

    name, arguments = _directive(token.info)
    content = token.content.rstrip("\n").split("\n")
    options, taken = split_options(content)
    text = "\n".join(content[taken:])
    if name not in PARTS:
        written = re.match(r"[^}]*\}?", token.info.strip()).group()
        right = near(re.sub(r"\W+", "-", written).strip("-"), PARTS, f"it holds {', '.join(PARTS)}")
        problem(f"{written} can't stand in a claim; {right}")
        return None
    given = clocks_of(arguments)
    if name in ("evidence", "searched"):
        side, clock = (given + (None, None))[:2]
        if len(given) != 2 or side not in SIDES or clock not in CLOCKS:
            problem(f"'{{{name}}} {arguments}' is not a side and a clock; write for example '{{{name}}} against, since'")
            return None
    else:
        side, clock = None, given[0] if given else None
        if len(given) != 1 or clock not in CLOCKS:
            problem(f"'{{{name}}} {arguments}' names no clock; write '{{{name}}} then' or '{{{name}}} since'")
            return None
    if name == "searched":
        try:
            date.fromisoformat(options.get("on", ""))
        except ValueError:
            problem("a recorded search has its day: ':on: 2026-11-24'")
    if name == "history":
        for entry in re.findall(r"^- (.*)$", text, re.MULTILINE):
            match = re.match(r"(\d{4}-\d\d-\d\d): (.+?\))[.:] \S", entry)
            try:
                date.fromisoformat(match.group(1) if match else "")
                assessment(match.group(2) if match else "")
            except ValueError:
                problem(f"history '{entry[:50]}' doesn't read; write '- 2026-11-24: mixed (low). Why it changed.'")
    if not text.strip():
        problem(f"{{{name}}} is empty")
    return Part(name, side, clock, options, text.strip("\n"), line + 1 + taken + (len(text) - len(text.lstrip("\n"))))
