"""Whether a Curve pool pays what our model of it pays: small trades, quoted by both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeAlias

from contracts_abi.entry import Function
from oracles.chain.calls import Plan, call
from oracles.chain.errors import UnusableStateError

PROBE = 1000
"""The trades that are compared: this part of a balance."""
Quotes: TypeAlias = Mapping[tuple[int, int, int], int]
"""Raw units paid, by coin sold, coin bought and raw units sold."""


class Quoting(Protocol):
    """A model of a pool."""

    @property
    def coins(self) -> tuple[str, ...]:
        """In the pool's order."""
        ...

    @property
    def balances(self) -> tuple[int, ...]:
        """Raw units by coin."""
        ...

    def quote(self, sell: str, buy: str, amount_in: int) -> int:
        """Return the raw units paid."""
        ...


def small_quotes(
    pool: str, get_dy: Function, balances: Sequence[int], pairs: Sequence[tuple[int, int]]
) -> Plan[Quotes]:
    """Ask a pool what it pays for a small part of a balance, for each pair of coins sold and bought."""
    trades = [(i, j, balances[i] // PROBE + 1) for i, j in pairs]
    probes = [call(pool, get_dy, *trade) for trade in trades]
    outcomes = yield probes
    answers = [item.integer(outcome) for item, outcome in zip(probes, outcomes, strict=True)]
    return dict(zip(trades, answers, strict=True))


def require_same_quotes(
    pool: str, get_dy: Function, made: Quoting, pairs: Sequence[tuple[int, int]]
) -> Plan[None]:
    """Compare a model's quotes with the pool's.

    Raises
    ------
    UnusableStateError
        If one differs, with the first that does.
    """
    answers = yield from small_quotes(pool, get_dy, made.balances, pairs)
    for (i, j, amount), answer in answers.items():
        own = made.quote(made.coins[i], made.coins[j], amount)
        if own != answer:
            raise UnusableStateError(
                f"pool {pool} pays {answer} for {amount}, this model {own}", answers=list(answers.values())
            )
