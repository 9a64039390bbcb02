"""The op-ed's argument: what supports what, drawn as a map and written as a nested list."""

from __future__ import annotations

from html import escape
from string import ascii_uppercase
from textwrap import wrap

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from companion.book.directives import counted, in_words, key_of_marks, named, para, scale_of, section, slug, table, text, xref
from companion.claims import CLOCKS, HELD, SCALE, Claim
from companion.project import current

NEAR = 2
"""A claim within so many steps of a conclusion bears weight."""


def steps_to_a_conclusion(claims: dict[str, Claim]) -> dict[str, int]:
    """How many reasons lie between each claim and the nearest one that supports nothing further; 0 for that one."""
    return _steps(claims, min)


def _steps(claims: dict[str, Claim], choose) -> dict[str, int]:
    steps: dict[str, int] = {}

    def count(claim: Claim) -> int:
        if claim.id not in steps:
            steps[claim.id] = 1 + choose(count(claims[up]) for up in claim.supports) if claim.supports else 0
        return steps[claim.id]

    for claim in claims.values():
        count(claim)
    return steps


def near_a_conclusion(claims: dict[str, Claim]) -> list[Claim]:
    """The assessed claims that bear weight: at most ``NEAR`` steps from one that supports nothing further."""
    steps = steps_to_a_conclusion(claims)
    return [claim for claim in claims.values() if claim.supports and steps[claim.id] <= NEAR and not claim.waits_for]


def placed(claims: dict[str, Claim], tops: list[Claim]) -> dict[str, tuple[int, float]]:
    """Where each claim stands on the map: its column, 0 for a conclusion, and its row from 0 on.

    A claim stands one column behind the last of those that it is a reason for, so that every line leads the same way. Claims
    that rest on nothing else have a row each; any other stands in the middle of its reasons, by the tree that has each claim
    under the nearest column.
    """
    column, rows = _steps(claims, max), 0.0
    places: dict[str, tuple[int, float]] = {}

    def place(claim: Claim) -> float:
        nonlocal rows
        below = [place(reason) for reason in claims.values() if main_support(reason, column) == claim.id]
        row = (below[0] + below[-1]) / 2 if below else rows
        rows += not below
        places[claim.id] = column[claim.id], row
        return row

    for claim in tops:
        place(claim)
        rows += 0.5  # a gap between one conclusion's branch and the next
    return places


def main_support(claim: Claim, column: dict[str, int]) -> str | None:
    """Of the claims that one is a reason for, the first in the column before its own."""
    return next((up for up in claim.supports if column[up] == column[claim.id] - 1), None)


class argument_map(nodes.General, nodes.Element):
    """The map, twice: with names for a wide page, with their signs alone for a narrow one.

    ``claims`` by id, ``tops`` those that they lead to; ``signs`` are those of the claims that are named, by id.
    """


_NAMED_RIGHT = 3
"""So many columns of the wide map have room for names at their right."""
_WIDTH = {"wide": 892, "narrow": 360}
_COLUMN = 190
"""How far a column with names is from the next; the other columns share what room is left."""
_ROW = {"wide": 22, "narrow": 15}
_RADIUS, _EDGE = 7, 12
_LETTERS = 28
"""How many letters of a name stand in one line."""


def visit_argument_map_html(self, node) -> None:
    claims, signs = node["claims"], node["signs"]
    places = placed(claims, node["tops"])
    here = self.builder.current_docname
    address = {i: f"{self.builder.get_relative_uri(here, c.path.removesuffix('.md'))}#claim-{i}" for i, c in claims.items()}
    self.body += [_drawn(claims, signs, places, address, size) for size in _WIDTH]
    raise nodes.SkipNode


def _drawn(claims: dict[str, Claim], signs: dict, places: dict, address: dict, size: str) -> str:
    """The map as SVG. It is for the eye alone: the nested list says the same in words, and holds the links for the keyboard."""
    column = {ident: column for ident, (column, _) in places.items()}
    named = _NAMED_RIGHT if size == "wide" else 0
    rest = (_WIDTH[size] - 2 * _EDGE - named * _COLUMN) / max(max(column.values()) - named, 1)

    def across(column: int) -> float:
        return _EDGE + min(column, named) * _COLUMN + max(column - named, 0) * rest

    at = {ident: (across(column), _EDGE + row * _ROW[size]) for ident, (column, row) in places.items()}
    above = {up for claim in claims.values() for up in claim.supports}
    tree, others, marks = [], [], []
    for ident, claim in claims.items():
        x, y = at[ident]
        for up in claim.supports:
            x0, y0 = at[up]
            lines, bend = (tree, x - 26) if up == main_support(claim, column) else (others, x0 + 26)
            lines.append(f"M{x0:g} {y0:g}C{bend:g} {y0:g} {bend:g} {y:g} {x:g} {y:g}")
        sign = signs.get(ident, "")
        if size == "wide":
            name = _name(claim, sign, column[ident], ident not in above)
        else:
            name = f'<text x="{_RADIUS + 3}" y="4">{sign}</text>' if sign else ""
        marks.append(
            f'<a href="{escape(address[ident])}" tabindex="-1" transform="translate({x:g} {y:g})">'
            f"<title>{escape(claim.short)}</title>{_mark(claim)}{name}</a>"
        )
    foot = max(y for _, y in at.values()) + _EDGE
    drawn = f'<path class="reason-for" d="{"".join(tree)}"/><path class="reason-for also" d="{"".join(others)}"/>{"".join(marks)}'
    return f'<svg class="argument-map {size}" viewBox="0 0 {_WIDTH[size]} {foot:g}" aria-hidden="true">{drawn}</svg>'


def _mark(claim: Claim) -> str:
    """Two halves, then and since: the colour is the word's; round if it holds, with corners if not, empty off the scale."""
    if claim.waits_for:
        return f'<circle class="waits" r="{_RADIUS - 2}"/>'
    r, halves = _RADIUS, []
    for clock, side in zip(CLOCKS, (-1, 1), strict=True):
        word = getattr(claim, clock).word
        round_, angular = f"M0 {-r}A{r} {r} 0 0 {int(side > 0)} 0 {r}Z", f"M0 {-r}h{side * r}v{2 * r}h{-side * r}Z"
        halves.append(f'<path class="clock-{clock} word-{slug(word)}" d="{round_ if word in HELD else angular}"/>')
    return "".join(halves)


def _name(claim: Claim, sign: str, column: int, ends: bool) -> str:
    """A claim's sign and name: right of its mark in the wide columns, else left of it; in one line if nothing stands behind."""
    if not sign:
        return ""
    named = f"{sign} {claim.short}"
    words = [named] if ends else wrap(named, _LETTERS)
    first = 4 - 12 * (len(words) - 1) / 2
    left = column >= _NAMED_RIGHT
    x, side = (-_RADIUS - 4, ' text-anchor="end"') if left else (_RADIUS + 4, "")
    wide = 5.5 * max(map(len, words)) + 4  # about; it only hides the lines behind the name
    ground = f'<rect x="{x - wide if left else x - 2:g}" y="{first - 11}" width="{wide:g}" height="{12 * len(words) + 3}"/>'
    lines = (f'<text x="{x}" y="{first + 12 * i:g}"{side}>{escape(line)}</text>' for i, line in enumerate(words))
    return ground + "".join(lines)


def _key() -> nodes.paragraph:
    """What the marks of the map mean."""
    key = para(text("Left half: then; right half: since. Round: it holds."), classes=("key", "map-key"))
    for word in SCALE:
        sign = text("", "map-sign", f"word-{slug(word)}", "held" if word in HELD else "not")
        key += nodes.inline("", "", sign, nodes.Text(word))
    return key


def _under(claim: Claim, reasons: dict[str, list[Claim]]) -> set[str]:
    """The claims on which one rests, by id, however far down."""
    return {ident for below in reasons[claim.id] for ident in {below.id} | _under(below, reasons)}


def weak_points(claims: dict[str, Claim], branches: list[set[str]]) -> list[Claim]:
    """The claims near a conclusion that are not shown to hold on a clock, by the first of ``branches`` that they stand in, and
    the nearest to its end first."""
    steps = steps_to_a_conclusion(claims)
    weak = [claim for claim in near_a_conclusion(claims) if any(getattr(claim, clock).word not in HELD for clock in CLOCKS)]
    branch = {claim.id: next(i for i, ids in enumerate(branches) if claim.id in ids) for claim in weak}
    return sorted(weak, key=lambda claim: (branch[claim.id], steps[claim.id]))


def _signed(line: nodes.paragraph, sign: str) -> nodes.paragraph:
    """A line that begins with the sign of its claim on the map."""
    line.insert(0, text(f"{sign} ", "sign"))
    return line


class Argument(SphinxDirective):
    """What supports what, from the conclusions down to the claims that rest on nothing else in the op-ed.

    First the conclusions, then the map, the weak points near the conclusions, and the whole as a nested list.
    """

    def run(self) -> list[nodes.Node]:
        claims = current().claims
        reasons: dict[str, list[Claim]] = {ident: [] for ident in claims}
        for claim in claims.values():
            for ident in claim.supports:
                reasons[ident].append(claim)
        tops = [claim for claim in claims.values() if not claim.supports and reasons[claim.id]]
        under = {claim.id: _under(claim, reasons) for claim in tops}
        tops.sort(key=lambda claim: -len(under[claim.id]))
        apart = [claim for claim in claims.values() if not claim.supports and not reasons[claim.id]]
        weak = weak_points(claims, [under[claim.id] for claim in tops])
        signs = {claim.id: letter for claim, letter in zip(tops, ascii_uppercase, strict=False)}
        signs |= {claim.id: str(i) for i, claim in enumerate(weak, 1)}
        ends = section("Where it leads", "conclusions")
        final = str(current().oped.paragraphs[-1].number)
        concluded = [claim for claim in tops if claim.paragraph == final]
        others = [claim for claim in tops if claim.paragraph != final]
        for said, heads in (
            ("In its last paragraph the op-ed concludes:", concluded),
            ("It also concedes, or tells as background:", others),
        ):
            ends += [para(said), *(self._end(claim, signs) for claim in heads)] if heads else []
        drawn = section("The map", "the-map")
        near = len(near_a_conclusion(claims))
        drawn += para(
            "A mark is a claim, and a line leads from each reason to what it is a reason for, on its left. "
            "A broken line leads to a second claim that it is a reason for. "
            "Letters are those of the list above; numbers mark the weak points near them, which the list below the map names. "
            f"Of the {near} claims that are at most two steps from a letter, {near - len(weak)} hold on both clocks."
        )
        joined = {ident: claim for ident, claim in claims.items() if claim.supports or reasons[ident]}
        drawn += [_key(), argument_map("", claims=joined, tops=tops, signs=signs)]
        out: list[nodes.Node] = [ends, drawn, self._weak(weak, claims, reasons, signs)]
        whole = section("The whole in words", "the-whole", classes=("argument",))
        whole += [key_of_marks(), self._tree(tops, reasons, set())]
        out.append(whole)
        if apart:
            beside = section("Beside the argument", "beside-the-argument")
            beside += para("These claims are neither a reason for another one nor rest on one.")
            beside += nodes.bullet_list("", *[nodes.list_item("", named(c, self.env.docname)) for c in apart])
            out.append(beside)
        return out

    def _end(self, claim: Claim, signs: dict[str, str]) -> nodes.paragraph:
        line = in_words(claim)
        linked = xref(f"claim-{claim.id}", claim.paraphrase.rstrip("."), self.env.docname)
        line.insert(0, [linked, nodes.Text(": ")])
        return _signed(line, signs[claim.id])

    def _weak(self, weak: list[Claim], claims: dict, reasons: dict[str, list[Claim]], signs: dict[str, str]) -> nodes.section:
        node = section("Where it bears weight and is not shown to hold", "weak-points")
        node += para(
            "The claims that are at most two steps from a conclusion and whose word, on one of the clocks, is not supported or "
            "mostly supported; by the conclusion that they lead to, and the nearest to it first. "
            "Too early or too vague is not a claim that failed. What fails further down weakens its own branch alone."
        )
        body = []
        for claim in weak:
            leads = [named(claims[up], self.env.docname) for up in claim.supports]
            below = counted(len(reasons[claim.id]), "claim") if reasons[claim.id] else "none in the op-ed"
            body.append([[_signed(named(claim, self.env.docname), signs[claim.id])], [in_words(claim)], leads, below])
        node += table(["Claim", "In words", "It is a reason for", "Reasons given for it"], body, ("whole",))
        return node

    def _tree(self, claims: list[Claim], reasons: dict[str, list[Claim]], shown: set[str]) -> nodes.bullet_list:
        listed = nodes.bullet_list(classes=["reasons"])
        for claim in claims:
            item = nodes.list_item("")
            line = nodes.container("", named(claim, self.env.docname), classes=["reason"])
            drawn = scale_of(claim, "row") if not claim.waits_for else None
            if drawn is not None and (drawn["then"] is not None or drawn["since"] is not None):
                line += drawn
            line += in_words(claim)
            item += line
            below = reasons[claim.id]
            if below and claim.id in shown:
                item += para("Its reasons stand where it is first named.", classes=("again",))
            elif below:
                shown.add(claim.id)
                item += self._tree(below, reasons, shown)
            listed += item
        return listed


def register(app: Sphinx) -> None:
    skip = (lambda self, node: None, lambda self, node: None)
    app.add_node(argument_map, html=(visit_argument_map_html, None), text=skip, latex=skip)
    app.add_directive("argument", Argument)
