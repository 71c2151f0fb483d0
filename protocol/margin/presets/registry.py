"""The presets that judge the common portfolio, by name, with where their numbers come from.

Engines whose accounts are of another shape (lending markets, Synthetix, dYdX, Drift, Mango, GMX, Euler) are
built from their own account types and are not listed here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from protocol.errors import UnknownNameError
from protocol.fixed_point.context import Context, N
from protocol.margin.holdings import Portfolio
from protocol.margin.judgement import Check, Judgement
from protocol.margin.presets.deribit_standard import DERIBIT_STANDARD
from protocol.margin.presets.derive_deployed import PORTFOLIO, STANDARD, portfolio_2
from protocol.margin.presets.grids import GRIDS
from protocol.margin.presets.hyperliquid import HYPERLIQUID


class MarginRule(Protocol[N]):
    """What judges a portfolio."""

    def judge(self, context: Context[N], portfolio: Portfolio[N], check: Check) -> Judgement[N]:
        """Return excess, equity, scenarios and charges."""
        ...


@dataclass(frozen=True, slots=True)
class Preset:
    """A rule with its published parameters.

    Parameters
    ----------
    name
        By which a user asks for it.
    rule
        In the exact plane; ``Float64.load(rule)`` is the same in the array plane.
    source
        Where the parameters were read.
    as_of
        Year or commit of what was read.
    single_market
        Whether it judges one underlying at a time.
    """

    name: str
    rule: MarginRule[int]
    source: str
    as_of: str
    single_market: bool = False


_DERIVE = "derivexyz/v2-core scripts/config-mainnet.sol"

PRESETS: tuple[Preset, ...] = (
    Preset("derive-standard", STANDARD, _DERIVE, "7736900d"),
    Preset("derive-portfolio", PORTFOLIO, _DERIVE, "7736900d", single_market=True),
    Preset("derive-portfolio-2", portfolio_2("ETH", "0.02", "0.01"), _DERIVE, "7736900d", single_market=True),
    Preset("hyperliquid", HYPERLIQUID, "Hyperliquid documentation, margin tiers", "2025"),
    Preset("deribit-standard", DERIBIT_STANDARD, "Deribit documentation, margins", "2025"),
    *(Preset(name, rule, "module grids names the page of each", "2025") for name, rule in GRIDS.items()),
)


def preset(name: str) -> Preset:
    """Return the preset called ``name``.

    Raises
    ------
    UnknownNameError
        With the names that exist.
    """
    for one in PRESETS:
        if one.name == name:
            return one
    raise UnknownNameError("margin rule", name, tuple(one.name for one in PRESETS))
