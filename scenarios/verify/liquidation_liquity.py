"""Checks of Liquity V1: stability pool and troves after every action, and the ledger that booked it."""

from __future__ import annotations

from collections.abc import Mapping

from protocol.errors import RuleError
from protocol.ledger import Account, Kind, Ledger, Posting
from protocol.liquidation.presets.liquity import StabilityPool
from protocol.liquidation.presets.liquity_troves import Outcome, Troves
from scenarios.verify.rows import cases_of, integers
from scenarios.verify.tally import Checker, Document, Tally, integer

COIN, ASSET, KEEPER = "coin", "collateral", "keeper"
OWNERS = tuple(f"owner{index}" for index in range(6))
FIXED_COINS = 200 * 10**18
"""What the caller of a liquidation is paid from a pool set aside for gas; no rule of ours depends on it."""


class _World:
    """One system, replayed step by step."""

    def __init__(self) -> None:
        self.pool, self.troves = StabilityPool(COIN, ASSET), Troves(COIN, ASSET)
        self.ledger = Ledger()
        for name in ("world", StabilityPool.ACCOUNT, Troves.ACTIVE, Troves.DEFAULT, Troves.SURPLUS, KEEPER):
            self.ledger.open(Account(name, Kind.ISSUER))
        for name in OWNERS:
            self.ledger.open(Account(name, Kind.ISSUER))

    def act(self, step: Mapping[str, object]) -> list[int] | None:
        """Do the step; return the contract's answer to a liquidation."""
        name, args = OWNERS[integer(step["who"])], integers(step["args"])
        moved: tuple[Posting, ...] = ()
        found = None
        match step["op"]:
            case "open":
                self.troves = self.troves.open(name, args[1], args[0])
                # The owner draws the debt as coins.
                self.ledger.post(name, Troves.ACTIVE, ASSET, args[0], "opened")
                self.ledger.post(Troves.ACTIVE, name, COIN, args[1], "drawn")
            case "provide":
                self.pool, moved = self.pool.provide(name, args[0])
            case "withdraw":
                self.pool, moved = self.pool.withdraw(name, args[0])
            case "offset":
                self.pool, _, _, moved = self.pool.offset("world", *args)
            case "apply":
                pending = self.troves.pending_down(name)
                self.troves, moved = self.troves.take_over_pending(name), self.troves.fetched(pending)
            case _:
                self.troves, self.pool, found, moved = self.troves.liquidate(name, args[0], self.pool, KEEPER)
        for p in moved:
            self.ledger.post(p.source, p.target, p.asset, p.amount, p.memo)
        self.ledger.assert_conserved(str(step["op"]))
        return None if found is None else _answer(found)

    def pool_figures(self) -> list[object]:
        """Return the pool as the contract tells it; coins and collateral from the ledger."""
        pool, account = self.pool, StabilityPool.ACCOUNT
        return [
            [pool.left_down(name) for name in OWNERS],
            [pool.gain_down(name) for name in OWNERS],
            self.ledger.balance(account, COIN),
            self.ledger.balance(account, ASSET),
            pool.product,
            pool.scale,
            pool.epoch,
            pool.totals.get((pool.epoch, pool.scale), 0),
        ]

    def trove_figures(self) -> list[object]:
        """Return the troves likewise."""
        troves, balance = self.troves, self.ledger.balance
        whole = [troves.entire(name) if name in troves.troves else (0, 0) for name in OWNERS]
        stakes = [troves.troves[name].stake if name in troves.troves else 0 for name in OWNERS]
        return [
            [debt for debt, _ in whole],
            [collateral for _, collateral in whole],
            stakes,
            [
                -balance(Troves.ACTIVE, COIN),
                balance(Troves.ACTIVE, ASSET),
                -balance(Troves.DEFAULT, COIN),
                balance(Troves.DEFAULT, ASSET),
                balance(Troves.SURPLUS, ASSET),
                troves.stakes,
                troves.sums[1],
                troves.sums[0],
            ],
        ]


def _answer(found: Outcome) -> list[int]:
    return [
        found.debt,
        found.collateral,
        found.compensation,
        FIXED_COINS,
        found.offset,
        found.to_pool,
        found.redistributed,
        found.to_others,
        found.surplus,
    ]


def check_liquity(document: Document) -> Tally:
    """Check a ``liquity-troves`` file."""
    tally = Tally()
    for index, case in enumerate(cases_of(document)):
        world = _World()
        steps = case["steps"]
        assert isinstance(steps, list)
        for number, step in enumerate(steps):
            where = f"cases[{index}].steps[{number}]"
            try:
                out = world.act(step)
            except RuleError:
                # The contract's texts of arithmetic differ from ours; that it refuses must not.
                tally.check("refused", where, "err" in step, True)
                continue
            tally.check("refused", where, "err" in step, False)
            if "err" in step:
                continue
            if out is not None:
                tally.check("liquidation", where, step["out"], out)
            tally.check("pool", where, step["pool"], world.pool_figures())
            tally.check("troves", where, step["troves"], world.trove_figures())
    return tally


CHECKERS: dict[str, Checker] = {"liquity-troves/1": check_liquity}
