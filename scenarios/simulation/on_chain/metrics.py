"""What a run on a chain came to besides its losses: waiting, fees, reverted, missed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from scenarios.agents.lending import money
from scenarios.files.protocol_chain import GAS_DECIMALS

if TYPE_CHECKING:
    from scenarios.simulation.on_chain.blocks import Blocks


@dataclass(frozen=True, slots=True)
class ChainMetrics:
    """Of one run; times in seconds, fees in the file's money at the outside price at the end.

    Parameters
    ----------
    blocks, missed_blocks
        Slots that passed, and those without a block.
    included, reverted, expired, waiting
        Transactions of agents, among those included the reverted ones, and what is still in the pool.
    fees
        Base fees and tips together, those of reverted transactions included.
    fees_of_reverted
        Part of them that bought nothing.
    oracle_wait_mean, oracle_wait_longest
        From the first sending of an oracle update to its inclusion; what still waits counts as far as it has.
    keeper_wait_mean, keeper_wait_longest
        Of keepers' transactions that went through, and those that wait.
    greatest_base_fee
        Gwei per gas.
    """

    blocks: int
    missed_blocks: int
    included: int
    reverted: int
    expired: int
    waiting: int
    fees: Decimal
    fees_of_reverted: Decimal
    oracle_wait_mean: Decimal
    oracle_wait_longest: int
    keeper_wait_mean: Decimal
    keeper_wait_longest: int
    greatest_base_fee: Decimal


def chain_metrics(blocks: Blocks) -> ChainMetrics:
    """Return the measures of a run."""
    price = blocks.game.outside[blocks.settings.native] / 10**GAS_DECIMALS
    lost = [one for one in blocks.included if one.reverted]
    oracle, keeper = _waits(blocks, "oracle"), _waits(blocks, "keeper")
    return ChainMetrics(
        blocks.passed,
        blocks.missed,
        len(blocks.included),
        len(lost),
        blocks.expired,
        len(blocks.sent),
        money(sum(one.fee for one in blocks.included) * price),
        money(sum(one.fee for one in lost) * price),
        _mean(oracle),
        max(oracle, default=0),
        _mean(keeper),
        max(keeper, default=0),
        Decimal(blocks.greatest_base_fee).scaleb(-9),
    )


def _waits(blocks: Blocks, kind: str) -> list[int]:
    done = [one.waited for one in blocks.included if one.kind == kind and not one.reverted]
    now = blocks.game.world.time
    return done + [now - sent.since for sent in blocks.sent.values() if sent.pending.kind == kind]


def _mean(waits: Sequence[int]) -> Decimal:
    return Decimal(round(Fraction(sum(waits), len(waits)) * 10)) / 10 if waits else Decimal(0)
