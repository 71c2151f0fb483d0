"""Interest on debt, as balanced entries: each debtor pays rounded up, each lender gets rounded down.

What rounding leaves, and the reserve factor's part, goes to the reserves. Who lends are the depositors and
every account with a positive balance, in proportion.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from protocol.fixed_point import WAD, mul_div_down, mul_div_up
from protocol.ledger import Ledger
from protocol.vaults.interest import Adaptive, InterestModel, Kinked, compounded_down, utilisation_down
from scenarios.files.protocol_carry import InterestFile
from scenarios.simulation.names import RESERVES
from scenarios.world import World

HYPERLIQUID = (WAD * 5 // 100, 0, WAD * 475 // 100, WAD * 8 // 10)
"""Base, slope, steep slope and kink of its portfolio margin (documentation)."""


@dataclass(frozen=True, slots=True)
class Charged:
    """Interest of one asset over some seconds, raw units.

    Parameters
    ----------
    rate
        Mean rate per second, 18 decimals.
    paid
        By all debtors; the same as lenders and reserves received.
    """

    asset: str
    rate: int
    paid: int


def build_model(entry: InterestFile) -> InterestModel:
    """Return the model of an entry; yearly figures per second, rounded down."""
    if entry.model == "morpho":
        return Adaptive()
    if entry.model == "hyperliquid":
        return Kinked.per_year(*HYPERLIQUID)
    figures = (entry.base, entry.slope, entry.steep, entry.kink)
    return Kinked.per_year(*(int(figure * WAD) for figure in figures))


def charge_interest(
    world: World,
    asset: str,
    entry: InterestFile,
    debts: Mapping[str, int],
    claims: Mapping[str, int],
    cash: int,
    seconds: int,
) -> Charged:
    """Post the interest of ``seconds`` at the utilisation that they began with.

    Parameters
    ----------
    debts, claims
        Units owed and lent by account, all above zero.
    cash
        Units that the protocol could still pay out.
    """
    owed = sum(debts.values())
    memory = f"interest rate of {asset}"
    state = world.state.values.get(memory, 0)
    assert isinstance(state, int)
    rate, after = build_model(entry).rate(utilisation_down(owed, owed + max(cash, 0)), state, seconds)
    if after != state:
        world.state.values[memory] = after
    growth, paid = compounded_down(rate, seconds), 0
    for account, debt in debts.items():
        interest = mul_div_up(debt, growth, WAD)
        world.move(account, RESERVES, asset, interest, "interest")
        paid += interest
    share = mul_div_down(paid, WAD - int(entry.reserve_factor * WAD), WAD)
    lent = sum(claims.values())
    for account, claim in claims.items():
        world.move(RESERVES, account, asset, mul_div_down(share, claim, lent), "interest")
    return Charged(asset, rate, paid)


def lenders(book: Ledger, asset: str, accounts: tuple[str, ...]) -> dict[str, int]:
    """Return the positive balances of ``accounts``."""
    held = {name: book.balance(name, asset) for name in accounts}
    return {name: units for name, units in held.items() if units > 0}


def debtors(book: Ledger, asset: str, accounts: tuple[str, ...]) -> dict[str, int]:
    """Return the negative balances of ``accounts``, as positive units."""
    held = {name: -book.balance(name, asset) for name in accounts}
    return {name: units for name, units in held.items() if units > 0}
