"""The minibook, a two-page book with every feature, as the tests break it."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from browser import BEGUN, Begun, the_browser, the_site  # noqa: F401 (the fixtures browser and site, one for all modules)

from companion.checks import run
from companion.project import Project, use

MINIBOOK = Path(__file__).parent / "minibook"
REAL = Path(__file__).parents[1]


def pytest_configure(config: pytest.Config) -> None:
    """The folder of the real book's build: of the process that shares the tests out, or that runs them all."""
    of_worker = getattr(config, "workerinput", {}).get("begun")
    config.stash[BEGUN] = Begun(Path(of_worker or tempfile.mkdtemp(prefix="book-")))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node) -> None:
    node.workerinput["begun"] = str(node.config.stash[BEGUN].folder)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The real book is built beside the modules that don't need it, which come first."""
    waiting = {item.path for item in items if "site" in item.fixturenames}
    items.sort(key=lambda item: item.path in waiting)


def pytest_collection_finish(session: pytest.Session) -> None:
    if not session.config.option.collectonly and any("site" in item.fixturenames for item in session.items):
        session.config.stash[BEGUN].begin()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.stash[BEGUN].end()


@pytest.fixture(scope="session")
def _checked(tmp_path_factory) -> Path:
    """A copy whose tables are validated already, so that a test validates only the one that it breaks."""
    root = tmp_path_factory.mktemp("checked") / "book"
    shutil.copytree(MINIBOOK, root, ignore=shutil.ignore_patterns("_build", "notebooks", "oped.txt"))
    run(Project(root))
    assert (root / "_build" / "check-cache.json").exists()
    return root


@pytest.fixture
def book(_checked, tmp_path) -> Path:
    """A copy of the minibook to break; the op-ed's text is not in it, as it is not in the real book."""
    root = tmp_path / "book"
    shutil.copytree(_checked, root)
    return root


@pytest.fixture
def minibook():
    """The minibook's project, current for the test."""
    with use(Project(MINIBOOK)) as project:
        yield project
