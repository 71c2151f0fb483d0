"""A consumer outside the tree: pyright resolves the four packages, typed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

CONSUMER = """
from fractions import Fraction
from protocol.venues.uniswap_v2 import UniswapV2Pair
from oracles.reducers import Median
from scenarios.files.library import load_incident
import contracts_abi

amount: int = UniswapV2Pair("A", "B", 10, 10).quote("A", "B", 1)
wrong: str = Median(even="lower").id
number: int = Median().label
package = contracts_abi
"""


def test_pyright_resolves_all_four_packages(tmp_path: Path) -> None:
    (tmp_path / "consumer.py").write_text(CONSUMER)
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "--outputjson", "consumer.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    report = json.loads(done.stdout[done.stdout.index("{") :])
    problems = [(item["range"]["start"]["line"], item.get("rule")) for item in report["generalDiagnostics"]]
    # Exactly the planted error: types flow through, and every import resolves.
    assert problems == [(9, "reportAssignmentType")], done.stdout
