"""What the choices of a liquidation may read: the account, the market, a margin judgement, the time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from typing import TypeAlias

from protocol.errors import UnsafeValueError
from protocol.ledger import quote_of
from protocol.liquidation.recent import Unwound
from protocol.market_state import MarketState

Balances: TypeAlias = Mapping[str, int]
"""Signed raw units by asset; a derivative's units are its position, its cost stands in its quote asset."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A margin rule's answer about one account, at the market's scale.

    Parameters
    ----------
    equity
        Mark-to-market value.
    excess
        Equity minus the requirement that triggers liquidation; below zero the account is liquidatable.
    release
        The same against the requirement at which a liquidation ends (a buffer, Mango's liquidation end).
    """

    equity: int
    excess: int
    release: int

    @property
    def requirement(self) -> int:
        """Equity that the rule asks for."""
        return self.equity - self.excess


Judge: TypeAlias = Callable[[Balances, MarketState], Judgement]
"""A margin rule; how it judges is no business of a liquidation."""


class Kind(Enum):
    """What is unwound."""

    LOAN = "loan"  # a debt is repaid, collateral taken for it
    POSITION = "position"  # a derivative position is taken over or closed
    ACCOUNT = "account"  # a share of everything


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an account that a selector chose.

    Parameters
    ----------
    kind
        What is unwound.
    gives
        Collateral taken (loan) or the instrument (position).
    owes
        Debt repaid (loan).
    """

    kind: Kind
    gives: str = ""
    owes: str = ""


WHOLE_ACCOUNT = Part(Kind.ACCOUNT)


@dataclass(frozen=True, slots=True)
class View:
    """One account at one moment of its liquidation.

    Parameters
    ----------
    account
        Name on the ledger.
    balances
        Signed units.
    market
        Prices; that of ``cash`` included.
    cash
        Asset in which derivatives settle and accounts are bought.
    judgement
        The margin rule's answer at this moment.
    judge
        The rule itself, for what-if questions of a sizer.
    instruments
        Which assets are derivatives.
    elapsed
        Seconds since the account was flagged.
    steps
        Liquidation steps done on the account since then.
    seed
        Source of the pseudo-random choices of this moment.
    now
        The second.
    freed
        What the steps of this liquidation added to the release level so far.
    since_step
        Seconds since the last step on the account, of an earlier liquidation too; None before the first.
    unwound
        What was liquidated lately in each market, whoever held it.
    """

    account: str
    balances: Balances
    market: MarketState
    cash: str
    judgement: Judgement
    judge: Judge
    instruments: frozenset[str] = frozenset()
    elapsed: int = 0
    steps: int = 0
    seed: int = 0
    now: int = 0
    freed: int = 0
    since_step: int | None = None
    unwound: Unwound = field(default_factory=dict)

    def debts(self) -> dict[str, int]:
        """Return what is owed, in units above zero, by asset; derivatives and their quotes apart."""
        return {
            asset: -units
            for asset, units in self.balances.items()
            if units < 0 and not self.derivative(asset)
        }

    def collateral(self) -> dict[str, int]:
        """Return what is held, by asset; derivatives and their quotes apart."""
        return {
            asset: units for asset, units in self.balances.items() if units > 0 and not self.derivative(asset)
        }

    def positions(self) -> dict[str, int]:
        """Return the open positions, signed, by instrument."""
        return {asset: units for asset, units in self.balances.items() if asset in self.instruments and units}

    def derivative(self, asset: str) -> bool:
        """Return whether ``asset`` is an instrument or carries an instrument's cost."""
        return asset in self.instruments or any(asset == quote_of(name) for name in self.instruments)

    def value(self, asset: str, units: int) -> Fraction:
        """Return the value of ``units`` at the market's scale, without rounding."""
        return value(self.market, asset, units)

    def requirement_of(self, instrument: str) -> int:
        """Return the requirement of one position, judged alone."""
        held = {name: self.balances.get(name, 0) for name in (instrument, quote_of(instrument))}
        return self.judge({name: units for name, units in held.items() if units}, self.market).requirement

    def share_of_requirement(self, instrument: str) -> Fraction:
        """Return a position's part of what all require, each judged alone; equal parts of nothing."""
        asked = {name: self.requirement_of(name) for name in self.positions()}
        total = sum(asked.values())
        return Fraction(asked[instrument], total) if total else Fraction(1, len(asked))

    def after(self, changes: Balances) -> Judgement:
        """Return the judgement that the account would get with ``changes`` added to its balances."""
        held = dict(self.balances)
        for asset, units in changes.items():
            held[asset] = held.get(asset, 0) + units
        return self.judge({asset: units for asset, units in held.items() if units}, self.market)


def value(market: MarketState, asset: str, units: int) -> Fraction:
    """Return the value of ``units`` of ``asset`` at the market's scale, without rounding."""
    return units * market.price(asset).exact * Fraction(10**market.scale, 10 ** market.decimals[asset])


def convert(market: MarketState, source: str, target: str, units: int) -> Fraction:
    """Return how many raw units of ``target`` are worth ``units`` of ``source``, without rounding.

    Raises
    ------
    UnsafeValueError
        If ``target`` is worth nothing.
    """
    each = value(market, target, 1)
    if each == 0:
        raise UnsafeValueError(f"price of {target}", 0, 1, 1 << 256)
    return value(market, source, units) / each


def floor(number: Fraction) -> int:
    """Return the greatest integer not above ``number``."""
    return number.numerator // number.denominator


def ceiling(number: Fraction) -> int:
    """Return the least integer not below ``number``."""
    return -(-number.numerator // number.denominator)
