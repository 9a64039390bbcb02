"""The ``companion`` command: check the project, hold it against the op-ed's text, and give its data to others."""

from __future__ import annotations

import json
import subprocess
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from companion.problems import Problem, Wrong

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)

Root = Annotated[Path | None, typer.Argument(help="The project's folder; the one around the current folder unless given.")]


class Format(StrEnum):
    text = "text"
    github = "github"


@app.callback(invoke_without_command=True)
def _options(version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False) -> None:
    """The tools of a book that holds an op-ed's claims against evidence."""
    if version:
        from companion import __version__

        print(f"companion {__version__}")
        raise typer.Exit


@app.command()
def check(
    root: Root = None,
    format: Annotated[Format, typer.Option(help="text, or github for annotations in a pull request.")] = Format.text,
) -> None:
    """Say what is wrong and where, one line a problem. Runs no notebook."""
    from companion.checks import run

    project = _open(root)
    problems = run(project)
    for problem in problems:
        print(problem.as_github() if format is Format.github else problem)
    if problems:
        files = len({problem.path for problem in problems})
        print(f"{_count(len(problems), 'problem')} in {_count(files, 'file')}")
        raise typer.Exit(1)
    print(
        f"No problem found: {_count(len(project.chapters), 'chapter')}, {_count(len(project.claims), 'claim')}, "
        f"{_count(len(project.tables), 'table')}, {_count(len(project.sources), 'source')}"
    )


@app.command("verify-quotes")
def verify_quotes(
    text: Annotated[Path, typer.Argument(help="A copy of the op-ed's text, outside the project.")],
    root: Annotated[Path | None, typer.Option(help="The project's folder.")] = None,
) -> None:
    """Hold ids, hashes, anchors and quotes against a copy of the text, and the committed files against carrying it."""
    from companion.oped import verify_quotes as compare

    project = _open(root)
    oped, problems = project._oped
    if problems:
        raise Wrong(*problems)
    try:
        copy = text.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as err:
        reason = err.strerror if isinstance(err, OSError) else "it is not UTF-8"
        raise Wrong(Problem(str(text), 0, "quote", f"the text can't be read: {reason}")) from None
    committed = _committed(project.root)
    wrong = compare(oped, copy, committed)
    for line in wrong:
        print(line)
    if wrong:
        print(_count(len(wrong), "difference"))
        raise typer.Exit(1)
    quotes = sum(len(sentence.quotes) for sentence in oped.sentences.values())
    held = f"{_count(len(oped.sentences), 'sentence')}, {_count(quotes, 'quote')}, {_count(len(committed), 'file')}"
    print(f"{held}: no sentence of the op-ed stands in them")


@app.command()
def package(
    out: Annotated[Path | None, typer.Option(help="Where to write; datapackage.json in the project unless given.")] = None,
    root: Annotated[Path | None, typer.Option(help="The project's folder.")] = None,
) -> None:
    """Write the tables' Data Package, made from their sidecars, and validate it."""
    from companion.package import datapackage, validate

    project = _open(root)
    described = datapackage(project)
    problems = validate(project, described)
    if problems:
        raise Wrong(*problems)
    out = out or project.root / "datapackage.json"
    try:
        out.write_text(json.dumps(described, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as err:
        raise Wrong(Problem(str(out), 0, "package", f"can't be written: {err.strerror}")) from None
    print(f"{out}: {_count(len(described['resources']), 'table')}, each valid against its schema")


@app.command()
def claims(root: Root = None) -> None:
    """Print the claims as JSON: id, chapter, sentences, paraphrase, both assessments, and how much evidence each has."""
    from companion.package import claims_json

    print(json.dumps(claims_json(_open(root)), indent=2, ensure_ascii=False))


def _open(root: Path | None):
    """The project at ``root``, which is its very folder; without one, the project around the current folder."""
    from companion.project import Project, find_root

    if root is None:
        return Project(find_root())
    if not (root / "_config.yml").exists() or not (root / "data" / "oped.yml").exists():
        raise Wrong(Problem(str(root), 0, "project", "not a project's folder: it has no _config.yml with data/oped.yml"))
    return Project(root)


def _committed(root: Path) -> dict[str, str]:
    """The text files that git knows below ``root``, by path."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        raise Wrong(Problem(str(root), 0, "quote", "git lists no files here; run this in the repository")) from None
    texts = {}
    for name in filter(None, listed.decode("utf-8", "surrogateescape").split("\0")):
        try:
            content = (root / name).read_bytes()
        except OSError:
            continue  # deleted but not yet committed, or a link that leads nowhere
        if b"\0" not in content:
            try:
                texts[name] = content.decode("utf-8")
            except UnicodeDecodeError:
                continue
    return texts


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def main() -> None:
    """Entry point. A contributor's mistake is shown as its lines, never as a traceback."""
    try:
        app()
    except Wrong as err:
        for problem in err.problems:
            print(problem)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # The reader (head, less) has closed; nothing is left to say, also at shutdown.
        sys.stdout = None
        sys.exit(1)
