"""Eight medians of production that disagree, on figures one can do in the head."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracles.big_float import BigFloat
from oracles.medians import (
    INT256_MAX,
    MEDIANS,
    UINT256_MAX,
    median_api3,
    median_ocr1,
    median_redstone,
    median_synthetix,
    weighted_median_band,
    weighted_median_connect,
    weighted_median_lower,
)
from protocol.errors import OracleOrderError, OracleTooFewError, OverflowedError

VALUES = st.lists(st.integers(-(2**60), 2**60), min_size=1, max_size=12).map(sorted)

# [-4, -1] and [1, 4]: what the source of each system gives.
PUBLISHED = {
    "api3": (-2, 2),
    "dydx": (-3, 3),
    "maker": (-1, 4),
    "ocr1": (-1, 4),
    "ocr2": (-1, 4),
    "pyth": (-3, 2),
    "redstone": (-3, 2),
    "reflector": (-3, 2),
    "switchboard": (-1, 4),
    "synthetix": (-2, 2),
}


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_two_values(name: str) -> None:
    assert (MEDIANS[name]([-4, -1]), MEDIANS[name]([1, 4])) == PUBLISHED[name]


def test_every_named_median_is_tested() -> None:
    assert set(MEDIANS) == set(PUBLISHED)


@pytest.mark.parametrize("name", sorted(MEDIANS))
@given(values=VALUES)
def test_odd_counts_agree_and_even_ones_stay_between(name: str, values: list[int]) -> None:
    middle = len(values) // 2
    low = values[middle] if len(values) % 2 else values[middle - 1]
    assert low <= MEDIANS[name](values) <= values[middle]


@pytest.mark.parametrize("name", sorted(MEDIANS))
def test_no_value_has_no_median(name: str) -> None:
    with pytest.raises(OracleTooFewError):
        MEDIANS[name]([])


@given(values=st.lists(st.integers(0, 100), min_size=2, max_size=9))
def test_who_looks_at_the_order(values: list[int]) -> None:
    rising = all(a <= b for a, b in pairwise(values))
    for name in ("ocr1", "maker"):
        if rising:
            MEDIANS[name](values)
        else:
            with pytest.raises(OracleOrderError):
                MEDIANS[name](values)
    assert MEDIANS["ocr2"](values) == values[len(values) // 2], "as sent"
    for name in ("api3", "dydx", "pyth", "redstone", "switchboard", "synthetix"):
        assert MEDIANS[name](values) == MEDIANS[name](sorted(values))


def test_checked_sums() -> None:
    assert median_api3([INT256_MAX, INT256_MAX]) == INT256_MAX
    with pytest.raises(OverflowedError):
        median_synthetix([INT256_MAX, INT256_MAX])
    with pytest.raises(OverflowedError):
        median_redstone([UINT256_MAX, UINT256_MAX])
    assert median_ocr1([5]) == 5


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 9)), min_size=1, max_size=7))
def test_weighted_lower_median_is_the_plain_one_of_copies(pairs: list[tuple[int, int]]) -> None:
    copies = sorted(value for value, weight in pairs for _ in range(weight))
    assert weighted_median_lower(pairs) == copies[(len(copies) - 1) // 2]


def test_weighted_rules_differ_at_one_unit_of_weight() -> None:
    # Connect: half of a total weight of one is zero, so even a price of no weight suffices.
    assert weighted_median_connect([(1, 0), (9, 1)]) == 1
    assert weighted_median_lower([(1, 0), (9, 1)]) == 9
    # Published case 3 of Band.
    quotes = [(5000, 1000, 1), (4000, 2000, 0), (4000, 2000, 0), (4000, 2000, 0)]
    assert weighted_median_band(quotes) == 1000
    for rule in (weighted_median_connect, weighted_median_band, weighted_median_lower):
        with pytest.raises(OracleTooFewError):
            rule([])


@given(st.floats(1e-9, 1e9), st.floats(1e-9, 1e9))
def test_at_53_bits_the_big_float_is_the_hardware(a: float, b: float) -> None:
    one, other = BigFloat.from_float(a), BigFloat.from_float(b)
    assert float((one + other).value) == a + b
    assert float((one * other).value) == a * b
    assert float((one / other).value) == a / b
