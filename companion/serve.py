"""``make serve``: the book in a browser, rebuilt and reloaded while one writes.

It is sphinx-autobuild with a watcher of our own: what authors edit is watched, and nothing that a build writes, so that
a build never sets off the next. Warnings don't stop a build here, so that a half-written chapter can be looked at; they
are printed, and what was built before stays in the browser when a build fails. The pages are built into a tree of their
own, since ``make book`` must see every warning anew.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import uvicorn
import watchfiles
from sphinx_autobuild.middleware import JavascriptInjectorMiddleware
from sphinx_autobuild.server import RebuildServer
from sphinx_autobuild.utils import find_free_port
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from companion.problems import Wrong
from companion.project import find_root

FOLDERS = {
    "chapters": (".md",),
    "data": (".csv", ".yml", ".geojson", ".txt"),
    "companion": (".py", ".css", ".js", ".html", ".svg", ".ttf", ".otf"),
}
"""What authors edit, by folder; below the root itself ``FILES`` and the pages."""
FILES = ("references.bib", "_config.yml", "_toc.yml")
BUILD = Path("_build") / "serve"
_PATHS = ("html_static_path", "html_extra_path", "templates_path", "html_logo", "html_favicon")  # relative to conf.py


def configure(root: Path) -> None:
    """Write Sphinx's ``conf.py``, made from ``_config.yml`` as Jupyter Book makes it, into the build's own folder."""
    from jupyter_book.config import get_final_config

    overrides = {"external_toc_path": str(root / "_toc.yml"), "latex_individualpages": False}
    config, _ = get_final_config(user_yaml=root / "_config.yml", cli_config=overrides, sourcedir=root)
    for key in _PATHS:
        given = config.get(key)
        if isinstance(given, list):
            config[key] = [str(root / entry) for entry in given]
        elif given:
            config[key] = str(root / given)
    config["nb_execution_show_tb"] = True
    # Cells that `make book` has run needn't run again here.
    config["nb_execution_cache_path"] = str(root / "_build" / ".jupyter_cache")
    lines = ["# Made by companion.serve from _config.yml; edit that.", *(f"{key} = {config[key]!r}" for key in sorted(config))]
    (root / BUILD / "conf.py").write_text("\n".join(lines) + "\n", encoding="utf-8")


def build(root: Path, changed: Sequence[Path] = ()) -> bool:
    """Build the pages that changed, in a process of its own, so that changed code counts too; says how it went."""
    if changed:
        names = [path.relative_to(root).as_posix() for path in changed]
        print(f"\nChanged: {', '.join(names[:4])}{' …' if len(names) > 4 else ''}", flush=True)
    folder, began = root / BUILD, time.monotonic()
    (folder / "html").mkdir(parents=True, exist_ok=True)
    try:
        configure(root)
    except Exception as err:  # whatever Jupyter Book makes of a half-written _config.yml
        print(f"_config.yml can't be read: {err}")
        done = False
    else:
        sphinx = ["-q", "-n", "-b", "html", "-c", str(folder), "-d", str(folder / "doctrees"), str(root), str(folder / "html")]
        done = subprocess.run([sys.executable, "-m", "sphinx", "build", *sphinx], cwd=root).returncode == 0
    if done:
        print(f"Built in {time.monotonic() - began:.1f} s.", flush=True)
    else:
        print("The build failed, see above; the pages of the last build that went well are still served.", flush=True)
    return done


def watched(root: Path, path: str) -> bool:
    """Whether a change of ``path`` calls for a build."""
    try:
        parts = Path(path).relative_to(root).parts
    except ValueError:
        return False
    if any(part.startswith(".") or part == "__pycache__" for part in parts):
        return False
    if len(parts) == 1:
        return parts[0] in FILES or parts[0].endswith(".md")
    return parts[0] in FOLDERS and parts[-1].endswith(FOLDERS[parts[0]])


class Watcher(RebuildServer):
    """Rebuilds when an author's file changes. The root is watched by itself, without the folders that builds fill."""

    def __init__(self, root: Path):
        folders = [root / name for name in FOLDERS if (root / name).is_dir()]
        super().__init__(folders, lambda path: not watched(root, path), build)
        self.root, self.one_at_a_time = root, asyncio.Lock()

    async def watch(self) -> None:
        await asyncio.gather(self.follow(self.paths, True), self.follow([self.root], False))

    async def follow(self, paths: list[Path], recursive: bool) -> None:
        changes = watchfiles.awatch(*paths, watch_filter=lambda _, path: not self.ignore(path), recursive=recursive)
        async for changed in changes:
            async with self.one_at_a_time:
                done = await asyncio.to_thread(build, self.root, sorted({Path(path) for _, path in changed}))
            if done:
                self.flag.set()


class Reload(JavascriptInjectorMiddleware):
    """Adds the script that reloads a page; as a file, since the pages' Content-Security-Policy refuses scripts in a page."""

    address = "/reload-while-writing.js"
    code = "const live = new WebSocket(`ws://${location.host}/websocket-reload`);\nlive.onmessage = () => location.reload();\n"

    def __init__(self, app) -> None:
        super().__init__(app, ws_url="")
        self.script = f'<script src="{self.address}"></script>'.encode()


def application(root: Path) -> Starlette:
    watcher = Watcher(root)
    return Starlette(
        routes=[
            WebSocketRoute("/websocket-reload", watcher),
            Route(Reload.address, lambda request: Response(Reload.code, media_type="text/javascript")),
            Mount("/", StaticFiles(directory=root / BUILD / "html", html=True)),
        ],
        middleware=[Middleware(Reload)],
        lifespan=watcher.lifespan,
    )


def _free(host: str, port: int) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            other = find_free_port()
            print(f"Port {port} is taken; using {other}.")
            return other
    return port


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m companion.serve", description="Serve the book, and rebuild it while you write."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    given = parser.parse_args(arguments)
    try:
        root = find_root()
    except Wrong as err:
        print(err, file=sys.stderr)
        return 1
    port = _free(given.host, given.port)
    print("Building the book; a first build runs every chapter …", flush=True)
    build(root)
    print(f"The book: http://{given.host}:{port}/ (Ctrl+C stops it)", flush=True)
    uvicorn.run(application(root), host=given.host, port=port, log_level="warning", timeout_graceful_shutdown=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
