"""Polls: what a sidecar says of its questions for the poll explorer, held against the table (companion.book.poll_explorer)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from companion.problems import Problem, Wrong, relative
from companion.project import Project
from companion.tables import Table, near

TAG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]+)*")  # a language, as HTML's lang has it


def check(project: Project) -> Iterator[Problem]:
    for table in project.tables.values():
        try:
            table.meta, table.frame  # noqa: B018 - reading is the test
        except Wrong:
            continue  # the rule on tables says so
        if isinstance(table.meta.get("questions"), dict):
            yield from _questions(project, table)


def _questions(project: Project, table: Table) -> Iterator[Problem]:
    where, lines = relative(table.sidecar, project.root), table.sidecar.read_text(encoding="utf-8").split("\n")

    def wrong(key: str, message: str) -> Problem:
        line = next((i for i, text in enumerate(lines, 1) if text.strip().strip("'\"").startswith(f"{key}:")), 0)
        return Problem(where, line, "polls", message)

    topic = table.meta.get("topic")
    if topic is not None and not (isinstance(topic, str) and topic.strip()):
        yield wrong("topic", f"topic '{topic}' is not a text; it names what polls of several pollsters have in common")
    first = table.meta.get("compare")
    if first is not None and not (isinstance(first, list) and all(isinstance(answer, str) for answer in first)):
        yield wrong("compare", f"the table's compare '{first}' is no list of answers, such as compare: [support]")
    elif first and "answer" in table.columns:
        given = sorted(table.frame["answer"].dropna().unique())
        for answer in first:
            if answer not in given:
                yield wrong("compare", f"the table's compare '{answer}' is no answer in it; {near(answer, given, 'look there')}")
    margin = table.meta.get("default_margin")
    if margin is not None:
        yield from (wrong("default_margin", f"default_margin {words}") for words in _margin(margin))
        several = "pollster" in table.columns and table.frame["pollster"].nunique() > 1
        if several and isinstance(margin, dict) and not margin.get("of"):
            message = "several pollsters, and default_margin doesn't say whose it is; name the pollster in of:"
            yield wrong("default_margin", message)
    for name, question in table.meta["questions"].items():
        if not isinstance(question, dict):
            yield wrong(str(name), f"question '{name}' has no parts; give its wording: and asked_by:, indented under it")
            continue
        original = question.get("original")
        if original is not None and not _by_language(original):
            yield wrong(str(name), f"question '{name}': original gives the wording by language, such as original: {{ru: …}}")
        if question.get("interval") not in (None, "none"):
            yield wrong(str(name), f"question '{name}': interval is 'none' or left out, not '{question['interval']}'")
        if question.get("margin") is not None:
            yield from (wrong(str(name), f"question '{name}': margin {words}") for words in _margin(question["margin"]))
        if "topic" in question and not isinstance(question["topic"], str):
            yield wrong(str(name), f"question '{name}': topic '{question['topic']}' is not a text")
        compare = question.get("compare")
        if compare is not None and "answer" in table.columns:
            frame = table.frame
            rows = frame[frame["series"] == name] if "series" in table.columns else frame
            given = sorted(rows["answer"].dropna().unique())
            if compare not in given:
                yield wrong(str(name), f"question '{name}': compare '{compare}' is no answer of it; there are {'; '.join(given)}")


def _margin(margin: object) -> Iterator[str]:
    """What is wrong with a margin: ``{points, sample_n, of, basis}``, of which ``points`` has to be there."""
    if not isinstance(margin, dict):
        yield f"'{margin}' has no parts; give its points: and, where known, its sample_n: and whose it is in of:"
        return
    for key, right in (
        ("points", "percentage points at 50%, such as 3.4"),
        ("sample_n", "the sample that it is for, such as 1600"),
    ):
        value = margin.get(key)
        number = isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0
        if not number and (value is not None or key == "points"):
            yield f"has {key} '{value}'; give {right}"
    if not isinstance(margin.get("of", ""), str):
        yield f"has of '{margin['of']}'; give the pollster's name"


def _by_language(original: object) -> bool:
    return isinstance(original, dict) and all(TAG.fullmatch(str(tag)) and isinstance(text, str) for tag, text in original.items())
