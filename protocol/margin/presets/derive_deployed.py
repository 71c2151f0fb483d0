"""Derive's parameters as deployed: standard margin of ETH and BTC, both generations of portfolio margin.

Source: derivexyz/v2-core 7736900d ``scripts/config-mainnet.sol`` (getSRMParams, getDefaultScenarios,
getPMRM2Params, getDefaultPM2Scenarios). Live values may differ; read them from the chain where it matters.
"""

from __future__ import annotations

from dataclasses import replace

from protocol.fixed_point import WAD
from protocol.margin.expiry_risk import Basis, SkewMove
from protocol.margin.presets.derive_pmrm import PortfolioMargin
from protocol.margin.presets.derive_pmrm_2 import CollateralTerms, PortfolioMargin2
from protocol.margin.presets.derive_srm import StandardMargin, StandardMarket
from protocol.margin.presets.grids import wad
from protocol.margin.scenarios import Scenario, TermStructure

STANDARD_ETH: StandardMarket[int] = StandardMarket(
    perp_maintenance=wad("0.065"),
    perp_initial=wad("0.10"),
    maximum_spot=wad("0.15"),
    minimum_spot=wad("0.13"),
    maintenance_call=wad("0.09"),
    maintenance_put=wad("0.09"),
    maintenance_put_mark=wad("0.09"),
    unpaired_initial=wad("1.2"),
    unpaired_maintenance=wad("1.1"),
    maintenance_offset=wad("1.05"),
    perp_threshold=wad("0.55"),
    option_threshold=wad("0.55"),
    base_threshold=wad("0.55"),
    confidence_factor=WAD,
    base_factor=wad("0.80"),
    base_initial_scale=wad("0.9375"),
)
STANDARD_BTC = replace(STANDARD_ETH, base_factor=wad("0.75"), base_initial_scale=wad("0.93"))
STANDARD: StandardMargin[int] = StandardMargin(
    (("ETH", STANDARD_ETH), ("BTC", STANDARD_BTC)), peg_threshold=wad("0.99"), peg_factor=2 * WAD
)


def _rows(full: tuple[str, ...], edges: tuple[str, str]) -> tuple[Scenario[int], ...]:
    """Return an upper edge, every inner spot with volatility up, still and down, and a lower edge."""
    inner = [Scenario(wad(s), move, WAD) for s in full for move in ("UP", "NONE", "DOWN")]
    upper, lower = (Scenario(wad(edge), "UP", WAD) for edge in edges)
    return (upper, *inner, lower)


PORTFOLIO: PortfolioMargin[int] = PortfolioMargin(
    basis=Basis(up=wad("1.05"), down=wad("0.95"), addition=WAD, slope=wad("1.2")),
    peg_threshold=wad("0.99"),
    peg_factor=4 * WAD,
    confidence_threshold=wad("0.55"),
    confidence_factor=WAD,
    base_share=wad("0.03"),
    perp_share=wad("0.03"),
    option_share=wad("0.02"),
    initial_factor=wad("1.25"),
    rate_multiple=WAD,
    rate_addition=wad("0.12"),
    base_discount=wad("0.95"),
    term=TermStructure(wad("0.60"), wad("0.30"), wad("0.30"), wad("0.13"), 86_400, 0),
    scenarios=_rows(("1.15", "1.1", "1.05", "1", "0.95", "0.9", "0.85"), ("1.2", "0.8")),
)

TAILS = (
    ("0.34", "0.21"),
    ("0.67", "0.42"),
    ("1.5", "0.2772"),
    ("2", "0.1386"),
    ("3", "0.0693"),
    ("4", "0.0462"),
    ("5", "0.03465"),
    ("6", "0.02772"),
)
SKEWS = tuple(Scenario(WAD, move, WAD) for move in ("LINEAR_SKEW", "ABSOLUTE_SKEW"))


def portfolio_2(base: str, maintenance_haircut: str, initial_haircut: str) -> PortfolioMargin2[int]:
    """Return the second generation for an account whose base asset has the given haircuts."""
    terms = CollateralTerms(True, wad(maintenance_haircut), wad(initial_haircut))
    return PortfolioMargin2(
        basis=Basis(up=wad("1.045"), down=wad("0.955"), addition=wad("0.5"), slope=2 * WAD),
        peg_threshold=wad("0.99"),
        peg_factor=4 * WAD,
        confidence_threshold=wad("0.55"),
        confidence_factor=WAD,
        perp_maintenance=wad("0.03"),
        perp_initial=wad("0.01"),
        option_maintenance=wad("0.003"),
        option_initial=wad("0.002"),
        initial_factor=WAD,
        maintenance_factor=wad("0.8"),
        short_rate_multiple=0,
        long_rate_multiple=0,
        short_rate_addition=wad("0.16"),
        long_rate_addition=wad("0.16"),
        short_base=wad("0.95"),
        long_base=wad("1.05"),
        term=TermStructure(wad("0.50"), wad("0.30"), wad("0.30"), wad("0.13"), 86_400, wad("0.40")),
        skew=SkewMove(
            linear_cap=wad("0.25"),
            absolute_cap=wad("0.25"),
            linear_slope=-wad("0.1"),
            absolute_slope=-wad("0.1"),
            least_width=wad("0.01"),
            width_scale=4 * WAD,
            width_volatility=wad("0.6"),
            width_volatility_slope=0,
        ),
        collaterals=((base, terms),),
        scenarios=(
            *_rows(("1.135", "1.09", "1.045", "1", "0.955", "0.91", "0.865"), ("1.18", "0.82")),
            *(Scenario(wad(spot), "UP", wad(weight)) for spot, weight in TAILS),
            *SKEWS,
        ),
    )
