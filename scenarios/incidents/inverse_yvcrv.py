"""Inverse Finance, 16 June 2022: an LP token priced by balances that one swap moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar

from oracles.node import Node, View, read
from oracles.reading import Reading
from protocol.fixed_point import WAD
from protocol.venues.curve.crypto_math import geometric_mean, newton_d
from protocol.venues.curve.crypto_pool import CryptoParameters
from protocol.venues.curve.tricrypto2 import Tricrypto2
from protocol.venues.vault_share import yearn
from scenarios.files.facts import Facts
from scenarios.incidents.lending import LendingReplayer
from scenarios.incidents.lp_collateral import fixed_price
from scenarios.incidents.outcomes import Missing
from scenarios.incidents.readers import FAIR, Reader, Stake, standard, used
from scenarios.incidents.replayer import Watch, exact_decimal
from scenarios.world import OUTSIDE

POOL, VAULT = "tricrypto2", "yearn_vault"
LP, SHARE, ACTOR = "crv3crypto", "yvCurve3Crypto", "attacker"
COINS = ("USDT", "WBTC", "WETH")
FEE_SCALE = 10**10
HALF_TIME_SECONDS = 600
ALLOWED_EXTRA_PROFIT, ADJUSTMENT_STEP = 2 * 10**12, 49 * 10**13


@dataclass(frozen=True)
class LpByBalances(Node):
    """Balances at the parents' prices over the LP supply, times assets per vault share.

    Parameters
    ----------
    coin_decimals
        Of the pool's coins, in the order of the parents.
    """

    kind: ClassVar[str] = "lp-by-balances"
    coin_decimals: tuple[int, ...]

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return dollars per vault share at 18 decimals, rounded down."""
        pool, vault = view.venue(POOL), view.vault(VAULT)
        assert isinstance(pool, Tricrypto2)
        total = Fraction(0)
        for units, decimals, reading in zip(pool.balances, self.coin_decimals, readings, strict=True):
            total += Fraction(units, 10**decimals) * reading.price
        lp_price = total / Fraction(pool.total_supply, WAD)
        value = lp_price * vault.price_per_share(WAD)
        return Reading(self.id, int(value), 18, view.time, synthetic_time=True, children=readings)


@dataclass(frozen=True)
class LpByInvariant(Node):
    """3 * virtual price * cube root of the coins' prices, times assets per vault share.

    Source of the rule: Curve's ``lp_price`` of three-coin crypto pools. A swap moves the virtual price by its
    fee only.
    """

    kind: ClassVar[str] = "lp-by-invariant"

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return dollars per vault share at 18 decimals, rounded down but for the root's last digit."""
        pool, vault = view.venue(POOL), view.vault(VAULT)
        assert isinstance(pool, Tricrypto2)
        mean = geometric_mean([reading.at_decimals_down(18) for reading in readings])
        lp_price = 3 * pool.virtual_price_down() * mean // WAD
        value = lp_price * vault.price_per_share(WAD) // WAD
        return Reading(self.id, value, 18, view.time, synthetic_time=True, children=readings)


class InverseYvcrvReplayer(LendingReplayer):
    """The deposit, the swap that moves the balances, the loan, and the swap back.

    The pool's averages are taken to stand at its price scale, so that it does not re-peg inside the
    transaction; amounts the file prints for steps 2 and 3 are used as printed.
    """

    units_of: ClassVar[Mapping[str, str]] = {
        "borrow_capacity_before_step_5": "USD",
        "usdt_from_step_5": "USDT",
        "pool_usdt_after_step_5": "USDT",
        "borrow_capacity_after_step_5": "USD",
        "oracle_price_after_step_5": "USD",
        "wbtc_from_step_7": "WBTC",
        "was_the_borrow_allowed_before_step_5": "1 = yes, 0 = no",
    }

    def build(self) -> None:
        """Build the pool, the vault at the share price of the deposit, and the market's DOLA."""
        super().build()
        self.add_venue(POOL, self._pool())
        self.lp_minted = self._step_of("add_liquidity").units(LP, "lp_received")
        self.shares = self._step_of("deposit").units(SHARE, "shares")
        supply = self.facts.units(SHARE, "state_before", VAULT, "total_supply")
        assets = -(-supply * self.lp_minted // self.shares)
        self.world.add_venue(VAULT, yearn(LP, SHARE, total_assets=assets, total_supply=supply))
        dola = self._step_of("borrow").units("DOLA", "amount")
        self.open_market("inverse", {"DOLA": dola})
        self.factors = {SHARE: Fraction(self.facts.decimal("parameters", "collateral_factor"))}
        prices = [self.facts.decimal("oracle", f"{coin.lower()}_price_usd") for coin in COINS]
        parents = tuple(fixed_price(f"{coin} feed", price) for coin, price in zip(COINS, prices, strict=True))
        self.oracle = LpByBalances(tuple(self.world.decimals[coin] for coin in COINS), parents=parents)
        self.fair = LpByInvariant(parents=parents)
        self.figures: dict[str, Decimal | Missing] = {}

    def _step_of(self, action: str) -> Facts:
        return self.step_of(action)

    def _pool(self) -> Tricrypto2:
        facts, path = self.facts, ("state_before", POOL)
        decimals = [facts.integer("assets", coin) for coin in COINS]
        precisions = tuple(10 ** (18 - places) for places in decimals)
        balances = tuple(facts.pool_units(coin, *path, coin) for coin in COINS)
        scale = tuple(
            int(Fraction(facts.decimal(*path, f"price_scale_usdt_per_{coin.lower()}")) * WAD)
            for coin in COINS[1:]
        )
        supply = facts.pool_units(LP, *path, "LP_supply")
        amplification, gamma = facts.integer(*path, "A"), int(Fraction(facts.decimal(*path, "gamma")) * WAD)
        fees = [int(Fraction(facts.decimal(*path, key)) * FEE_SCALE) for key in ("mid_fee", "out_fee")]
        parameters = CryptoParameters(
            amplification,
            gamma,
            fees[0],
            fees[1],
            int(Fraction(facts.decimal(*path, "fee_gamma")) * WAD),
            ALLOWED_EXTRA_PROFIT,
            ADJUSTMENT_STEP,
            HALF_TIME_SECONDS,
        )
        xp = tuple(
            units * precision * price // WAD
            for units, precision, price in zip(balances, precisions, (WAD, *scale), strict=True)
        )
        d = newton_d(amplification, gamma, xp)
        xcp = geometric_mean([d // 3, *(d * WAD // (3 * price) for price in scale)])
        virtual_price = WAD * xcp // supply
        return Tricrypto2(
            COINS,
            precisions,
            balances,
            parameters,
            scale,
            scale,
            scale,
            self.world.time,
            d=d,
            total_supply=supply,
            virtual_price=virtual_price,
            xcp_profit=virtual_price,
        )

    def price_nodes(self) -> Mapping[str, Node]:
        """Return the collateral's graph."""
        return {SHARE: used(self)}

    def readers(self) -> list[Reader]:
        """Offer the price by the pool's invariant."""
        name = "3 x virtual price x cube root of the three feeds"
        return [Reader(name, FAIR, lambda: self.fair), *standard(self)]

    def stake(self) -> Stake:
        """Count the dollars left, and the debt beyond the fair value of the collateral."""
        held = self.whole(SHARE, self.world.balance(self.margin(ACTOR), SHARE))
        fair = exact_decimal(read(self.fair, self.world.view()).price) * held
        profit = self.whole("USDT", self.world.balance(ACTOR, "USDT"))
        basis = "profit: USDT left, DOLA sold at one dollar; loss: debt beyond the collateral's fair value"
        return Stake(profit, max(self.debt(ACTOR) - fair, Decimal(0)), "USD", basis)

    def fixed_prices(self) -> Mapping[str, Decimal]:
        """Count DOLA as one dollar."""
        return {"DOLA": Decimal(1)}

    def flash_fee(self, step: Facts, asset: str, units: int) -> int:
        """Return Aave's fee, rounded up."""
        fee = Fraction(self.facts.decimal("parameters", "aave_flash_fee")) * units
        return -(-fee.numerator // fee.denominator)

    def do_add_liquidity(self, step: Facts, actor: str) -> str:
        """Add one coin for the LP tokens printed."""
        pool = self.world.venue(POOL)
        assert isinstance(pool, Tricrypto2)
        units = step.units("WBTC", "WBTC")
        minted, after = pool.add_liquidity((0, units, 0), time=self.world.time)
        self.world.move(actor, POOL, "WBTC", units, "liquidity added")
        self.world.move(f"{POOL}.LP", actor, f"{POOL}.LP", minted, "LP tokens minted")
        # From here on the LP token goes by the name the file gives it.
        self.world.move(actor, OUTSIDE, f"{POOL}.LP", minted, "renamed")
        self.world.move(OUTSIDE, actor, LP, self.lp_minted, "renamed")
        self.world.state.values[POOL] = after
        difference = Fraction(minted, self.lp_minted) - 1
        self.notes.append(
            f"step 2: the pool as given mints {self.text(LP, minted)}, {float(difference):+.1e} relative to "
            "the printed amount, which is used."
        )
        return f"adds {self.text('WBTC', units)}, receives {self.text(LP, self.lp_minted)}"

    def do_deposit(self, step: Facts, actor: str) -> str:
        """Deposit the LP tokens in the vault."""
        shares = self.world.deposit(actor, VAULT, step.units(LP, "amount"))
        return f"deposits for {self.text(SHARE, shares)}"

    def do_supply(self, step: Facts, actor: str) -> str:
        """Supply every share and note what may be borrowed."""
        units = self.world.balance(actor, SHARE)
        self.supply(actor, SHARE, units)
        capacity = self.sampled(lambda: self.borrow_limit(actor)) or Decimal(0)
        wanted = self.whole("DOLA", self._step_of("borrow").units("DOLA", "amount"))
        self.figures["borrow_capacity_before_step_5"] = capacity
        self.figures["was_the_borrow_allowed_before_step_5"] = Decimal(int(wanted <= capacity))
        return f"supplies {self.text(SHARE, units)}: may borrow {capacity:,.0f} USD"

    def do_swap(self, step: Facts, actor: str) -> str:
        """Trade on the pool; what leaves the file's venues goes outside, one for one."""
        if step.text("venue") != POOL:
            units = self.world.balance(actor, "DOLA")
            got = self.units("USDT", self.whole("DOLA", units))
            self.world.move(actor, OUTSIDE, "DOLA", units, "sold outside, one for one")
            self.world.move(OUTSIDE, actor, "USDT", got, "bought outside, one for one")
            return f"sells {self.text('DOLA', units)} outside for {self.text('USDT', got)}"
        n = step.integer("n")
        summary = super().do_swap(step, actor)
        capacity = self.sampled(lambda: self.borrow_limit(actor)) or Decimal(0)
        self.figures[f"borrow_capacity_after_step_{n}"] = capacity
        self.figures[f"oracle_price_after_step_{n}"] = self.oracle_price() or Decimal(0)
        return summary

    def close(self) -> None:
        """Repay the flash loan, buying what is missing with the dollars borrowed."""
        price = self.facts.decimal("oracle", "wbtc_price_usd")
        for loan in self.transaction().open_loans():
            short = loan.owed - self.world.balance(ACTOR, loan.asset)
            if short > 0:
                self.buy_shortfall(ACTOR, loan.asset, short, price, ["USDT"])
            self.transaction().repay(loan, ACTOR)
        self.notes.append("The file ends before the flash loan is repaid; the replay buys the missing WBTC.")

    def watches(self) -> list[Watch]:
        """Sample the oracle and what may be borrowed."""
        return [
            Watch("vault share", "USD", "What the oracle says of one vault share", self.oracle_price),
            Watch(
                "capacity",
                "USD",
                "Borrow capacity",
                lambda: self.sampled(lambda: self.borrow_limit(ACTOR)),
            ),
        ]

    def measures(self) -> Mapping[str, Decimal | Missing]:
        """Return the predictions."""
        return self.figures
