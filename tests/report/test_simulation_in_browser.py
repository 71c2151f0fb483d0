"""The pages of runs, stress tests and attacks in a real browser: offline, silent, inside the viewport."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from browser import Watch, chromium
from pool_crash import pool_crash
from protocol_texts import changed
from scenarios.files.protocol_checks import open_protocol
from scenarios.report.pages.attack import attack_page
from scenarios.report.pages.page import render_page
from scenarios.report.pages.run import run_page
from scenarios.report.pages.stress import stress_page
from scenarios.report.pages.sweep import sweep_page
from scenarios.simulation.attack import optimise
from scenarios.simulation.run import run_path
from scenarios.simulation.stress import stress
from scenarios.simulation.sweep import read_axis, sweep

pytestmark = pytest.mark.browser

PICTURES = {"run": 3, "cascade": 6, "stress": 2, "attack": 1, "sweep": 2}
"""Least number of pictures on each page."""
WIDTHS = (420, 1100)
SCROLLS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def pages() -> dict[str, str]:
    crash = changed("perpetual-crash")
    lending = changed("lending-crash", run={"steps": 4, "step_seconds": 3600, "runs": 5})
    thin = changed("thin-perpetual")
    pool = pool_crash()
    axes = [
        read_axis("listings.WETH.collateral_factor=0.7,0.8"),
        read_axis("market.volatility.WETH=0.5,3.5"),
    ]
    swept = sweep(open_protocol("lending-crash"), axes, runs=3)
    return {
        "run": render_page(run_page(crash, run_path(crash))),
        "cascade": render_page(run_page(pool, run_path(pool))),
        "sweep": render_page(sweep_page(lending, swept)),
        "stress": render_page(stress_page(lending, stress(lending))),
        "attack": render_page(attack_page(thin, optimise(thin, generations=1, population=2))),
    }


def test_pages_are_offline_silent_and_fit(browser: Browser, tmp_path: Path) -> None:
    for name, text in pages().items():
        path = tmp_path / f"{name}.html"
        path.write_text(text, encoding="utf-8")
        for width in WIDTHS:
            page, watch = browser.new_page(viewport={"width": width, "height": 900}), Watch()
            watch.on(page)
            page.goto(path.as_uri())
            assert watch.requests == [path.as_uri()]
            assert not watch.console
            assert not page.evaluate(SCROLLS), f"{name} scrolls sideways at {width}"
            assert page.locator("h2").count() >= 2
            assert page.locator("figure svg").count() >= PICTURES[name]
            page.close()
