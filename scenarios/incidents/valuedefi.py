"""Value DeFi, 14 November 2020: a vault valued through Curve 3pool; the pool's leg is exact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import partial

from oracles.node import Sample
from oracles.sources.feed import FeedSample
from protocol.venues.curve.stableswap import StableSwapPool
from scenarios.files.facts import Facts
from scenarios.incidents.build import PoolError
from scenarios.incidents.outcomes import Missing
from scenarios.incidents.readers import Reader, Stake, standard
from scenarios.incidents.replayer import Replayer, Watch
from scenarios.result import Finding
from scenarios.world import OUTSIDE, Feed

POOL, VAULT, LP = "curve_3pool", "vault", "3CRV"
VALUE = "recorded value of a share"


class ValueDefiReplayer(Replayer):
    """The swaps on the real pool, and the vault at its recorded readings.

    The vault's own valuation cannot be rebuilt from the file, which gives its readings as inputs. Its deposit
    changes the pool (it invests there), so after step 1 the pool stands at the reading's balances.
    """

    def build(self) -> None:
        """Build the pool, the vault's shares and the attacker's borrowed coins."""
        super().build()
        self.world.wallet(VAULT)
        self.world.issuer("mvUSD issuer")
        supply = self.facts.pool_units("mvUSD", "state_before", VAULT, "total_supply")
        self.world.move("mvUSD issuer", OUTSIDE, "mvUSD", supply, "shares of others")
        for step in self.incident.steps:
            facts = self.facts.step(step.n)
            if step.action in {"exchange", "deposit"}:
                asset = facts.text("sell" if step.action == "exchange" else "asset")
                self.world.fund(
                    self.world.wallet(step.actor or "attacker"), asset, facts.units(asset, "amount")
                )
        self.figures: dict[str, Decimal | Missing] = {}
        self.deposited_at = self.beyond = 0
        self._publish(self.facts.decimal("state_before", VAULT, "pool_value_3crv"))
        self.oracle = FeedSample(VALUE)

    @property
    def pool(self) -> StableSwapPool:
        """The pool as it is now."""
        pool = self.world.venue(POOL)
        assert isinstance(pool, StableSwapPool)
        return pool

    def reading(self, n: int) -> Facts | None:
        """Return the recorded reading after a step."""
        path = ("oracle", "readings_of_pool_value")
        for index in range(len(self.facts.sequence(*path))):
            facts = self.facts.at(*path, index)
            if facts.integer("after_step") == n:
                return facts
        return None

    def _publish(self, value: Decimal) -> None:
        """Make the vault say a recorded value, per share in circulation."""
        supply = self.world.state.ledger.issued("mvUSD issuer", "mvUSD")
        old = self.world.state.values.get(VALUE)
        samples = old.samples if isinstance(old, Feed) else ()
        new = Sample(self.world.time, self.units(LP, value) * 10**18 // supply, 18)
        self.world.state.values[VALUE] = Feed((*samples, new))

    def _publish_recorded(self, n: int) -> None:
        recorded = self.reading(n)
        if recorded is not None:
            self._publish(recorded.decimal("value"))

    def do_deposit(self, step: Facts, actor: str) -> str:
        """Deposit for the shares printed; the vault invests, so the pool takes its recorded balances."""
        asset, shares = step.text("asset"), step.units("mvUSD", "shares")
        units = step.units(asset, "amount")
        self.world.move(actor, VAULT, asset, units, "deposited")
        self.world.move("mvUSD issuer", actor, "mvUSD", shares, "shares minted")
        self.deposited_at = step.integer("n")
        self._invest(self.deposited_at)
        self._publish_recorded(self.deposited_at)
        return f"deposits {self.text(asset, units)} for {self.text('mvUSD', shares)}"

    def _invest(self, n: int) -> None:
        recorded = self.reading(n)
        if recorded is None:
            return
        pool = self.pool
        whole = recorded.decimals("pool_balances")
        balances = tuple(
            self.units(coin, value + Decimal("0.5")) for coin, value in zip(pool.coins, whole, strict=True)
        )
        for coin, new, old in zip(pool.coins, balances, pool.balances, strict=True):
            # What the vault's strategy did is not itemised: it goes through the outside.
            source, target = (OUTSIDE, POOL) if new > old else (POOL, OUTSIDE)
            self.world.move(source, target, coin, abs(new - old), "invested by the vault")
        self.world.state.values[POOL] = pool_with(pool, balances)

    def do_exchange(self, step: Facts, actor: str) -> str:
        """Trade on the pool; what the vault says of itself afterwards is recorded."""
        summary = self.do_swap(step, actor)
        self._publish_recorded(step.integer("n"))
        return summary

    def do_withdraw(self, step: Facts, actor: str) -> str:
        """Redeem shares: what the vault pays is what its recorded value loses."""
        n, shares = step.integer("n"), step.units("mvUSD", "shares")
        supply = self.world.state.ledger.issued("mvUSD issuer", "mvUSD")
        before, after = self.reading(n - 1), self.reading(n)
        if before is None or after is None:
            raise PoolError(f"no recorded reading of the vault around step {n}")
        value = before.decimal("value")
        # The vault pays in proportion to what it says; the recording fixes what it pays for what it said.
        recorded = Fraction(self.units(LP, value) * 10**18 // supply, 10**18)
        units = int(self.units(LP, value - after.decimal("value")) * self.required_price("mvUSD") / recorded)
        by_supply = self.units(LP, value) * shares // supply
        self.findings.append(
            Finding(
                f"LP tokens of step {n} by shares / supply x reading",
                f"{self.whole(LP, by_supply):,.0f}",
                LP,
                f"{by_supply / units - 1:+.3%} of what the vault paid: in the recorded withdrawals too, a "
                "supply slightly above the printed one divides",
            )
        )
        self.notes.append(
            f"Step {n} pays what the recorded readings around it differ by, so that row checks consistency "
            "only; the file's own formula misses it by the percentage among the findings."
        )
        self.world.move(actor, "mvUSD issuer", "mvUSD", shares, "shares burned")
        self.world.move(OUTSIDE, actor, LP, units, "LP tokens of the vault")
        self._publish_recorded(n)
        fair = self.reading(self.deposited_at)
        if fair is not None:
            self.beyond = units - int(self.units(LP, fair.decimal("value")) * Fraction(shares, supply))
        self.figures[f"3crv_from_step_{n}"] = self.whole(LP, units)
        return f"redeems {self.text('mvUSD', shares)} for {self.text(LP, units)}"

    def readers(self) -> list[Reader]:
        """Offer the readers that fit every graph: the recorded value can only be held or refused."""
        return standard(self)

    def stake(self) -> Stake:
        """Count the LP tokens paid out beyond what the deposit was worth."""
        beyond = self.whole(LP, self.beyond)
        basis = "both: 3CRV paid out beyond the shares' part of the value recorded after the deposit"
        return Stake(beyond, beyond, LP, basis)

    def watches(self) -> list[Watch]:
        """Sample the pool's balances."""

        def balance(coin: str) -> Decimal:
            return self.whole(coin, self.pool.reserves()[coin])

        return [
            Watch(coin, "tokens", "Balances of the pool", partial(balance, coin))
            for coin in ("DAI", "USDC", "USDT")
        ]

    def finish(self) -> None:
        """Compare the pool with the balances recorded after each later step."""
        for step in self.incident.steps:
            recorded = self.reading(step.n)
            if recorded is None or step.action != "exchange":
                continue
            after = self.reserves_after[step.n][POOL]
            printed = zip(self.pool.coins, recorded.decimals("pool_balances"), strict=True)
            worst = max(abs(self.whole(coin, after[coin]) - value) for coin, value in printed)
            self.findings.append(
                Finding(
                    f"largest distance from the recorded balances after step {step.n}",
                    f"{worst:.2f}",
                    "tokens",
                    "the recording is rounded down to whole tokens",
                )
            )

    def measures(self) -> Mapping[str, Decimal | Missing]:
        """Return the outcomes."""
        return self.figures | {
            "attacker_profit_first_vector": Missing(
                "the value of 3CRV: the pool's LP supply is not in the file, so LP tokens have no price"
            ),
        }


def pool_with(pool: StableSwapPool, balances: tuple[int, ...]) -> StableSwapPool:
    """Return the pool with other balances."""
    return replace(pool, balances=balances)
