"""The medians of production, by user: the same word, incompatible rules for an even count.

``median`` carries the even-count rule and the rounding as parameters; the named functions below fix them as
one system does. All take native integers of one feed at one scale.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Literal

from protocol.errors import OracleOrderError, OracleTooFewError, OverflowedError
from protocol.fixed_point import div_to_zero

EvenRule = Literal["lower", "upper", "mean-down", "mean-to-zero", "mean-from-zero"]

INT256_MIN, INT256_MAX = -(1 << 255), (1 << 255) - 1
UINT256_MAX = (1 << 256) - 1


def mean_of_two(a: int, b: int, even: EvenRule) -> int:
    """Return what two middle values ``a <= b`` give under ``even``."""
    if even == "lower":
        return a
    if even == "upper":
        return b
    if even == "mean-down":
        return (a + b) // 2
    toward_zero = div_to_zero(a + b, 2)
    if even == "mean-to-zero":
        return toward_zero
    return toward_zero + (a + b - 2 * toward_zero)


def median(values: Sequence[int], even: EvenRule) -> int:
    """Return the median; ``even`` names what an even count gives.

    Parameters
    ----------
    values
        Integers of one scale, in any order.
    even
        ``lower`` and ``upper`` take one of the two middle values; ``mean-down``, ``mean-to-zero`` and
        ``mean-from-zero`` their mean, rounded as named.

    Raises
    ------
    OracleTooFewError
        Of no values.
    """
    if not values:
        raise OracleTooFewError("EmptyMedian", "the median of no values")
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return mean_of_two(ordered[middle - 1], ordered[middle], even)


def median_api3(values: Sequence[int]) -> int:
    """Return API3's beacon-set median: mean toward zero, no overflow (Median.sol)."""
    return median(values, "mean-to-zero")


def median_ocr2(observations: Sequence[int]) -> int:
    """Return Chainlink OCR2's answer: element n/2 of the list as sent (OCR2Aggregator.sol).

    The contract neither sorts nor checks the order; honest signers send sorted lists.

    Raises
    ------
    OracleTooFewError
        Where there is no value.
    """
    if not observations:
        raise OracleTooFewError("too few values to trust median")
    return observations[len(observations) // 2]


def median_ocr1(observations: Sequence[int]) -> int:
    """Return Chainlink OCR1's answer: as OCR2, and the order is checked (read, not executed).

    Raises
    ------
    OracleOrderError, OracleTooFewError
        Where values fall; where there is none.
    """
    if any(b < a for a, b in pairwise(observations)):
        raise OracleOrderError("observations not sorted")
    return median_ocr2(observations)


def median_maker(values: Sequence[int]) -> int:
    """Return the Maker median's price: element n>>1 of non-decreasing values (median.sol).

    Raises
    ------
    OracleOrderError, OracleTooFewError
        Where values fall; where there is none.
    """
    if any(b < a for a, b in pairwise(values)):
        raise OracleOrderError("Median/messages-not-in-order")
    if not values:
        raise OracleTooFewError("Median/bar-too-low")
    return values[len(values) >> 1]


def median_redstone(values: Sequence[int]) -> int:
    """Return RedStone's median: mean down, with a checked 256-bit sum (NumericArrayLib.sol).

    Raises
    ------
    OverflowedError
        If the sum of the two middle values has more than 256 bits.
    """
    result = median(values, "mean-down")
    if len(values) % 2 == 0:
        ordered = sorted(values)
        total = ordered[len(values) // 2 - 1] + ordered[len(values) // 2]
        if total > UINT256_MAX:
            raise OverflowedError("sum of the middle values", total, 256)
    return result


def median_dydx(values: Sequence[int]) -> int:
    """Return the dYdX daemon's median: mean away from zero (v4-chain protocol/lib/math.go)."""
    return median(values, "mean-from-zero")


def median_pyth(votes: Sequence[int]) -> int:
    """Return the median of Pyth's votes: mean toward minus infinity (price_model.c)."""
    return median(votes, "mean-down")


def median_switchboard(values: Sequence[int]) -> int:
    """Return Switchboard's "lower bound median", which is the upper one (read, not executed)."""
    return median(values, "upper")


def median_reflector(values: Sequence[int]) -> int:
    """Return Reflector's median over node quotes: mean down (read, not executed)."""
    return median(values, "mean-down")


def median_synthetix(values: Sequence[int]) -> int:
    """Return the price part of Synthetix' MEDIAN reducer: mean toward zero, checked 256-bit sum.

    Raises
    ------
    OverflowedError
        If the sum of the two middle prices has more than 256 bits.
    """
    ordered = sorted(values)
    middle = len(ordered) // 2
    if ordered and len(ordered) % 2 == 0:
        total = ordered[middle - 1] + ordered[middle]
        if not INT256_MIN <= total <= INT256_MAX:
            raise OverflowedError("sum of the middle prices", total, 256)
    return median(values, "mean-to-zero")


def weighted_median_lower(pairs: Sequence[tuple[int, int]]) -> int:
    """Return the first value whose cumulative weight reaches half: 2 x cumulative >= total.

    Parameters
    ----------
    pairs
        (value, weight) with non-negative weights.

    Raises
    ------
    OracleTooFewError
        Where there is no value.
    """
    return pairs[weighted_median_source(pairs)][0]


def weighted_median_source(pairs: Sequence[tuple[int, int]]) -> int:
    """Return the index of the pair that is the lower weighted median; of equal values the first.

    Raises
    ------
    OracleTooFewError
        Where there is no value.
    """
    if not pairs:
        raise OracleTooFewError("EmptyMedian", "the weighted median of no values")
    order = sorted(range(len(pairs)), key=lambda index: (pairs[index][0], index))
    total = sum(weight for _, weight in pairs)
    cumulative = 0
    for index in order:
        cumulative += pairs[index][1]
        if 2 * cumulative >= total:
            return index
    raise AssertionError("the total is the sum of the weights")


def weighted_median_connect(pairs: Sequence[tuple[int, int]]) -> int:
    """Return Connect's stake-weighted median: cumulative weight >= floor(total / 2).

    Source: skip-mev/connect pkg/math/voteweighted/voteweighted.go (ComputeMedian). A total weight of one
    therefore takes the lowest price even if it has no weight.

    Raises
    ------
    OracleTooFewError
        Where there is no value.
    """
    if not pairs:
        raise OracleTooFewError("EmptyMedian", "no validator posted a price")
    half = sum(weight for _, weight in pairs) // 2
    cumulative = 0
    ordered = sorted(pairs)
    for value, weight in ordered:
        cumulative += weight
        if cumulative >= half:
            return value
    return ordered[-1][0]


BAND_SECTIONS = ((1, 60), (3, 40), (7, 20), (15, 11), (32, 10))


def weighted_median_band(quotes: Sequence[tuple[int, int, int]]) -> int:
    """Return Band's median of (power, price, timestamp): fresh quotes weigh up to six times old ones.

    Entries are walked from the newest (the more powerful first); 32 x power units are handed out over five
    sections of the total power, the newest 1/32 with weight 60, the oldest half with 10. Source:
    bandprotocol/chain x/feeds/types/median.go (MedianValidatorPriceInfos).

    Raises
    ------
    OracleTooFewError
        Where there is no quote.
    """
    if not quotes:
        raise OracleTooFewError("not enough price validators")
    ordered = sorted(quotes, key=lambda quote: (-quote[2], -quote[0]))
    total = sum(power for power, _, _ in ordered)
    weighted: list[tuple[int, int]] = []
    section, handed_out = 0, 0
    for power, price, _ in ordered:
        left, weight = 32 * power, 0
        while section < len(BAND_SECTIONS):
            limit, multiplier = BAND_SECTIONS[section]
            take = min(left, total * limit - handed_out)
            weight += take * multiplier
            handed_out += take
            left -= take
            if left == 0:
                break
            section += 1
        weighted.append((price, weight))
    return weighted_median_lower(sorted(weighted))


MEDIANS: dict[str, Callable[[Sequence[int]], int]] = {
    "api3": median_api3,
    "dydx": median_dydx,
    "maker": median_maker,
    "ocr1": median_ocr1,
    "ocr2": median_ocr2,
    "pyth": median_pyth,
    "redstone": median_redstone,
    "reflector": median_reflector,
    "switchboard": median_switchboard,
    "synthetix": median_synthetix,
}
"""The unweighted rules by the system that uses them."""
