"""Without numba everything works on numpy; with it, the machine code is what the module promises."""

from __future__ import annotations

import platform
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from random_books import array_case, exact_case

WITHOUT = """
import sys
sys.modules["numba"] = None
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "numba" else found(name, *rest)
import numpy as np
from random_books import array_case, exact_case, price_path
from protocol.margin.book.columns import Rows, Table, first_below_zero
from protocol.margin.book.decision import Marker
from protocol.margin.book.exact_book import ExactBook
from protocol.margin.book.option_values import option_values
from protocol.margin.book.safe_radius import LinearSubject, SafeRadiusList
case = array_case(1, 500)
assert len(Marker(case.book).below_zero(case.coefficients(case.prices * 0.8)))
path = price_path(case, 40, 0.02, seed=1)
assert (first_below_zero(Rows.of(case.book), Table.of_prices(case.coefficients(path))) >= 0).any()
lazy = SafeRadiusList(LinearSubject(Marker(case.book), case.weights, case.still), case.still)
lazy.failing(case.prices)
exact = exact_case(1, 50)
book = ExactBook(exact.accounts, 9)
values = book.excess(exact.weights, exact.prices, exact.marks)
assert book.failing(exact.weights, exact.prices, exact.marks).tolist() == [
    i for i, value in enumerate(values) if value < 0]
option_values([[100.0]], [100.0], [[0.2]], [True])
try:
    Marker(case.book, fast=True).below_zero(case.coefficients())
except ModuleNotFoundError as error:
    assert "'fast'" in str(error)
else:
    raise AssertionError("kernels without numba")
assert sys.modules["numba"] is None
print("done")
"""


def test_everything_works_without_numba(request: pytest.FixtureRequest) -> None:
    support = str(request.config.rootpath / "tests" / "support")
    script = f"import sys; sys.path.insert(0, {support!r})\n" + WITHOUT
    run = subprocess.run(
        [sys.executable, "-c", script],
        cwd=request.config.rootpath,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout.strip() == "done", run.stderr


def test_numba_is_imported_only_when_kernels_are_asked_for(request: pytest.FixtureRequest) -> None:
    script = (
        "import sys, protocol.margin.book.columns, protocol.margin.book.exact_book, protocol.margin.what_if,"
        " protocol.margin.book.safe_radius, protocol.margin.book.scenario_table;"
        " print('numba' in sys.modules, 'scipy.optimize' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", script],
        cwd=request.config.rootpath,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.split() == ["False", "False"]


@pytest.mark.skipif(platform.machine() not in {"x86_64", "AMD64"}, reason="reads x86 assembly")
def test_the_machine_code_has_vectors_and_nothing_fused() -> None:
    """Without vectors the kernels are several times slower; fused, they would have other bits."""
    from protocol.margin import kernels
    from protocol.margin.book.columns import Rows, Table, excess_columns, first_below_zero, least_of_columns
    from protocol.margin.book.decision import Marker
    from protocol.margin.book.exact_book import ExactBook
    from protocol.margin.book.option_values import option_values
    from protocol.margin.book.safe_radius import LinearSubject, SafeRadiusList

    case = array_case(2, 300)
    marker = Marker(case.book, fast=True)
    marker.below_zero(case.coefficients())
    LinearSubject(marker, case.weights, case.still).radii(case.prices)
    lazy = SafeRadiusList(LinearSubject(marker, case.weights, case.still), case.still)
    for move in (1.0, 0.99):
        lazy.failing(np.where(case.still, 1.0, case.prices * move))
    rows, table = Rows.of(case.book), Table.of(np.ones((60, 40)))
    for question in (excess_columns, first_below_zero, least_of_columns):
        question(rows, table, fast=True)
    least_of_columns(rows, Table.of(np.ones((60, 33))), fast=True)
    option_values(np.ones((2, 8)), [1.0, 2.0], np.ones((2, 8)), [True, False], fast=True)
    exact = exact_case(1, 20)
    ExactBook(exact.accounts, 9, fast=True).excess(exact.weights, exact.prices, exact.marks)

    wide = ("ymm", "zmm") if _has_wide_vectors() else ("xmm",)
    of_blocks, of_rows = ("decide", "radii", "look"), ("first_negative", "least", "least_of_panel", "columns")
    for name in (*of_blocks, *of_rows, "option_values", "exact_excess"):
        code = "\n".join(_assembly(getattr(kernels, name)))
        assert len(code) > 1000, name
        assert "vfmadd" not in code, name
        assert "vfnmadd" not in code, name
        if name != "exact_excess":
            assert any(register in code for register in wide), name
            assert _count(code, "mulpd") > 4, name
        else:
            assert "__udivti3" not in code, name


def _assembly(kernel: Any) -> list[str]:
    """Return the machine code of every compiled signature, made anew: a cached kernel has none to show."""
    from numba import njit

    anew: Any = njit(nogil=True, error_model="numpy")(kernel.py_func)
    for signature in kernel.signatures:
        anew.compile(signature)
    return list(anew.inspect_asm().values())


def _count(code: str, instruction: str) -> int:
    return sum(instruction in line for line in code.splitlines())


def _has_wide_vectors() -> bool:
    from llvmlite import binding

    return bool(binding.get_host_cpu_features().get("avx2"))
