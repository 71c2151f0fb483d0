"""Every liquidation design as a configuration of the four choices; figures are defaults to be overridden.

The arithmetic here is that of fractions, rounded once per movement in the account's favour: it serves
comparison, stress and cascades over any margin rule. Where a design is to be equal to a contract to the last
unit, the module of its name in this folder holds the contract's own order of operations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from protocol.fixed_point import RAY
from protocol.liquidation.decay import Decay, ExponentialDecrease
from protocol.liquidation.policy import Deleveraging, LiquidationPolicy, Rule
from protocol.liquidation.pricers import (
    Absorb,
    AtMark,
    Bankruptcy,
    ByShortfall,
    Falling,
    FallingAccount,
    Fillable,
    FixedBonus,
    Growing,
    Pricer,
)
from protocol.liquidation.selectors import (
    Everything,
    FirstOf,
    KeeperChoice,
    LargestLoan,
    LargestPosition,
    RandomPosition,
    Selector,
)
from protocol.liquidation.sizers import (
    All,
    CappedPosition,
    CloseFactor,
    RestoreHealth,
    ShareByTime,
    ShareOfFunds,
    Slices,
    Windowed,
)
from protocol.liquidation.view import Part, View
from protocol.liquidation.waterfall import Waterfall

PERCENT = Fraction(1, 100)
SECONDS_PER_SLOT = Fraction(2, 5)
PART_OF_ACCOUNT = FirstOf((LargestPosition(), LargestLoan()))


def aave(waterfall: Waterfall, *, scale: int = 18, bonus: Fraction = 5 * PERCENT) -> LiquidationPolicy:
    """Sell half the debt at a fixed bonus, all of it below health 0.95 or for small amounts (V3)."""
    dollars = 10**scale
    sizer = CloseFactor(Fraction(1, 2), Fraction(95, 100), small=2000 * dollars, dust=1000 * dollars)
    return LiquidationPolicy("aave", (Rule(LargestLoan(), sizer, FixedBonus(bonus)),), waterfall, heals=True)


def compound(waterfall: Waterfall, reserves: str, *, penalty: Fraction = 5 * PERCENT) -> LiquidationPolicy:
    """Let the reserves absorb the account: all of it, with what is left at a penalty paid out (III)."""
    rule = Rule(Everything(), All(), Absorb(penalty), taker=reserves)
    return LiquidationPolicy("compound", (rule,), waterfall, heals=True)


def euler(waterfall: Waterfall, *, most: Fraction = 15 * PERCENT) -> LiquidationPolicy:
    """Sell all debt at a discount as deep as the account is short (V2)."""
    return LiquidationPolicy("euler", (Rule(LargestLoan(), All(), ByShortfall(most)),), waterfall, heals=True)


def maker(
    waterfall: Waterfall,
    *,
    start: Fraction = Fraction(12, 10),
    decay: Decay | None = None,
    penalty: Fraction = 13 * PERCENT,
    treasury: str = "",
) -> LiquidationPolicy:
    """Sell the whole debt against a lot whose price falls from above the market."""
    curve = decay or ExponentialDecrease(RAY * 9997 // 10000)
    fee = penalty / (1 + penalty) if treasury else Fraction(0)
    rule = Rule(LargestLoan(), All(), Falling(start, curve), fee=fee, fee_to=treasury)
    return LiquidationPolicy("maker", (rule,), waterfall)


def derive(waterfall: Waterfall, *, pricer: FallingAccount | None = None) -> LiquidationPolicy:
    """Sell slices of the whole account in a Dutch auction, as much as restores the buffer."""
    curve = pricer or FallingAccount(Fraction(95, 100), Fraction(70, 100), 900, 43_200, 3_600)
    return LiquidationPolicy("derive", (Rule(Everything(), RestoreHealth(), curve),), waterfall, heals=True)


def synthetix(
    waterfall: Waterfall, most: Mapping[str, int], pool: str, *, window: int = 30
) -> LiquidationPolicy:
    """Close positions against the pool at the mark, as much as the market bears per window (Perps V3)."""
    rules = (
        Rule(LargestPosition(), Windowed(most, window), AtMark(), taker=pool),
        Rule(LargestLoan(), All(), AtMark(), taker=pool),
    )
    return LiquidationPolicy("synthetix", rules, waterfall, heals=True)


def dydx(waterfall: Waterfall, *, scale: int = 18, fund: str = "") -> LiquidationPolicy:
    """Sell a random position, at most 10 %, at a price between the mark and bankruptcy (v4)."""
    dollars = 10**scale
    sizer = CappedPosition(Fraction(1, 10), 1000 * dollars, 100_000 * dollars)
    fee = Fraction(15, 1000) if fund else Fraction(0)
    rules = (
        Rule(RandomPosition(), sizer, Fillable(), fee=fee, fee_to=fund, guarantee=True),
        Rule(LargestLoan(), All(), FixedBonus(Fraction(15, 1000))),
    )
    return LiquidationPolicy("dydx", rules, waterfall)


def drift(waterfall: Waterfall, *, scale: int = 18, fund: str = "") -> LiquidationPolicy:
    """Sell a share that grows with time of what restores a buffer, at a fee that grows as well (v2)."""
    sizer = ShareByTime(Fraction(1, 10), duration=60, small=50 * 10**scale)
    bp = PERCENT / 100
    pricer = Growing(PERCENT, bp / 100 / SECONDS_PER_SLOT, after=600, most=5 * PERCENT)
    fee = PERCENT if fund else Fraction(0)
    rule = Rule(PART_OF_ACCOUNT, sizer, pricer, fee=fee, fee_to=fund)
    return LiquidationPolicy("drift", (rule,), waterfall)


def mango(waterfall: Waterfall, *, fee: Fraction = 5 * PERCENT) -> LiquidationPolicy:
    """Sell as much as brings the account to the level at which a liquidation ends (v4)."""
    return LiquidationPolicy(
        "mango", (Rule(PART_OF_ACCOUNT, RestoreHealth(), FixedBonus(fee)),), waterfall, heals=True
    )


def below_two_thirds(view: View) -> bool:
    """Return whether equity is below 2/3 of the maintenance requirement."""
    return 3 * view.judgement.equity < 2 * view.judgement.requirement


def hyperliquid(
    waterfall: Waterfall,
    vault: str,
    market: Pricer,
    *,
    scale: int = 18,
    bid_account: str = "",
    deleveraging: Deleveraging | None = None,
) -> LiquidationPolicy:
    """Send market orders in slices of 20 % first; the vault takes all below 2/3 of maintenance.

    Parameters
    ----------
    vault
        The backstop vault: it receives positions and margin, and with them the risk.
    market
        Price of a market order.
    bid_account
        Whose orders rest in the book; empty for the liquidator.
    deleveraging
        For accounts below zero that find no bid.
    """
    slices = Slices(Fraction(1, 5), 100_000 * 10**scale, 30)
    rules = (
        Rule(Everything(), All(), Bankruptcy(), taker=vault, when=takeable),
        Rule(LargestPosition(), slices, market, taker=bid_account),
    )
    return LiquidationPolicy("hyperliquid", rules, waterfall, heals=True, deleveraging=deleveraging)


def takeable(view: View) -> bool:
    """Return whether the backstop vault takes the account: below 2/3 of maintenance, not below zero.

    Below zero the vault would lose at once; the positions are deleveraged instead and the rest is a loss.
    """
    return below_two_thirds(view) and view.judgement.equity >= 0


def gmx(
    waterfall: Waterfall, pool: str, choose: Callable[[View], Part | None] | None = None
) -> LiquidationPolicy:
    """Close the position that the keeper names, against the pool."""
    selector: Selector = KeeperChoice(choose) if choose else LargestPosition()
    rule = Rule(selector, All(), FixedBonus(Fraction(2, 1000)), taker=pool)
    return LiquidationPolicy(
        "gmx", (rule, Rule(LargestLoan(), All(), AtMark(), taker=pool)), waterfall, heals=True
    )


def liquity(
    waterfall: Waterfall, pool: str, available: Callable[[str], int], others: str
) -> LiquidationPolicy:
    """Offset debts against the stability pool, which gets the collateral; redistribute what it cannot take.

    Parameters
    ----------
    pool, others
        The stability pool, and the account that stands for all other borrowers.
    available
        Return what the pool holds of a debt asset.
    """
    rules = (
        Rule(Everything(), ShareOfFunds(available), Bankruptcy(), taker=pool, when=solvent),
        Rule(Everything(), All(), Bankruptcy(), taker=others),
    )
    return LiquidationPolicy("liquity", rules, waterfall, heals=True)


def solvent(view: View) -> bool:
    """Return whether the account is worth something."""
    return view.judgement.equity > 0
