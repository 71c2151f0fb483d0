"""The README and the pages beside it: commands parse, Python runs, links lead somewhere."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from scenarios.cli.main import build_parser, main
from scenarios.files.oracle_cost_checks import list_examples as list_costs
from scenarios.files.portfolio_checks import list_examples
from scenarios.files.protocol_checks import list_protocols

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))
README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands(text: str) -> list[list[str]]:
    """Return the words of every command line of a page, what is joined by ``&&`` apart."""
    lines = re.findall(r"^(?: {4}|\$ )(backstop .*)$", text, re.MULTILINE)
    parts = [part for line in lines for part in line.split("#")[0].split("&&")]
    return [shlex.split(part)[1:] for part in parts]


def python(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)


def test_the_table_has_every_command() -> None:
    shown = set(re.findall(r"^\| `backstop (\w+)", README, re.MULTILINE))
    (choices,) = [action.choices for action in build_parser()._actions if action.dest == "command"]
    assert choices is not None
    assert shown == set(choices) - {"demo"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_parse(page: Path) -> None:
    for words in commands(page.read_text(encoding="utf-8")):
        given = build_parser().parse_args(["1" if word == "FIRST_BLOCK" else word for word in words])
        named = getattr(given, "file", None) or getattr(given, "portfolio", None)
        if isinstance(named, str) and not named.endswith(".yaml"):
            assert named in (*list_protocols(), *list_examples(), *list_costs())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_the_commands_of_the_pages_were_found() -> None:
    assert len(commands(README)) >= 20


@pytest.mark.parametrize(
    ("page", "printed"),
    [
        ("README.md", "attacker_profit_excluding_lp"),
        ("docs/agents.md", "liquidations=7"),
        ("docs/liquidation.md", "hyperliquid  healthy    taken by p:keeper"),
        pytest.param("docs/markets.md", "95 % of falls", marks=pytest.mark.long),
    ],
)
def test_python_runs(
    page: str,
    printed: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = python(page)
    assert blocks
    for block in blocks:
        names: dict[str, Any] = {"__name__": "__main__"}
        exec(compile(block, page, "exec"), names)
    assert printed in capsys.readouterr().out


def test_the_file_of_one_account_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "docs" / "liquidation.md").read_text(encoding="utf-8")
    (written,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    path = tmp_path / "one-account.yaml"
    path.write_text(written, encoding="utf-8")
    assert main(["run", str(path)]) == 0
    assert "No bad debt; 2 liquidation steps." in capsys.readouterr().out
