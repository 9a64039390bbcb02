"""What the check and the build cost, cold and warm, and after which edit; see README.md beside this file."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LEFT_OUT = shutil.ignore_patterns(".*", "_build", "tables", "tests", "companion", "*.egg-info", "node_modules")


def timed(command: list[str], root: Path) -> tuple[float, str]:
    began = time.perf_counter()
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command[1:])} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return time.perf_counter() - began, done.stdout + done.stderr


def check(root: Path) -> tuple[float, str]:
    return timed([sys.executable, "-c", "from companion.cli import main; main()", "check"], root)


def build(root: Path) -> tuple[float, str]:
    return timed([sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", "."], root)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    place = text.rindex(old)  # the last one: rows of today rather than those that the prose dwells on
    path.write_text(text[:place] + new + text[place + len(old) :], encoding="utf-8")


def executed(output: str) -> str:
    """How many notebooks ran, from what MyST-NB says."""
    ran = len(set(re.findall(r"([\w./-]+\.md): Executing notebook", output)))
    return f"{ran} {'chapter' if ran == 1 else 'chapters'} ran"


def best(measure: Callable[[Path], tuple[float, str]], root: Path, times: int = 3) -> tuple[float, str]:
    return min((measure(root) for _ in range(times)), key=lambda result: result[0])


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "book"
        shutil.copytree(ROOT, root, ignore=LEFT_OUT)
        chapters = sorted((root / "chapters").glob("*.md"))
        texts = [chapter.read_text(encoding="utf-8") for chapter in chapters]
        names = {f'"{path.parent.name}/{path.stem}"': path for path in sorted((root / "data").glob("*/*.csv"))}
        # A table that one chapter reads: then one should run again.
        table = next(path for name, path in names.items() if sum(name in text for text in texts) == 1)
        rows: list[tuple[str, float, str]] = []

        def measured(name: str, result: tuple[float, str], note: str = "") -> None:
            rows.append((name, result[0], note))
            print(f"  {name}: {result[0]:.1f} s {note}", flush=True)

        print("Measuring …", flush=True)
        measured("check, cold", check(root))
        measured("check, warm", best(check, root))
        # A comment in its sidecar: to the check and to the build another table, with the same rows.
        sidecar = table.with_suffix(".yml")
        sidecar.write_text(sidecar.read_text(encoding="utf-8") + "# edited\n", encoding="utf-8")
        measured("check, one table edited", check(root), table.name)
        result = build(root)
        measured("build, cold", result, executed(result[1]))
        result = best(build, root)
        measured("build, nothing changed", result, executed(result[1]))
        sidecar.write_text(sidecar.read_text(encoding="utf-8") + "# edited again\n", encoding="utf-8")
        result = build(root)
        measured("build, one table edited", result, f"{executed(result[1])}; {table.name}")
        edit(chapters[0], ".\n", ". \n")
        result = build(root)
        measured("build, one sentence edited", result, f"{executed(result[1])}; {chapters[0].name}")

    print()
    print(f"{'':28}{'seconds':>9}{'times':>8}")
    for name, seconds, note in rows:
        cheapest = min(other for label, other, _ in rows if label.split(",")[0] == name.split(",")[0])
        print(f"{name:28}{seconds:9.1f}{seconds / cheapest:8.1f}  {note}")


if __name__ == "__main__":
    main()
