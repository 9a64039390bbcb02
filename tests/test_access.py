"""Every make of page in light and dark, wide and narrow: axe, the width, errors and addresses of others."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from browser import ALL_FOUR, MADE_ALIKE, MOST, SIZES, WIDTHS, Site, Visit, axe, look, pages_in, running, window


@pytest.fixture(scope="session")
def visits(site: Site) -> dict[tuple[str, str], dict[str, Visit]]:
    """Pages, opened in each mode and width that is asked of them: ``{(mode, width): {page: what happened}}``."""

    def opened(size: tuple[str, str]) -> dict[str, Visit]:
        with running() as browser, window(browser, *size) as context:
            page = context.new_page()
            return {path: look(page, f"{site.url}/{path}") for path in pages_in(site, size)}

    # Most of the time goes into axe, so a browser for each processor.
    with ThreadPoolExecutor(min(len(SIZES), os.cpu_count() or 1)) as pool:
        return dict(zip(SIZES, pool.map(opened, SIZES), strict=True))


def test_every_make_of_page_is_opened_in_each_size(site):
    opened = {size: pages_in(site, size) for size in SIZES}
    every = set().union(*opened.values())
    makes = {path: make.lastgroup for path in site.pages if (make := MADE_ALIKE.match(path))}
    assert set(site.pages) - set(makes) <= every, "a page is not opened"
    for make in ("embed", "chart", "table"):
        there, seen = ({path for path in paths if makes.get(path) == make} for paths in (site.pages, every))
        assert len(seen) >= min(len(there), MOST) - len(SIZES), f"only {len(seen)} of {len(there)} pages of a {make} are opened"
    chapters = {path for path in site.pages if path.startswith("chapters/")}
    for size, paths in opened.items():
        assert ALL_FOUR <= set(paths) and chapters & set(paths), size
        assert {makes[path] for path in paths if path in makes} == {"embed", "chart", "table"}, size
    for path in set(site.pages) - set(makes) - ALL_FOUR:
        (one, other) = (size for size, paths in opened.items() if path in paths)
        assert one[0] != other[0] and one[1] != other[1], f"{path} is opened in {one} and {other}"


def test_axe_sees_what_is_wrong(browser):
    """A page with faults of each kind, so that silence about the others means something."""
    with window(browser) as context:
        page = context.new_page()
        page.set_content(
            "<html><body><img src='data:,'><p style='color:#aaa;background:#fff'>faint</p>"
            "<button style='width:9px;height:9px;padding:0'>a</button><button style='width:9px;height:9px;padding:0'>b</button>"
        )
        found = "\n".join(axe(page))
    for rule in ("image-alt", "color-contrast", "target-size", "html-has-lang", "region", "page-has-heading-one"):
        assert f"{rule} (" in found, f"axe is silent about {rule}:\n{found}"


@pytest.mark.parametrize(("mode", "width"), SIZES)
def test_every_page_passes_axe(visits, mode, width):
    broken = [f"{path}: {rule}" for path, visit in visits[mode, width].items() for rule in visit.violations]
    assert not broken, f"{mode}, {width} ({WIDTHS[width]} px):\n" + "\n".join(broken)


@pytest.mark.parametrize(("mode", "width"), SIZES)
def test_no_page_asks_another_host_or_reports_an_error(visits, mode, width):
    seen = visits[mode, width]
    assert all(visit.requests for visit in seen.values()), "a page made no request, so none was recorded"
    wrong = [f"{path}: {what}" for path, visit in seen.items() for what in (*visit.foreign, *visit.errors)]
    assert not wrong, f"{mode}, {width} ({WIDTHS[width]} px):\n" + "\n".join(wrong)


@pytest.mark.parametrize(("mode", "width"), SIZES)
def test_no_page_is_wider_than_its_window(visits, mode, width):
    wide = [f"{path}: {what}" for path, visit in visits[mode, width].items() for what in visit.too_wide]
    assert not wide, f"{mode}, {width} ({WIDTHS[width]} px):\n" + "\n".join(wide)
