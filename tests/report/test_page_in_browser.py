"""The page in a real browser: offline, silent, inside the viewport, on paper, and deaf to hostile names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from browser import chromium, opened
from hostile_replay import HOSTILE, all_texts
from sample_replay import MANIFEST, SAMPLE
from scenarios.report.html import render_html
from scenarios.report.text import plain
from scenarios.result import Replay

pytestmark = pytest.mark.browser

SECTIONS = (
    "outcomes",
    "steps",
    "pictures",
    "oracle",
    "readers",
    "findings",
    "ledger",
    "sources",
    "notes",
    "made",
)
REPLAYS = {"sample": SAMPLE, "hostile": HOSTILE}

# Elements that stick out of the window, details opened; shapes inside a picture are clipped by it.
STICKING_OUT = """() => {
  document.querySelectorAll('details').forEach(d => d.open = true);
  const width = document.documentElement.clientWidth;
  const out = [...document.body.querySelectorAll('*')].filter(e => {
    const box = e.getBoundingClientRect();
    return box.width > 0 && (box.right > width + 1 || box.left < -1);
  }).map(e => `${e.tagName} ${e.textContent.slice(0, 60)}`);
  if (document.documentElement.scrollWidth > width) out.push('the page scrolls sideways');
  return out;
}"""
# Text elements whose box crosses their picture's edge.
CUT_OFF = """() => [...document.querySelectorAll('svg')].flatMap(svg => {
  const frame = svg.getBoundingClientRect();
  return [...svg.querySelectorAll('text')].filter(t => {
    const box = t.getBoundingClientRect();
    return box.left < frame.left - 2 || box.right > frame.right + 2
      || box.top < frame.top - 2 || box.bottom > frame.bottom + 2;
  }).map(t => t.textContent);
})"""
CONTRAST = """() => {
  const channel = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = c => { const [r, g, b] = c.match(/[\\d.]+/g).map(Number);
    return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b); };
  const ground = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
    if (!c.startsWith('rgba(0, 0, 0, 0')) return c; } return 'rgb(255, 255, 255)'; };
  const poor = [];
  const read = 'h1, h2, p, th, td, dt, dd, a, li, .verdict, .refused, svg text';
  for (const e of document.querySelectorAll(read)) {
    const style = getComputedStyle(e);
    const [a, b] = [light(e.tagName === 'text' ? style.fill : style.color), light(ground(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.push(`${e.tagName} ${ratio.toFixed(2)} ${e.textContent.slice(0, 30)}`);
  }
  return poor;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as one:
        yield one


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    paths = {}
    for name, replay in REPLAYS.items():
        paths[name] = folder / f"{name}.html"
        paths[name].write_text(render_html(replay, MANIFEST), encoding="utf-8")
    return paths


def settle(page: Page) -> None:
    """Give a page that would do something the time to do it."""
    page.evaluate("() => document.fonts.ready")
    page.wait_for_timeout(150)


@pytest.mark.parametrize("name", REPLAYS)
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_offline_silent_and_inside_the_window(
    browser: Browser, pages: dict[str, Path], name: str, width: int, scheme: str
) -> None:
    path = pages[name]
    assert path.stat().st_size < 2_000_000
    with opened(browser, path, width=width, scheme=scheme) as (page, watch):
        settle(page)
        for section in SECTIONS:
            box = page.locator(f"section#{section} h2").bounding_box()
            assert box is not None
            assert box["height"] > 10
            assert page.locator(f"section#{section}").is_visible()
        assert page.evaluate(STICKING_OUT) == []
        assert page.evaluate(CUT_OFF) == []
        assert watch.requests == [path.as_uri()]
        assert watch.console == []
        assert watch.dialogs == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read(browser: Browser, pages: dict[str, Path], scheme: str) -> None:
    with opened(browser, pages["sample"], width=1280, scheme=scheme) as (page, _):
        assert page.evaluate(CONTRAST) == []
        ground = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
        assert (ground == "rgb(246, 247, 249)") == (scheme == "light")


@pytest.mark.parametrize("name", REPLAYS)
def test_prints_with_the_ledger_open(
    browser: Browser, pages: dict[str, Path], name: str, tmp_path: Path
) -> None:
    with opened(browser, pages[name], width=1280, scheme="dark") as (page, watch):
        page.emulate_media(media="print", color_scheme="dark")
        tables = page.locator("#ledger details table")
        assert tables.count() == sum(bool(t.postings) for t in SAMPLE.transactions)
        assert page.locator("#ledger details[open]").count() == 0
        for n in range(tables.count()):
            box = tables.nth(n).bounding_box()
            assert box is not None
            assert box["height"] > 20
        # Paper is white whatever the screen's scheme.
        assert page.evaluate("() => getComputedStyle(document.body).color") == "rgb(22, 32, 44)"
        assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF-")
        assert watch.requests == [pages[name].as_uri()]
        assert watch.console == []


def test_hostile_names_are_text(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["hostile"], width=1280) as (page, watch):
        settle(page)
        assert page.locator("script, img, iframe, object, base, form, input").count() == 0
        attributes = page.evaluate(
            "() => [...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames())"
            ".filter(n => n.startsWith('on'))"
        )
        assert attributes == []
        links = page.evaluate("() => [...document.links].map(a => a.getAttribute('href'))")
        assert links
        assert all(link.startswith(("#", "https://", "http://")) for link in links)
        assert watch.dialogs == []
        shown = " ".join(page.evaluate("() => document.body.textContent").split())
        for text in all_texts(without_short(HOSTILE)):
            assert " ".join(plain(text).split()) in shown
        pictures = " ".join(page.locator("svg text").all_text_contents())
        for piece in ("<script>", '"><img src=x', "$", "{{ 7*7 }}"):
            assert piece in pictures


def without_short(replay: Replay) -> tuple[object, ...]:
    """What the page shows in full; units, node ids and keys of hidden values aside."""
    return (
        replay.title,
        replay.protocol,
        replay.outcomes[0].name,
        *(row.name for row in replay.outcomes),
        *(row.note for row in replay.outcomes),
        replay.steps,
        *(series.name for series in replay.series),
        replay.transactions,
        replay.findings,
        replay.references,
        replay.notes,
    )


def test_a_link_to_a_source_lands_on_it(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["sample"], width=1280) as (page, _):
        page.locator("#outcomes a", has_text="SEC").click()
        assert page.evaluate("() => document.querySelector(':target').textContent").strip().startswith("SEC")
