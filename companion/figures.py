"""Figures: numbers that know their rows; named values; and reading both from a chapter without running it."""

from __future__ import annotations

import ast
import builtins
import inspect
from dataclasses import dataclass, replace
from datetime import date

import pandas as pd

from companion.problems import Problem, Wrong
from companion.tables import Origin, Rows, near, recording, rows


@dataclass(frozen=True)
class Figure:
    """One number, date or word of evidence, with the rows it rests on.

    ``low`` and ``high`` bound it where an interval is known; ``how`` says what we computed, None when read as it stands.
    """

    value: float | date | str
    unit: str
    origins: tuple[Origin, ...]
    low: float | None = None
    high: float | None = None
    how: str | None = None

    @property
    def sources(self) -> list[str]:
        return Rows(pd.DataFrame(), self.origins, "", self.unit).sources

    @property
    def as_of(self) -> date | None:
        """The latest day that any row under it speaks of."""
        days = [origin.column(origin.table.meta["date"]).max() for origin in self.origins]
        days = [day for day in days if pd.notna(day)]
        return max(days).date() if days and isinstance(days[0], pd.Timestamp) else None

    def became_public(self, project) -> tuple[date | None, str]:
        """The day on which the last of its rows became public (None: not known), and how we know."""
        known = [project.became_public(o.table, row) for o in self.origins for _, row in o.frame.iterrows()]
        if not known or any(day is None for day, _ in known):
            return None, "not known"
        return max(known, key=lambda item: item[0])

    def text(self, show: str | None = None) -> str:
        """The figure as printed. ``show`` is a format of ``value``, ``low`` and ``high``, such as ``{value:.0f}%``."""
        if show is None:
            show = "{value}" if not isinstance(self.value, float) else "{value:,.1f}" + ("%" if "%" in self.unit else "")
        value = f"{self.value.day} {self.value:%B %Y}" if isinstance(self.value, date) and ":" not in show else self.value
        try:
            shown = show.format(value=value, low=self.low, high=self.high)
        except (KeyError, IndexError, ValueError, TypeError, AttributeError):
            raise Wrong(Problem("", 0, "value", f"show '{show}' does not fit; write for example '{{value:.0f}}%'")) from None
        return shown.replace("-", "−") if isinstance(self.value, float) and shown.startswith("-") else shown


@dataclass(frozen=True)
class Value:
    """A figure with a name, to be placed in prose by ``{value}`name```."""

    name: str
    figure: Figure
    shown: str

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        origins = "; ".join(f"{o.table.name}: {o.where}" for o in self.figure.origins)
        return {
            "application/vnd.companion.value+json": {"name": self.name, "shown": self.shown},
            "text/plain": f"{self.name} = {self.shown} ({origins})",
        }


def value(name: str, figure: Figure, show: str | None = None) -> Value:
    """Name a figure, so that the chapter's prose can place it.

    ``show`` formats ``value``, ``low`` and ``high``: ``"{value:.0f}% ({low:.0f} to {high:.0f})"``.
    """
    return Value(name, figure, figure.text(show))


def one(table: str, column: str = "value", **where) -> Figure:
    """The figure in ``column`` of the one row that meets the filter; none or several is an error."""
    found = rows(table, **where)
    t = found.tables[0]
    if column not in t.columns:
        raise Wrong(Problem(t.path, 0, "rows", f"no column '{column}'; there are {', '.join(t.columns)}"))
    if len(found) > 1:
        lines = ", ".join(map(str, found.frame.index[:6]))
        message = f"{len(found)} rows (lines {lines}) where {found.origins[0].where}; name one"
        if "conflict" in found.frame and found.frame["conflict"].eq(True).all():
            message = f"{len(found)} rows (lines {lines}) marked as in conflict; name each by source_id and place both"
        raise Wrong(Problem(t.path, 0, "rows", message))
    row = found.frame.iloc[0]
    if pd.isna(row[column]):
        message = f"column '{column}' is empty where {found.origins[0].where}"
        raise Wrong(Problem(t.path, int(found.frame.index[0]), "rows", message))
    return _figure(row, column, found)


def _figure(row: pd.Series, column: str, found: Rows) -> Figure:
    kept = row[column]
    if isinstance(kept, pd.Timestamp):
        kept = kept.date()
    elif not isinstance(kept, str):
        kept = float(kept)
    bounds = [row.get(c) if column == "value" else None for c in ("ci_low", "ci_high")]
    low, high = (float(b) if b is not None and pd.notna(b) else None for b in bounds)
    origin = replace(found.origins[0], lines=(int(row.name),))
    unit = row["unit"] if isinstance(row.get("unit"), str) else found.unit
    return Figure(kept, unit, (origin,), low, high)


def extreme(which: str, table: str, column: str = "value", **where) -> Figure:
    """The ``lowest``, ``highest``, ``first`` or ``last`` figure in ``column`` over the rows that meet the filter.

    First and last go by the table's date column. The figure leads back to its own row; all rows were looked at.
    """
    found = rows(table, **where)
    order = {"lowest": (column, 0), "highest": (column, -1), "first": (found.date, 0), "last": (found.date, -1)}
    if which not in order:
        raise Wrong(Problem("", 0, "value", f"'{which}' is none of {', '.join(order)}"))
    by, place = order[which]
    frame = found.frame.dropna(subset=[column]).sort_values(by, kind="stable")
    return replace(
        _figure(frame.iloc[place], column, found), how=f"the {which} of {len(frame)} rows where {found.origins[0].where}"
    )


def count(table: str, **where) -> Figure:
    """How many rows meet the filter."""
    found = rows(table, **where)
    return Figure(float(len(found)), "rows", found.origins, how=f"rows counted where {found.origins[0].where}")


def total(table: str, column: str = "value", **where) -> Figure:
    """The sum of ``column`` over the rows that meet the filter."""
    found = rows(table, **where)
    amount = float(found.frame[column].sum())
    return Figure(amount, found.unit, found.origins, how=f"sum of {column} over {len(found)} rows where {found.origins[0].where}")


def minus(a: Figure, b: Figure) -> Figure:
    """``a - b``, without an interval. For shares of polls use ``difference``, which has one."""
    if a.unit != b.unit:
        raise Wrong(Problem("", 0, "value", f"'{a.unit}' minus '{b.unit}': the units differ"))
    unit = "percentage points" if a.unit.startswith("%") else a.unit
    return Figure(a.value - b.value, unit, _both(a, b), how="first figure minus second")


def ratio(a: Figure, b: Figure, percent: bool = False) -> Figure:
    """``a / b``; as a percentage when ``percent``."""
    return Figure(
        a.value / b.value * (100 if percent else 1),
        "%" if percent else "ratio",
        _both(a, b),
        how="first figure divided by second",
    )


def day_of(figure: Figure) -> Figure:
    """The day that a figure's latest row speaks of, as a figure."""
    return replace(figure, value=figure.as_of, unit="date", low=None, high=None)


def rounded(figure: Figure, digits: int = 0) -> Figure:
    """The figure with its value rounded, so that a chart which mixes printed and computed figures shows no more digits
    than the printed ones have. Its interval stays as it is."""
    return replace(figure, value=round(figure.value, digits))


def _both(a: Figure, b: Figure) -> tuple[Origin, ...]:
    return tuple(dict.fromkeys((*a.origins, *b.origins)))


# Reading a chapter's cells without running a notebook


def public() -> dict[str, object]:
    """What a chapter may use, by name: what ``from companion import …`` gives."""
    import companion

    return {name: getattr(companion, name) for name in companion.__all__}


@dataclass
class Evaluated:
    """What a chapter's cells give: values by name, charts by id (with their lines), tables read, problems met."""

    values: dict[str, Value]
    charts: dict[str, object]
    lines: dict[str, int]
    reads: set[str]
    problems: list[Problem]


_ALLOWED = (ast.Constant, ast.List, ast.Tuple, ast.Dict, ast.Load, ast.keyword, ast.UnaryOp, ast.USub)


def _forms() -> set[str]:
    """The names of the chart forms, ``lines`` and so on."""
    from companion import charts

    return {name for name, made in vars(charts).items() if _own(name, made, charts.__name__)}


def _own(name: str, made: object, module: str) -> bool:
    return inspect.isfunction(made) and made.__module__ == module and not name.startswith("_")


def _unfollowed(node: ast.AST, known: set[str]) -> ast.AST | None:
    """The first part of an expression that is more than literals, known names and calls of the companion."""
    for child in ast.walk(node):
        if isinstance(child, ast.Call):
            base = child.func.value if isinstance(child.func, ast.Attribute) else child.func
            if not isinstance(base, ast.Name) or base.id not in known or any(k.arg is None for k in child.keywords):
                return child
        elif isinstance(child, ast.Attribute):
            # Only the forms: whatever else the module holds (pandas, for one) could be called to run a stranger's code.
            if not isinstance(child.value, ast.Name) or child.value.id != "chart" or child.attr not in _forms():
                return child
        elif isinstance(child, ast.Name):
            if child.id not in known:
                return child
        elif not isinstance(child, _ALLOWED):
            return child
    return None


def evaluate(path: str, cells: list[tuple[int, str]]) -> Evaluated:
    """Compute the values and charts of a chapter from its cells, without a kernel and without drawing.

    ``cells`` are ``(line of the first line of code, code)``. Only statements made of literals and the companion's own
    functions are followed, so this is safe to run on a stranger's pull request; a value or chart made in another way
    is a problem.
    """
    cells_of = _Cells(path)
    with recording() as cells_of.result.reads:
        for first, code in cells:
            try:
                tree = ast.parse(code)
            except SyntaxError as err:
                line = first + (err.lineno or 1) - 1
                cells_of.result.problems.append(Problem(path, line, "cell", f"not Python: {err.msg}"))
                cells_of.given.add("*")
                continue
            for statement in tree.body:
                cells_of.statement(first, statement)
    return cells_of.result


def _bound(node: ast.stmt) -> set[str]:
    """The names that a statement gives a new meaning; an import from the companion under its own name gives none."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {node.name}  # what it names inside stays inside
    found = set()
    for child in ast.walk(node):
        if isinstance(child, ast.Name) and not isinstance(child.ctx, ast.Load):
            found.add(child.id)
        elif isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(child.name)
        elif isinstance(child, (ast.Import, ast.ImportFrom)):
            own = isinstance(child, ast.ImportFrom) and child.module == "companion"
            found |= {a.asname or a.name.split(".")[0] for a in child.names if not (own and a.asname in (None, a.name))}
    return found


_GIVEN = {*dir(builtins), "display", "get_ipython"}
"""Names that a notebook has without an import."""


class _Cells:
    """A chapter's cells as read so far: what each name means, which are given, and which failed to be made."""

    def __init__(self, path: str):
        self.path = path
        self.names = public()
        self.scope: dict[str, object] = dict(self.names)
        self.given: set[str] = set(_GIVEN)  # with "*" after what may give any name
        self.imported = 0  # the line of the first import from the companion
        self.failed: set[str] = set()
        self.result = Evaluated({}, {}, {}, set(), [])

    def problem(self, line: int, rule: str, message: str) -> None:
        self.result.problems.append(Problem(self.path, line, rule, message))

    def statement(self, first: int, node: ast.stmt) -> None:
        line = first + node.lineno - 1
        # Whatever a statement names anew no longer means afterwards what it did, unless the statement is followed below.
        known = dict(self.scope)
        for name in _bound(node):
            if name in self.names:
                self.problem(line, "cell", f"'{name}' is the companion's own name; call what the cell makes something else")
                return
            self.scope.pop(name, None)
        for part in ast.walk(node):
            if isinstance(part, (ast.Import, ast.ImportFrom)):
                self._import(line, part)
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            return
        self._look_up(first, node)
        self.given |= _bound(node)
        target = None
        used = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            target = node.targets[0].id
        if target is None and not isinstance(node, ast.Expr):
            for name in used & {"value", "chart"}:
                self.problem(line, "cell", f"'{name}' stands in a {type(node).__name__.lower()}; call it at the top of the cell")
            return
        odd = _unfollowed(node.value, set(known))
        if odd is not None:
            if used & self.failed:
                self.failed.update({target} - {None})
            elif used & {"value", "chart"}:
                shown = ast.unparse(odd)[:60]
                right = "use literals and functions of companion"
                self.problem(line, "cell", f"can't follow '{shown}' without running the notebook; {right}")
            return
        self.failed.update({target} - {None})  # until it is made; what a failed statement was to give is missed only once
        try:
            _fits(node.value, known)
            code = compile(ast.Expression(node.value), self.path, "eval")
            made = eval(code, {"__builtins__": {}}, known)  # noqa: S307 - only literals and companion calls get here
        except Wrong as err:
            for p in err.problems:
                at = f" ({p.path}:{p.line})" if p.path and p.line else f" ({p.path})" if p.path else ""
                self.problem(line, p.rule, f"{p.message}{at}")
            return
        except TypeError as err:
            self.problem(line, "cell", f"a call does not fit: {err}")
            return
        except (ValueError, KeyError, AttributeError, IndexError, ZeroDivisionError) as err:
            self.problem(line, "cell", f"the cell fails here: {type(err).__name__}: {err}")
            return
        if target:
            self.scope[target] = made
            self.failed.discard(target)
        self._keep(line, made)

    def _import(self, line: int, node: ast.Import | ast.ImportFrom) -> None:
        own = isinstance(node, ast.ImportFrom) and node.module == "companion"
        if own:
            self.imported = self.imported or line
        for alias in node.names:
            if own and alias.name != "*" and alias.name not in self.names:
                right = near(alias.name, self.names, f"it has {', '.join(sorted(self.names))}")
                self.problem(line, "cell", f"companion has no '{alias.name}'; {right}")
                self.failed.add(alias.asname or alias.name)
            self.given.add(alias.asname or alias.name.split(".")[0])

    def _look_up(self, first: int, node: ast.stmt) -> None:
        """Say which names the notebook would not know; each once."""
        # What a function or a loop names itself is there inside it; what an assignment names is not there before it.
        inside = list(ast.walk(node.value if isinstance(node, ast.Assign) else node))
        own = {n.id for n in inside if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
        own |= {n.arg for n in inside if isinstance(n, ast.arg)} | {n.name for n in inside if isinstance(n, ast.ExceptHandler)}
        own |= {name for n in inside if isinstance(n, ast.stmt) for name in _bound(n)}
        for name in [n for n in inside if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]:
            if name.id in self.given | own or "*" in self.given:
                continue
            self.given.add(name.id)
            line = first + name.lineno - 1
            if name.id in self.names:
                right = f"add it to the import at line {self.imported}" if self.imported else ""
                right = right or f"write 'from companion import {name.id}' in the first cell"
                self.problem(line, "cell", f"'{name.id}' is used but not imported; {right}")
            else:
                right = near(name.id, {*self.names, *self.scope}, "import it or give it a value in a cell above")
                self.problem(line, "cell", f"no name '{name.id}'; {right}")
                self.failed.add(name.id)

    def _keep(self, line: int, made: object) -> None:
        from companion.charts import Chart

        if isinstance(made, Value):
            if made.name in self.result.values:
                self.problem(line, "value", f"value '{made.name}' is named twice in this chapter; give each its own name")
            self.result.values[made.name] = made
            self.result.lines[made.name] = line
        elif isinstance(made, Chart):
            if made.id in self.result.charts:
                self.problem(line, "chart", f"chart '{made.id}' stands twice in this chapter; give each its own id")
            self.result.charts[made.id] = made
            self.result.lines[made.id] = line


_WANTED = {
    "alt": 'alt="what a reader would see"',
    "title": 'title="the finding, as a sentence"',
    "subtitle": 'subtitle="the measure and its unit"',
}


def _fits(expression: ast.expr, known: dict) -> None:
    """Hold each call against what its function takes, and say in plain words what is missing, unknown or no figure."""
    for call in ast.walk(expression):
        if not isinstance(call, ast.Call):
            continue
        form, called = isinstance(call.func, ast.Attribute), _called(call, known)
        if not inspect.isfunction(called):
            continue
        name, takes = called.__name__, inspect.signature(called).parameters
        by_place = [p for p in takes.values() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        any_place, any_name = (any(p.kind == kind for p in takes.values()) for kind in (2, 4))

        def wrong(message: str, rule: str = "cell") -> Wrong:
            return Wrong(Problem("", 0, rule, message))

        if len(call.args) > len(by_place) and not any_place:
            names = ", ".join(p.name for p in by_place)
            raise wrong(f"{name}() takes {names}; whatever else is given needs its name before it, as in key=…")
        given = {p.name: node for p, node in zip(by_place, call.args, strict=False)}
        for keyword in call.keywords:
            if keyword.arg not in takes and not any_name:
                right = near(keyword.arg, takes, f"it has {', '.join(takes)}")
                raise wrong(f"{name}() has no option '{keyword.arg}'; {right}")
            given[keyword.arg] = keyword.value
        for p in takes.values():
            if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD) and p.name not in given:
                if form and isinstance(given.get("id"), ast.Constant) and p.name in _WANTED:
                    raise wrong(f"chart '{given['id'].value}' has no {p.name}; add {_WANTED[p.name]}", "chart")
                raise wrong(f"{name}() needs '{p.name}'")
            node = given.get(p.name)
            if p.annotation in _FIGURE and node is not None and not _gives_figure(node, known):
                raise wrong(f"{name}() takes figures; make them with one(…) or share(…)")


_FIGURE = ("Figure", Figure)  # as annotations have it, postponed or not


def _called(call: ast.Call, known: dict) -> object:
    if isinstance(call.func, ast.Attribute):
        return getattr(known[call.func.value.id], call.func.attr)
    return known[call.func.id]


def _gives_figure(node: ast.expr, known: dict) -> bool:
    if isinstance(node, ast.Call):
        called = _called(node, known)
        return inspect.isfunction(called) and inspect.signature(called).return_annotation in _FIGURE
    return isinstance(node, ast.Name) and isinstance(known[node.id], Figure)
