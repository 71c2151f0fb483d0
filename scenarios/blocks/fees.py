"""The base fee of EIP-1559 and what a transaction pays under it; integers, in wei per gas."""

from __future__ import annotations

from dataclasses import dataclass

from scenarios.errors import ParameterError


@dataclass(frozen=True, slots=True)
class FeeRule:
    """Gas of a block and how its price moves.

    Parameters
    ----------
    gas_limit
        Most gas a block may use.
    elasticity
        The limit is this many times the target.
    denominator
        A full block raises the base fee by its 1 / ``denominator``, rounded down, at least 1 wei.

    Notes
    -----
    Source: EIP-1559, ``calc_block_base_fee``; mainnet has elasticity 2 and denominator 8.
    """

    gas_limit: int = 30_000_000
    elasticity: int = 2
    denominator: int = 8

    def __post_init__(self) -> None:
        for name, value in (("elasticity", self.elasticity), ("denominator", self.denominator)):
            if value < 1:
                raise ParameterError(name, value, "at least 1")
        if self.gas_limit < self.elasticity:
            raise ParameterError("gas_limit", self.gas_limit, f"at least {self.elasticity}")

    @property
    def gas_target(self) -> int:
        """Gas at which the base fee stands still."""
        return self.gas_limit // self.elasticity

    def next_base_fee(self, base_fee: int, gas_used: int) -> int:
        """Return the base fee of the block after one that used ``gas_used``."""
        target = self.gas_target
        if gas_used > target:
            return base_fee + max(base_fee * (gas_used - target) // target // self.denominator, 1)
        return base_fee - base_fee * (target - gas_used) // target // self.denominator


def effective_tip(max_fee: int, priority_fee: int, base_fee: int) -> int:
    """Return what the proposer gets per gas: the priority fee, or what the cap leaves of it.

    Below zero the transaction cannot be included.
    """
    return min(priority_fee, max_fee - base_fee)
