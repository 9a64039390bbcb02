"""``make book``: what it says when a cell fails, and when all is well."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest
from conftest import MINIBOOK

CHAPTER = "chapters/p11-lost-ground.md"


@pytest.fixture
def book(tmp_path):
    return shutil.copytree(MINIBOOK, tmp_path / "book", ignore=shutil.ignore_patterns("_build", "tables"))


def make_book(root) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "companion.build"], cwd=root, capture_output=True, text=True)


def test_a_cell_that_fails_is_named_in_a_line(book):
    text = (book / CHAPTER).read_text(encoding="utf-8")
    end = text.index("```\n", text.index("```{code-cell}") + 3) + len("```\n")
    bad = "\n```{code-cell} ipython3\nanswer = 1\nanswer / 0\n```\n"
    (book / CHAPTER).write_text(text[:end] + bad + text[end:], encoding="utf-8")
    line = (text[:end] + bad).count("\n", 0, (text[:end] + bad).index("answer = 1")) + 1
    done = make_book(book)
    assert done.returncode == 1
    assert f"{CHAPTER}:{line}: the cell that begins here fails when it runs: ZeroDivisionError: division by zero\n" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert "Traceback" in (book / "_build" / "build.log").read_text(encoding="utf-8"), "the log has the whole"
    assert not (book / "_build" / "html" / "index.html").exists()


def test_a_fault_that_is_no_cells_is_named_too(book):
    text = (book / "index.md").read_text(encoding="utf-8")
    (book / "index.md").write_text(text + "\n[Nowhere](nowhere.md)\n", encoding="utf-8")
    done = make_book(book)
    assert done.returncode == 1
    assert "index.md:" in done.stdout and "nowhere.md" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith("The book was not built")


def test_a_book_without_faults_says_where_it_is(book):
    done = make_book(book)
    cover = book / "_build" / "html" / "index.html"
    assert done.returncode == 0, done.stdout[-2000:]
    assert done.stdout.splitlines()[-1] == f"The book: {cover.as_uri()}" and cover.exists()
