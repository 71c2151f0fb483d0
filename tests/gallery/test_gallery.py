"""Every command of the gallery's pages, run again: the pages show what the commands print.

A fenced block ``console N`` holds a command after ``$`` and the first N lines that it prints.
``BACKSTOP_REFRESH_GALLERY=1 pytest tests/gallery`` writes the pages anew.
"""

from __future__ import annotations

import io
import math
import os
import re
import shlex
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from scenarios.cli.main import main
from scenarios.files.protocol_checks import list_protocols

GALLERY = Path(__file__).parents[2] / "docs" / "gallery"
PAGES = sorted(path for path in GALLERY.glob("*.md") if path.name != "README.md")
BLOCK = re.compile(r"```console (\d+)\n\$ backstop ([^\n]+)\n(.*?)```\n", re.DOTALL)
CLOSE = 1e-3
"""Relative distance up to which two printed figures are the same: another processor may round otherwise."""


def printed(command: str, lines: int) -> str:
    out = io.StringIO()
    with redirect_stdout(out):
        code = main(shlex.split(command))
    assert code in {0, 1}, command
    kept = [line.rstrip() for line in out.getvalue().splitlines()[:lines]]
    return "\n".join(kept) + "\n"


def same(shown: str, found: str) -> bool:
    """Return whether two texts have the same words and, nearly, the same numbers."""
    first, second = shown.split(), found.split()
    return len(first) == len(second) and all(map(_close, first, second))


def _close(first: str, second: str) -> bool:
    try:
        one, other = (float(word.rstrip(".;").replace(",", "")) for word in (first, second))
    except ValueError:
        return first == second
    return math.isclose(one, other, rel_tol=CLOSE, abs_tol=0.01)


QUICK = {"four-samples", "perpetual-crash"}
"""Pages of the default tests; the others are in the long set."""


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, id=page.stem, marks=() if page.stem in QUICK else pytest.mark.long)
        for page in PAGES
    ],
)
def test_the_page_shows_what_its_commands_print(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    blocks = list(BLOCK.finditer(text))
    assert blocks
    assert text.count("```console") == len(blocks)
    for block in reversed(blocks):
        lines, command, shown = int(block[1]), block[2], block[3]
        found = printed(command, lines)
        if os.environ.get("BACKSTOP_REFRESH_GALLERY"):
            text = text[: block.start(3)] + found + text[block.end(3) :]
        else:
            assert same(shown, found), f"{page.name}: {command}\n{found}"
    if os.environ.get("BACKSTOP_REFRESH_GALLERY"):
        page.write_text(text, encoding="utf-8")


def test_every_shipped_example_has_a_page_and_the_index_names_it() -> None:
    assert {page.stem for page in PAGES} == set(list_protocols())
    index = (GALLERY / "README.md").read_text(encoding="utf-8")
    for page in PAGES:
        assert f"]({page.name})" in index


@pytest.mark.parametrize(
    ("shown", "found", "agrees"),
    [
        ("profit 1,000.5 USD.", "profit   1,000.6 USD.", True),
        ("profit 1,000 USD", "profit 1,010 USD", False),
        ("profit 1,000 USD", "loss 1,000 USD", False),
        ("1 2", "1 2 3", False),
    ],
)
def test_a_changed_figure_or_word_is_found(shown: str, found: str, agrees: bool) -> None:
    assert same(shown, found) is agrees
