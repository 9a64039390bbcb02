"""The Sphinx extension: what a chapter may write, and the pages made from it.

It knows claims, tables and sources, and no topic. Problems that ``companion check`` finds are warnings of the build,
so that a build with warnings as errors stops on them.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging

from companion import __version__
from companion.book import argument, directives, finding, output, pages, poll_explorer, publish, territory_explorer, theme, whole
from companion.checks import run as run_checks
from companion.problems import Wrong
from companion.project import Project, current, use

log = logging.getLogger(__name__)
TABLE_PAGES = "tables"  # folder of the generated stubs, one a table; never committed


def begin(app: Sphinx) -> None:
    """Open the project, report what is wrong in it, and lay out a stub page for each table."""
    project = Project(Path(app.srcdir))
    use(project).__enter__()
    app.env.settings["raw_enabled"] = False  # no {raw} directive puts markup of its own on a page
    app.companion_project = project  # type: ignore[attr-defined]
    for problem in run_checks(project):
        log.warning(str(problem), type="companion", subtype=problem.rule)
    try:
        _can_be_built(project)
    except Wrong as err:
        files = ", ".join(sorted({problem.path for problem in err.problems}))
        raise ExtensionError(f"no book is built before these can be read: {files}", modname="companion.book") from None
    folder = project.root / TABLE_PAGES
    wanted = {f"{name.replace('/', '-')}.md": pages.stub(name) for name in project.tables}
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.md"):
        if old.name not in wanted:
            old.unlink()
    for name, text in wanted.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def _can_be_built(project: Project) -> None:
    """Read what every page is made of; what can't be read stops the build here, in a line each."""
    problems = [problem for chapter in project.chapters if not chapter.readable for problem in chapter.problems]
    for table in project.tables.values():
        try:
            table.meta, table.frame  # noqa: B018 - reading is the test
        except Wrong as err:
            problems += err.problems
    if problems:
        raise Wrong(*problems)
    project.oped, project.sources  # noqa: B018


def inputs(project: Project, docname: str, code: str) -> str:
    """A hash of what a page is made of besides its own text: for a chapter the tables that it reads and the op-ed,
    for any other page everything; for both ``code``, the companion's own."""
    chapter = next((c for c in project.chapters if f"chapters/{c.name}" == docname), None)
    if chapter:
        parts = [project.table(name).digest for name in sorted(chapter.evaluated.reads)]
    else:
        parts = [table.digest for table in project.tables.values()] + [c.text for c in project.chapters]
    parts += [(project.root / name).read_text(encoding="utf-8") for name in ("references.bib", "data/oped.yml")]
    return hashlib.sha256("\0".join([code, *parts]).encode()).hexdigest()


def execution_inputs(project: Project, chapter, code: str) -> str:
    """A hash of what a chapter's cells read: its tables, what its pictures say of sources, and the code that draws."""
    parts = [project.table(name).digest for name in sorted(chapter.evaluated.reads)]
    parts += [chart.said_of_sources for chart in chapter.evaluated.charts.values()]
    oped = project.oped
    parts += [str(oped.cut_off), str(oped.window)]
    return hashlib.sha256("\0".join([code, *parts]).encode()).hexdigest()[:16]


def _code(project: Project, everything: bool) -> str:
    """A hash of the companion's code (without the book's own, unless ``everything``) and of the lock."""
    import companion

    root = Path(companion.__file__).parent
    skip = () if everything else ("book", "checks", "recompute", "build.py", "cli.py", "package.py", "serve.py")
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if path.suffix in (".py", ".css", ".js", ".html", ".ttf", ".otf") and path.relative_to(root).parts[0] not in skip:
            digest.update(path.read_bytes())
    lock = project.root / "requirements.txt"
    outlines = sorted((project.root / "data").glob("*/*.geojson"))
    for path in (lock, *outlines):
        digest.update(path.read_bytes() if path.exists() else b"")
    return digest.hexdigest()


def outdated(app: Sphinx, env, added, changed, removed) -> list[str]:
    """Name the pages whose inputs changed although their own text did not."""
    project = current()
    known = getattr(env, "companion_inputs", {})
    code = _code(project, everything=True)
    now = {docname: inputs(project, docname, code) for docname in env.found_docs}
    env.companion_inputs = now
    return [docname for docname in now if known.get(docname) != now[docname] and docname not in added]


def read_source(app: Sphinx, docname: str, source: list[str]) -> None:
    """Put the hash of its inputs into a chapter's first code line, which keys the execution cache; add the chapter's end."""
    project = current()
    chapter = next((c for c in project.chapters if f"chapters/{c.name}" == docname), None)
    if chapter is None:
        return
    lines = source[0].split("\n")
    if chapter.cells:
        first = chapter.cells[0][0] - 1
        lines[first] = f"{lines[first]}  # inputs: {execution_inputs(project, chapter, _code(project, everything=False))}"
    source[0] = "\n".join(lines) + "\n\n```{chapter-end}\n```\n"


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Put the data beside the pages: tables, data package, claims, notebooks."""
    if exception or app.builder.format != "html":
        return
    from companion.package import claims_json, datapackage

    project, out = current(), Path(app.outdir)
    for table in project.tables.values():
        target = out / "data" / f"{table.name}.csv"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(table.csv, target)
        shutil.copyfile(table.sidecar, target.with_suffix(".yml"))
    for notice in (project.root / "data").glob("*/*.NOTICE.txt"):
        target = out / "data" / notice.parent.name / notice.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(notice, target)
    dump = {"indent": 1, "ensure_ascii": False, "default": str}
    (out / "datapackage.json").write_text(json.dumps(datapackage(project), **dump), encoding="utf-8")
    (out / "claims.json").write_text(json.dumps(claims_json(project), **dump), encoding="utf-8")
    (out / "references.bib").write_bytes((project.root / "references.bib").read_bytes())
    (out / "notebooks").mkdir(exist_ok=True)
    for chapter in project.chapters:
        pages.notebook(chapter, out / "notebooks" / f"{chapter.name}.ipynb")


def setup(app: Sphinx) -> dict:
    app.connect("builder-inited", begin, priority=100)
    app.connect("env-get-outdated", outdated)
    app.connect("source-read", read_source)
    app.connect("doctree-read", directives.finish_chapter, priority=400)  # before Sphinx collects the page's contents
    app.connect("build-finished", finish)
    directives.register(app)
    output.register(app)
    pages.register(app)
    whole.register(app)
    argument.register(app)
    poll_explorer.register(app)
    territory_explorer.register(app)
    publish.register(app)
    finding.register(app)
    theme.setup(app)
    return {"version": __version__, "parallel_read_safe": False, "parallel_write_safe": True}
