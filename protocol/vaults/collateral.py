"""Which collateral counts how much, and which debts it may back: haircuts, groups, isolation.

Rules as Aave V3 has them (eMode groups, isolated assets with a debt ceiling), with haircuts in tiers by size
as exchanges have them. All values are at the market's scale; assets are rounded down, debts up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from protocol.errors import EligibilityError
from protocol.fixed_point import WAD
from protocol.market_state import MarketState, Price
from protocol.vaults.haircuts import GrowthCap, TieredHaircut


@dataclass(frozen=True, slots=True)
class Collateral:
    """How one asset counts.

    Parameters
    ----------
    opening, maintenance
        Haircuts for taking on debt, and for not being liquidated.
    supply_cap
        Most units that all accounts together may deposit.
    debt_ceiling
        For an isolated asset, the most value that may be owed against it by all; None if not isolated.
    underlying, growth
        For an asset whose price is an exchange rate times that of ``underlying`` (LST, LP, yield
        bearing): the bound on that rate.
    """

    opening: TieredHaircut
    maintenance: TieredHaircut
    supply_cap: int | None = None
    debt_ceiling: int | None = None
    underlying: str = ""
    growth: GrowthCap | None = None

    @property
    def isolated(self) -> bool:
        """Whether it may back debt only alone and up to a ceiling."""
        return self.debt_ceiling is not None


@dataclass(frozen=True, slots=True)
class Group:
    """An e-mode: assets that move together count more against each other.

    Parameters
    ----------
    members
        Collateral with the group's own haircuts.
    borrowable
        What an account in the group may owe; nothing else.
    """

    name: str
    members: Mapping[str, Collateral]
    borrowable: frozenset[str]


@dataclass(frozen=True, slots=True)
class Standing:
    """An account's value under the rules, at the market's scale.

    Parameters
    ----------
    equity
        Collateral at full value less debt.
    opening, maintenance
        Counted collateral less debt, at each level; below zero is short.
    debt
        Value owed, rounded up.
    """

    equity: int
    opening: int
    maintenance: int
    debt: int


@dataclass(frozen=True, slots=True)
class CollateralRules:
    """The rules of one protocol.

    Parameters
    ----------
    collateral
        By asset; what is not in it does not count and cannot be deposited.
    groups
        By name.
    isolation_borrowable
        What may be owed against an isolated asset.
    """

    collateral: Mapping[str, Collateral]
    groups: Mapping[str, Group] = field(default_factory=dict)
    isolation_borrowable: frozenset[str] = frozenset()

    def of(self, asset: str, group: str = "") -> Collateral | None:
        """Return how ``asset`` counts for an account in ``group``."""
        if group and asset in self.groups[group].members:
            return self.groups[group].members[asset]
        return self.collateral.get(asset)

    def standing(
        self,
        balances: Mapping[str, int],
        market: MarketState,
        group: str = "",
        *,
        holder: Mapping[str, int] | None = None,
    ) -> Standing:
        """Return what the balances are worth under the rules.

        Parameters
        ----------
        balances
            Signed units; debts below zero.
        group
            The account's e-mode, empty for none.
        holder
            What the owner holds over all his sub-accounts: tiers then apply to the whole and each account
            gets its share of it, so that splitting an account up gains nothing. None to judge it alone.
        """
        equity = opening = maintenance = debt = 0
        isolated = self.isolated_asset(balances)
        for asset, units in balances.items():
            if units < 0:
                debt += market.value_up(asset, -units)
                continue
            equity += market.value_down(asset, units)
            rule = self.of(asset, group)
            if rule is None or (isolated is not None and asset != isolated):
                continue
            whole = max(units, (holder or balances).get(asset, units))
            opening += market.value_down(asset, _share(rule.opening, units, whole))
            maintenance += market.value_down(asset, _share(rule.maintenance, units, whole))
        return Standing(equity - debt, opening - debt, maintenance - debt, debt)

    def believed(self, market: MarketState, rates: Mapping[str, int], now: int) -> MarketState:
        """Return the market with the price of every exchange-rate asset at its believed rate.

        Parameters
        ----------
        rates
            Exchange rates that the contracts say, 18 decimals, by asset.
        """
        prices = dict(market.prices)
        for asset, rate in rates.items():
            rule = self._exchange_rate(asset)
            if rule is None:
                continue
            used = rate if rule.growth is None else rule.growth.believed(rate, now)
            base = market.price(rule.underlying)
            prices[asset] = Price(base.value * used // WAD, base.decimals)
        return replace(market, prices=prices)

    def _exchange_rate(self, asset: str) -> Collateral | None:
        """Return the rule that says what the asset's rate is of; the general one before those of groups."""
        rules = [self.collateral.get(asset), *(group.members.get(asset) for group in self.groups.values())]
        return next((rule for rule in rules if rule is not None and rule.underlying), None)

    def isolated_asset(self, balances: Mapping[str, int]) -> str | None:
        """Return the isolated asset that the account uses, if it uses one."""
        for asset, units in balances.items():
            rule = self.collateral.get(asset)
            if units > 0 and rule is not None and rule.isolated:
                return asset
        return None

    def require_eligible(self, balances: Mapping[str, int], group: str = "") -> None:
        """Check which collateral may stand beside which debts.

        Raises
        ------
        EligibilityError
            If an isolated asset stands beside other collateral, or a debt may not be owed.
        """
        isolated = self.isolated_asset(balances)
        debts = [asset for asset, units in balances.items() if units < 0]
        if isolated is not None:
            for asset, units in balances.items():
                if units > 0 and asset != isolated and asset in self.collateral:
                    raise EligibilityError(asset, f"cannot stand beside the isolated {isolated}")
            for asset in debts:
                if asset not in self.isolation_borrowable:
                    raise EligibilityError(asset, f"cannot be borrowed against the isolated {isolated}")
        if group:
            for asset in debts:
                if asset not in self.groups[group].borrowable:
                    raise EligibilityError(asset, f"cannot be borrowed in the group {group}")


def _share(haircut: TieredHaircut, units: int, whole: int) -> int:
    """Return what ``units`` count, being a part of ``whole``."""
    if whole <= units:
        return haircut.counted_down(units)
    return haircut.counted_down(whole) * units // whole


FULL = TieredHaircut.flat(WAD)
"""Counts in full at any size."""
