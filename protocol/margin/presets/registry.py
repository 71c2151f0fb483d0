"""The presets that judge the common portfolio, by name, with where their numbers come from.

Engines whose accounts are of another shape (lending markets, Synthetix, dYdX, Drift, Mango, GMX, Euler) are
built from their own account types and are not listed here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
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


class Kind(Enum):
    """What an account may hold, as far as rules tell things apart."""

    PERPETUAL = "perpetuals"
    INVERSE = "inverse perpetuals"
    QUANTO = "quantos"
    FUTURE = "dated futures"
    OPTION = "options"
    BASE = "the underlying as collateral"
    TOKEN = "other collateral tokens"  # noqa: S105 - a word, no secret
    DEBT = "a debt of the underlying"


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
    holds
        What an account under this rule may hold.
    underlyings
        Those it has parameters for; empty for any.
    single_market
        Whether it judges one underlying at a time.
    """

    name: str
    rule: MarginRule[int]
    source: str
    as_of: str
    holds: frozenset[Kind]
    underlyings: tuple[str, ...] = ()
    single_market: bool = False


_DERIVE = "derivexyz/v2-core scripts/config-mainnet.sol"
_DERIVE_ACCOUNT = frozenset({Kind.PERPETUAL, Kind.OPTION, Kind.BASE})
_MAJORS = ("ETH", "BTC")

_GRID_PAGES = {
    "plain": ("a small grid without add-ons, a starting point for one's own settings", "2026"),
    "paradex": ("Paradex documentation, portfolio margin", "2025"),
    "deribit": ("Deribit documentation, portfolio margin (older text)", "2025"),
    "aevo": ("Aevo documentation, portfolio margin", "2025"),
    "span": ("published descriptions of SPAN; range and minimum are examples", "2025"),
    "tims-broad": ("OCC TIMS, SEC release 34-46576: broad index", "2025"),
    "tims-narrow": ("OCC TIMS, SEC release 34-46576: narrow index", "2025"),
}
# Paradex and Aevo list no dated futures; the rest are methods and take what can be revalued.
_GRID_HOLDS = {
    "paradex": frozenset({Kind.PERPETUAL, Kind.OPTION, Kind.TOKEN}),
    "aevo": frozenset({Kind.PERPETUAL, Kind.OPTION, Kind.TOKEN}),
}

PRESETS: tuple[Preset, ...] = (
    Preset("derive-standard", STANDARD, _DERIVE, "7736900d", _DERIVE_ACCOUNT, _MAJORS),
    Preset("derive-portfolio", PORTFOLIO, _DERIVE, "7736900d", _DERIVE_ACCOUNT, _MAJORS, single_market=True),
    Preset(
        "derive-portfolio-2",
        portfolio_2("ETH", "0.02", "0.01"),
        _DERIVE,
        "7736900d",
        _DERIVE_ACCOUNT,
        ("ETH",),
        single_market=True,
    ),
    Preset(
        "hyperliquid",
        HYPERLIQUID,
        "Hyperliquid documentation, margin tiers",
        "2025",
        frozenset({Kind.PERPETUAL}),
        ("BTC", "ETH"),
    ),
    Preset(
        "deribit-standard",
        DERIBIT_STANDARD,
        "Deribit documentation, margins",
        "2025",
        frozenset({Kind.PERPETUAL, Kind.INVERSE, Kind.FUTURE, Kind.OPTION, Kind.BASE}),
        ("BTC", "ETH"),
    ),
    *(
        Preset(name, rule, *_GRID_PAGES[name], _GRID_HOLDS.get(name, frozenset(Kind)))
        for name, rule in GRIDS.items()
    ),
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
