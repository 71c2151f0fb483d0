"""Properties of the deleveraging policies and of the sharing of whole units."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import DeleveragingError, UnsafeValueError
from protocol.ledger import Account, Kind, Ledger, quote_of
from protocol.liquidation.allocation import allocate
from protocol.liquidation.deleveraging.policy import (
    Candidate,
    IntegerProgramme,
    Policy,
    ProRata,
    Queue,
    RandomOrder,
    RiskAware,
    mark_over_entry_times_leverage,
    profit_over_equity,
)
from protocol.liquidation.deleveraging.positions import deleverage

MAX_UNITS = 10**24
POLICIES: list[Policy] = [
    Queue(),
    Queue(mark_over_entry_times_leverage),
    Queue(profit_over_equity),
    RandomOrder(7),
    ProRata(),
    ProRata(lambda c: c.equity),
    RiskAware(),
    IntegerProgramme(),
]

units = st.integers(0, MAX_UNITS)


@st.composite
def winners(draw: st.DrawFn) -> list[Candidate]:
    found = []
    for index in range(draw(st.integers(0, 6))):
        gain = draw(st.integers(1, MAX_UNITS))
        equity, size = gain + draw(units), draw(st.integers(1, MAX_UNITS))
        found.append(Candidate(f"w{index}", min(gain, size), gain, equity, size, draw(units)))
    return found


@given(winners(), units)
@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: type(p).__name__)
def test_a_policy_takes_the_budget_exactly_and_from_nobody_more_than_he_has(
    policy: Policy, found: list[Candidate], budget: int
) -> None:
    taken = policy.allocate(found, budget)
    room = {c.account: c.capacity for c in found}
    assert all(0 < part <= room[name] for name, part in taken.items())
    assert sum(taken.values()) == min(budget, sum(room.values()))
    # Who is hit does not depend on the order in which the winners are listed.
    again = policy.allocate(list(reversed(found)), budget)
    if not isinstance(policy, ProRata | RiskAware):  # these break ties of one unit by place
        assert taken == again


@given(winners(), units)
def test_queue_leaves_no_hole(found: list[Candidate], budget: int) -> None:
    taken = Queue().allocate(found, budget)
    parts = [taken.get(c.account, 0) == c.capacity for c in Queue().order(found) if taken.get(c.account)]
    assert all(parts[:-1])


@given(winners(), units)
def test_pro_rata_is_proportional_to_one_unit(found: list[Candidate], budget: int) -> None:
    open_ended = [Candidate(c.account, MAX_UNITS * 10, c.profit, c.equity) for c in found]
    taken = ProRata().allocate(open_ended, budget)
    whole = sum(c.profit for c in found)
    for c in found:
        assert abs(taken.get(c.account, 0) - Fraction(budget * c.profit, whole)) < 1


@given(winners(), units)
def test_risk_aware_levels_leverage(found: list[Candidate], budget: int) -> None:
    room = [Candidate(c.account, c.notional, c.profit, c.equity, c.notional) for c in found]
    taken = RiskAware().allocate(room, budget)
    after = {c.account: Fraction(c.notional - taken.get(c.account, 0), c.equity) for c in room}
    cut = [after[name] for name in taken]
    step = {c.account: Fraction(1, c.equity) for c in room}
    if cut:
        for c in room:
            # Nobody is left above the level to which others were cut, but for one unit of rounding.
            assert after[c.account] <= min(cut) + step[c.account] + max(step[n] for n in taken) + Fraction(
                1, 10**20
            )


@given(st.lists(st.integers(1, 6), min_size=1, max_size=4), st.integers(0, 14))
def test_integer_programme_is_the_optimum_found_by_trying_all(caps: list[int], wanted: int) -> None:
    found = [Candidate(str(i), cap, cap, cap) for i, cap in enumerate(caps)]
    wanted = min(wanted, sum(caps))
    taken = IntegerProgramme().allocate(found, wanted)
    best = min(
        max(Fraction(x, cap) for x, cap in zip(choice, caps, strict=True))
        for choice in product(*(range(cap + 1) for cap in caps))
        if sum(choice) == wanted
    )
    assert max(Fraction(taken.get(str(i), 0), cap) for i, cap in enumerate(caps)) == best


@given(winners(), units, st.integers(1, 10**6))
def test_whole_lots_overshoot_by_less_than_a_lot(found: list[Candidate], budget: int, lot: int) -> None:
    taken = IntegerProgramme(lot).allocate(found, budget)
    assert all(part % lot == 0 for part in taken.values())
    whole = sum(c.capacity // lot * lot for c in found)
    assert sum(taken.values()) == min(-(-budget // lot) * lot, whole)


def test_no_negative_budget_and_no_empty_lot() -> None:
    for policy in POLICIES:
        with pytest.raises(UnsafeValueError):
            policy.allocate([], -1)
    with pytest.raises(UnsafeValueError):
        IntegerProgramme(0).allocate([], 1)


names = st.lists(st.integers(0, MAX_UNITS), min_size=1, max_size=6)


@given(units, names, names)
def test_allocate_shares_all_units_within_caps(total: int, weights: list[int], caps: list[int]) -> None:
    weight = {str(i): w for i, w in enumerate(weights)}
    cap = {str(i): caps[i % len(caps)] for i in range(len(weights))}
    parts = allocate(total, weight, cap)
    assert all(0 <= parts[name] <= cap[name] for name in weight)
    assert sum(parts.values()) == min(total, sum(cap[name] for name, w in weight.items() if w))


@given(
    st.lists(st.integers(1, 10**12), min_size=1, max_size=5),
    st.integers(0, 10**6),
    st.fractions(Fraction(1, 1000), Fraction(1000), max_denominator=10**6),
    st.booleans(),
)
def test_closing_positions_conserves_and_leaves_the_loser_nothing(
    sizes: list[int], spare: int, price: Fraction, long: bool
) -> None:
    book = Ledger()
    book.open(Account("loser", Kind.MARGIN, "m"))
    book.list_instrument("F")
    sign = 1 if long else -1
    for index, size in enumerate(sizes):
        book.open(Account(f"w{index}", Kind.MARGIN, "m"))
        one, other = ("loser", f"w{index}") if long else (f"w{index}", "loser")
        book.post(other, one, "F", size)
    position = sum(sizes)
    found = [Candidate(f"w{i}", size, 1, 1, size) for i, size in enumerate(sizes)]
    fills = deleverage(book, "loser", "F", price, price, found, Queue())
    book.assert_conserved("deleveraging")
    assert book.balance("loser", "F") == 0
    assert sum(fill.units for fill in fills) == sign * position
    received = book.balance("loser", quote_of("F"))
    assert 0 <= received - sign * position * price < len(sizes)


def test_too_few_counterparties_change_nothing() -> None:
    book = Ledger()
    for name in ("loser", "w"):
        book.open(Account(name, Kind.MARGIN, "m"))
    book.open(Account("other", Kind.MARGIN, "m"))
    book.list_instrument("F")
    book.post("w", "loser", "F", 5)
    book.post("other", "loser", "F", 5)
    with pytest.raises(DeleveragingError):
        deleverage(book, "loser", "F", Fraction(1), Fraction(1), [Candidate("w", 5, 1, 1)], Queue())
    with pytest.raises(DeleveragingError):
        deleverage(book, "loser", "F", Fraction(1), Fraction(1), [Candidate("w", 50, 1, 1)], Queue())
    assert book.balance("loser", "F") == 10
