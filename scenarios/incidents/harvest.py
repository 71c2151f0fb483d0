"""Harvest fUSDC and fUSDT, 26 October 2020: a vault that believes a pool's single-coin withdrawal quote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar

from oracles.node import Node, View, read
from oracles.reading import Reading
from protocol.venues.curve.stableswap import StableSwapPool
from protocol.venues.curve.stableswap_liquidity import zap_withdraw_one_coin
from protocol.venues.vault_share import VaultShare, yearn
from scenarios.files.facts import Facts
from scenarios.incidents.outcomes import Missing
from scenarios.incidents.readers import FAIR, Reader, Stake, capped, delayed, deviation, used
from scenarios.incidents.replayer import Replayer, Watch, accepted
from scenarios.world import OUTSIDE, shares_of

POOL = "curve_y"


class HarvestReplayer(Replayer):
    """Swap, deposit, swap back, withdraw: shares are minted and redeemed at the pool's word.

    The vault's value is its cash, plus what the y deposit zap quotes for the strategy's LP tokens in one coin
    (with the zap's own fee rule), plus the strategy's idle cash where the file has some.
    """

    vault: ClassVar[str]
    asset_name: ClassVar[str]

    def build(self) -> None:
        """Build the pool, the vault's cash and shares, and the attacker's own stock."""
        super().build()
        for coin in self.pool.coins:
            self.world.decimals.setdefault(coin, 18)
        facts, path = self.facts, ("state_before", self.vault)
        self.share = f"f{self.asset_name}"
        self.wallet = self.world.wallet(self.vault)
        self.world.issuer(shares_of(self.vault))
        cash = self._printed(self.asset_name, *path, "underlying_in_vault")
        supply = self._printed(self.share, *path, "total_supply")
        self.world.fund(self.vault, self.asset_name, cash)
        self.world.move(shares_of(self.vault), OUTSIDE, self.share, supply, "shares of others")
        self.strategy_share = Fraction(facts.decimal(*path, "strategy_share_of_yCRV_supply"))
        idle = (
            facts.decimal(*path, "strategy_idle_usdt")
            if facts.has(*path, "strategy_idle_usdt")
            else Decimal(0)
        )
        self.idle = self.units(self.asset_name, idle)
        decimals = self.world.decimals[self.asset_name]
        self.oracle = StrategyReport(POOL, f"y{self.asset_name}", self.strategy_share, self.idle, decimals)
        self.figures: dict[str, Decimal | Missing] = {}
        self.deposited = self.withdrawn = 0
        for step in self.incident.steps:
            self._fund_attacker(step.action, self.facts.step(step.n), step.actor or "attacker")

    def _printed(self, asset: str, *path: str) -> int:
        return self.facts.pool_units(asset, *path)

    def _fund_attacker(self, action: str, step: Facts, actor: str) -> None:
        """Give the attacker the flash-borrowed coins that the file takes for granted."""
        if action in {"exchange_underlying", "deposit"}:
            asset = step.text("sell" if action == "exchange_underlying" else "asset")
            self.world.fund(self.world.wallet(actor), asset, step.units(asset, "amount"))

    @property
    def pool(self) -> StableSwapPool:
        """The pool as it is now."""
        pool = self.world.venue(POOL)
        assert isinstance(pool, StableSwapPool)
        return pool

    def invested(self) -> int:
        """Return what the strategy reports as invested, in raw units."""
        price = accepted(read(used(self), self.world.view()), f"the strategy of {self.vault}")
        return int(price * 10 ** self.world.decimals[self.asset_name])

    def vault_now(self) -> VaultShare:
        """Return the vault with its assets as it values them now."""
        assets = self.world.balance(self.vault, self.asset_name) + self.invested()
        supply = self.world.state.ledger.issued(shares_of(self.vault), self.share)
        return yearn(self.asset_name, self.share, total_assets=assets, total_supply=supply)

    def share_price(self) -> Decimal:
        """Return assets per share as the vault has it."""
        return Decimal(self.vault_now().price_per_share(10**18)).scaleb(-18)

    # Actions

    def do_exchange_underlying(self, step: Facts, actor: str) -> str:
        """Trade on the y pool in underlying coins and note the pool and the vault afterwards."""
        n, sell, buy = step.integer("n"), step.text("sell"), step.text("buy")
        trade = self.world.swap_wrapped(actor, POOL, sell, buy, step.units(sell, "amount"))
        self.received[n] = {buy: trade.amount_out}
        invested = self.shown_invested()
        if invested is not None:
            self.figures[f"invested_underlying_after_step_{n}"] = invested
        for coin, units in self.pool.reserves().items():
            if coin in self.facts.mapping("assets"):
                self.figures[f"pool_balances_after_step_{n}.{coin}"] = self.whole(coin, units)
        return (
            f"sells {self.text(sell, trade.amount_in)} for {self.text(buy, trade.amount_out)} on the y pool"
        )

    def do_deposit(self, step: Facts, actor: str) -> str:
        """Deposit at the vault's share price."""
        units = step.units(self.asset_name, "amount")
        self.read_oracle()
        shares, _ = self.vault_now().deposit(units)
        self.deposited = units
        self.world.move(actor, self.vault, self.asset_name, units, "deposited")
        self.world.move(shares_of(self.vault), actor, self.share, shares, "shares minted")
        self.figures[f"shares_minted_step_{step.integer('n')}"] = self.whole(self.share, shares)
        return f"deposits {self.text(self.asset_name, units)} for {self.text(self.share, shares)}"

    def do_withdraw_all_shares(self, step: Facts, actor: str) -> str:
        """Redeem every share at the vault's share price, out of its cash."""
        shares = self.world.balance(actor, self.share)
        units, _ = self.vault_now().redeem(shares)
        self.withdrawn = units
        self.world.move(actor, shares_of(self.vault), self.share, shares, "shares burned")
        self.world.move(self.vault, actor, self.asset_name, units, "redeemed")
        return f"redeems {self.text(self.share, shares)} for {self.text(self.asset_name, units)}"

    # Results

    def gain(self, asset: str) -> Decimal:
        """Return what the attacker has of an asset beyond what he was given."""
        given = sum(
            self.facts.step(step.n).units(asset, "amount")
            for step in self.incident.steps
            if step.action in {"exchange_underlying", "deposit"}
            and asset in {step.fields.get("sell"), step.fields.get("asset")}
        )
        return self.whole(asset, self.world.balance("attacker", asset) - given)

    def shown_invested(self) -> Decimal | None:
        """Return the strategy's report in whole tokens; None while it refuses."""
        return None if self.oracle_price() is None else self.whole(self.asset_name, self.invested())

    def readers(self) -> list[Reader]:
        """Offer the pool's virtual price, and guards from the vault's own 3 % (believed) to a thousandth."""
        decimals = self.world.decimals[self.asset_name]
        fair = StrategyAtVirtualPrice(POOL, self.strategy_share, self.idle, decimals)
        return [
            Reader("LP tokens at the pool's virtual price", FAIR, lambda: fair),
            delayed(self),
            *(deviation(self, limit) for limit in (Fraction(3, 100), Fraction(1, 100), Fraction(1, 1000))),
            capped(self, Fraction(1, 1000)),
        ]

    def stake(self) -> Stake:
        """Count the coins gained, and what the vault paid out beyond the deposit."""
        lost = self.whole(self.asset_name, self.withdrawn - self.deposited)
        basis = "profit: USDC and USDT gained, at one dollar; loss: paid out beyond the deposit"
        return Stake(self.gain("USDC") + self.gain("USDT"), lost, "USD", basis)

    def watches(self) -> list[Watch]:
        """Sample the share price and the strategy's report."""
        return [
            Watch(
                "share price",
                f"{self.asset_name}/share",
                "Share price of the vault",
                lambda: None if self.oracle_price() is None else self.share_price(),
            ),
            Watch(
                "invested",
                self.asset_name,
                "What the strategy reports as invested",
                self.shown_invested,
            ),
        ]

    def measures(self) -> Mapping[str, Decimal | Missing]:
        """Return outcomes and predictions."""
        usdc, usdt = self.gain("USDC"), self.gain("USDT")
        return self.figures | {
            "attacker_profit_one_cycle": usdc + usdt,
            "profit_usdc": usdc,
            "profit_usdt": usdt,
            "total_loss_all_cycles_both_vaults": Missing("the sizes of the other cycles are not in the file"),
        }


@dataclass(frozen=True)
class StrategyReport(Node):
    """What the deposit zap quotes in one coin for the strategy's LP tokens, plus its idle cash.

    Parameters
    ----------
    venue, coin
        The pool and the wrapped coin quoted.
    share
        Of the pool's LP tokens that the strategy holds.
    idle
        Raw units of the underlying coin.
    decimals
        Of the underlying coin.
    """

    kind: ClassVar[str] = "strategy-by-zap-quote"
    venue: str
    coin: str
    share: Fraction
    idle: int
    decimals: int

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the report in whole underlying coins, at their decimals."""
        del readings
        pool = view.venue(self.venue)
        assert isinstance(pool, StableSwapPool)
        quote = zap_withdraw_one_coin(pool, int(self.share * pool.total_supply), self.coin)
        return Reading(self.id, quote + self.idle, self.decimals, view.time, synthetic_time=True)

    @property
    def label(self) -> str:
        """What is quoted."""
        return f"strategy's LP of {self.venue}, quoted in {self.coin}"


@dataclass(frozen=True)
class StrategyAtVirtualPrice(Node):
    """The strategy's share of the pool's invariant D, every coin at par: a swap raises it by its fee only.

    Parameters
    ----------
    venue, share, idle, decimals
        As in :class:`StrategyReport`.
    """

    kind: ClassVar[str] = "strategy-at-virtual-price"
    venue: str
    share: Fraction
    idle: int
    decimals: int

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the value in whole underlying coins, rounded down."""
        del readings
        pool = view.venue(self.venue)
        assert isinstance(pool, StableSwapPool)
        value = int(self.share * pool.total_supply) * pool.virtual_price_down() // 10 ** (36 - self.decimals)
        return Reading(self.id, value + self.idle, self.decimals, view.time, synthetic_time=True)

    @property
    def label(self) -> str:
        """What is valued."""
        return f"strategy's LP of {self.venue} at its virtual price"


class HarvestUsdcReplayer(HarvestReplayer):
    """The first cycle against fUSDC."""

    vault, asset_name = "fusdc_vault", "USDC"


class HarvestUsdtReplayer(HarvestReplayer):
    """The first cycle of the second transaction, against fUSDT."""

    vault, asset_name = "fusdt_vault", "USDT"
    units_of: ClassVar[Mapping[str, str]] = {
        "usdt_from_step_1": "USDT",
        "pool_balances_after_step_1": "tokens",
        "invested_underlying_after_step_1": "USDT",
        "shares_minted_step_2": "fUSDT",
        "usdc_from_step_3": "USDC",
        "invested_underlying_after_step_3": "USDT",
        "usdt_from_step_4": "USDT",
        "profit_usdt": "USDT",
        "profit_usdc": "USDC",
    }
