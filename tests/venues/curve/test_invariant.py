"""The closed form of one balance against the contracts' iteration, and D against its own definition."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.errors import RuleError
from protocol.venues.curve import invariant
from protocol.venues.curve.invariant import (
    NG_FORM,
    TEMPLATE_FORM,
    THREE_POOL_FORM,
    Y_POOL_FORM,
    InvariantForm,
    balance_y,
    balance_y_of_d,
    invariant_d,
)

FORMS = [Y_POOL_FORM, THREE_POOL_FORM, TEMPLATE_FORM, NG_FORM]
# Value of a side in its last unit: from dust, where roundings show, to a thousand billion tokens.
BALANCE = (1, 10**30)
AMPLIFICATION = (2, 100_000)
# The balance that one side is moved to, in thousandths.
MOVE = (10, 100_000)


def outcome(call, *args, **kwargs):
    try:
        return call(*args, **kwargs)
    except RuleError as error:
        return error.code


@settings(max_examples=400)
@given(
    st.sampled_from(FORMS),
    st.lists(st.integers(*BALANCE), min_size=2, max_size=8),
    st.integers(*AMPLIFICATION),
    st.integers(*MOVE),
)
def test_closed_form_returns_what_the_iteration_returns(
    form: InvariantForm, xp: list[int], a: int, move: int
) -> None:
    amplification = a * form.a_precision
    d = outcome(invariant_d, xp, amplification, form)
    if isinstance(d, str):
        return
    x = xp[0] * move // 1000 + 1
    with pytest.MonkeyPatch.context() as patch:
        fast = outcome(balance_y, 0, 1, x, xp, amplification=amplification, d=d, form=form)
        reduced = outcome(balance_y_of_d, 1, xp, amplification, d * 9 // 10, form)
        patch.setattr(invariant, "FAST_D", 0)
        assert fast == outcome(balance_y, 0, 1, x, xp, amplification=amplification, d=d, form=form)
        assert reduced == outcome(balance_y_of_d, 1, xp, amplification, d * 9 // 10, form)


@given(st.lists(st.integers(10**21, 10**24), min_size=2, max_size=5), st.integers(10, 5_000))
def test_d_satisfies_its_equation(xp: list[int], a: int) -> None:
    """A*n*sum(x) + D = A*n*D + D**(n+1) / (n**n * prod(x)) has its root near D."""
    n = len(xp)
    d = outcome(invariant_d, xp, a, THREE_POOL_FORM)
    if isinstance(d, str):
        return
    product = Fraction(1)
    for x in xp:
        product *= x

    def excess(value: int) -> Fraction:
        return a * n * value + Fraction(value) ** (n + 1) / (n**n * product) - a * n * sum(xp) - value

    # A unit lost in the first division of the product term grows with every later one.
    slack = 2 * n + n * (d // (min(xp) * n) + 1) ** (n - 1)
    assert excess(d - slack) < 0 < excess(d + slack)


def test_position_out_of_range_is_refused() -> None:
    with pytest.raises(RuleError):
        balance_y_of_d(3, (10**18, 10**18), 100, 2 * 10**18, THREE_POOL_FORM)
