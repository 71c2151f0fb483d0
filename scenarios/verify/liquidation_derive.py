"""Checks of Derive's Dutch auction: the price curve, every query before and the state after each step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import cast

from protocol.errors import DivisionByZeroError, LiquidationError, OverflowedError
from protocol.ledger import Account, Kind, Ledger
from protocol.liquidation.presets.derive import AuctionRules, Bid, DeriveAuction
from scenarios.verify.rows import integers, rows_of
from scenarios.verify.tally import Checker, Document, Tally, integer

Row = Mapping[str, object]


def outcome(call: Callable[[], object]) -> object:
    """Return the call's value, or the contract's name of its refusal."""
    try:
        return call()
    except LiquidationError as error:
        return error.reason
    except DivisionByZeroError:
        return "Panic"
    except OverflowedError:
        return "SafeCast"


def _expected(value: object) -> object:
    """Return an expected query; all of the file's cast failures count as one."""
    return "SafeCast" if isinstance(value, str) and value.startswith("SafeCast") else value


def _start(rules: AuctionRules, maintenance: int, value: int) -> object:
    return outcome(lambda: DeriveAuction.start(rules, maintenance, value, 0))


def _state(auction: DeriveAuction) -> dict[str, object]:
    return {
        "ins": auction.insolvent,
        "on": auction.ongoing,
        "mm": auction.cached_shortfall,
        "res": auction.reserved,
    }


def _queries(auction: DeriveAuction, maintenance: int, value: int, now: int) -> dict[str, object]:
    def status() -> list[object]:
        found = auction.status(maintenance, value, now)
        return [found.may_end, found.value, found.maintenance, found.buffer_margin]

    return {
        "status": outcome(status),
        "maxp": outcome(lambda: auction.greatest_share(maintenance, value, now)),
        "bid": outcome(lambda: auction.price(maintenance, value, now)),
    }


def _act(auction: DeriveAuction, step: Row, now: int) -> object:
    maintenance, value = integer(step["mm"]), integer(step["mtm"])
    match step["act"]:
        case "bid":
            share, cash, module = (integer(step[name]) for name in ("pct", "bc", "avail"))
            return outcome(lambda: auction.bid(maintenance, value, now, share, cash=cash, module_cash=module))
        case "terminate":
            return outcome(lambda: auction.end(maintenance, value, now))
        case "convert":
            return outcome(lambda: auction.convert(maintenance, value, now))
        case other:
            raise ValueError(f"no such action: {other!r}")


def _booked(bid: Bid, module_cash: int) -> dict[str, object]:
    """Book a bid on a ledger and read the contract's figures back from the balances."""
    book = Ledger()
    for name in ("account", "bidder", "module", "lenders"):
        book.open(Account(name, Kind.MARGIN, "derive"))
    book.open(Account("world", Kind.ISSUER))
    book.post("world", "module", "cash", module_cash)
    # An account of nothing but the reserved cash: no share of it is taken.
    book.post("world", "account", "cash", bid.reserved)
    held = {"cash": bid.reserved}
    for posting in bid.postings(held, "cash", "account", "bidder", "module", "lenders"):
        book.post(posting.source, posting.target, posting.asset, posting.amount, posting.memo)
    book.assert_conserved("bid")
    return {
        "fin": bid.share,
        "cf": book.balance("account", "cash") - bid.reserved,
        "ct": max(0, book.balance("bidder", "cash")),
        "soc": -book.balance("lenders", "cash"),
    }


def _check_auction(tally: Tally, where: str, rules: AuctionRules, row: Row) -> None:
    maintenance, value = integers(row["st"])
    begun = _start(rules, maintenance, value)
    if "err" in row:
        tally.check("start", where, row["err"], begun if isinstance(begun, str) else "started")
        return
    if not isinstance(begun, tuple):
        tally.check("start", where, row["so"], begun)
        return
    auction, fee = cast("tuple[DeriveAuction, int]", begun)
    tally.check("start", where, row["so"], {"fee": fee, **_state(auction)})
    for number, item in enumerate(rows_of(row["steps"])):
        step, at = cast("Row", item), f"{where}.steps[{number}]"
        now = auction.started + integer(step["t"])
        got = _queries(auction, integer(step["mm"]), integer(step["mtm"]), now)
        for name, want in cast("Row", step["q"]).items():
            tally.check(f"query.{name}", at, _expected(want), got[name])
        done = _act(auction, step, now)
        figures: object = done
        if isinstance(done, tuple):
            auction, bid = cast("tuple[DeriveAuction, Bid]", done)
            figures = _booked(bid, integer(step["avail"]))
        elif isinstance(done, DeriveAuction):
            auction, figures = done, {}
        tally.check(str(step["act"]), at, _expected(step.get("err", step.get("o"))), figures)
        tally.check("after", at, step["after"], _state(auction))


def _rules(figures: tuple[int, ...]) -> AuctionRules:
    start, fast_end, fast, slow, insolvent, fee, buffer = figures
    return AuctionRules(start, fast_end, fast, slow, insolvent, fee, buffer)


def check_auctions(document: Document) -> Tally:
    """Check ``derive-dutch-auction`` files."""
    tally = Tally()
    sets = [_rules(integers(cast("Row", item)["p"])) for item in rows_of(document["param_sets"])]
    for index, row in enumerate(rows_of(document["discount"])):
        which, seconds, share = integers(row)
        tally.check("discount", f"discount[{index}]", share, sets[which].share_asked(seconds))
    for index, item in enumerate(rows_of(document["auctions"])):
        auction = cast("Row", item)
        rules = replace(sets[integer(auction["ps"])], cutoff=integer(auction["cut"]))
        _check_auction(tally, f"auctions[{index}]", rules, auction)
    return tally


CHECKERS: dict[str, Checker] = {
    "derive-dutch-auction/1": check_auctions,
    "derive_auction": check_auctions,
}
