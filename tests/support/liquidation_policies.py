"""The protocol of ``liquidation_world``: accounts, margin rule, and every liquidation design on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from protocol.ledger import Ledger, quote_of
from protocol.liquidation.decay import LinearDecrease
from protocol.liquidation.deleveraging.policy import Candidate, ProRata, Queue
from protocol.liquidation.policy import Deleveraging, LiquidationPolicy, Rule
from protocol.liquidation.presets import catalogue
from protocol.liquidation.pricers import FixedBonus
from protocol.liquidation.sizers import RestoreHealth
from protocol.liquidation.view import Judgement, View, floor, value
from protocol.liquidation.waterfall import Deficit, Fund, Haircut, Socialise, Waterfall
from protocol.market_state import MarketState
from protocol.transaction import State
from protocol.venues.vault_share import VaultShare

USD, ETH, PERP = "USD", "ETH", "ETH-PERP"
DECIMALS = {USD: 6, ETH: 18, PERP: 9, quote_of(PERP): 6}
TRADERS = ("p:t0", "p:t1", "p:t2")
LENDERS, KEEPER, HOUSE, FUND, VAULT, DEFICIT = (
    f"p:{n}" for n in ("lenders", "keeper", "house", "fund", "vault", "deficit")
)
OTHERS = "p:others"
SHARE, MINT = "p shares", "p mint"
PLAIN_ACCOUNTS = (LENDERS, KEEPER, HOUSE, FUND, VAULT, DEFICIT, OTHERS)
START_PRICE = 2000 * 10**6  # six decimals
PROTOCOL = "p"


@dataclass(frozen=True)
class MarginRule:
    """A plain margin rule: weights on spot, a rate on notional; three levels."""

    asset: Fraction
    liability: Fraction
    rate: Fraction

    def excess(self, balances: Mapping[str, int], market: MarketState) -> Fraction:
        total = Fraction(0)
        for name, units in balances.items():
            worth = value(market, name, units)
            if name == PERP:
                total += worth - abs(worth) * self.rate
            elif name in {USD, quote_of(PERP)}:
                total += worth
            else:
                total += worth * (self.asset if units > 0 else self.liability)
        return total


MAINTENANCE = MarginRule(Fraction(80, 100), Fraction(105, 100), Fraction(5, 100))
RELEASE = MarginRule(Fraction(78, 100), Fraction(107, 100), Fraction(6, 100))
INITIAL = MarginRule(Fraction(75, 100), Fraction(110, 100), Fraction(10, 100))


def equity(balances: Mapping[str, int], market: MarketState) -> Fraction:
    return sum((value(market, name, units) for name, units in balances.items()), Fraction(0))


def judge(balances: Mapping[str, int], market: MarketState) -> Judgement:
    return Judgement(
        floor(equity(balances, market)),
        floor(MAINTENANCE.excess(balances, market)),
        floor(min(RELEASE.excess(balances, market), MAINTENANCE.excess(balances, market))),
    )


def waterfall(kind: str) -> Waterfall:
    def claims(book: Ledger, asset: str) -> dict[str, int]:
        return {LENDERS: book.balance(LENDERS, asset)}

    def winners(book: Ledger, asset: str) -> tuple[Candidate, ...]:
        if asset != USD:
            return ()
        held = {name: max(0, book.balance(name, USD)) for name in TRADERS}
        return tuple(Candidate(name, units // 2, units, units) for name, units in held.items())

    levels = {
        "fund": (Fund(FUND, Fraction(1, 2)), Deficit(DEFICIT)),
        "social": (Fund(FUND), Socialise(claims), Deficit(DEFICIT)),
        "haircut": (Fund(FUND), Haircut(ProRata(), winners), Deficit(DEFICIT)),
    }
    return Waterfall(levels[kind])


def purse(account: str) -> str:
    """Return the wallet that holds a trader's shares."""
    return f"purse of {account}"


def price_of(vault: VaultShare) -> Fraction:
    """Return assets per share, virtual ones included."""
    assets = vault.total_assets + vault.virtual_assets
    return Fraction(assets, vault.total_supply + vault.virtual_shares)


def worth_something(view: View) -> bool:
    return view.judgement.equity >= 0


def opposite(state: State) -> Callable[[View, str], list[Candidate]]:
    """Return who holds the other side of a view's position: traders, and the keeper who made the market."""

    def winners(view: View, instrument: str) -> list[Candidate]:
        position, found = view.balances[instrument], []
        for name in (*TRADERS, KEEPER):
            held = state.ledger.balance(name, instrument)
            if held * position < 0:
                worth = max(1, floor(equity(state.ledger.balances(name), view.market)))
                found.append(Candidate(name, abs(held), abs(held), worth, abs(held)))
        return found

    return winners


PRESETS: dict[str, Callable[[State], LiquidationPolicy]] = {
    "aave": lambda s: catalogue.aave(waterfall("fund")),
    "compound": lambda s: catalogue.compound(waterfall("fund"), DEFICIT),
    "euler": lambda s: catalogue.euler(waterfall("social")),
    "maker": lambda s: catalogue.maker(waterfall("fund"), decay=LinearDecrease(7200), treasury=FUND),
    "derive": lambda s: catalogue.derive(waterfall("social")),
    "synthetix": lambda s: catalogue.synthetix(waterfall("fund"), {PERP: 5 * 10**9}, KEEPER),
    "dydx": lambda s: catalogue.dydx(waterfall("haircut"), fund=FUND),
    "drift": lambda s: catalogue.drift(waterfall("social"), fund=FUND),
    "mango": lambda s: catalogue.mango(waterfall("social")),
    "hyperliquid": lambda s: catalogue.hyperliquid(waterfall("haircut"), VAULT, FixedBonus(Fraction(1, 100))),
    "gmx": lambda s: catalogue.gmx(waterfall("haircut"), KEEPER),
    "deleveraging": lambda s: LiquidationPolicy(
        "deleveraging",
        (
            Rule(
                catalogue.PART_OF_ACCOUNT, RestoreHealth(), FixedBonus(Fraction(1, 100)), when=worth_something
            ),
        ),
        waterfall("social"),
        deleveraging=Deleveraging(Queue(), opposite(s)),
    ),
    # A fund alone stands behind it: what it cannot pay is deleveraged.
    "insured": lambda s: replace(
        catalogue.mango(Waterfall((Fund(FUND),))),
        name="insured",
        deleveraging=Deleveraging(Queue(), opposite(s)),
    ),
    "liquity": lambda s: catalogue.liquity(
        waterfall("fund"), VAULT, lambda asset: max(0, s.ledger.balance(VAULT, asset)), OTHERS
    ),
}
