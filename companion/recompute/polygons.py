"""Areas and maps from a map maker's polygons, which the project doesn't carry: nobody here has seen their terms.

From a GeoJSON of your own (plain or gzip, longitude and latitude):

    python -m companion.recompute.polygons area MAP.geojson            geodesic and planar km², and the factor between them
    python -m companion.recompute.polygons draw MAP.geojson OUT.png    the polygons on the book's outlines of the oblasts

Several files are merged before they are measured, so that land in two layers counts once: ISW's control and advances,
for example, are two files. ``--where kind=occupied`` takes only features with that property.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from collections.abc import Iterable
from pathlib import Path

from pyproj import Geod, Transformer
from shapely import force_2d, make_valid, transform
from shapely.geometry import MultiPolygon, Polygon, shape
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

from companion.problems import Problem, Wrong

WGS84 = Geod(ellps="WGS84")
PLANAR = "EPSG:28404"
"""The projection whose plane The Economist's areas of ISW's map are measured in (Gauss-Kruger, zone 4)."""


def read(paths: Iterable[Path], where: dict[str, str] | None = None) -> BaseGeometry:
    """The polygons of GeoJSON files as one shape: broken rings repaired, overlaps merged, lines and points left out."""
    shapes: list[BaseGeometry] = []
    for path in paths:
        opened = gzip.open if path.suffix == ".gz" else open
        try:
            with opened(path, "rt", encoding="utf-8") as file:
                content = json.load(file)
        except (UnicodeDecodeError, json.JSONDecodeError, EOFError) as err:
            raise Wrong(Problem(str(path), 0, "recompute", f"not GeoJSON: {err}")) from None
        features = content.get("features", [content]) if isinstance(content, dict) else []
        for feature in features:
            about = feature.get("properties") or {}
            if any(str(about.get(key)) != value for key, value in (where or {}).items()):
                continue
            geometry = feature.get("geometry", feature if "coordinates" in feature else None)
            if geometry:
                shapes += _polygons(make_valid(force_2d(shape(geometry))))
    if not shapes:
        raise Wrong(Problem(", ".join(map(str, paths)), 0, "recompute", "no polygon found"))
    return unary_union(shapes)


def _polygons(found: BaseGeometry) -> list[Polygon]:
    if isinstance(found, Polygon):
        return [found]
    return [polygon for part in getattr(found, "geoms", ()) for polygon in _polygons(part)]


def geodesic_km2(found: BaseGeometry) -> float:
    """The area on the WGS84 ellipsoid; holes don't count."""
    # The sign of a ring's area is its direction, so shells and holes are told apart here rather than by it.
    total = 0.0
    for polygon in _polygons(found):
        total += abs(WGS84.geometry_area_perimeter(Polygon(polygon.exterior))[0])
        total -= sum(abs(WGS84.geometry_area_perimeter(Polygon(ring))[0]) for ring in polygon.interiors)
    return total / 1e6


def planar_km2(found: BaseGeometry, projection: str = PLANAR) -> float:
    """The area in the plane of a projection, which is what a map program gives unless told otherwise."""
    to_plane = Transformer.from_crs("EPSG:4326", projection, always_xy=True).transform
    return transform(MultiPolygon(_polygons(found)), to_plane, interleaved=False).area / 1e6


def draw(found: BaseGeometry, outlines: Path, out: Path, title: str = "", credit: str = "") -> None:
    """Draw the polygons on the outlines of the oblasts. The format is that of ``out``'s name: png, svg or pdf."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Outline

    def patch(shown: BaseGeometry, **style) -> PathPatch:
        rings = [ring for polygon in _polygons(shown) for ring in (polygon.exterior, *polygon.interiors)]
        return PathPatch(Outline.make_compound_path(*(Outline(ring.coords, closed=True) for ring in rings)), **style)

    oblasts = [shape(f["geometry"]) for f in json.loads(outlines.read_text(encoding="utf-8"))["features"]]
    figure = Figure(figsize=(9, 6.6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for oblast in oblasts:
        axes.add_patch(patch(oblast, facecolor="#f2f0eb", edgecolor="#8b867c", linewidth=0.6))
    axes.add_patch(patch(found, facecolor="#9c3d2e", edgecolor="none", alpha=0.62))
    west, south, east, north = unary_union(oblasts).bounds
    axes.set_xlim(west - 0.3, east + 0.3)
    axes.set_ylim(south - 0.3, north + 0.3)
    axes.set_aspect(1 / 0.66)  # a degree of latitude over one of longitude, in the middle of the map
    axes.set_axis_off()
    if title:
        axes.set_title(title, loc="left")
    if credit:
        figure.text(0.01, 0.01, credit, fontsize=8)
    figure.savefig(out, dpi=160)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m companion.recompute.polygons", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    area, drawn = commands.add_parser("area", help="km² of the polygons"), commands.add_parser("draw", help="a map of them")
    area.add_argument("files", type=Path, nargs="+")
    drawn.add_argument("files", type=Path, nargs="+", metavar="FILE", help="GeoJSON files, and last the picture to write")
    drawn.add_argument("--title", default="")
    drawn.add_argument("--credit", default="", help="whose map it is; stands below the picture")
    for command in (area, drawn):
        command.add_argument("--where", action="append", default=[], metavar="PROPERTY=VALUE")
    given = parser.parse_args(arguments)
    where = dict(part.split("=", 1) for part in given.where if "=" in part)
    try:
        if given.command == "area":
            found = read(given.files, where)
            whole, plane = geodesic_km2(found), planar_km2(found)
            print(f"geodesic (WGS84)     {whole:12,.1f} km²")
            print(f"planar ({PLANAR})  {plane:12,.1f} km²")
            print(f"planar over geodesic {plane / whole:12.4f}")
        elif len(given.files) < 2:
            parser.error("draw needs a GeoJSON and the picture to write")
        else:
            from companion.project import current

            out = given.files.pop()
            outlines = current().root / "data" / "territory" / "oblasts.geojson"
            draw(read(given.files, where), outlines, out, given.title, given.credit)
            print(out)
    except (Wrong, OSError) as err:
        print(err, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
