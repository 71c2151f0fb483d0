"""The bytes of a path depend on (parameters, seed, run index) and on nothing else."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market_samples import MARKETS, brownian, jumps, wide
from scenarios.errors import MissingExtraError, ParameterError, SeedRangeError
from scenarios.markets import arithmetic as module
from scenarios.markets.arithmetic import arithmetic
from scenarios.markets.jump_diffusion import JumpDiffusion
from scenarios.markets.market import Market, blocks, paths
from scenarios.seeds import Purpose, Seed, scenario_hash

SEED = Seed(2026, scenario_hash({"test": "same bytes"}))
STEPS = 24
# Of 70 paths of ``wide`` and of ``heston``: what every machine must get. They are ours, and prove only that
# processors agree.
PINNED = {
    "wide": "89db522d36a6aa8eeaf7d3e4c2eadb9e38682f4d508e93417f212b6dc98d6798",
    "heston": "c22a999bf382d780c7e42731560cde7a93f18c15d2231e001910cde73d405988",
}


@pytest.fixture(params=sorted(MARKETS))
def market(request: pytest.FixtureRequest) -> Market:
    return MARKETS[request.param]()


def test_kernels_and_reference_agree(market: Market) -> None:
    pytest.importorskip("numba")
    fast, slow = (paths(market, SEED, range(3, 103), STEPS, use) for use in (True, False))
    assert fast.prices.tobytes() == slow.prices.tobytes()
    assert np.ascontiguousarray(fast.volatility).tobytes() == np.ascontiguousarray(slow.volatility).tobytes()


@settings(max_examples=40, deadline=None)
@given(
    runs=st.integers(1, 200),
    start=st.sampled_from([0, 7, 2**32 - 100, 2**32 - 1, 2**40]),
    step=st.integers(0, 2**32 - 1),
    count=st.integers(1, 9),
)
def test_functions_of_any_number_of_runs_agree(runs: int, start: int, step: int, count: int) -> None:
    pytest.importorskip("numba")
    fast, slow = arithmetic(True), arithmetic(False)
    place = (SEED.key(), range(start, start + runs), step, Purpose.VARIANCE, count, 3)
    normals, uniforms = slow.normals(*place), slow.uniforms(*place)
    assert fast.normals(*place).tobytes() == normals.tobytes()
    assert fast.uniforms(*place).tobytes() == uniforms.tobytes()
    assert fast.exponential(100.0 * normals).tobytes() == slow.exponential(100.0 * normals).tobytes()
    assert fast.logarithm(uniforms + 2.0**-60).tobytes() == slow.logarithm(uniforms + 2.0**-60).tobytes()


@settings(max_examples=15, deadline=None)
@given(data=st.data(), fast=st.sampled_from([None, False]), name=st.sampled_from(sorted(MARKETS)))
def test_any_chunking_gives_the_same_paths(data: st.DataObject, fast: bool | None, name: str) -> None:
    market = MARKETS[name]()
    whole = paths(market, SEED, range(100), STEPS, False)
    start = data.draw(st.integers(0, 98))
    stop = data.draw(st.integers(start + 1, 100))
    block = data.draw(st.integers(1, STEPS))
    parts = list(blocks(market, SEED, range(start, stop), STEPS, block, fast))
    assert [part.first_step for part in parts] == list(range(0, STEPS, block))
    joined = np.concatenate([part.prices for part in parts])
    assert np.array_equal(joined, whole.prices[:, :, start:stop])
    volatility = np.concatenate([part.volatility for part in parts])
    assert np.array_equal(volatility, whole.volatility[:, :, start:stop])


def test_threads_give_the_same_paths() -> None:
    market = wide()
    whole = paths(market, SEED, range(320), STEPS)
    with ThreadPoolExecutor(2) as pool:
        parts = list(pool.map(lambda i: paths(market, SEED, range(i, i + 40), STEPS), range(0, 320, 40)))
    assert np.array_equal(np.concatenate([part.prices for part in parts], axis=2), whole.prices)


def test_runs_beyond_32_bits_differ_from_the_first() -> None:
    low = paths(brownian(), SEED, range(5), STEPS, False)
    high = paths(brownian(), SEED, range(2**32, 2**32 + 5), STEPS)
    assert not np.isin(high.prices, low.prices).any()
    assert np.array_equal(high.prices, paths(brownian(), SEED, range(2**32, 2**32 + 5), STEPS, False).prices)


def test_extremes_store_nothing_and_agree() -> None:
    market = jumps()
    whole = paths(market, SEED, range(100), STEPS)
    for fast in (None, False):
        last, lowest = market.extremes(market.open(SEED, range(100)), STEPS, fast)
        assert np.array_equal(last, whole.prices[-1])
        assert np.array_equal(lowest, whole.prices.min(axis=0))


def test_seed_and_scenario_change_every_path() -> None:
    base = paths(brownian(), SEED, range(10), 5).prices
    for other in (Seed(2027, SEED.scenario), Seed(2026, scenario_hash("other"))):
        assert not np.isin(paths(brownian(), other, range(10), 5).prices, base).any()


@pytest.mark.parametrize("purpose", list(Purpose))
def test_purposes_share_no_number(purpose: Purpose) -> None:
    numbers = arithmetic(False)
    mine = numbers.uniforms(SEED.key(), range(50), 3, purpose, 8)
    for other in Purpose:
        if other != purpose:
            assert not np.isin(mine, numbers.uniforms(SEED.key(), range(50), 3, other, 8)).any()


@pytest.mark.parametrize("name", sorted(PINNED))
@pytest.mark.parametrize("fast", [None, False])
def test_pinned_bytes(name: str, fast: bool | None) -> None:
    assert paths(MARKETS[name](), SEED, range(70), STEPS, fast).digest() == PINNED[name]


PROGRAM = """
import json, sys
sys.path.insert(0, sys.argv[1])
from test_same_bytes import PINNED, SEED, STEPS
from market_samples import MARKETS
from scenarios.markets.market import paths
print(json.dumps({name: paths(MARKETS[name](), SEED, range(70), STEPS).digest() for name in PINNED}))
"""


NEEDS = {"x86-64": "sse2", "x86-64-v2": "sse4.2", "x86-64-v3": "avx2", "x86-64-v4": "avx512f"}


@pytest.mark.long
@pytest.mark.parametrize("processor", list(NEEDS))
def test_code_for_other_processors_gives_pinned_bytes(processor: str, tmp_path: Path) -> None:
    binding = pytest.importorskip("llvmlite.binding")
    if not binding.get_host_cpu_features().get(NEEDS[processor], False):
        pytest.skip(f"this processor cannot run code for {processor}")
    here = Path(__file__).parent
    environment = os.environ | {
        "NUMBA_CPU_NAME": processor,
        "NUMBA_CPU_FEATURES": "",
        "NUMBA_CACHE_DIR": str(tmp_path),
        "NPY_DISABLE_CPU_FEATURES": "AVX512F AVX512CD AVX512_SKX",
        "PYTHONPATH": os.pathsep.join(str(p) for p in (here, here.parent / "support", here.parent.parent)),
    }
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, str(here)],
        env=environment, capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip
    assert json.loads(run.stdout) == PINNED


def test_kernel_is_vector_code_without_fused_operations() -> None:
    pytest.importorskip("numba")
    from numba import njit

    from scenarios.markets import diffusion_kernel

    paths(jumps(), SEED, range(64), 1)
    signature = diffusion_kernel.jump_diffusion.signatures[
        0
    ]  # code from the cache shows no assembly: compile again
    compiled = njit(signature, nogil=True, error_model="numpy")(diffusion_kernel.jump_diffusion.py_func)
    code = compiled.inspect_asm(signature)
    assert "vfmadd" not in code
    assert "fmla" not in code
    if "ymm" in code or "zmm" in code:  # an x86 processor with vectors of at least four doubles
        assert code.count("ymm") + code.count("zmm") > 500


def test_without_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    find: Callable[[str], object] = lambda name: None  # noqa: E731
    monkeypatch.setattr(module, "find_spec", find)
    module.arithmetic.cache_clear()
    try:
        assert arithmetic().name == "numpy"
        with pytest.raises(MissingExtraError, match="fast"):
            arithmetic(True)
    finally:
        module.arithmetic.cache_clear()


def test_refusals() -> None:
    with pytest.raises(SeedRangeError):
        brownian().open(SEED, range(0))
    with pytest.raises(SeedRangeError):
        brownian().open(SEED, range(0, 10, 2))
    market = brownian()
    state = market.open(SEED, range(1))
    state.step = 2**32 - 1
    with pytest.raises(SeedRangeError):
        market.advance(state, 2)
    with pytest.raises(ParameterError, match="block_steps"):
        list(blocks(market, SEED, range(1), 4, 0))
    rocket = JumpDiffusion(("A",), (1.0,), (900.0,), (0.0,), 365 * 86_400.0)
    with pytest.raises(ParameterError, match="log price"):
        paths(rocket, SEED, range(1), 1)


def test_digest_is_of_little_endian_paths() -> None:
    block = paths(brownian(), SEED, range(3), 4)
    by_hand = hashlib.sha256()
    for run in range(3):
        for step in range(4):
            by_hand.update(block.prices[step, :, run].astype("<f8").tobytes())
    assert block.digest() == by_hand.hexdigest()
