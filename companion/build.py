"""``make book``: Jupyter Book's own build. Where it fails, what went wrong is said in a line; the rest goes to a log."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

from companion.project import find_root

LOG = Path("_build") / "build.log"
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_FAILED = re.compile(r"^(\S+\.md): WARNING: Executing notebook failed", re.MULTILINE)
# The cell's own error comes first; what the tools around it raise then has dots in its name, or comes last.
_ERROR = re.compile(r"^(\w*(?:Error|Exception|Exit|Interrupt)): ?(.*)$", re.MULTILINE)
_CELL = re.compile(r"An error occurred while executing the following cell:\s*\n-+\n(.*?)\n-+\n", re.DOTALL)


def told(log: str, root: Path) -> list[str]:
    """What a failed build's log says of cells that failed, a line each: chapter, line, error."""
    lines = []
    log = _ANSI.sub("", log)
    starts = [match.start() for match in _FAILED.finditer(log)]
    for start, end in pairwise([*starts, len(log)]):
        path = Path(_FAILED.match(log, start).group(1))
        error, cell = _ERROR.search(log, start, end), _CELL.search(log, start, end)
        where = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        # The build puts a hash behind a chapter's first line of code.
        code = re.sub(r"  # inputs: [0-9a-f]{16}$", "", cell.group(1), flags=re.MULTILINE).strip("\n") if cell else ""
        if code and code in text:
            where += f":{text.count(chr(10), 0, text.index(code)) + 1}"
        said = f"{error.group(1)}: {error.group(2)}" if error else "an error"
        lines.append(f"{where}: the cell that begins here fails when it runs: {said}")
    return lines


def main(arguments: list[str]) -> int:
    root = find_root()
    log = root / LOG
    log.parent.mkdir(exist_ok=True)
    jupyter_book = Path(sys.executable).with_name("jupyter-book")
    command = [jupyter_book, "build", root, "--warningiserror", "--nitpick", "--keep-going", *arguments]
    hidden = False
    with log.open("w", encoding="utf-8") as kept:
        build = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in build.stdout:
            kept.write(line)
            hidden = hidden or "Traceback (most recent call last)" in line or "Executing notebook failed" in line
            if not hidden:
                print(line, end="", flush=True)
        build.wait()
    if build.returncode:
        for line in told(log.read_text(encoding="utf-8"), root):
            print(line)
        print(f"The book was not built; the whole log is in {LOG.as_posix()}.")
        return 1
    print("The book:", (root / "_build" / "html" / "index.html").as_uri())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
