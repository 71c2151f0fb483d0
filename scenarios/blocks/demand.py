"""Everybody else's transactions, as lots of gas at a price: the congestion that oracles and keepers meet."""

from __future__ import annotations

from dataclasses import dataclass

from scenarios.errors import ParameterError
from scenarios.markets.portable import exp, power
from scenarios.seeds import Stream

LOTS = 32


@dataclass(frozen=True, slots=True)
class Lot:
    """Gas that is wanted at a bid.

    Parameters
    ----------
    max_fee, priority_fee
        Wei per gas.
    gas
        Of the lot.
    slot
        When it was sent.
    """

    max_fee: int
    priority_fee: int
    gas: int
    slot: int


@dataclass(frozen=True, slots=True)
class Demand:
    """Background demand of each slot, drawn as ``LOTS`` equal lots.

    Parameters
    ----------
    load
        Gas wanted a slot, relative to the gas target, in calm times.
    tip
        Median priority fee in wei per gas.
    tip_spread
        Standard deviation of the log of the priority fee.
    headroom
        A lot's cap is its tip plus this many times the base fee when it is sent.
    load_elasticity, tip_elasticity
        Both grow as stress ** elasticity, where stress is volatility over its calm value.
    patience
        Slots after which an unserved lot gives up.
    most_fee
        Median of the most that a lot pays per gas in all, in wei, spread and growing like the tips; without a
        bound demand does not mind the base fee, and full blocks raise it without end. 0: no bound.
    """

    load: float = 1.0
    tip: int = 1_000_000_000
    tip_spread: float = 1.0
    headroom: float = 2.0
    load_elasticity: float = 0.5
    tip_elasticity: float = 1.0
    patience: int = 10
    most_fee: int = 0

    def __post_init__(self) -> None:
        for what, value, high in (
            ("load", self.load, 1e3),
            ("tip", self.tip, 1e18),
            ("tip_spread", self.tip_spread, 10.0),
            ("headroom", self.headroom, 1e6),
            ("patience", self.patience, 1e6),
            ("most_fee", self.most_fee, 1e18),
        ):
            if not 0 <= value <= high:
                raise ParameterError(what, value, f"between 0 and {high:g}")

    def lots(self, slot: int, base_fee: int, gas_target: int, stress: float, stream: Stream) -> list[Lot]:
        """Return what is sent in a slot. The same numbers are drawn whatever the stress."""
        stress = max(stress, 1.0)
        gas = int(gas_target * self.load * power(stress, self.load_elasticity)) // LOTS
        growth = power(stress, self.tip_elasticity)
        spreads = [exp(self.tip_spread * stream.normal()) for _ in range(LOTS)]
        if gas == 0:
            return []
        cap, lots = int(self.headroom * base_fee), []
        for spread in spreads:
            tip = int(self.tip * growth * spread)
            most = int(self.most_fee * growth * spread) if self.most_fee else tip + cap
            lots.append(Lot(min(tip + cap, most), tip, gas, slot))
        return lots
