"""Liquidation designs and loss waterfalls of a protocol file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeAlias

from protocol.ledger import Kind, Ledger
from protocol.liquidation.deleveraging.policy import Candidate, Queue
from protocol.liquidation.policy import LiquidationPolicy
from protocol.liquidation.presets import catalogue
from protocol.liquidation.pricers import FixedBonus
from protocol.liquidation.sizers import CloseFactor, Sizer
from protocol.liquidation.view import Kind as PartKind
from protocol.liquidation.view import Part, View
from protocol.liquidation.waterfall import Deficit, Fund, Haircut, Payer, Socialise, Waterfall
from scenarios.files.margin_terms import MarginName, term
from scenarios.files.protocol import ProtocolFile
from scenarios.files.protocol_rules import LiquidationName
from scenarios.simulation.backstop import VaultRoom, with_deleveraging, with_room
from scenarios.simulation.build import units_of
from scenarios.simulation.names import DEFICIT, DEPOSITORS, FUND, OWN, RESERVES, VAULT

Winners: TypeAlias = Callable[[Ledger, str], tuple[Candidate, ...]]


def depositors_claims(book: Ledger, asset: str) -> Mapping[str, int]:
    """Return who has lent ``asset``: all depositors as one claim."""
    return {DEPOSITORS: book.balance(DEPOSITORS, asset)}


def account_claims(book: Ledger, asset: str) -> Mapping[str, int]:
    """Return every positive balance of the protocol's accounts, its own buffers apart."""
    names = (account.name for account in book.accounts() if account.kind is Kind.MARGIN)
    claims = {name: book.balance(name, asset) for name in names if name not in OWN[1:]}
    return {name: units for name, units in claims.items() if units > 0}


def build_waterfall(file: ProtocolFile, winners: Winners) -> Waterfall:
    """Return the payers in the file's order.

    Loss is shared by lenders in a lending market and by all balances where perpetuals are traded;
    deleveraging before that cuts unrealised gains by profit times leverage, the highest first.
    """
    claims = account_claims if file.perpetuals else depositors_claims
    payers: dict[str, Payer] = {
        "insurance-fund": Fund(FUND),
        "deleverage": Haircut(Queue(), winners),
        "socialise": Socialise(claims),
        "deficit": Deficit(DEFICIT),
    }
    return Waterfall(tuple(payers[name] for name in file.waterfall))


def _aave(file: ProtocolFile, waterfall: Waterfall) -> LiquidationPolicy:
    bonus = _bonus(file, Fraction(5, 100))
    policy = catalogue.aave(waterfall, bonus=bonus)
    if file.liquidation.close_factor is None:
        return policy
    (rule,) = policy.rules
    assert isinstance(rule.sizer, CloseFactor)
    share = min(Fraction(file.liquidation.close_factor), Fraction(1))
    return replace(policy, rules=(replace(rule, sizer=replace(rule.sizer, share=share)),))


def _hyperliquid(file: ProtocolFile, waterfall: Waterfall) -> LiquidationPolicy:
    return catalogue.hyperliquid(waterfall, VAULT, FixedBonus(_bonus(file, Fraction(1, 100))))


def _synthetix(file: ProtocolFile, waterfall: Waterfall) -> LiquidationPolicy:
    """Close against the pool, per window what the market's parameters let the market bear."""
    name: MarginName = "synthetix-perps-v3"
    most, window = {}, 30
    for market, entry in file.perpetuals.items():
        taker, maker, scale, multiplier, seconds = (
            Fraction(term(name, "market", entry.terms, key))
            for key in ("taker_fee", "maker_fee", "skew_scale", "limit_multiplier", "window_seconds")
        )
        window = int(seconds)
        most[market] = int((maker + taker) * scale * multiplier * seconds * 10**entry.decimals)
    return catalogue.synthetix(waterfall, most, VAULT, window=window)


def _bonus(file: ProtocolFile, usual: Fraction) -> Fraction:
    given = file.liquidation.bonus
    return usual if given is None else Fraction(given)


POLICIES: dict[LiquidationName, Callable[[ProtocolFile, Waterfall], LiquidationPolicy]] = {
    "aave": _aave,
    "compound": lambda file, w: catalogue.compound(w, RESERVES, penalty=_bonus(file, Fraction(5, 100))),
    "euler": lambda file, w: catalogue.euler(w, most=_bonus(file, Fraction(15, 100))),
    "maker": lambda file, w: catalogue.maker(w, penalty=_bonus(file, Fraction(13, 100)), treasury=FUND),
    "derive": lambda _, w: catalogue.derive(w),
    "mango": lambda file, w: catalogue.mango(w, fee=_bonus(file, Fraction(5, 100))),
    "drift": lambda _, w: catalogue.drift(w, fund=FUND),
    "dydx": lambda _, w: catalogue.dydx(w, fund=FUND),
    "hyperliquid": _hyperliquid,
    "synthetix": _synthetix,
    "gmx": lambda _, w: catalogue.gmx(w, VAULT),
}
"""By preset; a new one is a function and a line."""


DELEVERAGES: frozenset[LiquidationName] = frozenset({"hyperliquid"})
"""Designs that close positions of accounts below zero against winners unless the file says otherwise."""


def build_policy(
    file: ProtocolFile, winners: Winners, book: Ledger, opposite: Callable[[View, str], tuple[Candidate, ...]]
) -> LiquidationPolicy:
    """Return the liquidation design of a file with its waterfall.

    Parameters
    ----------
    winners
        Return who has unrealised gains, when a loss is to be paid.
    book
        Where the backstop vault's positions stand.
    opposite
        Return who holds the other side of an account's position.
    """
    design = file.liquidation
    policy = POLICIES[design.preset](file, build_waterfall(file, winners))
    most = file.backstop_vault.most_share
    if most is not None and file.perpetuals:
        bound = units_of(file, file.margin.settlement, most * file.backstop_vault.cash)
        policy = with_room(policy, VaultRoom(bound, lambda: book.balances(VAULT)))
    closes = design.preset in DELEVERAGES if design.deleveraging is None else design.deleveraging
    return with_deleveraging(policy, opposite) if closes and file.perpetuals else policy


@dataclass(frozen=True, slots=True)
class WithinMeans:
    """A sizer that repays no more debt than the liquidator has at hand.

    Parameters
    ----------
    sizer
        The design's.
    funds
        Return the liquidator's raw units of an asset.
    """

    sizer: Sizer
    funds: Callable[[str], int]

    def size(self, view: View, part: Part, concession: Fraction) -> int:
        """Return the design's size, cut to the funds where debt is repaid."""
        size = self.sizer.size(view, part, concession)
        return size if part.kind is not PartKind.LOAN else min(size, max(0, self.funds(part.owes)))


def within_means(policy: LiquidationPolicy, funds: Callable[[str], int]) -> LiquidationPolicy:
    """Return the design as one liquidator with limited funds meets it."""
    rules = tuple(
        rule if rule.taker else replace(rule, sizer=WithinMeans(rule.sizer, funds)) for rule in policy.rules
    )
    return replace(policy, rules=rules)
