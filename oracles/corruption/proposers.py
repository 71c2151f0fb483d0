"""How long one waits for blocks in a row, and what waiting costs.

Proof of stake: a proposer with share s of the slots. Proof of work: a miner who withholds a block hoping for
the next (Mackinga et al. 2022, section IV).
"""

from __future__ import annotations

from dataclasses import dataclass

SLOT_SECONDS = 12
SLOTS_PER_EPOCH = 32


def mean_slots_until_streak(share: float, length: int) -> float:
    """Return the mean number of slots until ``length`` in a row fall to the same proposer."""
    chance = share**length
    return (1 - chance) / (chance * (1 - share))


def mean_days_until_streak(share: float, length: int, slot_seconds: float = SLOT_SECONDS) -> float:
    """Return the same in days."""
    return mean_slots_until_streak(share, length) * slot_seconds / 86_400


def streaks_within_epochs(share: float, length: int, slots: int) -> float:
    """Return the mean number of streaks of at least ``length`` in ``slots`` that do not cross an epoch's end.

    Proposers are known one epoch ahead, so a streak across a border cannot be planned to its end.
    """
    starts = 1 + (SLOTS_PER_EPOCH - length) * (1 - share)
    return slots / SLOTS_PER_EPOCH * starts * share**length


def mean_blocks_by_selfish_mining(share: float) -> float:
    """Return (1 + 2p - p**2) / (2p**2 - p**3): blocks until a miner has two in a row."""
    return (1 + 2 * share - share**2) / (2 * share**2 - share**3)


@dataclass(frozen=True, slots=True)
class SelfishMining:
    """What a two-block attack by a proof-of-work miner costs.

    Parameters
    ----------
    hours
        Mean wait.
    hash_cost
        Rent of the hash power over that time, USD.
    uncle_income
        Rewards for the withheld blocks that became uncles, USD: all found but the two of the attack.
    """

    hours: float
    hash_cost: float
    uncle_income: float

    @property
    def loss(self) -> float:
        """What does not come back."""
        return self.hash_cost - self.uncle_income


def two_blocks_by_selfish_mining(
    share: float,
    *,
    blocks_per_hour: float,
    network_terahash: float,
    usd_per_terahash_day: float,
    uncle_reward_usd: float,
) -> SelfishMining:
    """Return the cost of Mackinga et al. 2022, table II."""
    blocks = mean_blocks_by_selfish_mining(share)
    hours = blocks / blocks_per_hour
    return SelfishMining(
        hours,
        hours / 24 * network_terahash * share * usd_per_terahash_day,
        (blocks * share - 2) * uncle_reward_usd,
    )
