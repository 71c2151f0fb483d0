"""A portfolio as a user of Drift v2: weighted deposits and borrows, and perpetuals.

Parameters: drift-labs/protocol-v2 0ae3e3b1: a new perpetual market of ``sdk/src/adminClient.ts`` (20 % and
5 %, no size factor) and the token market of its tests (0.8, 0.9, 1.2, 1.1). What is deployed stands in the
chain's accounts and differs by market.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Generic

from protocol.errors import UnfitPortfolioError
from protocol.fixed_point.context import Context, N
from protocol.fixed_point.scales import from_scale, to_scale_down, to_scale_up
from protocol.margin.accounts.assets import CASH, Asset, assets
from protocol.margin.holdings import MarketHolding, Portfolio
from protocol.margin.judgement import Check, Judgement
from protocol.margin.presets.drift_v2 import DriftAccount, PerpHolding, SpotHolding, StrictPrice


@dataclass(frozen=True, slots=True)
class SpotTerms(Generic[N]):
    """Weights in ten-thousandths, size factor and start of scaling in millionths, token decimals."""

    DECIMALS: ClassVar = {
        **dict.fromkeys(
            ("initial_asset", "maintenance_asset", "initial_liability", "maintenance_liability"), 4
        ),
        **dict.fromkeys(("imf", "start"), 6),
        "decimals": None,
    }

    initial_asset: N
    maintenance_asset: N
    initial_liability: N
    maintenance_liability: N
    imf: N
    start: N
    decimals: int


@dataclass(frozen=True, slots=True)
class PerpTerms(Generic[N]):
    """Margin ratios and the weight of profit in ten-thousandths, size factor in millionths."""

    DECIMALS: ClassVar = {
        **dict.fromkeys(("initial_ratio", "maintenance_ratio", "profit_weight"), 4),
        "imf": 6,
    }

    initial_ratio: N
    maintenance_ratio: N
    imf: N
    profit_weight: N


@dataclass(frozen=True, slots=True)
class Drift(Generic[N]):
    """Token markets by asset (the portfolio's cash is ``cash``) and perpetuals by underlying."""

    spots: tuple[tuple[str, SpotTerms[N]], ...]
    perps: tuple[tuple[str, PerpTerms[N]], ...]

    def account(self, context: Context[N], portfolio: Portfolio[N]) -> DriftAccount[N]:
        """Return the user's account; prices are those of the view in which the portfolio was built."""
        terms = dict(self.spots)
        deposits = {m.underlying: m.totals.deposits for m in portfolio.markets if m.totals is not None}
        spots = tuple(
            _spot(context, row, terms[row.name], deposits.get(row.name, context.zero))
            for row in assets(portfolio)
            if row.name in terms
        )
        dollar = to_scale_down(context, portfolio.stable_price, 6)
        quote = StrictPrice(dollar, dollar)
        perps = tuple(
            self._perp(context, market, quote) for market in portfolio.markets if market.perp is not None
        )
        return DriftAccount(spots, perps)

    def _perp(self, context: Context[N], market: MarketHolding[N], quote: StrictPrice[N]) -> PerpHolding[N]:
        assert market.perp is not None
        terms = dict(self.perps).get(market.underlying)
        if terms is None:
            raise UnfitPortfolioError("drift-v2", f"no parameters for {market.underlying}")
        size = to_scale_down(context, context.absolute(market.perp.size), 9)
        return PerpHolding(
            context.where(market.perp.size >= 0, size, -size),
            to_scale_down(context, market.perp.unsettled, 6),
            to_scale_down(context, market.perp.price, 6),
            quote,
            terms.initial_ratio,
            terms.maintenance_ratio,
            terms.imf,
            terms.profit_weight,
            context.zero,
            context.zero,
            context.zero,
        )

    def judge(self, context: Context[N], portfolio: Portfolio[N], check: Check) -> Judgement[N]:
        """Return weighted collateral less weighted requirements."""
        account = self.account(context, portfolio)
        answer = account.judge(context, check)
        equity = context.zero
        for row in assets(portfolio):
            if row.name in dict(self.spots):
                equity = equity + row.value(context)
        charges: dict[str, N] = {}
        for market, perp in zip(
            (m for m in portfolio.markets if m.perp is not None), account.perps, strict=True
        ):
            assert market.perp is not None
            equity = equity + market.perp.unsettled
            charges[market.underlying] = from_scale(context, perp.requirement(context, check.level), 6)
        excess = from_scale(context, answer.excess, 6)
        weights = equity - excess
        for charge in charges.values():
            weights = weights - charge
        return Judgement(check, excess, equity, charges={**charges, "weights": weights})


def _spot(context: Context[N], row: Asset[N], terms: SpotTerms[N], deposits: N) -> SpotHolding[N]:
    price = to_scale_down(context, row.price, 6)
    owned = to_scale_down(context, row.owned(context), terms.decimals)
    owed = to_scale_up(context, row.owed(context), terms.decimals)
    return SpotHolding(
        owned - owed,
        terms.decimals,
        StrictPrice(price, price),
        terms.initial_asset,
        terms.maintenance_asset,
        terms.initial_liability,
        terms.maintenance_liability,
        terms.imf,
        terms.start,
        to_scale_down(context, context.mul_down(deposits, row.price), 6),
    )


def _token(decimals: int) -> SpotTerms[int]:
    return SpotTerms(8_000, 9_000, 12_000, 11_000, 0, 0, decimals)


_PERP: PerpTerms[int] = PerpTerms(2_000, 500, 0, 10_000)
DRIFT: Drift[int] = Drift(
    (
        (CASH, SpotTerms(10_000, 10_000, 10_000, 10_000, 0, 0, 6)),
        ("SOL", _token(9)),
        ("ETH", _token(8)),
        ("BTC", _token(8)),
    ),
    (("SOL", _PERP), ("BTC", _PERP), ("ETH", _PERP)),
)
