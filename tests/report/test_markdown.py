from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from hostile_replay import HOSTILE, PAYLOADS
from sample_replay import MANIFEST, SAMPLE
from scenarios.report.markdown import code, escape, render_markdown
from scenarios.report.text import plain
from scenarios.result import Replay

READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
ALLOWED = {"text", "softbreak", "strong_open", "strong_close"}
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def inline(tokens: list[Token]) -> list[Token]:
    return [child for token in tokens for child in token.children or []]


@pytest.mark.parametrize("replay", [SAMPLE, HOSTILE], ids=["sample", "hostile"])
def test_reads_as_the_tables_it_means(replay: Replay) -> None:
    tokens = READER.parse(render_markdown(replay, MANIFEST))
    assert not [token for token in tokens if token.type == "html_block"]
    assert {token.type for token in inline(tokens)} <= ALLOWED
    headings = [
        tokens[n + 1].content for n, token in enumerate(tokens) if token.tag == "h2" and token.nesting == 1
    ]
    assert headings == [
        "Published and replayed",
        "What happened",
        "Prices and health",
        "Oracle graph",
        "Other readers",
        "Findings",
        "Ledger",
        "Sources",
        "Notes",
        "How this report was made",
    ]
    rows = [t for t in tokens if t.type == "tr_open"]
    postings = sum(len(transaction.postings) for transaction in replay.transactions)
    assert len(rows) > postings + len(replay.steps) + len(replay.outcomes) + len(replay.nodes)


def test_the_headline_table_cell_by_cell() -> None:
    tokens = READER.parse(render_markdown(SAMPLE, MANIFEST))
    end = next(n for n, token in enumerate(tokens) if token.type == "table_close")
    cells = [
        "".join(child.content for child in token.children or [])
        for token in tokens[:end]
        if token.type == "inline"
    ]
    at = cells.index("bad_debt")
    assert cells[at : at + 8] == [
        "bad_debt",
        "USD",
        "115,000,000",
        "108,442,119",
        "-5.70 %",
        "5 %",
        "outside",
        "DK27",
    ]


@given(ANY | st.sampled_from([p for p in PAYLOADS if "\ud800" not in p]))
def test_escaped_text_reads_as_itself_in_a_cell_and_a_list(text: str) -> None:
    want = " ".join(plain(text).split())
    table = f"| left | right |\n|---|---|\n| {escape(text)} | end |\n"
    points = f"- {escape(text)}\n- end\n"
    for source, around in ((table, ["left", "right"]), (points, [])):
        tokens = [token for token in READER.parse(source) if token.type == "inline"]
        assert {child.type for child in inline(tokens)} <= {"text"}
        shown = ["".join(child.content for child in token.children or []) for token in tokens]
        shown = [" ".join(one.split()) for one in shown]
        # An empty point of a list has no text at all; an empty cell has.
        assert shown == [*around, *([want] if want or around else []), "end"]


@given(ANY)
def test_a_command_stays_in_its_fence(text: str) -> None:
    fence, after = READER.parse(f"{code(text)}\n\nafter\n")[0], READER.parse(f"{code(text)}\n\nafter\n")[-2]
    assert fence.type == "fence"
    assert fence.content == f"{plain(text)}\n"
    assert after.content == "after"


def test_same_bytes() -> None:
    assert render_markdown(SAMPLE, MANIFEST) == render_markdown(SAMPLE, MANIFEST)
