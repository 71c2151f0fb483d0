"""A world: accounts, venues and vaults over one ledger, changed only inside transactions.

Amounts are raw integer units. Every action posts what it moves and puts the venue's or vault's new value in
place; after each transaction the ledger's conservation and the backing of every venue and vault are asserted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar, cast

from oracles.node import Sample, View
from protocol.errors import UnknownNameError
from protocol.ledger import Account, Kind
from protocol.transaction import Committed, State, Transaction
from protocol.venues.uniswap_v2 import UniswapV2Pair
from protocol.venues.vault_share import VaultShare
from protocol.venues.venue import Trade, Venue
from scenarios.errors import UnbackedError

OUTSIDE = "outside"
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Feed:
    """What a feed has published so far, oldest first."""

    samples: tuple[Sample, ...]


class AssetDecimals(dict[str, int]):
    """Decimals by asset; asking for an asset that is not declared is an error that names those that are."""

    def __missing__(self, asset: str) -> int:
        """Refuse.

        Raises
        ------
        UnknownNameError
            Always.
        """
        raise UnknownNameError("asset", asset, tuple(sorted(self)))


@dataclass(slots=True)
class World:
    """The state and its clock.

    Parameters
    ----------
    decimals
        By asset.
    time, block
        The clock of whoever acts now.
    """

    decimals: dict[str, int]
    time: int = 0
    block: int = 0
    state: State = field(default_factory=State)
    committed: list[Committed] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.decimals = AssetDecimals(self.decimals)
        self.state.ledger.open(Account(OUTSIDE, Kind.ISSUER))

    # Accounts

    def wallet(self, name: str) -> str:
        """Open a wallet, which may not be negative; return its name."""
        self.state.ledger.open(Account(name))
        return name

    def margin_account(self, protocol: str, owner: str) -> str:
        """Open ``protocol:owner``, which may be negative while its protocol has cash; return its name."""
        name = f"{protocol}:{owner}"
        self.state.ledger.open(Account(name, Kind.MARGIN, protocol))
        return name

    def issuer(self, name: str) -> str:
        """Open an account from which new units of an asset come; return its name."""
        self.state.ledger.open(Account(name, Kind.ISSUER))
        return name

    def balance(self, account: str, asset: str) -> int:
        """Return a signed balance."""
        return self.state.ledger.balance(account, asset)

    def move(self, source: str, target: str, asset: str, units: int, memo: str = "") -> None:
        """Post a movement."""
        self.state.ledger.post(source, target, asset, units, memo)

    def fund(self, account: str, asset: str, units: int) -> None:
        """Bring units into the world: the opening balances."""
        self.move(OUTSIDE, account, asset, units, "opening balance")

    # Venues

    def add_venue(self, name: str, venue: Venue) -> None:
        """Put a venue into the world, its reserves funded from outside."""
        self.wallet(name)
        self.issuer(shares_of(name))
        self.state.values[name] = venue
        for asset, units in _held(venue).items():
            self.fund(name, asset, units)
        share, supply = _shares(name, venue)
        self.move(shares_of(name), OUTSIDE, share, supply, "shares of others")

    def venue(self, name: str) -> Venue:
        """Return a venue as it is now.

        Raises
        ------
        UnknownNameError
            With the venues that are there.
        """
        value = self.state.values.get(name)
        if not is_venue(value):
            raise UnknownNameError("venue", name, self._names(Venue))
        return cast("Venue", value)

    def pair(self, name: str) -> UniswapV2Pair:
        """Return a venue that has liquidity tokens of the V2 form."""
        return self.venue_of(UniswapV2Pair, "V2 pair", name)

    def venue_of(self, kind: type[V], what: str, name: str) -> V:
        """Return a venue of a kind.

        Parameters
        ----------
        what
            The kind in words, for the error.

        Raises
        ------
        UnknownNameError
            There is no such venue, or it is of another kind; with the names of this kind.
        """
        value = self.venue(name)
        if not isinstance(value, kind):
            raise UnknownNameError(what, name, self._names(kind))
        return value

    def swap(self, actor: str, venue: str, sell: str, buy: str, units: int) -> Trade:
        """Sell ``units`` of ``sell`` on ``venue``."""
        trade, after = self.venue(venue).swap(sell, buy, units, time=self.time)
        self.move(actor, venue, sell, trade.amount_in, f"sold on {venue}")
        self.move(venue, actor, buy, trade.amount_out, f"bought on {venue}")
        self._set_venue(venue, after)
        return trade

    def swap_wrapped(self, actor: str, venue: str, sell: str, buy: str, units: int) -> Trade:
        """Sell an underlying asset on a pool that holds wrapped ones (Curve's ``exchange_underlying``).

        The wrappers lie outside this world: the actor trades the underlying with the outside, and the pool's
        wrapped coins come from and go there.
        """
        before = self.venue(venue).reserves()
        trade, after = self.venue(venue).swap(sell, buy, units, time=self.time)
        self.move(actor, OUTSIDE, sell, trade.amount_in, f"sold on {venue}")
        self.move(OUTSIDE, actor, buy, trade.amount_out, f"bought on {venue}")
        for asset, left in after.reserves().items():
            change = left - before[asset]
            source, target = (OUTSIDE, venue) if change > 0 else (venue, OUTSIDE)
            self.move(source, target, asset, abs(change), "wrapped or unwrapped")
        self._set_venue(venue, after)
        return trade

    def _set_venue(self, name: str, after: Venue) -> None:
        """Keep the venue's new value; what it holds beyond its reserves are fees that belong to its admin."""
        self.state.values[name] = after
        for asset, units in _held(after).items():
            fees = self.balance(name, asset) - units
            if fees > 0:
                self.move(name, self.wallet(f"{name}.fees"), asset, fees, "admin fee")

    def add_liquidity(self, actor: str, venue: str, asset: str, units: int) -> tuple[int, int]:
        """Add ``units`` of ``asset`` and the other asset in proportion, as the V2 router does.

        Returns
        -------
        (shares, other)
            LP tokens received and units of the other asset taken (rounded down by the router's quote).
        """
        pair = self.pair(venue)
        other_asset = pair.token1 if asset == pair.token0 else pair.token0
        reserves = pair.reserves()
        other = units * reserves[other_asset] // reserves[asset]
        shares, after = pair.donate({asset: units, other_asset: other}).mint(time=self.time)
        self.move(actor, venue, asset, units, "liquidity added")
        self.move(actor, venue, other_asset, other, "liquidity added")
        self.move(shares_of(venue), actor, shares_of(venue), shares, "LP tokens minted")
        self.state.values[venue] = after
        return shares, other

    def remove_liquidity(self, actor: str, venue: str, shares: int) -> tuple[int, int]:
        """Burn ``shares`` LP tokens of a pair; return the units of token 0 and token 1 paid out."""
        pair = self.pair(venue)
        amount0, amount1, after = pair.burn(shares, time=self.time)
        self.move(actor, shares_of(venue), shares_of(venue), shares, "LP tokens burned")
        self.move(venue, actor, pair.token0, amount0, "liquidity removed")
        self.move(venue, actor, pair.token1, amount1, "liquidity removed")
        self.state.values[venue] = after
        return amount0, amount1

    # Vaults

    def vault(self, name: str) -> VaultShare:
        """Return a vault as it is now.

        Raises
        ------
        UnknownNameError
            With the vaults that are there.
        """
        value = self.state.values.get(name)
        if not isinstance(value, VaultShare):
            raise UnknownNameError("vault", name, self._names(VaultShare))
        return value

    def deposit(self, actor: str, vault: str, units: int) -> int:
        """Deposit assets; return the shares minted."""
        before = self.vault(vault)
        shares, after = before.deposit(units)
        self._settle_vault(actor, vault, before, after, units, shares)
        return shares

    def mint_shares(self, actor: str, vault: str, shares: int) -> int:
        """Mint exactly ``shares``; return the assets paid."""
        before = self.vault(vault)
        units, after = before.mint(shares)
        self._settle_vault(actor, vault, before, after, units, shares)
        return units

    def redeem(self, actor: str, vault: str, shares: int) -> int:
        """Redeem shares; return the assets paid out."""
        before = self.vault(vault)
        units, after = before.redeem(shares)
        self.move(actor, shares_of(vault), before.share, shares, "shares burned")
        self.move(vault, actor, before.asset, units, "redeemed")
        self.state.values[vault] = after
        return units

    def donate(self, actor: str, vault: str, units: int) -> None:
        """Send assets to a vault for nothing; the sum of all such gifts is kept beside it."""
        before = self.vault(vault)
        self.move(actor, vault, before.asset, units, "donated")
        self.state.values[vault] = before.donate(units)
        given = self.state.values.get(gifts_to(vault), 0)
        assert isinstance(given, int)
        self.state.values[gifts_to(vault)] = given + units

    def _settle_vault(
        self, actor: str, name: str, before: VaultShare, after: VaultShare, units: int, shares: int
    ) -> None:
        self.move(actor, name, before.asset, units, "deposited")
        self.move(shares_of(name), actor, before.share, shares, "shares minted")
        self.state.values[name] = after

    # Time, views, transactions

    def view(self) -> View:
        """Return what an oracle may look at now."""
        values = self.state.values
        return View(
            self.time,
            self.block,
            venues={name: cast("Venue", value) for name, value in values.items() if is_venue(value)},
            vaults={name: value for name, value in values.items() if isinstance(value, VaultShare)},
            feeds={name: value.samples for name, value in values.items() if isinstance(value, Feed)},
            memory=values,
        )

    def transaction(self, name: str) -> Transaction:
        """Return a transaction over this world, to be used as a context manager."""
        return Transaction(self.state, name, (assert_backed,), self.committed.append)

    def _names(self, kind: type) -> tuple[str, ...]:
        return tuple(name for name, value in self.state.values.items() if isinstance(value, kind))


def is_venue(value: object) -> bool:
    """Return whether a value is a venue; the answer is remembered by type, for the check is slow."""
    return _is_venue_type(cast("Any", type(value)))


@cache
def _is_venue_type(kind: Any) -> bool:
    return all(
        hasattr(kind, name) for name in ("assets", "reserves", "quote", "swap", "to_state", "from_state")
    )


def shares_of(venue: str) -> str:
    """Return the name of a venue's liquidity token, which is also the name of its issuer."""
    return f"{venue}.LP"


def gifts_to(vault: str) -> str:
    """Return the name under which the sum of the gifts to a vault is kept, in raw units."""
    return f"gifts to {vault}"


def assert_backed(state: State, transaction: str) -> None:
    """Check that each venue and vault holds in the ledger what it believes it holds.

    Raises
    ------
    UnbackedError
        A defect of the program, whatever the input.
    """
    for name, value in state.values.items():
        if not is_venue(value):
            continue
        venue = cast("Venue", value)
        for asset, units in _held(venue).items():
            _require_equal(state, transaction, name, asset, units)
        share, supply = _shares(name, venue)
        if supply:
            issued = state.ledger.issued(shares_of(name), share)
            if issued != supply:
                raise UnbackedError(transaction, name, share, supply, issued)


def _require_equal(state: State, transaction: str, name: str, asset: str, believed: int) -> None:
    held = state.ledger.balance(name, asset)
    if held != believed:
        raise UnbackedError(transaction, name, asset, believed, held)


def _shares(name: str, venue: Venue) -> tuple[str, int]:
    if isinstance(venue, VaultShare):
        return venue.share, venue.total_supply
    return shares_of(name), getattr(venue, "total_supply", 0)


def _held(venue: Venue) -> Mapping[str, int]:
    if isinstance(venue, UniswapV2Pair):
        return {venue.token0: venue.balance0, venue.token1: venue.balance1}
    return venue.reserves()
