"""Inverse Finance, 2 April 2022: a "30-minute" average whose window began at the last stored observation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from oracles.sources.pool import CumulativeTwap, Observation
from protocol.errors import BorrowRefusedError
from protocol.venues.uniswap_v2 import UniswapV2Pair
from scenarios.files.facts import Facts
from scenarios.incidents.outcomes import Missing
from scenarios.incidents.readers import AVERAGE, WINDOW_NOTE, Reader, Stake, standard
from scenarios.incidents.replayer import Replayer, Watch
from scenarios.result import Finding

POOL = "sushi_inv_weth"
MEMORY = "keep3r observation"
BLOCK_SECONDS = 13
PRICED = "inv priced for the borrow"


class InverseInvReplayer(Replayer):
    """The trade, the observation that anyone may store, and the reading one block later.

    The file prints no other block time than the observation's, so a block is 13 s (proof of work, April 2022)
    and the honest observation lies one nominal window back; neither enters the multiple, which is spot over
    spot once the window starts after the trade.
    """

    def build(self) -> None:
        """Build the pair and the observation stored before the attack."""
        super().build()
        self.world.time = self.facts.integer("oracle", "manipulated_observation", "timestamp")
        window = self.facts.integer("oracle", "window_s")
        pair = self.world.pair(POOL)
        before = replace(pair, time_last=self.world.time - 2 * window)
        stored = before.accumulate(self.world.time - window)
        self.world.state.values[POOL] = before
        self._store(stored, self.world.time - window)
        self.honest = self.world.state.values[MEMORY]
        self.restarts = True
        self.oracle = CumulativeTwap(
            POOL, "INV", MEMORY, self.world.decimals["INV"], self.world.decimals["WETH"]
        )
        self.before = self.oracle_price() or Decimal(0)
        self.after = self.before
        self.honest_after = self.before

    def _store(self, pair: UniswapV2Pair, time: int) -> None:
        self.world.state.values[MEMORY] = Observation(time, pair.price0_cumulative, pair.price1_cumulative)

    def do_update_oracle(self, step: Facts, actor: str) -> str:
        """Store the pair's cumulative prices now."""
        self.honest = self.world.state.values[MEMORY]
        if not self.restarts:
            return "stores an observation; the reading still starts a whole window back"
        self._store(self.world.pair(POOL).accumulate(self.world.time), self.world.time)
        return "stores an observation: the next reading starts here"

    def do_swap(self, step: Facts, actor: str) -> str:
        """Trade on the pair; other routes lie outside the file's pools and are paid outside."""
        sell = self.asset(step.text("sell"))
        self.world.fund(self.world.wallet(actor), sell, self.step_units(step, sell, "amount"))
        if step.has("venue"):
            return super().do_swap(step, actor)
        units = self.step_units(step, sell, "amount")
        self.world.move(actor, "outside", sell, units, "sold on other venues")
        return f"sells {self.text(sell, units)} for INV over venues not in the file"

    def do_next_block_supply(self, step: Facts, actor: str) -> str:
        """Let a block pass, supply the INV bought on the pair, and read the oracle."""
        self.world.time += BLOCK_SECONDS
        units = self.world.balance(actor, "INV")
        self.world.move(actor, self.world.margin_account("inverse", actor), "INV", units, "supplied")
        self.after = self.oracle_price() or Decimal(0)
        return f"supplies {self.text('INV', units)}; the oracle now says {self.after:.4f} WETH"

    def _require_backed(self, actor: str, units: int) -> None:
        """Refuse the WETH of the loan alone where it exceeds the whole value of the INV.

        The file has neither the collateral factor nor the prices of the other assets lent. No factor is above
        one and no other debt is below zero, so what is refused here is refused under every factor.
        """
        supplied = self.whole("INV", self.world.balance(f"inverse:{actor}", "INV"))
        held = max(supplied, self.facts.decimal("parameters", "inv_collateral_used"))
        worth = Fraction(held) * self.required_price("INV")
        if Fraction(self.whole("WETH", units)) > worth:
            wanted = f"{self.whole('WETH', units):,.2f}"
            raise BorrowRefusedError(actor, wanted, f"{float(worth):,.2f} at a factor of one", "WETH")

    def readers(self) -> list[Reader]:
        """Offer the window that the oracle was said to have, and the readers that fit every graph."""
        window = self.facts.integer("oracle", "window_s")

        def honest() -> None:
            self.restarts = False

        return [
            Reader(f"the same average over a true window of {window} s", AVERAGE, honest, WINDOW_NOTE),
            *standard(self),
        ]

    def stake(self) -> Stake:
        """Say which facts a profit would need."""
        return Stake(
            None,
            None,
            "USD",
            "the collateral factor of INV and the prices of WETH, WBTC and YFI are not in the file; the WETH "
            "of the loan alone is judged, at a factor of one",
        )

    def do_borrow(self, step: Facts, actor: str) -> str:
        """Lend what the file lists, if the collateral can back it under any factor."""
        account = self.world.margin_account("inverse", actor)
        lenders = self.world.margin_account("inverse", "lenders")
        taken = []
        for asset, units in self.amounts(step):
            if asset == "WETH":
                self._require_backed(actor, units)
            self.world.fund(lenders, asset, units)
            self.world.move(account, actor, asset, units, "borrowed")
            taken.append(self.text(asset, units))
        return f"borrows {', '.join(taken)}"

    def watches(self) -> list[Watch]:
        """Sample the spot price and the oracle."""
        panel = "Price of INV on the pair and by the oracle"
        return [
            Watch("spot", "WETH/INV", panel, lambda: self.spot(POOL, "INV", "WETH")),
            Watch("oracle", "WETH/INV", panel, self.oracle_price),
        ]

    def finish(self) -> None:
        """Say what an honest window would have read at the same moment."""
        manipulated = self.world.state.values[MEMORY]
        self.world.state.values[MEMORY] = self.honest
        honest = self.oracle_price()
        self.world.state.values[MEMORY] = manipulated
        if honest is not None and self.before:
            self.findings.append(
                Finding(
                    "multiple under a window that starts before the trade",
                    f"{honest / self.before:.3f}",
                    "x",
                    f"the same reading over {self.facts.integer('oracle', 'window_s')} s and one block",
                )
            )

    def measures(self) -> Mapping[str, Decimal | Missing]:
        """Return the outcomes."""
        return {
            "price_multiple": self.after / self.before if self.before else Missing("the oracle refused"),
            "borrowed_total": Missing(
                "prices of WETH, WBTC and YFI, and the collateral factor of INV, are not in the file"
            ),
        }
