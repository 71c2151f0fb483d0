from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest

from hostile_replay import HOSTILE
from sample_replay import MANIFEST, SAMPLE
from scenarios.report.html import MOST_POSTINGS, MOST_ROWS, render_html
from scenarios.report.numbers import THIN
from scenarios.result import NodeRecord, Outcome, Point, Posting, Replay, Series, TransactionRecord

ROOT = Path(__file__).parents[2]
EMPTY = Replay("id", "title", "", "", "", (), "", ())
VOID = {"meta", "link", "col"}


class Reader(HTMLParser):
    """Checks that elements nest, and collects text and ids."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.ids += [value for name, value in attrs if name == "id" and value]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"[ \n]+", " ", " ".join(self.texts))  # a thin space is no space


@pytest.mark.parametrize("replay", [SAMPLE, HOSTILE, EMPTY], ids=["sample", "hostile", "empty"])
def test_well_formed_and_small(replay: Replay) -> None:
    page = render_html(replay, MANIFEST)
    reader = Reader(page)
    assert len(page.encode()) < 300_000
    assert len(reader.ids) == len(set(reader.ids))
    assert not {"script", "img", "iframe", "object", "embed", "base", "form"} & set(reader.tags)
    assert "url(http" not in page
    assert "@import" not in page


def test_shows_every_figure_of_the_replay() -> None:
    text = Reader(render_html(SAMPLE, MANIFEST)).text.replace(THIN, ",")
    assert "3 of 4 published figures reproduced within tolerance, 1 outside; 1 predicted" in text
    for piece in (
        "bad_debt USD 115,000,000 108,442,119 -5.70 % 5 % outside DK27",
        "missing fact: the settlement is a vote",
        "+33,295,275.000007",  # MNGO of A's wallet: bought 885,710.000006 and withdrew 32,409,565.000001
        "-32,409,565.000001",
        "Reverted: initial health would be -4,812,207.11 USD",
        MANIFEST.command,
        MANIFEST.sha256,
        MANIFEST.commit,
        "matplotlib 3.11.2",
    ):
        assert piece in text


def test_every_posting_stands_in_whole_tokens() -> None:
    text = Reader(render_html(SAMPLE, MANIFEST)).text.replace(THIN, "")
    for transaction in SAMPLE.transactions:
        for posting in transaction.postings:
            whole = Decimal(posting.amount).scaleb(-SAMPLE.decimals[posting.asset])
            number = f"{whole:f}"
            assert (
                f" {number.rstrip('0').rstrip('.') if '.' in number else number} {posting.asset} "
                in f" {text} "
            )


def test_same_bytes_in_another_process_with_other_settings(tmp_path: Path) -> None:
    (tmp_path / "matplotlibrc").write_text("font.size: 20\nlines.linewidth: 9\ntext.usetex: False\n")
    program = (
        "from sample_replay import SAMPLE, MANIFEST\nfrom scenarios.report.html import render_html\n"
        "import sys\nsys.stdout.buffer.write(render_html(SAMPLE, MANIFEST).encode())"
    )
    here = render_html(SAMPLE, MANIFEST).encode()
    for seed in ("1", "2"):
        environment = {
            **os.environ,
            "PYTHONHASHSEED": seed,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests" / "support")]),
            "MATPLOTLIBRC": str(tmp_path),
            "TZ": "Asia/Tokyo",
        }
        other = subprocess.run(
            [sys.executable, "-c", program], env=environment, cwd=tmp_path, capture_output=True, check=True
        )
        assert other.stdout == here


def test_heavy_libraries_load_late() -> None:
    program = (
        "import sys\nimport scenarios.report.html, scenarios.report.markdown, scenarios.report.table\n"
        "import scenarios.report.manifest, scenarios.report.write, scenarios.report.drawing\n"
        "import scenarios.report.pictures\n"
        "print(sorted({'matplotlib', 'networkx', 'jinja2', 'rich', 'numpy'} & set(sys.modules)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"


def test_a_long_ledger_is_cut_and_says_so() -> None:
    many = tuple(Posting("a", "b", "T", n) for n in range(MOST_POSTINGS + 5))
    replay = replace(
        EMPTY, transactions=(TransactionRecord("t", 1, many), TransactionRecord("u", 2, many[:3]))
    )
    page = render_html(replay, MANIFEST)
    text = Reader(page).text
    assert "5 further postings are counted in the net change but not listed." in text
    assert "3 further postings" in text
    assert len(page.encode()) < 2_000_000
    assert f"+{sum(range(MOST_POSTINGS + 5)) + 3:,} raw".replace(",", THIN) in text


def test_a_long_series_is_drawn_whole_and_listed_in_part() -> None:
    points = tuple(Point(f"{n}", Decimal(n) ** 2) for n in range(20_000))
    page = render_html(replace(EMPTY, series=(Series("s", "u", "p", points),)), MANIFEST)
    assert f"{20_000 - MOST_ROWS} further rows are drawn above but not listed." in Reader(page).text
    assert len(page.encode()) < 2_000_000


@pytest.mark.parametrize(
    "values",
    [
        ["NaN", "1"],
        ["Infinity", "2"],
        ["1E+5000", "1"],
        ["0", "0"],
        ["-1", "5"],
        ["1E-30", "1E+30"],
        ["3", "3"],
        [],
        ["7"],
    ],
)
@pytest.mark.parametrize("log", [True, False])
@pytest.mark.parametrize("x_name", ["", "price"])
def test_any_series_can_be_drawn(values: list[str], log: bool, x_name: str) -> None:
    points = tuple(Point("same", Decimal(v), Decimal(10) ** n) for n, v in enumerate(values))
    series = Series("s", "u", "panel", points, x_name, log)
    page = Reader(render_html(replace(EMPTY, series=(series,)), MANIFEST))
    assert page.tags.count("svg") == 1


def test_series_of_one_panel_meet_on_the_steps() -> None:
    text = Reader(render_html(SAMPLE, MANIFEST)).text
    assert "7 withdraw 0.91 0.91 8 withdraw 0.52 0.024" in text


def test_a_refused_node_looks_refused() -> None:
    nodes = (NodeRecord("a", "source", "A", (), "1"), NodeRecord("b", "output", "B", ("a", "gone"), "1"))
    good = render_html(replace(EMPTY, nodes=nodes), MANIFEST)
    bad = render_html(
        replace(EMPTY, nodes=(replace(nodes[0], status="refused: stale", reading=""), nodes[1])), MANIFEST
    )
    assert "Dashed nodes" not in good
    assert "var(--bad)" not in good.split("<svg")[1]
    assert "stroke-dasharray" not in good.split("<svg")[1]
    assert "var(--bad)" in bad.split("<svg")[1]
    assert "stroke-dasharray" in bad.split("<svg")[1]
    assert "Dashed nodes" in bad


def test_an_edge_over_several_layers_and_many_nodes() -> None:
    nodes = tuple(
        NodeRecord(str(n), "kind", f"node {n}", tuple(str(p) for p in range(n) if (n + p) % 3 == 0))
        for n in range(30)
    )
    text = Reader(render_html(replace(EMPTY, nodes=nodes), MANIFEST)).text
    assert all(f"node {n}" in text for n in range(30))


def test_an_unknown_source_is_named_but_not_linked() -> None:
    page = render_html(replace(EMPTY, outcomes=(Outcome("n", "u", Decimal(1), source="GONE"),)), MANIFEST)
    assert "GONE" in Reader(page).text
    assert "#GONE" not in page
