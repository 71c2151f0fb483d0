"""Checks of Maker's Flipper: every bid, the auction after it, and the ledger that booked it."""

from __future__ import annotations

from collections.abc import Mapping

from protocol.errors import InsufficientBalanceError, LiquidationError
from protocol.ledger import Account, Kind
from protocol.liquidation.presets.maker import DAI, Booked
from protocol.liquidation.presets.maker_flip import Flip, FlipTerms
from protocol.transaction import State, Transaction
from scenarios.verify.rows import cases_of, integers
from scenarios.verify.tally import Checker, Document, Tally, integer

PEOPLE = ("protocol", "owner", "debts", "first", "second")
GEM = FlipTerms().collateral


class _Auction:
    """One auction, replayed bid by bid."""

    def __init__(self, case: Mapping[str, object]) -> None:
        self.state = State()
        book = self.state.ledger
        book.open(Account("world", Kind.ISSUER))
        for name in (*PEOPLE, Flip.ACCOUNT):
            book.open(Account(name))
        lot, tab = integer(case["lot"]), integer(case["tab"])
        book.post("world", "protocol", GEM, lot)
        for name, units in zip(PEOPLE[3:], integers(case["funds"]), strict=True):
            book.post("world", name, DAI, units)
        terms = FlipTerms(integer(case["beg"]), integer(case["ttl"]), integer(case["tau"]))
        self.flip, moved = Flip.kick(terms, "owner", "protocol", "debts", tab, lot, integer(case["start"]))
        self._book(moved)

    def act(self, step: Mapping[str, object]) -> str:
        """Do the step; return the contract's error text, empty for a success."""
        now, name = integer(step["t"]), PEOPLE[integer(step["who"])]
        lot, bid = integers(step["args"]) or (0, 0)
        moved: Booked = ()
        try:
            match step["op"]:
                case "tend":
                    after, moved = self.flip.tend(name, lot, bid, now)
                case "dent":
                    after, moved = self.flip.dent(name, lot, bid, now)
                case "tick":
                    after = self.flip.tick(now)
                case _:
                    after, moved = self.flip.deal(now)
            with Transaction(self.state, str(step["op"])):
                self._book(moved)
        except LiquidationError as error:
            return error.reason
        except InsufficientBalanceError:
            return "Vat/dai"
        self.flip = after
        return ""

    def _book(self, moved: Booked) -> None:
        for p in moved:
            self.state.ledger.post(p.source, p.target, p.asset, p.amount, p.memo)

    def figures(self) -> dict[str, object]:
        """Return the auction, and who holds what, as the contract tells it."""
        flip, balance = self.flip, self.state.ledger.balance
        bidder = PEOPLE.index(flip.bidder) if flip.bidder else -1
        return {
            "bid": [flip.bid, flip.lot, bidder, flip.bid_until, flip.until],
            "dai": [balance(name, DAI) for name in PEOPLE[2:]],
            "gem": [balance(name, GEM) for name in (Flip.ACCOUNT, "owner", *PEOPLE[3:])],
        }


def check_flip(document: Document) -> Tally:
    """Check a ``maker-flipper`` file."""
    tally = Tally()
    for index, case in enumerate(cases_of(document)):
        auction = _Auction(case)
        steps = case["steps"]
        assert isinstance(steps, list)
        for number, step in enumerate(steps):
            where = f"cases[{index}].steps[{number}]"
            said = auction.act(step)
            tally.check(str(step["op"]), where, step.get("err", ""), said)
            if "err" in step or said:
                continue
            for name, got in auction.figures().items():
                tally.check(name, f"{where}.{name}", step[name], got)
    return tally


CHECKERS: dict[str, Checker] = {"maker-flipper/1": check_flip}
