"""Values: what the prose places is named in the page's cells, and what is named there is placed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from difflib import get_close_matches

from companion.checks.reading import line_at, near, pages, prose, roles
from companion.problems import Problem
from companion.project import Project

_ROLES = ("value", "cite", "quote", "label", "chart", "claim")
_ANY_ROLE = re.compile(r"\{([a-zA-Z:-]+)\}`")
_APART = re.compile(rf"\{{({'|'.join(_ROLES)})\}}(?!`)")
_PANDOC = re.compile(r"\[@([\w:.-]+)[^\]\n]*\]")


def check(project: Project) -> Iterator[Problem]:
    for page in pages(project):
        found = page.evaluated
        yield from found.problems
        placed = roles(page, "value")
        attempted = _attempted(page.cells)
        for role in placed:
            if role.text not in found.values and role.text not in attempted:
                right = near(role.text, found.values, f'name it in a cell: value("{role.text}", …)')
                yield Problem(page.where, role.line, "value", f"no value '{role.text}' in this page's cells; {right}")
        for name in found.values.keys() - {role.text for role in placed}:
            message = f"value '{name}' is computed but stands nowhere in the text"
            right = f"place it with {{value}}`{name}` or take it out"
            yield Problem(page.where, found.lines[name], "value", f"{message}; {right}")
        text = prose(page)
        for match in _ANY_ROLE.finditer(text):
            name, line = match.group(1), line_at(text, match.start())
            if name.startswith("cite:"):
                yield Problem(page.where, line, "role", f"the check does not read {{{name}}}; write {{cite}}`key`")
            elif name not in _ROLES and get_close_matches(name.lower(), _ROLES, cutoff=0.7):
                yield Problem(page.where, line, "role", f"no role {{{name}}}; {near(name.lower(), _ROLES, '')}")
        for match in _APART.finditer(text):
            message = f"{{{match.group(1)}}} is not followed by a backtick; write {{{match.group(1)}}}`name`, without a space"
            yield Problem(page.where, line_at(text, match.start()), "role", message)
        for match in _PANDOC.finditer(text):
            message = f"'{match.group()}' is no citation here; write {{cite}}`{match.group(1)}`"
            yield Problem(page.where, line_at(text, match.start()), "role", message)


def _attempted(cells: list[tuple[int, str]]) -> set[str]:
    """Names that cells give to values, also where the value could not be computed and that was said already."""
    names = set()
    for _, code in cells:
        try:
            tree = ast.parse(code)
        except SyntaxError:
            names.update(re.findall(r"\w+\(\s*[\"']([^\"']+)", code))
            continue
        for node in ast.walk(tree):
            # Of any call, since the name of the function may be what is misspelt.
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                if isinstance(node.args[0], ast.Constant):
                    names.add(str(node.args[0].value))
    return names
