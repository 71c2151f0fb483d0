"""Drift's oracle guard as a node: the parent's price may be used where the action table allows its state.

Source: drift-labs/protocol-v2 programs/drift/src/math/oracle.rs. Prices are read with 6 decimals, truncated.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from oracles.actions import DRIFT
from oracles.node import Node, View
from oracles.reading import Reading, Reason, refuse, refuse_error
from oracles.sources.drift import GuardRails, OracleSample, validity
from protocol.errors import RuleError

DECIMALS = 6

STATE_REASONS = {
    "TooVolatile": Reason.MOVED_TOO_FAST,
    "TooUncertain": Reason.UNCERTAIN,
    "StaleForMargin": Reason.STALE,
    "InsufficientDataPoints": Reason.TOO_FEW_SOURCES,
    "StaleForAMM": Reason.STALE,
}


@dataclass(frozen=True, slots=True)
class DriftMarket:
    """What a market stores that its oracle's validity depends on.

    Parameters
    ----------
    oracle_twap
        Stored average of the oracle price, 6 decimals.
    rails
        Limits of the protocol.
    confidence_multiplier
        Of the market's tier.
    stable_pull
        Whether the source is a stable-coin feed.
    sufficient
        Whether the source had enough data points.
    """

    oracle_twap: int
    rails: GuardRails = field(default_factory=GuardRails)
    confidence_multiplier: int = 1
    stable_pull: bool = False
    sufficient: bool = True


@dataclass(frozen=True)
class DriftGuard(Node):
    """Let the parent pass where Drift would act on it.

    Parameters
    ----------
    market
        Name of the stored :class:`DriftMarket`.
    action
        One of Drift's actions.

    Notes
    -----
    The parent's round is its slot, the view's block the current one; a reading without a round counts as
    published now.
    """

    kind: ClassVar[str] = "drift-guard"
    market: str
    action: str

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the parent's reading, or the refusal that names the state."""
        (reading,) = readings
        if not reading.ok:
            return reading.under(self.id, reading)
        market = view.stored(self.market, DriftMarket)
        if market is None:
            return refuse(self.id, Reason.NO_DATA, f"no market {self.market!r}", reading)
        width = 0
        if reading.confidence is not None:
            width = reading.confidence.width * 10**DECIMALS // 10**reading.decimals
        sample = OracleSample(
            _truncated(reading),
            width,
            0 if reading.round is None else max(view.block - reading.round, 0),
            market.sufficient,
            market.confidence_multiplier,
            market.stable_pull,
        )
        try:
            state = validity(sample, market.oracle_twap, market.rails)
        except RuleError as error:
            return refuse_error(self.id, error, reading)
        # Without an override for its kind of fill the flags only qualify StaleForAMM.
        name = "Valid" if state.name == "StaleForAMM" and not state.low_risk else state.name
        if DRIFT.permits(name, self.action):
            return reading.under(self.id, reading)
        return refuse(self.id, STATE_REASONS[name], f"{name}: {self.action} is blocked", reading, state=name)

    @property
    def label(self) -> str:
        """The action."""
        return f"Drift: valid for {self.action}"


def _truncated(reading: Reading) -> int:
    price = reading.price * 10**DECIMALS
    return int(price)
