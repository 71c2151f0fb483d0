"""Figures of the real interest contract."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from scenarios.verify.run import check_document, verify_paths

FILE = Path(__file__).parent.parent / "vectors" / "vaults" / "morpho_adaptive_rate.json.gz"
FORMAT = "morpho-adaptive-rate/1"


def test_adaptive_rates_match_to_the_last_unit() -> None:
    (result,) = verify_paths([FILE])
    assert (result.format, result.first_mismatch) == (FORMAT, None)
    assert result.cases == result.matched == 150 + 2 * 350


def test_a_changed_figure_is_found() -> None:
    document = json.loads(gzip.decompress(FILE.read_bytes()))
    document["rates"][3][4] += 1
    assert check_document(FILE.name, FORMAT, document).mismatched == 1
