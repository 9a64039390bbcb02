"""What is wrong, where, and what would be right: one line a problem."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, order=True)
class Problem:
    """One thing a contributor can mend.

    ``path`` is relative to the project, ``line`` counts from 1 (0: the file as a whole),
    ``rule`` names the check, ``message`` says what is wrong and what would be right.
    """

    path: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else self.path
        return f"{where}: {self.message} [{self.rule}]"

    def as_github(self) -> str:
        """The problem as a GitHub workflow command, which annotates the line in a pull request."""

        def escape(text: str, extra: str = "") -> str:
            text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
            for char in extra:
                text = text.replace(char, f"%{ord(char):02X}")
            return text

        return (
            f"::error file={escape(self.path, ':,')},line={max(self.line, 1)},"
            f"title={escape(self.rule, ':,')}::{escape(self.message)}"
        )


class Wrong(Exception):
    """Bad input, met while reading one thing; carries its problems and is shown without a traceback."""

    def __init__(self, *problems: Problem):
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))


def relative(path: Path, root: Path) -> str:
    """``path`` as it is written in messages: relative to ``root`` where it lies below it."""
    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return path.as_posix()
