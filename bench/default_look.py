"""A Sphinx extension that gives the same chapters the look that Jupyter Book gives when nobody changes it.

``bench/pages.py`` loads it after ``companion.book``, in a throw-away copy. Text, claims and tables stay; the companion's
layout, styles, scripts and search go, and a chart is what its cell gives any notebook: a PNG, placed by MyST-NB.
"""

from __future__ import annotations

from pathlib import Path

from sphinx.application import Sphinx

from companion.book import theme
from companion.book.output import ChartRenderer

OUTPUT = ("html-collect-pages", "html-page-context", "build-finished")


def setup(app: Sphinx) -> dict:
    ours = [
        (event, listener)
        for event, listeners in app.events.listeners.items()
        for listener in listeners
        if (listener.handler.__module__ or "").startswith("companion.book")
    ]
    gone = [
        listener.id
        for event, listener in ours
        if event in OUTPUT or listener.handler.__module__ == theme.__name__ or listener.handler.__name__ == "own_search"
    ]
    for ident in gone:
        app.disconnect(ident)
    files = {path.name for path in (Path(theme.__file__).parent / "static").iterdir()}
    app.registry.css_files[:] = [entry for entry in app.registry.css_files if Path(entry[0]).name not in files]
    app.registry.js_files[:] = [entry for entry in app.registry.js_files if not entry[0] or Path(entry[0]).name not in files]
    # A value stays out of the page in either look; its place is the prose.
    ChartRenderer.mime_priority_overrides = [entry for entry in ChartRenderer.mime_priority_overrides if "chart" not in entry[1]]
    return {"parallel_read_safe": False, "parallel_write_safe": True}
