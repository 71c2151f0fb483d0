"""The rules by name, with where their numbers come from; every one judges the common portfolio.

Engines whose accounts are of another shape (lending markets, Synthetix, dYdX, Drift, Mango, GMX, Euler) are
reached through ``protocol.margin.accounts``, which maps the portfolio onto them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from protocol.errors import UnknownNameError
from protocol.fixed_point.context import Context, N
from protocol.margin.accounts.aave import AAVE, AAVE_WSTETH
from protocol.margin.accounts.assets import CASH
from protocol.margin.accounts.compound import COMET_USDC
from protocol.margin.accounts.drift import DRIFT
from protocol.margin.accounts.dydx import DYDX
from protocol.margin.accounts.euler import EULER_PRIME
from protocol.margin.accounts.isolated import GMX, IsolatedTiers
from protocol.margin.accounts.mango import MANGO
from protocol.margin.accounts.synthetix import SYNTHETIX
from protocol.margin.holdings import Portfolio
from protocol.margin.judgement import MAINTENANCE, Check, Judgement, Level, PriceView
from protocol.margin.levels import Levels, LevelTerms, levels
from protocol.margin.presets.deribit_standard import DERIBIT_STANDARD
from protocol.margin.presets.derive_deployed import PORTFOLIO, STANDARD, portfolio_2
from protocol.margin.presets.grids import GRIDS
from protocol.margin.presets.hyperliquid import HYPERLIQUID, HYPERLIQUID_PORTFOLIO
from protocol.margin.presets.simm_portfolio import SIMM_CRYPTO, VAR_CRYPTO
from protocol.margin.presets.tiered_cross import BINANCE


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
    collateral
        Assets that it takes as collateral or lends; None where the rule itself weighs any.
    levels
        Its levels, with the prices and scenarios that each reads.
    """

    name: str
    rule: MarginRule[int]
    source: str
    as_of: str
    holds: frozenset[Kind]
    underlyings: tuple[str, ...] = ()
    single_market: bool = False
    collateral: frozenset[str] | None = None
    levels: Levels = field(default_factory=levels)


_DERIVE = "derivexyz/v2-core scripts/config-mainnet.sol"
_DERIVE_ACCOUNT = frozenset({Kind.PERPETUAL, Kind.OPTION, Kind.BASE})
_MAJORS = ("ETH", "BTC")
_BUFFERED = LevelTerms(MAINTENANCE, buffer=15 * 10**16)
# The exchange's matcher is a trusted caller; an auction ends once the buffer margin is there again.
_DERIVE_STANDARD_LEVELS = levels(TRUSTED=LevelTerms(MAINTENANCE), BUFFER=_BUFFERED, LIQUIDATION_END=_BUFFERED)
_DERIVE_LEVELS = levels(
    TRUSTED=LevelTerms(Check(Level.MAINTENANCE, scenarios="basis")),
    BUFFER=_BUFFERED,
    LIQUIDATION_END=_BUFFERED,
)

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

_LENDING = frozenset({Kind.BASE, Kind.TOKEN, Kind.DEBT})
_PERPETUALS = frozenset({Kind.PERPETUAL})


def _names(rows: tuple[tuple[str, object], ...]) -> frozenset[str]:
    return frozenset(name for name, _ in rows)


_ON_CHAIN: tuple[Preset, ...] = (
    Preset(
        "aave-v3",
        AAVE,
        "aave/aave-v3-deploy markets/aave/reservesConfigs.ts; rule aave-v3-origin fd1fbd91",
        "09e91b80",
        _LENDING,
        collateral=_names(AAVE.reserves),
        levels=levels(PriceView.INDEX),
    ),
    Preset(
        "aave-v3-emode",
        AAVE_WSTETH,
        "efficiency mode wstETH/ETH: AaveChan/aave-proposals-v3; the rest as aave-v3",
        "2025-03-18",
        _LENDING,
        collateral=_names(AAVE_WSTETH.reserves),
        levels=levels(PriceView.INDEX),
    ),
    Preset(
        "compound-iii",
        COMET_USDC,
        "compound-finance/comet, USDC on Ethereum",
        "d5a30b0a",
        frozenset({Kind.BASE, Kind.TOKEN}),
        collateral=_names(COMET_USDC.collaterals),
        levels=levels(PriceView.INDEX),
    ),
    Preset(
        "euler-v2",
        EULER_PRIME,
        "euler-xyz/evk-periphery PrimeCluster.s.sol; rule euler-vault-kit 5b98b420",
        "006717d8",
        _LENDING,
        collateral=frozenset(p.collateral for p in EULER_PRIME.pairs) | {CASH},
        levels=levels(PriceView.BID_ASK, PriceView.INDEX),
    ),
    Preset(
        "synthetix-perps",
        SYNTHETIX,
        "Synthetixio/synthetix-deployments, Base Andromeda; rule synthetix-v3 23585f73",
        "bb0c6bca, ETH 03bf0fdd",
        _PERPETUALS,
        _MAJORS,
        levels=levels(
            PriceView.INDEX, FILL=LevelTerms(Check(Level.INITIAL, PriceView.INDEX), PriceView.FILL)
        ),
    ),
    Preset(
        "dydx-v4",
        DYDX,
        "dydxprotocol/v4-chain, genesis, large tier",
        "84d4664b",
        _PERPETUALS,
        _MAJORS,
        levels=levels(PriceView.INDEX),
    ),
    Preset(
        "drift-v2",
        DRIFT,
        "drift-labs/protocol-v2 sdk/src/adminClient.ts and tests: a new market's defaults",
        "0ae3e3b1",
        _LENDING | _PERPETUALS,
        ("SOL", "ETH", "BTC"),
        collateral=_names(DRIFT.spots),
        levels=levels(
            PriceView.CONSERVATIVE,
            PriceView.INDEX,
            PriceView.INDEX,
            FILL=LevelTerms(Check(Level.FILL, PriceView.CONSERVATIVE), PriceView.INDEX),
        ),
    ),
    Preset(
        "mango-v4",
        MANGO,
        "blockworks-foundation/mango-v4 mb-admin.ts, as registered; rule 1303a4a1",
        "131e8b7c",
        _LENDING | _PERPETUALS,
        ("BTC",),
        collateral=_names(MANGO.tokens),
        levels=levels(
            PriceView.CONSERVATIVE,
            PriceView.INDEX,
            LIQUIDATION_END=LevelTerms(Check(Level.LIQUIDATION_END, PriceView.INDEX)),
        ),
    ),
    Preset(
        "gmx-v2",
        GMX,
        "gmx-io/gmx-synthetics config/markets.ts (Arbitrum); rule a5c0c883",
        "00172c00",
        _PERPETUALS,
        _MAJORS,
        levels=levels(PriceView.BID_ASK),
    ),
)

PRESETS: tuple[Preset, ...] = (
    Preset(
        "derive-standard",
        STANDARD,
        _DERIVE,
        "7736900d",
        _DERIVE_ACCOUNT,
        _MAJORS,
        levels=_DERIVE_STANDARD_LEVELS,
    ),
    Preset(
        "derive-portfolio",
        PORTFOLIO,
        _DERIVE,
        "7736900d",
        _DERIVE_ACCOUNT,
        _MAJORS,
        single_market=True,
        levels=_DERIVE_LEVELS,
    ),
    Preset(
        "derive-portfolio-2",
        portfolio_2("ETH", "0.02", "0.01"),
        _DERIVE,
        "7736900d",
        _DERIVE_ACCOUNT,
        ("ETH",),
        single_market=True,
        levels=_DERIVE_LEVELS,
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
        "hyperliquid-portfolio",
        HYPERLIQUID_PORTFOLIO,
        "Hyperliquid documentation, portfolio margin (alpha)",
        "2026",
        frozenset({Kind.PERPETUAL, Kind.BASE}),
        ("BTC", "ETH"),
        collateral=frozenset({"BTC"}),
    ),
    Preset(
        "binance",
        BINANCE,
        "Binance documentation, BTCUSDT up to 300,000 dollars",
        "2025",
        frozenset({Kind.PERPETUAL}),
        ("BTC",),
    ),
    Preset(
        "simm-crypto",
        SIMM_CRYPTO,
        "form: ISDA SIMM 2.7+2412; volatilities and correlations our own, one bucket of crypto",
        "2026",
        frozenset(Kind) - {Kind.TOKEN},
        ("BTC", "ETH", "SOL"),
    ),
    Preset(
        "var-crypto",
        VAR_CRYPTO,
        "normal value at risk, one day at 99 %; volatilities and correlations our own",
        "2026",
        frozenset(Kind) - {Kind.TOKEN},
        ("BTC", "ETH", "SOL"),
    ),
    Preset(
        "hyperliquid-isolated",
        IsolatedTiers(HYPERLIQUID),
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
    *_ON_CHAIN,
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
