"""Checks of Maker's Dog and Clipper: every action, the state after it, and the ledger that booked it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from protocol.errors import LiquidationError
from protocol.ledger import Account, Kind, Ledger
from protocol.liquidation.decay import (
    Decay,
    ExponentialDecrease,
    LinearDecrease,
    StairstepExponentialDecrease,
)
from protocol.liquidation.presets.maker import DAI, Booked, Clipper, MakerParameters, Urn
from scenarios.verify.rows import cases_of, integers
from scenarios.verify.tally import Checker, Document, Tally, integer

URN, BUYER, KEEPER, ASSET = "urn", "buyer", "keeper", "collateral"


def _decay(row: object) -> Decay:
    kind, *figures = integers(row)
    match kind, figures:
        case 0, [duration]:
            return LinearDecrease(duration)
        case 1, [cut, step]:
            return StairstepExponentialDecrease(cut, step)
        case 2, [cut]:
            return ExponentialDecrease(cut)
    raise ValueError(f"no such price curve: {row!r}")


def _parameters(row: Mapping[str, object]) -> MakerParameters:
    names = ("chop", "Hole", "hole", "dust", "buf", "tail", "cusp", "chip", "tip", "par")
    chop, total, limit, dust, buf, tail, cusp, chip, tip, par = (integer(row[name]) for name in names)
    return MakerParameters(
        chop, total, limit, dust, buf, _decay(row["calc"]), tail, cusp, chip, tip, par, ASSET
    )


class _Sequence:
    """One vault with the auctions over it, replayed step by step."""

    def __init__(self, case: Mapping[str, object], parameters: MakerParameters) -> None:
        self.clipper = Clipper(parameters)
        self.urn = Urn(integer(case["ink"]), integer(case["art"]))
        self.rate = integer(case["rate"])
        self.ledger = Ledger()
        self.taken_over = 0
        for name in ("world", Clipper.AUCTION, Clipper.VOW, URN, BUYER, KEEPER):
            self.ledger.open(Account(name, Kind.ISSUER))
        self.ledger.post("world", URN, ASSET, self.urn.ink)
        self.ledger.post(URN, "world", DAI, self.urn.art * self.rate, "drawn")

    def act(self, step: Mapping[str, object]) -> str:
        """Do the step; return the contract's error text, empty for a success."""
        now, price = integer(step["t"]), integer(step["price"])
        moved: Booked
        try:
            match step["op"]:
                case "bark":
                    self.clipper, self.urn, _, moved = self.clipper.bark(
                        URN,
                        self.urn,
                        spot=integer(step["spot"]),
                        rate=self.rate,
                        price=price,
                        keeper=KEEPER,
                        now=now,
                    )
                case "take":
                    self.clipper, moved = self.clipper.take(
                        integer(step["id"]),
                        integer(step["amt"]),
                        highest=integer(step["max"]),
                        buyer=BUYER,
                        now=now,
                    )
                case "redo":
                    self.clipper, moved = self.clipper.redo(
                        integer(step["id"]), price=price, keeper=KEEPER, now=now
                    )
                case other:
                    raise ValueError(f"no such operation: {other!r}")
        except LiquidationError as error:
            return error.reason
        for posting in moved:
            self.ledger.post(posting.source, posting.target, posting.asset, posting.amount, posting.memo)
            self.taken_over += posting.amount if posting.memo == "debt taken over" else 0
        self.ledger.assert_conserved(str(step["op"]))
        return ""

    def after(self, sales: int) -> dict[str, object]:
        """Return the state in the file's words."""
        book = self.ledger
        running = [self.clipper.sales.get(number + 1) for number in range(sales)]
        return {
            "urn": [self.urn.ink, self.urn.art],
            "dirt": [self.clipper.global_dirt, self.clipper.dirt],
            "sales": [[s.tab, s.lot, s.started, s.top] if s else [0, 0, 0, 0] for s in running],
            "usr": book.balance(URN, ASSET) - self.urn.ink,
            "buyer": [book.balance(BUYER, ASSET), -book.balance(BUYER, DAI)],
            "kpr": book.balance(KEEPER, DAI),
            "sin": self.taken_over,
        }


def check_clipper(document: Document) -> Tally:
    """Check ``maker-dog-clipper`` files."""
    tally = Tally()
    sets = [_parameters(row) for row in cast("list[Mapping[str, object]]", document["param_sets"])]
    for index, case in enumerate(cases_of(document)):
        sequence = _Sequence(case, sets[integer(case["ps"])])
        for number, step in enumerate(cast("list[Mapping[str, object]]", case["steps"])):
            where = f"cases[{index}].steps[{number}]"
            if "q" in step:
                done, *figures = sequence.clipper.status(integer(step["id"]), integer(step["t"]))
                tally.check("status", where, list(integers(step["q"])), [int(done), *figures])
            tally.check(str(step["op"]), where, str(step.get("err", "")), sequence.act(step))
            expected = cast("Mapping[str, object]", step["after"])
            got = sequence.after(len(cast("list[object]", expected["sales"])))
            for name, value in expected.items():
                tally.check(f"after.{name}", where, value, got[name])
    return tally


CHECKERS: dict[str, Checker] = {
    "maker-dog-clipper/1": check_clipper,
    "maker_clipper": check_clipper,
}
