"""What the book gives to other programs: its tables as a Data Package, its claims as JSON."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator

from companion.claims import CLOCKS, SIDES, Assessment
from companion.problems import Problem, relative
from companion.project import Project
from companion.tables import Table

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"


def datapackage(project: Project) -> dict:
    """The tables as a Data Package (version 2), made from their sidecars; paths start from the project's folder."""
    config = _config(project)
    described = {
        "$schema": PROFILE,
        "name": _name(config.get("title") or "companion"),
        "title": str(config.get("title") or "Companion to an op-ed"),
        "description": "The tables behind the book, one observation a row, each with its source.",
        "resources": [_resource(project, table) for table in project.tables.values()],
    }
    if config.get("author"):
        described["contributors"] = [{"title": str(config["author"]), "roles": ["author"]}]
    return described


def _config(project: Project) -> dict:
    from companion.oped import read_yaml

    path = project.root / "_config.yml"
    return read_yaml(path, project.root) if path.exists() and path.read_text(encoding="utf-8").strip() else {}


def _name(text: str) -> str:
    """Text as a name that can stand in an address."""
    return re.sub(r"[^a-z0-9._]+", "-", str(text).lower()).strip("-") or "companion"


def _resource(project: Project, table: Table) -> dict:
    meta, content = table.meta, table.csv.read_bytes()
    described = {
        "name": _name(table.name),
        "path": relative(table.csv, project.root),
        "type": "table",
        "title": meta["title"],
        "description": " ".join(str(meta["measures"]).split()),
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": len(content),
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "schema": {"$schema": "https://datapackage.org/profiles/2.0/tableschema.json", **meta["schema"]},
    }
    named = table.frame["source_id"].dropna().unique() if "source_id" in table.columns else []
    keys = dict.fromkeys([*map(str, named), *map(str, meta.get("upstream") or [])])
    sources = [_source(project.sources[key]) for key in keys if key in project.sources]
    if sources:
        described["sources"] = sources
    licence = meta["licence"] if isinstance(meta["licence"], dict) else {"name": meta["licence"]}
    # A licence in a Data Package is one that has an identifier; that none was seen is said in words beside it.
    if re.fullmatch(r"[A-Za-z0-9][\w.+-]*", str(licence.get("name") or "")):
        given = {"name": str(licence["name"])}
        if licence.get("url"):
            given["path"] = str(licence["url"])
        described["licenses"] = [given]
    described["rights"] = licence
    # What a reader of the numbers has to know and the format has no place for.
    extra = ("measures", "unit", "geography", "made", "how", "publisher_side", "date", "breaks", "caveats", "questions", "rules")
    described["companion"] = {key: meta[key] for key in extra if meta.get(key)}
    return _plain(described)


def _source(source) -> dict:
    described = {"title": source.full}
    if source.url:
        described["path"] = source.url
    return described


def _plain(value):
    """As JSON has it: dates as ISO text."""
    return json.loads(json.dumps(value, default=str))


def validate(project: Project, described: dict) -> list[Problem]:
    """What Frictionless finds wrong in the package, its tables' rows included."""
    return sorted(set(_invalid(project, described)))


def _invalid(project: Project, described: dict) -> Iterator[Problem]:
    from frictionless import FrictionlessException, Package

    try:
        package = Package.from_descriptor(described, basepath=str(project.root))
    except FrictionlessException as err:
        for reason in err.reasons or [err.error]:
            yield Problem("datapackage.json", 0, "package", " ".join(reason.note.split()))
        return
    report = package.validate()
    for error in report.errors:
        yield Problem("datapackage.json", 0, "package", " ".join(error.message.split()))
    for task in report.tasks:
        for error in task.errors:
            yield Problem(task.place, getattr(error, "row_number", None) or 0, "package", " ".join(error.message.split()))


def claims_json(project: Project) -> list[dict]:
    """Every claim: what it says, where it comes from, both assessments, and how much evidence each has."""

    def assessed(assessment: Assessment | None) -> dict | None:
        return {"word": assessment.word, "confidence": assessment.confidence} if assessment else None

    return [
        {
            "id": claim.id,
            "chapter": claim.chapter,
            "sentences": list(claim.sentences),
            "kind": claim.kind,
            "paraphrase": claim.paraphrase,
            "then": assessed(claim.then),
            "since": assessed(claim.since),
            "assessed": claim.assessed.isoformat() if claim.assessed else None,
            "review": claim.review.isoformat() if claim.review else None,
            "waits_for": claim.waits_for,
            "evidence": {clock: {side: len(claim.evidence(side, clock)) for side in SIDES} for clock in CLOCKS},
        }
        for chapter in project.chapters
        for claim in chapter.claims
    ]
