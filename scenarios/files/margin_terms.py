"""Margin presets of a protocol file by name, and the parameters of their own that a file may override.

What presets share stands in the listings (``collateral_factor``, ``liquidation_threshold``) and perpetuals
(leverages). What only one engine knows stands under ``terms``: in ``margin`` for the whole protocol, in a
listing or a perpetual for one asset or market. Defaults are published figures, named with their source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, TypeAlias

MarginName: TypeAlias = Literal[
    "loan-to-value",
    "aave-v3",
    "compound-v3",
    "euler-v2",
    "mango-v3",
    "mango-v4",
    "drift-v2",
    "dydx-v4",
    "gmx-v2",
    "synthetix-perps-v3",
    "hyperliquid",
    "derive-srm",
    "derive-pmrm2",
    "derive-standard",
    "derive-portfolio",
    "derive-portfolio-2",
    "deribit-standard",
    "deribit",
    "paradex",
    "aevo",
    "span",
    "tims-broad",
    "tims-narrow",
]
SINGLE_MARKET: tuple[MarginName, ...] = ("derive-pmrm2", "derive-portfolio", "derive-portfolio-2", "gmx-v2")
"""Rules that judge one underlying at a time."""
OPTIONS: tuple[MarginName, ...] = (
    "derive-srm",
    "derive-pmrm2",
    "derive-standard",
    "derive-portfolio",
    "derive-portfolio-2",
    "deribit",
    "paradex",
    "aevo",
    "span",
    "tims-broad",
    "tims-narrow",
)
"""Rules that judge options."""
UNDERLYINGS: Mapping[MarginName, tuple[str, ...]] = {
    "derive-srm": ("ETH", "BTC"),
    "derive-standard": ("ETH", "BTC"),
}
"""Assets for which a rule has published rates, where it judges no others."""
ONE_MARKET: tuple[MarginName, ...] = ("gmx-v2",)
"""Rules of exactly one perpetual."""
LENDING_ONLY: tuple[MarginName, ...] = ("loan-to-value", "aave-v3", "compound-v3", "euler-v2")
"""Rules of lending markets, without perpetuals."""


@dataclass(frozen=True, slots=True)
class Term:
    """A parameter: its default, and what it means."""

    default: Decimal
    text: str


@dataclass(frozen=True, slots=True)
class PresetTerms:
    """What one preset knows, by where it stands.

    Parameters
    ----------
    source
        Where the defaults were read.
    margin, market, listing
        Parameters by name.
    """

    source: str
    margin: Mapping[str, Term] = field(default_factory=dict)
    market: Mapping[str, Term] = field(default_factory=dict)
    listing: Mapping[str, Term] = field(default_factory=dict)


def _term(default: str, text: str) -> Term:
    return Term(Decimal(default), text)


OWED = "weight of a debt to open; 0: as far above 1 as the asset's lies below"

TERMS: Mapping[MarginName, PresetTerms] = {
    "compound-v3": PresetTerms("compound-finance/comet d5a30b0a, contracts/Comet.sol"),
    "euler-v2": PresetTerms(
        "euler-xyz/euler-vault-kit 5b98b420, LiquidityUtils.sol",
        margin={"half_spread": _term("0", "bid and ask around the oracle's price, read to borrow")},
    ),
    "mango-v4": PresetTerms(
        "blockworks-foundation/mango-v4 1303a4a1, programs/mango-v4/src/health",
        market={"profit_weight": _term("1", "weight of an unrealised gain")},
        listing={
            "initial_liability": _term("0", OWED),
            "maintenance_liability": _term("0", "the same at maintenance"),
            "deposit_start": _term("0", "value of deposits from which the initial weight shrinks; 0: never"),
            "borrow_start": _term("0", "value of borrows from which the initial weight grows; 0: never"),
        },
    ),
    "drift-v2": PresetTerms(
        "drift-labs/protocol-v2 0ae3e3b1, programs/drift/src/math/margin.rs",
        market={
            "imf": _term("0", "size factor of the margin ratio, 1e-6"),
            "profit_weight": _term("1", "initial weight of an unrealised gain"),
        },
        listing={
            "imf": _term("0", "size factor of the weights, 1e-6"),
            "initial_liability": _term("0", OWED),
            "maintenance_liability": _term("0", "the same at maintenance"),
        },
    ),
    "dydx-v4": PresetTerms(
        "dydxprotocol/v4-chain 84d4664b, genesis tiers and upgrade v5",
        market={
            "maintenance_share": _term("0", "of the initial fraction; 0: 0.6 up to 5 %, else 0.5"),
            "lower_cap": _term(
                "-1", "open interest from which the initial fraction rises; -1: none, 20e6 or 5e6 by tier"
            ),
            "upper_cap": _term("-1", "open interest at which it is one; -1: none, 50e6 or 10e6 by tier"),
        },
    ),
    "gmx-v2": PresetTerms(
        "gmx-io/gmx-synthetics a5c0c883, config of BTC/USD",
        margin={"least_collateral": _term("1", "dollars that must remain")},
        market={"open_interest_factor": _term("6e-11", "least collateral per dollar of open interest")},
    ),
    "synthetix-perps-v3": PresetTerms(
        "synthetix-deployments bb0c6bca, omnibus-base-mainnet, BTC",
        margin={
            "least_reward": _term("1", "keeper, dollars"),
            "greatest_reward": _term("30", "keeper, dollars"),
            "least_profit": _term("0.3", "keeper, part of the cost"),
            "greatest_share": _term("0.3", "keeper, part of the collateral"),
            "collateral_share": _term("0.0003", "keeper, part of the collateral"),
            "flag_cost": _term("0", "gas in dollars"),
            "liquidate_cost": _term("0", "gas in dollars"),
        },
        market={
            "maker_fee": _term("0.000001", "part of notional"),
            "taker_fee": _term("0.0005", "part of notional"),
            "skew_scale": _term("12500", "size that moves the price by itself"),
            "initial_ratio": _term("1.54", "growth of the initial rate with size over scale"),
            "least_initial_ratio": _term("0.02", "initial rate of the smallest position"),
            "maintenance_scalar": _term("0.28", "maintenance over initial rate"),
            "flag_reward": _term("0.0003", "part of notional"),
            "limit_multiplier": _term("1.5", "of what may be liquidated in a window"),
            "window_seconds": _term("30", "length of that window"),
            "least_position_margin": _term("15", "dollars a position"),
        },
        listing={
            "skew_scale": _term("0", "amount that is discounted in full; 0: the discount is 1 - factor"),
            "lower_discount": _term("0.01", "of any amount"),
            "upper_discount": _term("0.075", "of the largest"),
            "discount_scalar": _term("1", "growth of the discount with amount over scale"),
        },
    ),
}
"""Parameters by preset; those that are not here have none of their own."""


def term(preset: MarginName, where: str, given: Mapping[str, Decimal], name: str) -> Decimal:
    """Return a parameter: the file's, or the preset's default.

    Parameters
    ----------
    where
        ``margin``, ``market`` or ``listing``.
    """
    known: Mapping[str, Term] = getattr(TERMS[preset], where)
    return given.get(name, known[name].default)
