"""What each model must do whatever the numbers: files, windows, scripts, depth, surface, refusals."""

from __future__ import annotations

import gzip
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market_samples import DATA, DAY, HOUR, brownian, recorded, windows
from scenarios.errors import CorrelationError, MissingExtraError, ParameterError, PriceFileError
from scenarios.markets import price_files
from scenarios.markets.correlation import correlate, lower_triangle, uniform_correlation
from scenarios.markets.depth import Depth
from scenarios.markets.garch import Garch
from scenarios.markets.heston import Heston
from scenarios.markets.historical import BlockBootstrap, Historical, realised_volatility
from scenarios.markets.jump_diffusion import JumpDiffusion, Jumps
from scenarios.markets.market import YEAR_SECONDS, Block, Market, blocks, paths
from scenarios.markets.price_files import read_prices
from scenarios.markets.regimes import Regime, RegimeSwitching
from scenarios.markets.scripts import BLACK_THURSDAY, LUNA, OCTOBER_2025, SCRIPTS, USDC_DEPEG
from scenarios.markets.shocks import Script, Shocked
from scenarios.markets.surface import Surface
from scenarios.seeds import Seed

SEED = Seed(3, "models")


def still(step_seconds: float = 60.0, assets: tuple[str, ...] = ("A",)) -> JumpDiffusion:
    zero = [0.0] * len(assets)
    return JumpDiffusion(assets, (1.0,) * len(assets), zero, zero, step_seconds)


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


# Correlation


@settings(deadline=None)
@given(st.integers(1, 6), st.data())
def test_triangle_gives_the_matrix_back(size: int, data: st.DataObject) -> None:
    values = st.floats(-1, 1).filter(lambda v: abs(v) > 0.01)
    rows = np.array(
        data.draw(st.lists(st.lists(values, min_size=size, max_size=size), min_size=size, max_size=size))
    )
    matrix = rows @ rows.T
    scale = np.sqrt(np.diag(matrix))
    matrix = matrix / np.outer(scale, scale)
    np.fill_diagonal(matrix, 1.0)
    matrix = np.tril(matrix) + np.tril(matrix, -1).T
    lower = lower_triangle(matrix.tolist(), size)
    assert np.allclose(lower @ lower.T, matrix, atol=2e-6)
    assert np.array_equal(lower, np.tril(lower))
    normals = np.arange(size * 3, dtype=float).reshape(size, 3)
    assert np.allclose(correlate(lower, normals), lower @ normals)


@pytest.mark.parametrize(
    "matrix",
    [
        ((1.0, 0.5), (0.4, 1.0)),
        ((1.0, 0.5), (0.5, 0.9)),
        ((1.0, 0.9, -0.9), (0.9, 1.0, 0.9), (-0.9, 0.9, 1.0)),
        ((1.0, 1.0, 0.0), (1.0, 1.0, 0.5), (0.0, 0.5, 1.0)),
        ((1.0,),),
    ],
)
def test_impossible_correlations_are_refused(matrix) -> None:
    with pytest.raises(CorrelationError):
        lower_triangle(matrix, max(2, len(matrix)))


def test_perfect_correlation_is_allowed() -> None:
    lower = lower_triangle(uniform_correlation(3, 1.0), 3)
    assert lower.tolist() == [[1, 0, 0], [1, 0, 0], [1, 0, 0]]


# Files


def test_reads_the_recorded_day() -> None:
    table = recorded()
    assert table.assets == ("WETH", "OSQTH")
    assert (len(table.times), table.step_seconds()) == (1_440, 60)
    assert table.times[0] == 1_692_230_400  # 2023-08-17 00:00 UTC
    text = gzip.decompress(DATA.read_bytes()).decode().splitlines()
    assert [float(v) for v in text[-1].split(",")[1:]] == table.prices[-1].tolist()


def test_feed_rounds_skip_the_empty_first_round(tmp_path: Path) -> None:
    rounds = write(
        tmp_path / "r.csv", "round,answer,updated_at\n0,0,0\n1,190818855732,100\n2,190000000000,190\n"
    )
    with pytest.raises(PriceFileError, match="row 2"):
        read_prices(rounds, ["answer"], "updated_at", 1e8)
    table = read_prices(rounds, ["answer"], "updated_at", 1e8, skip_invalid=True)
    assert table.prices[:, 0].tolist() == [1908.18855732, 1900.0]
    with pytest.raises(PriceFileError, match="at least two rows"):
        table.resample(100).step_seconds()
    assert table.resample(30).prices[:, 0].tolist() == [1908.18855732] * 3 + [1900.0]


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("time,A\n1,2\n3,\n", 3),
        ("time,A\n1,2\n3,nan\n", 3),
        ("time,A\n1,2\n3,-1\n", 3),
        ("time,A\n1,2\n3,inf\n", 3),
        ("time,A\n1,2\n1,2\n", 3),
        ("time,A\n2,2\n1,2\n", 3),
        ("time,A\nyesterday,2\n", 2),
        ("time,B\n1,2\n", 1),
        ("time,A\n", 2),
        ("", 1),
    ],
)
def test_bad_files_are_refused_with_the_row(tmp_path: Path, text: str, row: int) -> None:
    with pytest.raises(PriceFileError, match=f"row {row}"):
        read_prices(write(tmp_path / "bad.csv", text), ["A"])


def test_times_with_and_without_zone(tmp_path: Path) -> None:
    table = read_prices(
        write(tmp_path / "t.csv", "t,A\n1970-01-01 00:01:00,1\n1970-01-01T02:02:00+02:00,2\n")
    )
    assert table.times.tolist() == [60, 120]


def test_parquet_is_the_same_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    polars = pytest.importorskip("polars")
    table = recorded()
    path = tmp_path / "day.parquet"
    frame = {"time": table.times, **{name: table.prices[:, i] for i, name in enumerate(table.assets)}}
    polars.DataFrame(frame).write_parquet(path)
    again = read_prices(path)
    assert np.array_equal(again.prices, table.prices)
    assert np.array_equal(again.times, table.times)
    monkeypatch.setattr(price_files, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="data"):
        read_prices(path)


def test_uneven_rows_must_be_resampled(tmp_path: Path) -> None:
    table = read_prices(write(tmp_path / "u.csv", "t,A\n0,1\n60,2\n180,3\n"))
    with pytest.raises(PriceFileError, match="row 4"):
        table.step_seconds()
    assert table.resample(60).prices[:, 0].tolist() == [1, 2, 2, 3]


# Recorded paths


def test_replay_is_the_file_itself() -> None:
    table = recorded()
    whole = paths(Historical(table), SEED, range(2), 1_439)
    for run in range(2):
        assert np.array_equal(whole.prices[:, :, run], table.prices[1:])
    with pytest.raises(ParameterError, match="end there"):
        paths(Historical(table), SEED, range(1), 1_440)


def test_windows_are_pieces_of_the_file_scaled_to_its_start() -> None:
    table, market = recorded(), windows()
    block = paths(market, SEED, range(300), 200)
    state = market.open(SEED, range(300))
    starts = state.memory["start"][0].astype(int)
    assert starts.min() >= 0
    assert starts.max() <= 1_440 - 201
    assert len(set(starts.tolist())) > 200
    for run in (0, 100, 299):
        piece = table.prices[starts[run] + 1 : starts[run] + 201] / table.prices[starts[run]]
        assert np.allclose(block.prices[:, :, run], piece * table.prices[0], rtol=1e-13)


def test_bootstrap_of_one_endless_block_is_the_file_from_a_row() -> None:
    table = recorded()
    market = BlockBootstrap(table, mean_block=1e12, start=(1.0, 1.0))
    logs = np.log(paths(market, SEED, range(3), 500).prices)
    returns = np.diff(np.log(table.prices), axis=0)
    for run in range(3):
        row = int(market.open(SEED, range(run, run + 1)).memory["row"][0, 0])
        ring = np.concatenate([returns, returns])[row : row + 500]
        assert np.allclose(logs[:, :, run], np.cumsum(ring, axis=0), atol=1e-9)


def test_realised_volatility_of_a_steady_move() -> None:
    returns = np.full((50, 1), 0.001)
    out = realised_volatility(returns, 60.0, 10.0)
    assert out == pytest.approx(0.001 * math.sqrt(YEAR_SECONDS / 60.0))


# Scripts


@pytest.mark.parametrize("script", list(SCRIPTS.values()), ids=list(SCRIPTS))
def test_scripts_pass_through_their_knots(script: Script) -> None:
    assert script.sources
    for asset, points in script.knots.items():
        market = Shocked(still(), script, 600.0, {"A": asset})
        steps = int(script.seconds / 60) + 20
        prices = paths(market, SEED, range(1), steps).prices[:, 0, 0]
        assert np.allclose(prices[:10], 1.0)
        for seconds, factor in points[1:]:
            assert prices[int((seconds + 600) / 60) - 1] == pytest.approx(factor, rel=1e-9)
        assert prices[-1] == pytest.approx(points[-1][1])


def test_scripts_carry_the_published_falls() -> None:
    """Figures of the sources, typed a second time."""
    lowest = {
        (script.name, asset): min(factor for _, factor in points)
        for script in SCRIPTS.values()
        for asset, points in script.knots.items()
    }
    assert lowest[BLACK_THURSDAY.name, "ETH"] == pytest.approx(1 - 0.51, abs=0.01)
    assert lowest[BLACK_THURSDAY.name, "BTC"] == pytest.approx(3_800 / 7_900)
    assert lowest[LUNA.name, "LUNA"] * 60.14 == pytest.approx(0.0001)
    assert lowest[USDC_DEPEG.name, "USDC"] == 0.8748
    assert lowest[OCTOBER_2025.name, "USDE"] == 0.6651
    assert lowest[OCTOBER_2025.name, "SOL"] <= 0.70


def test_shock_leaves_other_assets_and_scales_with_severity() -> None:
    base = brownian()
    plain = paths(base, SEED, range(40), 48)
    for severity in (0.0, 1.0, 2.0):
        market = Shocked(base, BLACK_THURSDAY, 6 * HOUR, {"B": "ETH"}, severity)
        shocked = paths(market, SEED, range(40), 48)
        assert np.array_equal(shocked.prices[:, [0, 2]], plain.prices[:, [0, 2]])
        ratio = shocked.prices[31, 1] / plain.prices[31, 1]  # 26 hours after the start of the shock
        assert np.allclose(ratio, (95.87 / 194.97) ** severity)
        assert (shocked.volatility >= plain.volatility).all()
    assert isinstance(market, Market)


def test_bad_scripts_are_refused() -> None:
    for knots in ((), ((0.0, 2.0),), ((0.0, 1.0), (0.0, 0.5)), ((0.0, 1.0), (5.0, 0.0))):
        with pytest.raises(ParameterError):
            Script("x", {"A": knots})
    with pytest.raises(ParameterError, match="scripted asset"):
        Shocked(still(), LUNA, 0.0, {"A": "ETH"})
    with pytest.raises(ParameterError, match="shocked asset"):
        Shocked(still(), LUNA, 0.0, {"B": "UST"})


# Depth


def flat(volatility: list[float], price: list[float] | None = None) -> Block:
    shape = (len(volatility), 1, 1)
    prices = np.array(price or [1.0] * len(volatility)).reshape(shape)
    return Block(0, range(1), prices, np.array(volatility).reshape(shape))


def test_depth_dries_at_once_and_comes_back_by_half_lives() -> None:
    depth = Depth((1e6,), (0.5,), elasticity=1.0, floor=0.1, half_life=3_600.0)
    state = depth.open((1.0,), 1)
    out = depth.advance(state, flat([0.5, 0.25, 1.0, 50.0] + [0.5] * 60), 60.0)[:, 0, 0]
    assert out[:4] == pytest.approx([1e6, 1e6, 5e5, 1e5])
    assert out[-1] == pytest.approx(1e6 * (1 - 0.9 / 2))  # an hour later half of the gap has closed
    assert (np.diff(out[4:]) > 0).all()


def test_depth_sees_a_jump_that_the_market_calls_calm() -> None:
    depth = Depth((1e6,), (0.5,), memory=300.0)
    state = depth.open((1.0,), 1)
    out = depth.advance(state, flat([0.5] * 3, [1.0, 0.7, 0.7]), 60.0)[:, 0, 0]
    assert out[0] == pytest.approx(1e6)
    assert out[1] < 0.05e6


@settings(deadline=None)
@given(st.lists(st.floats(0.01, 20), min_size=2, max_size=30), st.floats(0, 3), st.floats(0, 1))
def test_depth_stays_between_floor_and_calm(volatility, elasticity, floor) -> None:
    depth = Depth((7.0,), (0.5,), elasticity=elasticity, floor=floor)
    out = depth.advance(depth.open((1.0,), 1), flat(volatility), 60.0)
    assert (out <= 7.0 * (1 + 1e-12)).all()
    assert (out >= 7.0 * floor * (1 - 1e-12)).all()


def test_depth_by_blocks_is_depth_at_once() -> None:
    market = brownian()
    depth = Depth((1.0, 2.0, 3.0), (0.5, 0.5, 0.02))
    whole = depth.advance(depth.open(market.spot, 20), paths(market, SEED, range(20), 30), HOUR)
    state = depth.open(market.spot, 20)
    parts = [depth.advance(state, block, HOUR) for block in blocks(market, SEED, range(20), 30, 7)]
    assert np.array_equal(np.concatenate(parts), whole)
    assert depth.impact(1e4, 1e6) == pytest.approx(0.0002)
    assert depth.impact(1.0, 0.0) == 1.0


# Surface


def test_surface_moves_against_spot_and_returns() -> None:
    surface = Surface((0.6,), (2.0,), reversion=50.0)
    market = still(HOUR)
    state = surface.open(market, SEED, range(1))
    level = surface.advance(state, flat([0.1] * 400, [0.9] * 400), HOUR)[:, 0, 0]
    assert level[0] == pytest.approx(0.6 * 0.9**-2)
    assert level[-1] == pytest.approx(0.6 * 0.9 ** (-2 * (1 - 50 / 8_760) ** 399))
    assert (np.diff(level) < 0).all()


def test_surface_noise_has_its_law_and_chunks() -> None:
    surface = Surface((0.6,), (0.0,), reversion=0.0, noise=1.0)
    market = still(DAY)
    runs = range(5_000)
    state = surface.open(market, SEED, runs)
    whole = surface.advance(state, paths(market, SEED, runs, 9), DAY)
    logs = np.log(whole[-1, 0] / 0.6)
    deviation = math.sqrt(9 / 365)
    assert abs(logs.mean()) < 5 * deviation / math.sqrt(5_000)
    assert abs(logs.var() / deviation**2 - 1) < 5 * math.sqrt(2 / 5_000)
    state = surface.open(market, SEED, range(100, 200))
    parts = [surface.advance(state, b, DAY) for b in blocks(market, SEED, range(100, 200), 9, 4, False)]
    assert np.array_equal(np.concatenate(parts), whole[:, :, 100:200])


@settings(deadline=None)
@given(
    skew=st.floats(-0.99, 0.99),
    share=st.floats(0.05, 1.0),
    level=st.floats(0.05, 5.0),
    years=st.floats(0.003, 3.0),
)
def test_surface_has_no_static_arbitrage(skew: float, share: float, level: float, years: float) -> None:
    """Durrleman's density is not negative, and total variance grows with time."""
    surface = Surface((0.5,), (1.0,), skew=skew, curvature=share * 2 / (1 + abs(skew)))
    k = np.linspace(-3, 3, 601)
    h = k[1] - k[0]
    one = np.array(level)
    w = surface.volatility(one, k, np.array(years)) ** 2 * years
    later = surface.volatility(one, k, np.array(years * 1.3)) ** 2 * years * 1.3
    assert (later >= w * (1 - 1e-12)).all()
    first = (w[2:] - w[:-2]) / (2 * h)
    second = (w[2:] - 2 * w[1:-1] + w[:-2]) / h**2
    w, k = w[1:-1], k[1:-1]
    g = (1 - k * first / (2 * w)) ** 2 - first**2 / 4 * (1 / w + 0.25) + second / 2
    # Differences smooth a kink sharper than the grid: judge where the smile is wider than that
    phi = surface.curvature / math.sqrt(level**2 * years * (1 + level**2 * years))
    if phi * h < 0.02 * math.sqrt(1 - skew**2):
        assert g.min() > -1e-3
    assert surface.volatility(one, np.array(0.0), np.array(years)) == pytest.approx(level)


def test_too_much_curvature_is_refused() -> None:
    with pytest.raises(ParameterError, match="arbitrage"):
        Surface((0.5,), (1.0,), skew=-0.5, curvature=1.34)


# Refusals


@pytest.mark.parametrize(
    "build",
    [
        lambda: JumpDiffusion((), (), (), (), 1.0),
        lambda: JumpDiffusion(("A", "A"), (1.0, 1.0), (0, 0), (0, 0), 1.0),
        lambda: JumpDiffusion(("A",), (0.0,), (0,), (0,), 1.0),
        lambda: JumpDiffusion(("A",), (1.0,), (0,), (-0.1,), 1.0),
        lambda: JumpDiffusion(("A",), (1.0,), (math.nan,), (0.1,), 1.0),
        lambda: JumpDiffusion(("A",), (1.0,), (0,), (0.1,), 0.0),
        lambda: JumpDiffusion(("A",), (1.0,), (0,), (0.1,), DAY, None, (Jumps(1e6, (0,), (0,)),)),
        lambda: JumpDiffusion(("A",), (1.0,), (0,), (0.1,), DAY, None, (Jumps(1.0, (0, 0), (0,)),)),
        lambda: Heston(("A",), (1.0,), (0,), (0.1,), (0.1,), (1.0,), (0.0,), (0,), DAY),
        lambda: Heston(("A",), (1.0,), (0,), (0.1,), (0.1,), (1.0,), (0.5,), (1.1,), DAY),
        lambda: Garch(("A",), (1.0,), (0,), (0.5,), (0.5,), (0.5,), DAY),
        lambda: RegimeSwitching(("A",), (1.0,), (), DAY),
        lambda: RegimeSwitching(("A",), (1.0,), (Regime((0,), (1,), (0, 0)),), DAY),
        lambda: BlockBootstrap(recorded(), 0.5),
        lambda: Historical(recorded(), horizon=1_440),
        lambda: Depth((1.0,), (0.0,)),
        lambda: Depth((1.0,), (1.0,), band=0.0),
        lambda: Surface((0.01,), (1.0,)),
    ],
)
def test_meaningless_parameters_are_refused(build) -> None:
    with pytest.raises(ParameterError):
        build()
