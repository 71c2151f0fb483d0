"""exp, log, sine and cosine against Python's decimals, which know nothing of our polynomials."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.markets import elementary
from scenarios.markets.portable import exp, log, power

UNITS = Decimal(3)  # units in the last place


def units_off(value: float, exact: Decimal) -> Decimal:
    return abs((Decimal(value) - exact) / Decimal(math.ulp(float(exact))))


@settings(deadline=None)
@given(st.floats(-700, 700))
def test_exponential(x: float) -> None:
    with localcontext() as context:
        context.prec = 50
        assert units_off(exp(x), Decimal(x).exp()) <= UNITS


@settings(deadline=None)
@given(st.floats(1e-300, 1e300))
def test_logarithm(x: float) -> None:
    with localcontext() as context:
        context.prec = 50
        exact = Decimal(x).ln()
        assert exact == log(x) == 0 or units_off(log(x), exact) <= UNITS


@settings(deadline=None)
@given(st.floats(-0.125, 0.125))
def test_sine_and_cosine(turns: float) -> None:
    sine, cosine = elementary.sine_cosine(np.array([turns]))
    with localcontext() as context:
        context.prec = 50
        angle = Decimal("6.28318530717958647692528676655900576839433879875021") * Decimal(turns)
        term, exact = Decimal(1), [Decimal(0), Decimal(0)]
        for n in range(40):  # the Taylor series
            exact[n % 2] += term * (-1) ** (n // 2)
            term = term * angle / (n + 1)
        assert units_off(float(cosine[0]), exact[0]) <= UNITS
        if abs(turns) > 1e-300:
            assert units_off(float(sine[0]), exact[1]) <= UNITS


def test_array_is_element_by_element() -> None:
    x = np.linspace(-40, 40, 1_001)
    assert [exp(float(v)) for v in x] == elementary.exponential(x).tolist()
    assert exp(-1e9) == 0.0
    assert power(2.0, 0.5) == pytest.approx(math.sqrt(2.0), rel=1e-15)
