"""What a reader does with a page: switches the clock, opens notes by mouse, keyboard and touch, prints it."""

from __future__ import annotations

import re

import pytest
from browser import WIDTHS, axe, window

HIDDEN = """clock => [...document.querySelectorAll(`main .clock-${clock}`)].filter(e => e.checkVisibility()).length"""
SHIFT = """() => new Promise(done => {
  let sum = 0;
  const watch = new PerformanceObserver(list => { for (const e of list.getEntries()) sum += e.value; });
  watch.observe({type: 'layout-shift', buffered: true});
  setTimeout(() => done(sum), 800);
})"""


def chapters(site) -> list[str]:
    found = [path for path in site.pages if path.startswith("chapters/")]
    assert len(found) >= 2
    return found


# Then or since


@pytest.mark.parametrize("width", WIDTHS)
def test_the_clock_hides_the_other_side_and_is_remembered(browser, site, width):
    first, second = chapters(site)[:2]
    with window(browser, width=width) as context:
        page = context.new_page()
        page.goto(f"{site.url}/{first}")
        every = {clock: page.evaluate(HIDDEN, clock) for clock in ("then", "since")}
        assert all(number > 20 for number in every.values()), every
        for chosen, other in (("then", "since"), ("since", "then")):
            page.locator(f"form.clocks input[value={chosen}]").check()
            assert page.evaluate(HIDDEN, other) == 0, f"{chosen} chosen, and parts of {other} show"
            assert page.evaluate(HIDDEN, chosen) >= every[chosen] - 5, f"{chosen} chosen, and its own parts are hidden"
            said = page.locator("form.clocks output").inner_text()
            assert "31 December 2022" in said and "hidden" in said
            assert not axe(page), f"{width}, {chosen}: {axe(page)}"
            page.goto(f"{site.url}/{second}")  # another page, the same choice, from its first paint on
            assert page.locator("html").get_attribute("data-clock") == chosen
            assert page.locator(f"main [data-clock-note={chosen}]").is_visible(), "nothing says on the page what is hidden"
            assert page.locator(f"form.clocks input[value={chosen}]").is_checked()
            assert page.evaluate(HIDDEN, other) == 0
            page.goto(f"{site.url}/{first}")
        page.locator("form.clocks input[value=both]").check()
        assert {clock: page.evaluate(HIDDEN, clock) for clock in every} == every
        page.reload()
        assert page.locator("html").get_attribute("data-clock") is None


def test_the_clock_works_by_keyboard_and_keeps_the_place(browser, site):
    with window(browser) as context:
        page = context.new_page()
        page.goto(f"{site.url}/{chapters(site)[1]}")
        page.locator("form.clocks input[value=both]").focus()
        page.keyboard.press("ArrowLeft")
        assert page.locator("html").get_attribute("data-clock") == "then"
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        assert page.locator("html").get_attribute("data-clock") == "since"
        page.keyboard.press("ArrowLeft")
        claim = page.locator("section.claim").nth(2)
        claim.evaluate("c => c.scrollIntoView({behavior: 'instant'})")
        before = claim.bounding_box()["y"]
        page.keyboard.press("ArrowLeft")
        page.wait_for_timeout(200)
        assert abs(claim.bounding_box()["y"] - before) < 40, "the claim that was read has gone elsewhere"


def test_a_link_to_what_the_clock_hides_shows_it(browser, site):
    with window(browser) as context:
        page = context.new_page()
        path = chapters(site)[0]
        page.goto(f"{site.url}/{path}")
        hidden = page.locator("section.clock-since").first.get_attribute("id")
        page.locator("form.clocks input[value=then]").check()
        page.goto(f"{site.url}/{path}#{hidden}")
        page.reload()
        assert page.locator(f"#{hidden}").is_visible()
        page.goto(f"{site.url}/{chapters(site)[1]}")
        assert page.locator("html").get_attribute("data-clock") == "then", "a followed link changed the reader's choice"


def test_nothing_shifts_while_a_chapter_loads(browser, site):
    for clock in ("", "then"):
        for width in WIDTHS:
            with window(browser, width=width) as context:
                page = context.new_page()
                page.add_init_script(f"localStorage.setItem('clock', '{clock}')")
                page.goto(f"{site.url}/{chapters(site)[0]}", wait_until="load")
                moved = page.evaluate(SHIFT)
                assert moved < 0.02, f"{width}, {clock or 'both'}: the layout shifts by {moved:.3f}"


def test_a_page_makes_few_requests_before_scrolling(browser, site):
    """Scripts wait for the page, and charts below the fold are not asked for."""
    for width in WIDTHS:
        with window(browser, width=width) as context:
            for path in chapters(site):
                page, asked = context.new_page(), []
                page.on("request", lambda request, asked=asked: asked.append(request.url))
                page.goto(f"{site.url}/{path}", wait_until="networkidle")
                assert len(asked) <= 15, f"{path}, {width}: {len(asked)} requests: {asked}"
                pictures = [url for url in asked if "/charts/" in url]
                assert len(pictures) < page.locator("figure.chart").count(), f"{path}, {width}: every chart is asked for"
            blocking = page.locator("head script[src]:not([defer]):not([async]):not([type=module])").count()
            assert blocking == 0, f"{path}: {blocking} scripts hold the page back"


# Notes


def placed(page, kind: str):
    return page.locator(f"main a[data-note]{'.value' if kind == 'value' else ':has(.cite)'}").first


@pytest.mark.parametrize("kind", ["value", "cite"])
def test_a_note_opens_by_mouse_and_stays_while_it_is_read(browser, site, kind):
    with window(browser) as context:
        page = context.new_page()
        page.goto(f"{site.url}/{chapters(site)[0]}")
        link, note = placed(page, kind), page.locator("#note")
        link.scroll_into_view_if_needed()
        assert not note.is_visible()
        link.hover()
        note.wait_for(state="visible")
        said = link.get_attribute("data-note").split("\n")
        assert [p.inner_text() for p in note.locator("p").all()] == [re.sub(" +", " ", line) for line in said]
        assert link.get_attribute("aria-describedby") == "note-0 note-1"
        box = note.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 1280
        page.mouse.move(box["x"] + 20, box["y"] + 10, steps=4)
        page.wait_for_timeout(400)
        assert note.is_visible(), "the note goes away when the pointer moves into it"
        page.keyboard.press("Escape")
        assert not note.is_visible() and link.get_attribute("aria-describedby") is None


def test_a_note_opens_by_keyboard_and_its_link_leads_on(browser, site):
    with window(browser) as context:
        page = context.new_page()
        page.goto(f"{site.url}/{chapters(site)[0]}")
        link = placed(page, "value")
        link.scroll_into_view_if_needed()
        page.evaluate("link => { link.previousElementSibling; }", link.element_handle())
        page.locator("main").focus()
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.matches('a.value')"):
                break
        assert page.locator("#note").is_visible(), "focus opens no note"
        assert not axe(page), axe(page)
        target = page.evaluate("document.activeElement.hash")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**{target}")
        assert not page.locator("#note").is_visible()
        assert page.locator(target).is_visible()


@pytest.mark.parametrize("kind", ["value", "cite"])
def test_a_touch_opens_the_note_with_the_way_on_inside(browser, site, kind):
    with window(browser, width="phone", has_touch=True, is_mobile=True) as context:
        page = context.new_page()
        path = chapters(site)[0]
        page.goto(f"{site.url}/{path}")
        link, note = placed(page, kind), page.locator("#note")
        link.scroll_into_view_if_needed()
        before = page.url
        link.tap()
        note.wait_for(state="visible")
        assert page.url == before, "the touch led away instead of opening the note"
        box = note.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= WIDTHS["phone"] + 1
        href = link.evaluate("a => a.href")
        note.locator("a").tap()
        page.wait_for_url(href)
        assert not note.is_visible()


# Paper


def test_a_printed_page_carries_its_notes(browser, site):
    """Each figure has a number that its entry has too; everything folded is open, and what only a screen can do is gone."""
    with window(browser, "dark") as context:
        page = context.new_page()
        page.goto(f"{site.url}/{chapters(site)[0]}")
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        numbers = page.evaluate(
            """() => [...document.querySelectorAll('main a.value')].map(a => [getComputedStyle(a, '::after').content, a.hash])"""
        )
        assert len(numbers) > 50
        for shown, target in numbers:
            entry = page.evaluate("id => document.querySelector(id + ' .figure-number').textContent.trim()", target)
            assert shown == f'"{entry}"', f"{target}: {shown} in the text, {entry} in its entry"
        for gone in ("header.top", "#contents", "form.clocks", ".chart-links", "footer nav"):
            assert not page.locator(gone).first.is_visible(), f"{gone} is printed"
        assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
        assert page.locator(".source-list").last.is_visible(), "the sources stay folded on paper"
        pictures = page.evaluate(
            "[...document.querySelectorAll('figure.chart .chart-dark')].filter(i => i.checkVisibility()).length"
        )
        assert pictures == 0, "dark pictures are printed"


# Conditions


def test_without_its_script_a_page_hides_nothing(browser, site):
    """The choice is kept from before, and the script with the switches doesn't come: the page is whole."""
    with window(browser) as context:
        page = context.new_page()
        page.add_init_script("localStorage.setItem('clock', 'then')")
        context.route("**/companion.js*", lambda route: route.abort())
        page.goto(f"{site.url}/{chapters(site)[0]}", wait_until="load")
        assert page.locator("html").get_attribute("data-clock") is None
        assert page.evaluate(HIDDEN, "since") > 20
        assert not page.locator("form.clocks").is_visible(), "a switch that does nothing is shown"


def test_an_address_with_a_stray_sign_stops_nothing(browser, site):
    with window(browser) as context:
        page, errors = context.new_page(), []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{site.url}/scorecard.html#%E0%A4")
        assert page.locator("form.filters").is_visible() and not errors


def test_forced_colours_still_tell_the_clocks_apart(browser, site):
    with window(browser) as context:
        page = context.new_page()
        page.emulate_media(forced_colors="active")
        page.goto(f"{site.url}/{chapters(site)[0]}")
        ground = "e => getComputedStyle(e).backgroundColor + getComputedStyle(e).backgroundImage"
        marks = [page.locator(f"p.key .dot.{kind}").first.evaluate(ground) for kind in ("then", "since", "same")]
        assert len(set(marks)) == 3, marks
        states = page.locator("form.clocks label > span").evaluate_all(f"all => all.map({ground})")
        assert states[1] != states[0] == states[2], states


@pytest.mark.parametrize("width", WIDTHS)
def test_focus_is_never_under_what_stays_in_front(browser, site, width):
    """Tab through the head of a chapter on one clock: each stop can be seen."""
    with window(browser, width=width) as context:
        page = context.new_page()
        page.add_init_script("localStorage.setItem('clock', 'then')")
        page.goto(f"{site.url}/{chapters(site)[0]}")
        page.locator("main").focus()
        for _ in range(60):
            page.keyboard.press("Tab")
            covered = page.evaluate(
                """() => { const e = document.activeElement, r = e.getClientRects()[0];
                if (!r || e.closest('.skip')) return null;
                const at = document.elementFromPoint(Math.max(1, r.left + 2), r.top + r.height / 2);
                return at && !e.contains(at) && !at.contains(e) && !at.closest('#note') ? e.outerHTML.slice(0, 90) : null; }"""
            )
            assert not covered, f"{width}: {covered} lies under something"
