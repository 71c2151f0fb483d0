"""JSON bombs, in a process whose recursion limit a library has raised."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal

import pytest

from contracts_abi.bounded_json import MAX_NESTING, loads

BOMB = """
import sys
sys.setrecursionlimit(10**6)
from contracts_abi.bounded_json import loads
try:
    loads("[" * 10**6)
except RecursionError:
    assert sys.getrecursionlimit() == 10**6
    print("refused")
"""


def test_a_bomb_does_not_end_the_process() -> None:
    done = subprocess.run([sys.executable, "-c", BOMB], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "refused"), done.stderr[-500:]


def test_ordinary_nesting_is_read() -> None:
    depth = MAX_NESTING // 2
    assert loads("[" * depth + "]" * depth)
    assert loads('{"a": 1.10}', parse_float=Decimal) == {"a": Decimal("1.10")}


def test_text_that_is_not_json_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="Expecting value"):
        loads("nonsense")
