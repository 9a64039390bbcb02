"""Quotes: at most eight of a sentence's words, and only wordings that a maintainer held against the text."""

from __future__ import annotations

from collections.abc import Iterator

from companion.checks.reading import near, pages, roles
from companion.oped import MAX_QUOTE, normalise, words
from companion.problems import Problem
from companion.project import Project


def check(project: Project) -> Iterator[Problem]:
    sentences = project.oped.sentences
    for page in pages(project):
        for role in roles(page, "quote"):
            ident, colon, quoted = role.text.partition(":")
            ident, quoted = ident.strip(), normalise(quoted)

            def wrong(message: str, page=page, role=role) -> Problem:
                return Problem(page.where, role.line, "quote", message)

            if not colon or not quoted:
                yield wrong(f"'{role.text}' is not a sentence and its words; write {{quote}}`p11.s2:a few words`")
            elif ident not in sentences:
                yield wrong(f"no sentence '{ident}' in {project.oped.path}; {near(ident, sentences, 'write for example p09.s2')}")
            elif len(words(quoted)) > MAX_QUOTE:
                yield wrong(f"the quote has {len(words(quoted))} words; at most {MAX_QUOTE} in a row, paraphrase the rest")
            elif quoted not in map(normalise, sentences[ident].quotes):
                right = "add it there and have a maintainer run `companion verify-quotes`"
                yield wrong(f"'{quoted}' is not among the quotes of {ident} in {project.oped.path}; {right}")
