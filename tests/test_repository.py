"""What a newcomer meets first: the documents, the commands that they name, the lock, the workflows, the notebooks."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from companion.checks import run
from companion.project import Project

ROOT = Path(__file__).resolve().parents[1]
PROSE = (".md", ".cff", ".yml")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def committed() -> list[Path]:
    """The files that git knows, or would take up."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    except (OSError, subprocess.CalledProcessError) as err:
        pytest.fail(f"git can't list the project's files; run the tests in a clone: {err}")
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


@pytest.fixture(scope="session")
def texts(committed) -> dict[str, str]:
    found = {}
    for path in committed:
        content = path.read_bytes()
        if b"\0" not in content:
            found[path.relative_to(ROOT).as_posix()] = content.decode("utf-8")
    return found


# Commands


def targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "bench/README.md"])
def test_commands_that_documents_name_exist(name):
    named = set(re.findall(r"\bmake ([a-z]+)\b(?=[\s`]|$)", "\n".join(_code(read(name))), re.MULTILINE))
    assert named, f"{name} names no make target"
    assert named <= targets(), f"{name} names {named - targets()}, which the Makefile doesn't have"


def _code(markdown: str) -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```", markdown, re.MULTILINE | re.DOTALL) + re.findall(r"`(make [^`]+)`", markdown)


def test_make_help_names_every_target():
    if not shutil.which("make"):
        pytest.fail("install make")
    said = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert set(re.findall(r"^make ([a-z]+)", said, re.MULTILINE)) == targets() - {"help"}


def test_ci_runs_make_test():
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111, ".ci/run is not executable"
    assert "set -euo pipefail" in script.read_text() and re.search(r"^make test\b", script.read_text(), re.MULTILINE)
    subprocess.run(["bash", "-n", str(script)], check=True)


def test_links_of_documents_lead_somewhere():
    for name in ("README.md", "CONTRIBUTING.md"):
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", read(name)):
            if not re.match(r"[a-z]+:", target):
                assert (ROOT / target).exists(), f"{name} links to {target}"


# The example in CONTRIBUTING, done as it says


def _blocks(language: str) -> list[str]:
    fences = re.finditer(r"^(`{3,})(\w+)\n(.*?)^\1$", read("CONTRIBUTING.md"), re.MULTILINE | re.DOTALL)
    return [match.group(3) for match in fences if match.group(2) == language]


CHAPTER, TABLE = "chapters/p09-public-opinion.md", "data/russian_opinion/levada_support.csv"


class Contribution:
    """A copy of the project, and CONTRIBUTING's steps. What was wrong ``before`` is none of this contribution's problems."""

    def __init__(self, root: Path, before: set[tuple]):
        self.root, self.before = root, before

    def append(self, name: str, text: str) -> None:
        with (self.root / name).open("a", encoding="utf-8") as file:
            file.write(text)

    def swap(self, name: str, old: str, new: str) -> None:
        text = (self.root / name).read_text(encoding="utf-8")
        assert old in text, f"{name} has no {old!r}"
        (self.root / name).write_text(text.replace(old, new, 1), encoding="utf-8")

    def source(self) -> None:
        self.append("references.bib", "\n" + _blocks("bibtex")[0])

    def row(self) -> None:
        self.append(TABLE, _blocks("csv")[0])

    def evidence(self) -> None:
        text = (self.root / CHAPTER).read_text(encoding="utf-8")
        cells, claim = text.split("::::{claim} polls-show-majority-support")
        cells = cells.rstrip()
        assert cells.endswith("```"), "no cell above the claim that CONTRIBUTING names"
        evidence = claim.index(":::{evidence} for, since")
        place = claim.index("\n:::\n", evidence) + 1
        claim = claim[:place] + _blocks("markdown")[0] + claim[place:]
        cells = cells[:-3] + _blocks("python")[0] + "```\n\n"
        (self.root / CHAPTER).write_text(f"{cells}::::{{claim}} polls-show-majority-support{claim}", encoding="utf-8")

    def claim(self) -> None:
        text = (self.root / CHAPTER).read_text(encoding="utf-8")
        place = text.index("\n## What the charts can't show") + 1
        text = f"{text[:place]}{_blocks('markdown')[1]}\n{text[place:]}"
        (self.root / CHAPTER).write_text(text, encoding="utf-8")

    def table(self) -> None:
        name = "data/russian_opinion/practice_interviews"
        self.append(f"{name}.csv", _blocks("csv")[1])
        self.append(f"{name}.yml", _blocks("yaml")[0])

    def use_of_table(self) -> None:
        cell_end, evidence = (
            "\n```\n\n::::{claim} practice-support-is-steady",
            "In April 2026 it was {value}`practice-2026`. {cite}`practice_2026_05`\n:::\n:::{searched}",
        )
        self.swap(CHAPTER, cell_end, f"\n{_blocks('python')[1]}{cell_end[1:]}")
        self.swap(CHAPTER, evidence, evidence.replace("\n", f"\n{_blocks('markdown')[2]}", 1))

    def charts(self) -> None:
        place = "## What the charts can't show"
        self.swap(CHAPTER, place, f"{_blocks('markdown')[3]}\n{_blocks('markdown')[4]}\n{place}")

    def problems(self) -> str:
        found = run(Project(self.root))
        return "\n".join(str(p) for p in found if (p.path, p.rule, p.message) not in self.before)


@pytest.fixture(scope="session")
def _copied(tmp_path_factory) -> tuple[Path, set[tuple]]:
    """A copy of the project whose tables are validated already, and what is wrong with it: of its chapters it has only the one
    that CONTRIBUTING writes in, so that a check takes a fraction of the time."""
    root = tmp_path_factory.mktemp("copied") / "book"
    shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns(".*", "_build", "tests", "tables", "bench", "companion"))
    for chapter in (root / "chapters").glob("*.md"):
        if chapter != root / CHAPTER:
            chapter.unlink()
    return root, {(problem.path, problem.rule, problem.message) for problem in run(Project(root))}


@pytest.fixture
def contribution(_copied, tmp_path) -> Contribution:
    root, before = _copied
    shutil.copytree(root, tmp_path / "book")
    return Contribution(tmp_path / "book", before)


def test_contributing_works_as_written(contribution):
    said = _blocks("text")
    contribution.source()
    assert _said(said[0], contribution.problems())
    for step in (contribution.row, contribution.evidence, contribution.claim, contribution.charts):
        step()
    assert contribution.problems() == ""
    contribution.table()
    alone = contribution.problems().split("\n")
    assert len(alone) == 1 and "nothing reads this table" in alone[0]
    contribution.use_of_table()
    assert contribution.problems() == ""


def test_contributing_shows_the_messages_that_the_check_gives(contribution):
    said = _blocks("text")
    contribution.source()
    contribution.row()
    contribution.evidence()
    contribution.claim()
    contribution.swap(TABLE, '"support, total",71,,1613', '"support, total",71%,,1613')
    assert _said(said[1], contribution.problems())
    contribution.swap(TABLE, '"support, total",71%,,1613', '"support, total",71,,1613')
    contribution.swap(
        CHAPTER, "In April 2026 it was {value}`practice-2026`.", "In April 2026 it was 71% ({value}`practice-2026`)."
    )
    assert _said(said[3], contribution.problems())
    contribution.swap(CHAPTER, "it was 71% (", "it was (")
    contribution.swap(CHAPTER, "rows, share, total, value\n", "rows, total, value\n")
    assert _said(said[2], contribution.problems())
    contribution.swap(CHAPTER, "rows, total, value\n", "rows, share, total, value\n")
    contribution.swap(
        CHAPTER,
        "In November 2022 it was {value}`practice-november`. {cite}`",
        "It was {value}`practice-november`. {cite}`practice_2026_05,",
    )
    assert _said(said[4], contribution.problems())
    contribution.swap(
        CHAPTER, ":::{searched} against, since\n:on: 2026-11-24\nLevada's releases", ":::{would-change} since\nLevada's releases"
    )
    assert _said(said[5], contribution.problems())


def _said(shown: str, problems: str) -> bool:
    shown, problems = (re.sub(r"^([^\s:]+):\d+:", r"\1:", text, flags=re.MULTILINE) for text in (shown, problems))
    assert shown.strip() in problems.split("\n"), f"CONTRIBUTING shows\n{shown}\nbut the check says\n{problems}"
    return True


# The lock


def test_lock_has_hashes_and_no_address():
    lock = read("requirements.txt")
    pinned = re.findall(r"^([A-Za-z0-9._-]+)==\S+.*?\\\n((?:\s+--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", lock, re.MULTILINE)
    named = re.findall(r"^[A-Za-z0-9]\S*==", lock, re.MULTILINE)
    assert len(pinned) == len(named) > 100
    assert "://" not in lock and "--index-url" not in lock and "--find-links" not in lock


def test_lock_answers_the_inputs():
    locked = set(re.findall(r"^([A-Za-z0-9._-]+)==", read("requirements.txt"), re.MULTILINE))
    wanted = [
        re.split(r"[\[<>=~!; ]", line)[0].lower()
        for line in read("requirements.in").split("\n")
        if line.strip() and line[0] != "#"
    ]
    assert not set(wanted) - locked, "run make lock"
    assert wanted == sorted(set(wanted)), "keep requirements.in in order, each once"


def test_inputs_are_used(texts):
    """Every package of requirements.in is imported, or run by the Makefile, or says here why it is wanted."""
    for_other_reasons = {
        "setuptools": "builds the editable install",
        "jupyterlab": "make lab",
        "jupyter-book": "make book",
        "pytest-xdist": "--numprocesses of make test",
    }
    modules = {"pyyaml": "yaml", "axe-playwright-python": "axe_playwright_python", "uv": None, "ruff": None, "codespell": None}
    code = "\n".join(text for name, text in texts.items() if name.endswith(".py"))
    commands = read("Makefile") + code
    for line in read("requirements.in").split("\n"):
        package = re.split(r"[\[<>=~!; ]", line)[0].lower()
        if not package or package.startswith("#") or package in for_other_reasons:
            continue
        module = modules.get(package, package.replace("-", "_"))
        used = (
            re.search(rf"^\s*(?:from|import) {module}\b", code, re.MULTILINE)
            if module
            else re.search(rf"\b{package}\b", commands)
        )
        assert used, f"nothing imports or runs {package}; take it out of requirements.in and run make lock"


# What is committed


def test_no_file_carries_a_machine_path(texts):
    pattern = re.compile(r"(?<![\w.])(?:/(?:home|Users|root|tmp|work|opt|mnt|private/var)/[\w.-]{2,}|[A-Z]:\\Users\\)")
    found = {name: match.group() for name, text in texts.items() if (match := pattern.search(text))}
    assert not found


def test_no_build_product_and_no_large_file(committed):
    for path in committed:
        name = path.relative_to(ROOT).as_posix()
        assert path.stat().st_size <= 1_500_000, f"{name} is over 1.5 MB"
        product = r"(?:^|/)(?:_build|\.venv|__pycache__|\.ipynb_checkpoints|node_modules|[^/]+\.egg-info)/|^(?:tables|notebooks)/"
        assert not re.search(product + r"|\.(?:pyc|ipynb|sav|xlsx?)$", name), f"{name} is a product of the build, or no source"


def test_code_is_clean():
    done = subprocess.run([sys.executable, "-m", "ruff", "check", "--quiet", "."], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_words_are_spelt(committed):
    prose = [str(path) for path in committed if path.suffix in PROSE and "LICENSE" not in path.name]
    done = subprocess.run(
        [sys.executable, "-m", "codespell_lib", "--ignore-words-list", "fom", *prose],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


# Licences and citation


def test_licences():
    assert read("LICENSE").startswith("MIT License") and "The contributors" in read("LICENSE")
    text = read("LICENSE-text")
    assert text.startswith("Creative Commons Attribution 4.0 International") and "Section 8 – Interpretation" in text
    assert tomllib.loads(read("pyproject.toml"))["project"]["license"] == "MIT"


def test_citation():
    cited = yaml.safe_load(read("CITATION.cff"))
    assert {"cff-version", "message", "title", "authors", "version", "license"} <= cited.keys()
    assert cited["cff-version"] == "1.2.0" and cited["authors"] == [{"name": "The contributors"}]
    from companion import __version__

    assert cited["version"] == __version__ == tomllib.loads(read("pyproject.toml"))["project"]["version"]
    assert cited["preferred-citation"]["title"] == cited["title"]


# Workflows

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflow(path):
    text = path.read_text(encoding="utf-8")
    flow = yaml.safe_load(text)
    on = flow.get("on", flow.get(True))  # YAML 1.1 reads a bare `on` as true
    assert flow["permissions"] == {}, "permissions are given job by job"
    for name, job in flow["jobs"].items():
        assert job["timeout-minutes"] <= 60, name
        for step in job["steps"]:
            if "uses" in step:
                assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", step["uses"]), f"pin {step['uses']} by commit"
                assert re.search(re.escape(step["uses"]) + r" # v\d+\.\d+\.\d+$", text, re.MULTILINE), (
                    "name the release beside it"
                )
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False
            assert "${{" not in step.get("run", ""), "an expression in a script can be used to run code"
            for target in re.findall(r"\bmake ([a-z]+)", step.get("run", "")):
                assert target in targets()
    if "pull_request" in on:
        assert "secrets." not in text and "write" not in str([job.get("permissions") for job in flow["jobs"].values()])
    assert "pull_request_target" not in on


@pytest.mark.parametrize("path", sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml")), ids=lambda path: path.name)
def test_issue_forms(path):
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    if path.name == "config.yml":
        return
    assert form["name"] and form["description"]
    names = [field["id"] for field in form["body"]]
    assert len(names) == len(set(names))
    for field in form["body"]:
        assert field["type"] in ("input", "textarea", "dropdown", "checkboxes") and field["attributes"]["label"]
    if path.name == "dispute.yml":
        from companion.claims import SCALE

        offered = next(field for field in form["body"] if field["id"] == "word")["attributes"]["options"]
        assert offered[: len(SCALE)] == list(SCALE)


# Notebooks


def test_a_chapter_runs_as_a_notebook_from_a_clean_kernel(tmp_path):
    """The build runs all of them; here one of the small book's, in the way that JupyterLab opens it."""
    import jupytext
    from nbclient import NotebookClient

    book = tmp_path / "book"
    shutil.copytree(ROOT / "tests" / "minibook", book, ignore=shutil.ignore_patterns("_build"))
    chapter = sorted((book / "chapters").glob("*.md"))[0]
    notebook = jupytext.read(chapter)
    assert notebook.metadata.kernelspec.name == "python3"
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(chapter.parent)}}).execute()
    shown = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert any("image/png" in output.get("data", {}) for output in shown), "a chart shows as a picture in plain Jupyter"
    assert any("application/vnd.companion.value+json" in output.get("data", {}) for output in shown)


@pytest.mark.parametrize("path", sorted((ROOT / "chapters").glob("*.md")), ids=lambda path: path.stem)
def test_chapters_open_as_notebooks_and_come_back_unchanged(path):
    import jupytext

    notebook = jupytext.read(path)
    assert {cell.cell_type for cell in notebook.cells} >= {"markdown", "code"}
    again = jupytext.reads(jupytext.writes(notebook, "md:myst"), "md:myst")
    assert [(c.cell_type, c.source) for c in again.cells] == [(c.cell_type, c.source) for c in notebook.cells]


# What the build says of what can't be read


def test_what_cannot_be_read_stops_a_build_in_a_line_each(tmp_path):
    from companion.book import _can_be_built
    from companion.problems import Wrong

    book = tmp_path / "book"
    shutil.copytree(ROOT / "tests" / "minibook", book, ignore=shutil.ignore_patterns("_build"))
    _can_be_built(Project(book))
    table, chapter = book / "data" / "polls" / "detentions.csv", sorted((book / "chapters").glob("*.md"))[0]
    table.write_text(table.read_text().replace(",", ";"))
    chapter.write_text(chapter.read_text().replace("\n:::\n", "\n", 1))
    with pytest.raises(Wrong) as caught:
        _can_be_built(Project(book))
    said = str(caught.value).split("\n")
    assert len(said) == 2 and "is not closed before" in said[0] and "separated by ';'" in said[1]


def test_book_is_checked_before_it_is_built():
    recipe = read("Makefile").split("\nbook:")[1].split("\n\n")[0]
    assert recipe.index("companion check") < recipe.index("companion.build")


# Serving while one writes


@pytest.mark.parametrize(
    ("path", "rebuilds"),
    [
        ("chapters/p09-public-opinion.md", True),
        ("data/territory/isw_daily.csv", True),
        ("companion/book/templates/layout.html", True),
        ("references.bib", True),
        ("methods.md", True),
        ("_toc.yml", True),
        ("tables/territory-isw_daily.md", False),
        ("_build/serve/html/index.html", False),
        ("companion/__pycache__/claims.cpython-311.pyc", False),
        ("chapters/.ipynb_checkpoints/p09-public-opinion-checkpoint.md", False),
        ("chapters/.p09-public-opinion.md.swp", False),
        ("data/territory/isw_daily.csv~", False),
        ("requirements.txt", False),
        ("tests/test_charts.py", False),
    ],
)
def test_serve_rebuilds_for_what_authors_edit_and_for_nothing_that_a_build_writes(path, rebuilds):
    from companion.serve import watched

    assert watched(ROOT, str(ROOT / path)) is rebuilds


def test_serve_configures_sphinx_outside_the_sources(tmp_path):
    from companion.serve import BUILD, configure

    for name in ("_config.yml", "_toc.yml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / BUILD).mkdir(parents=True)
    configure(tmp_path)
    made: dict = {}
    exec((tmp_path / BUILD / "conf.py").read_text(encoding="utf-8"), made)
    assert "companion.book" in made["extensions"] and made["external_toc_path"] == str(tmp_path / "_toc.yml")
    assert not (tmp_path / "conf.py").exists()
