"""Rules of a Balancer V2 weighted pool on balances brought to 18 decimals.

Source of the rules: ``WeightedMath.sol`` of Balancer V2. Joins and exits that are not proportional are a
proportional one followed by swaps, so the part beyond the proportional one pays the swap fee.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from protocol.errors import InsufficientLiquidityError, UnsafeValueError
from protocol.fixed_point import WAD
from protocol.venues.log_exp import complement, div_down, div_up, mul_down, mul_up, power_down, power_up

MAX_IN_RATIO = 3 * 10**17
MAX_OUT_RATIO = 3 * 10**17
MAX_INVARIANT_RATIO = 3 * WAD
MIN_INVARIANT_RATIO = 7 * 10**17


@dataclass(frozen=True, slots=True)
class WeightedMath:
    """The rules under one power function.

    Parameters
    ----------
    shortcuts
        Whether exponents 1, 2 and 4 are multiplied out: False for pools of the first factory (2021).
    """

    shortcuts: bool = True

    def invariant_down(self, weights: Sequence[int], balances: Sequence[int]) -> int:
        """Return the product of balance**weight.

        Raises
        ------
        UnsafeValueError
            If it is zero.
        """
        product = WAD
        for weight, balance in zip(weights, balances, strict=True):
            product = mul_down(product, power_down(balance, weight, shortcuts=self.shortcuts))
        if product == 0:
            raise UnsafeValueError("invariant", 0, 1, 1 << 255)
        return product

    def out_given_in_down(
        self, balance_in: int, weight_in: int, balance_out: int, weight_out: int, amount_in: int
    ) -> int:
        """Return what ``amount_in`` (after the fee) buys; at most 30 % of the balance may come in.

        Raises
        ------
        UnsafeValueError
            If the input is above the largest part of the balance that a pool takes.
        """
        if amount_in > (most := mul_down(balance_in, MAX_IN_RATIO)):
            raise UnsafeValueError("amount in", amount_in, 0, most)
        base = div_up(balance_in, balance_in + amount_in)
        ratio = power_up(base, div_down(weight_in, weight_out), shortcuts=self.shortcuts)
        return mul_down(balance_out, complement(ratio))

    def in_given_out_up(
        self, balance_in: int, weight_in: int, balance_out: int, weight_out: int, amount_out: int
    ) -> int:
        """Return what ``amount_out`` costs before the fee; at most 30 % of the balance may go out.

        Raises
        ------
        UnsafeValueError
            If the output is above the largest part of the balance that a pool gives.
        """
        if amount_out > (most := mul_down(balance_out, MAX_OUT_RATIO)):
            raise UnsafeValueError("amount out", amount_out, 0, most)
        base = div_up(balance_out, balance_out - amount_out)
        ratio = power_up(base, div_up(weight_out, weight_in), shortcuts=self.shortcuts)
        return mul_up(balance_in, ratio - WAD)

    def shares_for_exact_in_down(
        self, balances: Sequence[int], weights: Sequence[int], amounts: Sequence[int], supply: int, fee: int
    ) -> int:
        """Return the shares minted for a join of exactly ``amounts``."""
        grown = [div_down(b + a, b) for b, a in zip(balances, amounts, strict=True)]
        average = sum(mul_down(g, w) for g, w in zip(grown, weights, strict=True))
        ratio = WAD
        for balance, weight, amount, growth in zip(balances, weights, amounts, grown, strict=True):
            counted = amount
            if growth > average:
                untaxed = mul_down(balance, average - WAD)
                taxable = amount - untaxed
                counted = untaxed + taxable - mul_up(taxable, fee)
            step = power_down(div_down(balance + counted, balance), weight, shortcuts=self.shortcuts)
            ratio = mul_down(ratio, step)
        return mul_down(supply, ratio - WAD) if ratio > WAD else 0

    def single_in_for_shares_up(self, balance: int, weight: int, shares: int, supply: int, fee: int) -> int:
        """Return the amount of one token that mints exactly ``shares``.

        Raises
        ------
        UnsafeValueError
            If the invariant would grow beyond the largest ratio.
        """
        ratio = div_up(supply + shares, supply)
        if ratio > MAX_INVARIANT_RATIO:
            raise UnsafeValueError("invariant ratio", ratio, WAD, MAX_INVARIANT_RATIO)
        growth = power_up(ratio, div_up(WAD, weight), shortcuts=self.shortcuts)
        amount = mul_up(balance, growth - WAD)
        taxable = mul_up(amount, complement(weight))
        return amount - taxable + div_up(taxable, complement(fee))

    def shares_for_exact_out_up(
        self, balances: Sequence[int], weights: Sequence[int], amounts: Sequence[int], supply: int, fee: int
    ) -> int:
        """Return the shares burned for an exit of exactly ``amounts``."""
        for balance, amount in zip(balances, amounts, strict=True):
            _require_held(amount, balance)
        left = [div_up(b - a, b) for b, a in zip(balances, amounts, strict=True)]
        average = sum(mul_up(x, w) for x, w in zip(left, weights, strict=True))
        ratio = WAD
        for balance, weight, amount, kept in zip(balances, weights, amounts, left, strict=True):
            counted = amount
            if average > kept:
                untaxed = mul_down(balance, complement(average))
                counted = untaxed + div_up(amount - untaxed, complement(fee))
            _require_held(counted, balance)
            step = power_down(div_down(balance - counted, balance), weight, shortcuts=self.shortcuts)
            ratio = mul_down(ratio, step)
        return mul_up(supply, complement(ratio))

    def single_out_for_shares_down(
        self, balance: int, weight: int, shares: int, supply: int, fee: int
    ) -> int:
        """Return the amount of one token paid for burning exactly ``shares``.

        Raises
        ------
        UnsafeValueError
            If the invariant would shrink below the least ratio.
        """
        ratio = div_up(supply - shares, supply)
        if ratio < MIN_INVARIANT_RATIO:
            raise UnsafeValueError("invariant ratio", ratio, MIN_INVARIANT_RATIO, WAD)
        kept = power_up(ratio, div_down(WAD, weight), shortcuts=self.shortcuts)
        amount = mul_down(balance, complement(kept))
        taxable = mul_up(amount, complement(weight))
        # The first pools round this product down, later ones up.
        multiply = mul_up if self.shortcuts else mul_down
        return amount - taxable + multiply(taxable, complement(fee))


def _require_held(amount: int, balance: int) -> None:
    if amount > balance:
        raise InsufficientLiquidityError("amount out with fee", amount, balance)
