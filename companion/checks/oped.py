"""The op-ed: every sentence classed, ids in order, words and hash in the form that ``verify-quotes`` compares."""

from __future__ import annotations

import re
from collections.abc import Iterator

from companion.oped import MAX_QUOTE, words
from companion.problems import Problem
from companion.project import Project


def check(project: Project) -> Iterator[Problem]:
    oped, problems = project._oped
    yield from problems

    def wrong(line: int, message: str) -> Problem:
        return Problem(oped.path, line, "oped", message)

    if oped.window[0] > oped.window[1]:
        yield wrong(0, f"the window ends ({oped.window[1]}) before it starts ({oped.window[0]})")
    if oped.url is not None and not re.match(r"https?://\S+$", str(oped.url)):
        yield wrong(0, f"url '{oped.url}' is not http(s); leave it null while the address is unknown")
    before = ""
    for paragraph in oped.paragraphs:
        first = paragraph.sentences[0].line if paragraph.sentences else 0
        if not re.fullmatch(r"p\d\d", paragraph.id):
            yield wrong(first, f"paragraph id '{paragraph.id}' is not like p09")
            continue
        if before and paragraph.id <= before:
            yield wrong(first, f"paragraph '{paragraph.id}' stands after '{before}'; keep the op-ed's order, each once")
        before = max(before, paragraph.id)
        if not paragraph.sentences:
            yield wrong(0, f"paragraph '{paragraph.id}' has no sentences")
        if not paragraph.about.strip():
            yield wrong(first, f"paragraph '{paragraph.id}' has no 'about'; say in a few words of ours what it is about")
        for number, sentence in enumerate(paragraph.sentences, 1):
            expected = f"{paragraph.id}.s{number}"
            if sentence.id != expected:
                yield wrong(sentence.line, f"sentence '{sentence.id}' stands where '{expected}' is due; no sentence is skipped")
            if sentence.words < 1:
                yield wrong(sentence.line, f"sentence '{sentence.id}': words is how many it has, 1 or more")
            if sentence.sha256 and not re.fullmatch(r"[0-9a-f]{64}", sentence.sha256):
                message = f"sentence '{sentence.id}': sha256 is not 64 hexadecimal digits; companion.oped.hashed gives them"
                yield wrong(sentence.line, message)
            for name in ("starts", "ends"):
                if len(words(getattr(sentence, name))) > MAX_QUOTE:
                    yield wrong(sentence.line, f"sentence '{sentence.id}': {name} has over {MAX_QUOTE} words; three are enough")
