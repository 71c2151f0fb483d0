"""A vault of many collaterals: holders with sub-accounts, caps, groups, collateral moved where it is needed.

Accounts stand on the ledger as margin accounts ``vault:holder/sub``; debts are negative balances, lent by the
vault's account ``vault:lenders``. Every action that could add risk ends with the opening check and is undone
if it fails.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from protocol.errors import BorrowRefusedError, CapExceededError, EligibilityError, UnknownAccountError
from protocol.ledger import Account, Kind
from protocol.market_state import MarketState
from protocol.transaction import State, Transaction
from protocol.vaults.collateral import CollateralRules, Standing


@dataclass(frozen=True, slots=True)
class Moved:
    """Collateral moved from one sub-account of a holder to another."""

    source: str
    target: str
    asset: str
    units: int


class MultiVault:
    """Collateral accounts under one set of rules.

    Parameters
    ----------
    state
        Ledger and values.
    name
        Of the vault; the group of its margin accounts.
    rules
        How collateral counts.
    pool_holders
        Whether tiers apply to a holder's total instead of to each sub-account.
    """

    def __init__(
        self, state: State, name: str, rules: CollateralRules, *, pool_holders: bool = False
    ) -> None:
        self.state = state
        self.name = name
        self.rules = rules
        self.pool_holders = pool_holders
        self.lenders = f"{name}:lenders"
        state.ledger.open(Account(self.lenders, Kind.MARGIN, name))

    def account(self, holder: str, sub: str = "0") -> str:
        """Open the holder's sub-account if it is new, and return its name.

        Raises
        ------
        UnknownAccountError
            If a name is empty or has a stroke in it, which would make it another holder's.
        """
        for part in (holder, sub):
            if not part or "/" in part:
                raise UnknownAccountError(
                    part, "names of holders and sub-accounts are not empty and have no /"
                )
        name = f"{self.name}:{holder}/{sub}"
        self.state.ledger.open(Account(name, Kind.MARGIN, self.name))
        return name

    def accounts(self, holder: str) -> list[str]:
        """Return the holder's sub-accounts in the order of opening."""
        prefix = f"{self.name}:{holder}/"
        return [account.name for account in self.state.ledger.accounts() if account.name.startswith(prefix)]

    def group_of(self, account: str) -> str:
        """Return the account's e-mode, empty for none."""
        return str(self.state.values.get(f"{self.name} group:{account}", ""))

    def holdings(self, holder: str) -> dict[str, int]:
        """Return the holder's collateral over all sub-accounts."""
        held: dict[str, int] = {}
        for account in self.accounts(holder):
            for asset, units in self.state.ledger.balances(account).items():
                if units > 0:
                    held[asset] = held.get(asset, 0) + units
        return held

    def standing(self, account: str, market: MarketState) -> Standing:
        """Return what the account is worth under the rules."""
        holder = self.holdings(self._holder(account)) if self.pool_holders else None
        return self.rules.standing(
            self.state.ledger.balances(account), market, self.group_of(account), holder=holder
        )

    def _holder(self, account: str) -> str:
        return account.removeprefix(f"{self.name}:").rsplit("/", 1)[0]

    # Actions

    def deposit(self, payer: str, account: str, asset: str, units: int) -> None:
        """Take collateral in, or a repayment of what the account owes, which need not be collateral.

        Raises
        ------
        EligibilityError
            If more than a debt comes in of what is no collateral, or it may not stand beside what the account
            holds, or ``payer`` is an account of this vault: that is a transfer.
        CapExceededError
            If the vault would hold more than the cap of the asset, or of the account's group.
        """
        self._require_outside(payer, asset)
        own, general = self.rules.of(asset, self.group_of(account)), self.rules.of(asset)
        if own is None and self.state.ledger.balance(account, asset) + units > 0:
            raise EligibilityError(asset, "is no collateral here")
        with Transaction(self.state, f"deposit to {account}"):
            self.state.ledger.post(payer, account, asset, units, "deposit")
            total = self.deposited(asset)
            for rule in (own, general):
                if rule is not None and rule.supply_cap is not None and total > rule.supply_cap:
                    raise CapExceededError(f"deposits of {asset}", total, rule.supply_cap)
            self.rules.require_eligible(self.state.ledger.balances(account), self.group_of(account))

    def deposited(self, asset: str) -> int:
        """Return the collateral of all accounts in ``asset``, lenders apart."""
        book = self.state.ledger
        return sum(
            max(0, book.balance(account.name, asset))
            for account in book.accounts()
            if account.group == self.name and account.name != self.lenders
        )

    def withdraw(self, account: str, receiver: str, asset: str, units: int, market: MarketState) -> None:
        """Pay collateral out, or lend what the account does not hold; the opening check must pass after.

        Raises
        ------
        BorrowRefusedError
            If it would not.
        EligibilityError, CapExceededError
            If the debt may not be owed, ``receiver`` is an account of this vault (that is a transfer), or an
            isolated asset's ceiling would be exceeded.
        InsufficientBalanceError
            If the vault's cash does not suffice.
        """
        self._require_outside(receiver, asset)
        with Transaction(self.state, f"withdrawal from {account}"):
            self.state.ledger.post(account, receiver, asset, units, "withdrawal")
            self._require(account, market)

    def transfer(self, source: str, target: str, asset: str, units: int, market: MarketState) -> None:
        """Move collateral between sub-accounts of one holder; both must pass the opening check after.

        Raises
        ------
        EligibilityError
            If the accounts belong to different holders, or the asset may not stand in the target.
        """
        if self._holder(source) != self._holder(target):
            raise EligibilityError(asset, f"cannot move from {source} to {target}: another holder")
        with Transaction(self.state, f"transfer {source} to {target}"):
            self.state.ledger.post(source, target, asset, units, "transfer")
            self._require(source, market)
            self.rules.require_eligible(self.state.ledger.balances(target), self.group_of(target))

    def join(self, account: str, group: str, market: MarketState) -> None:
        """Put the account into an e-mode (empty: none); the opening check must pass after.

        Raises
        ------
        EligibilityError
            If there is no such group, or a debt may not be owed in it.
        """
        if group and group not in self.rules.groups:
            raise EligibilityError(group, "is no group")
        with Transaction(self.state, f"group of {account}"):
            self.state.values[f"{self.name} group:{account}"] = group
            self._require(account, market)

    def _require_outside(self, other: str, asset: str) -> None:
        if self.state.ledger.account(other).group == self.name:
            raise EligibilityError(
                asset, f"moves between accounts of {self.name} by a transfer, not to {other}"
            )

    def _require(self, account: str, market: MarketState) -> None:
        balances = self.state.ledger.balances(account)
        self.rules.require_eligible(balances, self.group_of(account))
        standing = self.standing(account, market)
        scale = 10**market.scale
        if standing.opening < 0 and standing.debt:
            permitted = standing.debt + standing.opening
            raise BorrowRefusedError(
                account, f"{standing.debt / scale:,.2f}", f"{permitted / scale:,.2f}", "USD"
            )
        self._require_ceiling(balances, market)

    def _require_ceiling(self, balances: Mapping[str, int], market: MarketState) -> None:
        asset = self.rules.isolated_asset(balances)
        if asset is None:
            return
        ceiling = self.rules.collateral[asset].debt_ceiling
        assert ceiling is not None
        owed = 0
        for account in self.state.ledger.accounts():
            held = self.state.ledger.balances(account.name) if account.group == self.name else {}
            if account.name != self.lenders and self.rules.isolated_asset(held) == asset:
                owed += self.rules.standing(held, market).debt
        if owed > ceiling:
            raise CapExceededError(f"debt against {asset}", owed, ceiling)

    # Several accounts of one holder

    def rebalance(self, holder: str, market: MarketState) -> tuple[Moved, ...]:
        """Move collateral from sub-accounts with room to those short of maintenance, as risk has changed.

        The account most short is helped first, by the account with most room, in the asset of which that one
        holds most value; each move is the least that helps, found by bisection, and never takes the giver
        below his opening requirement. Accounts that cannot be helped whole are helped as far as it goes.
        """
        with Transaction(self.state, f"rebalancing of {holder}"):
            return self._rebalance(holder, market)

    def _rebalance(self, holder: str, market: MarketState) -> tuple[Moved, ...]:
        done: list[Moved] = []
        names = self.accounts(holder)
        for _ in range(len(names) ** 2 * max(1, len(self.rules.collateral))):
            short = [(self.standing(name, market).maintenance, name) for name in names]
            need, target = min(short, default=(0, ""))
            if need >= 0:
                break
            move = self._best_move(names, target, market)
            if move is None:
                break
            self.state.ledger.post(move.source, move.target, move.asset, move.units, "rebalance")
            done.append(move)
        return tuple(done)

    def _best_move(self, names: list[str], target: str, market: MarketState) -> Moved | None:
        givers = sorted(
            ((-self.standing(name, market).opening, name) for name in names if name != target),
        )
        for room, source in givers:
            if room >= 0:
                break
            held = self.state.ledger.balances(source)
            for asset in sorted(held, key=lambda a: -market.value_down(a, max(0, held[a]))):
                units = self._movable(source, target, asset, market) if held[asset] > 0 else 0
                if units:
                    return Moved(source, target, asset, units)
        return None

    def _movable(self, source: str, target: str, asset: str, market: MarketState) -> int:
        """Return the least units that make the target whole, or the most that the source can give."""
        given = dict(self.state.ledger.balances(source))
        taken = dict(self.state.ledger.balances(target))
        holder = self.holdings(self._holder(source)) if self.pool_holders else None

        def after(units: int) -> tuple[Standing, Standing]:
            one = {**given, asset: given[asset] - units}
            other = {**taken, asset: taken.get(asset, 0) + units}
            return (
                self.rules.standing(one, market, self.group_of(source), holder=holder),
                self.rules.standing(other, market, self.group_of(target), holder=holder),
            )

        try:
            self.rules.require_eligible({**taken, asset: taken.get(asset, 0) + 1}, self.group_of(target))
        except EligibilityError:
            return 0
        most = _last(given[asset], lambda units: after(units)[0].opening >= 0)
        if after(most)[1].maintenance <= after(0)[1].maintenance:
            return 0
        enough = _last(most, lambda units: after(units)[1].maintenance < 0) + 1
        return min(most, enough)


def _last(upper: int, holds: Callable[[int], bool]) -> int:
    """Return the greatest number up to ``upper`` for which ``holds``, which must not come back once lost."""
    if holds(upper):
        return upper
    low, high = 0, upper
    while high - low > 1:
        middle = (low + high) // 2
        if holds(middle):
            low = middle
        else:
            high = middle
    return low
