"""Every market model that a protocol file can name, and recorded prices beside it."""

from __future__ import annotations

import json
import math
import random
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contracts_abi.families import uniswap_v2, uniswap_v3
from protocol_texts import lending, read
from scenarios.files.document import Document
from scenarios.files.errors import FileError
from scenarios.files.protocol import ProtocolFile
from scenarios.files.protocol_checks import protocol_schema, read_protocol
from scenarios.files.protocol_market_checks import recordings
from scenarios.markets.elementary import Floats
from scenarios.simulation.market import draw_paths, market_hash, seed_of
from scenarios.simulation.market_models import build_market
from scenarios.simulation.run import run_path
from scenarios.simulation.stress import stress

DAY = 86_400
ASSETS = {
    "ETH": {"decimals": 18, "price": 2000},
    "BTC": {"decimals": 8, "price": 50000},
    "USDC": {"decimals": 6, "price": 1},
}
VOLATILITY = {"ETH": "0.8", "BTC": "0.5"}
DIFFUSION = {"volatility": VOLATILITY, "correlation": "0.6"}
MODELS: dict[str, dict[str, Any]] = {
    "brownian": {},
    "jump-diffusion": {"jumps": [{"intensity": 0, "mean": {}}]},
    "heston": {"reversion": 6, "volatility_of_variance": {"ETH": "0.9", "BTC": "0.4"}, "leverage": 0},
    "garch": {"alpha": "0.05", "beta": {"*": "0.9", "BTC": "0.85"}, "gamma": "0.02"},
}
CALM = {"volatility": VOLATILITY, "correlation": {"ETH": {"BTC": "0.6"}}}
MODELS["regimes"] = {
    "regimes": {"calm": CALM | {"leave": {"same": 5}}, "same": CALM | {"leave": {"calm": 9}}}
}


def with_market(steps: int = 60, seconds: int = DAY, **market: object) -> ProtocolFile:
    run = {"steps": steps, "step_seconds": seconds, "seed": 5}
    return read(lending(assets=ASSETS, market=market, run=run))


def moves_of(paths: Floats, starts: tuple[float, ...]) -> Floats:
    """Return log returns ``[assets, steps * runs]``."""
    before = np.concatenate([np.broadcast_to(np.array(starts)[None, :, None], (1, *paths.shape[1:])), paths])
    moves = np.diff(np.log(before), axis=0)
    return np.moveaxis(moves, 1, 0).reshape(paths.shape[1], -1)


def named(model: str) -> dict[str, Any]:
    own = {} if model == "regimes" else DIFFUSION
    return {"model": model, **own, **MODELS[model]}


@pytest.mark.parametrize("model", MODELS)
def test_every_model_moves_as_its_figures_say(model: str) -> None:
    file = with_market(**named(model))
    paths = draw_paths(file, seed_of(file), range(500))
    assert paths is not None
    moves = moves_of(paths, (2000.0, 50000.0))
    # 30,000 daily returns of each: sampling error of a deviation is 0.4 %, stochastic variance adds to it.
    for asset, expected in enumerate((0.8, 0.5)):
        assert np.std(moves[asset]) * math.sqrt(365) == pytest.approx(expected, rel=0.05)
    # Heston's correlation is that of what the variances do not explain: leverage 0 leaves all of it.
    assert np.corrcoef(moves)[0, 1] == pytest.approx(0.6, abs=0.03)


def test_jumps_come_together_at_their_rate() -> None:
    # 73 jumps a year in steps of a day: one in five days; sizes correlated by one half.
    jump = {"intensity": 73, "mean": "-0.1", "deviation": "0.05", "correlation": "0.5"}
    market = {"model": "jump-diffusion", "volatility": {"ETH": "0.001", "BTC": "0.001"}, "jumps": [jump]}
    file = with_market(compensated=False, **market)
    paths = draw_paths(file, seed_of(file), range(400))
    assert paths is not None
    moves = moves_of(paths, (2000.0, 50000.0))
    jumped = np.abs(moves) > 0.002
    rate = float(np.mean(jumped[0]))
    assert rate == pytest.approx(1 - math.exp(-0.2), abs=4 * math.sqrt(0.18 * 0.82 / 24_000))
    together = float(np.mean(jumped[0] & jumped[1]))
    assert together == pytest.approx(rate, abs=0.01), "one clock for both"
    one = moves[:, jumped[0] & (np.abs(moves[0] + 0.1) < 0.2) & (np.abs(moves[1] + 0.1) < 0.2)]
    assert np.corrcoef(one)[0, 1] == pytest.approx(0.5, abs=0.15)
    assert np.mean(moves[0]) == pytest.approx(-0.02, abs=0.002)


@pytest.mark.parametrize(
    ("plain", "model"),
    [
        ({}, "brownian"),
        ({"jumps": [{"intensity": 9, "mean": {"ETH": "-0.1"}}]}, "jump-diffusion"),
        ({"heston": {"reversion": 4, "volatility_of_variance": "0.8"}}, "heston"),
        ({"garch": {"alpha": "0.05", "beta": "0.9", "gamma": "0.02"}}, "garch"),
    ],
)
def test_a_section_without_model_is_the_named_one(plain: dict[str, Any], model: str) -> None:
    inner = next(iter(plain.values()), {})
    fields = inner if isinstance(inner, dict) else plain
    old = with_market(**DIFFUSION, **plain)
    new = with_market(model=model, **DIFFUSION, **fields)
    assert build_market(old) == build_market(new)


def test_scripts_lie_over_any_model_and_over_each_other() -> None:
    depeg = {"script": "usdc-depeg-2023-03", "assets": {"USDC": "USDC"}, "at_step": 2}
    crash = {"script": "black-thursday-2020-03-12", "assets": {"ETH": "ETH"}}
    base = named("heston") | {"volatility": {"ETH": "0.8"}, "volatility_of_variance": "0.9"}
    plain = with_market(steps=40, seconds=3600, **base)
    file = with_market(steps=40, seconds=3600, **base, shocks=[depeg, crash])
    seed = seed_of(plain)
    first, second = draw_paths(plain, seed, range(3)), draw_paths(file, seed, range(3))
    assert first is not None
    assert second is not None
    assert file.market.moving() == ("ETH", "USDC")
    # The event's own figures: ETH fell from 194.97 to 95.87 in 26 hours, USDC to 0.977 in 21 hours.
    assert second[25, 0] / first[25, 0] == pytest.approx(95.87 / 194.97, rel=1e-12)
    assert second[22, 1] == pytest.approx(0.977, rel=1e-12)
    alone = with_market(steps=40, seconds=3600, shocks=[depeg])
    only = draw_paths(alone, seed_of(alone), range(1))
    assert only is not None
    assert only[22, 0, 0] == pytest.approx(0.977, rel=1e-12)


@pytest.mark.parametrize(
    ("market", "message"),
    [
        ({"model": "hestom", **DIFFUSION}, "did you mean heston"),
        ({"model": "heston", **DIFFUSION, "reversio": 3}, "did you mean reversion"),
        ({"model": "heston", **DIFFUSION}, "'reversion' is missing"),
        ({"model": "brownian", "volatility": {"EHT": 1}}, "did you mean ETH"),
        ({"model": "brownian", "volatility": {"ETH": 1}, "drift": {"BTC": 1}}, "no asset with volatility"),
        (named("brownian") | {"correlation": "1.5"}, "positive semi-definite|correlation matrix"),
        (named("garch") | {"beta": "0.99"}, r"alpha \+ beta"),
        (named("garch") | {"beta": {"ETH": "0.9"}}, "no value for BTC"),
        (named("regimes") | {"start": "clam"}, "did you mean calm"),
        ({"model": "brownian", **DIFFUSION, "shocks": [{"script": "luna", "assets": {"ETH": "X"}}]}, "luna"),
        ({"model": "historical", "prices": {"file": "none.csv", "columns": {"ETH": "a"}}}, "cannot be read"),
        (named("brownian") | {"surface": {"level": {"ETH": 1}, "curvature": 3}}, "more allows arbitrage"),
    ],
)
def test_what_makes_no_market_is_refused(market: dict[str, Any], message: str) -> None:
    with pytest.raises(FileError, match=message):
        with_market(**market)


def test_the_schema_tells_the_models_apart() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(protocol_schema())
    for model in MODELS:
        data = json.loads(json.dumps(lending(assets=ASSETS, market=named(model))))
        assert not list(validator.iter_errors(data)), model
    data["market"]["model"] = "garch"
    assert list(validator.iter_errors(data))


# Recorded prices

ROWS = 200


def recorded_prices() -> list[tuple[int, float, float]]:
    draw = random.Random(4)
    rows, eth, btc = [], 1500.0, 30000.0
    for row in range(ROWS):
        rows.append((1_600_000_000 + 3600 * row, round(eth, 4), round(btc, 3)))
        eth, btc = eth * math.exp(draw.gauss(0, 0.01)), btc * math.exp(draw.gauss(0, 0.007))
    return rows


def write(folder: Path, kind: str) -> str:
    rows = recorded_prices()
    path = folder / f"prices.{kind}"
    if kind == "csv":
        lines = [f"{datetime.fromtimestamp(t, UTC).isoformat()},{e},{b}" for t, e, b in rows]
        path.write_text("\n".join(["time,eth,btc", *lines]) + "\n")
    elif kind == "jsonl":
        path.write_text("".join(json.dumps({"time": t, "eth": e, "btc": b}) + "\n" for t, e, b in rows))
    else:
        polars = pytest.importorskip("polars")
        polars.DataFrame(rows, schema=["time", "eth", "btc"], orient="row").write_parquet(path)
    return path.name


def beside(folder: Path, file: str, steps: int = 50, **market: object) -> ProtocolFile:
    prices = {"file": file, "columns": {"ETH": "eth", "BTC": "btc"}}
    section = {"model": "historical", "prices": prices} | market
    run = {"steps": steps, "step_seconds": 3600, "seed": 5}
    return read_protocol(Document(lending(assets=ASSETS, market=section, run=run), str(folder / "p.yaml")))


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_recorded_prices_are_replayed_from_the_file_price(tmp_path: Path, kind: str) -> None:
    file = beside(tmp_path, write(tmp_path, kind))
    paths = draw_paths(file, seed_of(file), range(2))
    assert paths is not None
    rows = recorded_prices()
    for step in (0, 17, 49):
        expected = rows[step + 1][1] / rows[0][1] * 2000, rows[step + 1][2] / rows[0][2] * 50000
        assert paths[step, :, 0] == pytest.approx(expected, rel=1e-12)
    assert (paths[:, :, 0] == paths[:, :, 1]).all()
    ((name, digest),) = recordings(file)
    assert name == f"prices.{kind}"
    assert len(digest) == 64


def test_windows_and_blocks_use_the_recorded_returns(tmp_path: Path) -> None:
    name = write(tmp_path, "csv")
    rows = recorded_prices()
    known = sorted(math.log(b[1] / a[1]) for a, b in pairwise(rows))
    for market in ({"window": True}, {"model": "bootstrap", "mean_block": 5}):
        file = beside(tmp_path, name, **market)
        paths = draw_paths(file, seed_of(file), range(20))
        assert paths is not None
        moves = moves_of(paths, (2000.0, 50000.0))[0]
        nearest = np.abs(np.array(known)[None, :] - moves[:, None]).min(axis=1)
        assert nearest.max() < 1e-9, "no return that was not recorded"
        assert len({float(path) for path in paths[-1, 0]}) > 10, "runs differ"


@pytest.mark.filterwarnings("error")
def test_recorded_prices_give_one_digest_for_one_and_two_workers(tmp_path: Path) -> None:
    file = beside(tmp_path, write(tmp_path, "csv"), steps=3, model="bootstrap", mean_block=5)
    assert stress(file, runs=4, workers=1).digest == stress(file, runs=4, workers=2).digest


def test_the_hash_is_of_the_bytes_not_of_the_name(tmp_path: Path) -> None:
    first = beside(tmp_path, write(tmp_path, "csv"))
    (tmp_path / "other.csv").write_bytes((tmp_path / "prices.csv").read_bytes())
    assert market_hash(beside(tmp_path, "other.csv")) == market_hash(first)
    text = (tmp_path / "other.csv").read_text()
    (tmp_path / "other.csv").write_text(text.replace("1500.0,", "1500.5,", 1))
    assert market_hash(beside(tmp_path, "other.csv")) != market_hash(first)
    wrong = {"file": "other.csv", "columns": {"ETH": "eth"}, "sha256": "ab"}
    with pytest.raises(FileError, match="has the hash"):
        beside(tmp_path, "other.csv", prices=wrong)


@pytest.mark.parametrize(
    ("line", "text", "message"),
    [
        (5, "2020-09-13T16:00:00,1500", r"prices\.csv:5:1: 2 fields, the first line has 3"),
        (5, "2020-09-13T16:00:00,-3,4", r"prices\.csv:5:1: eth is not a positive number"),
        (5, "2020-09-13T16:00:00,nan,4", r"prices\.csv:5:1: eth is not a positive number"),
        (5, "1990-01-01,3,4", r"prices\.csv:5:1: time 631152000 is not after"),
        (7, "yesterday,3,4", r"prices\.csv:7:1: time 'yesterday' is neither"),
        (1, "time,ether,btc", r"prices\.csv:1:1: no column 'eth'"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: int, text: str, message: str) -> None:
    name = write(tmp_path, "csv")
    lines = (tmp_path / name).read_text().splitlines()
    lines[line - 1] = text
    (tmp_path / name).write_text("\n".join(lines))
    with pytest.raises(FileError, match=message):
        beside(tmp_path, name)


def test_json_lines_and_length_are_checked(tmp_path: Path) -> None:
    name = write(tmp_path, "jsonl")
    lines = (tmp_path / name).read_text().splitlines()
    (tmp_path / name).write_text("\n".join([*lines[:3], '{"time": 5}', *lines[4:]]))
    with pytest.raises(FileError, match=r"prices\.jsonl:4:1: fields time, the first line has"):
        beside(tmp_path, name)
    with pytest.raises(FileError, match="at most 199"):
        beside(tmp_path, write(tmp_path, "csv"), steps=200)


def test_rounds_of_a_feed_are_a_path(tmp_path: Path) -> None:
    # As `backstop record rounds` writes them: answers at uneven times, 8 decimals.
    rounds = [(0, 2000), (1000, 2100), (4000, 1900), (9000, 1950), (9000, 1960), (20000, 2200)]
    rows = [
        {
            "feed": "ETH/USD",
            "round": str(i),
            "answer": str(price * 10**8),
            "decimals": 8,
            "updated_at": 10**9 + at,
        }
        for i, (at, price) in enumerate(rounds)
    ]
    (tmp_path / "rounds.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    prices = {"file": "rounds.jsonl", "kind": "rounds", "columns": {"ETH": "ETH/USD"}}
    file = beside(tmp_path, "", steps=5, prices=prices)
    paths = draw_paths(file, seed_of(file), range(1))
    assert paths is not None
    assert paths[:, 0, 0].tolist() == [2100, 1900, 1960, 1960, 1960]
    (tmp_path / "rounds.jsonl").write_text('{"answer": 3}\n')
    with pytest.raises(FileError, match=r"rounds\.jsonl:1:1: no line of rounds"):
        beside(tmp_path, "", steps=5, prices=prices)


def event_row(time: int, topics: list[str], *words: int) -> dict[str, object]:
    """Return a line as `backstop record syncs` and `swaps` write it."""
    names = {f"topic{i}": topic for i, topic in enumerate([*topics, None, None, None, None][:4])}
    data = "0x" + b"".join((word % 2**256).to_bytes(32) for word in words).hex()
    return {"chain_id": 1, "block_number": time // 12, "block_timestamp": time, **names, "data": data}


@pytest.mark.parametrize("kind", ["syncs", "swaps"])
def test_events_of_a_pool_are_a_path(tmp_path: Path, kind: str) -> None:
    # Token 0 is USDC with 6 decimals, token 1 WETH with 18: ether costs 1800, 1900, then 2100.
    rows = []
    for time, price in ((10**9, 1800), (10**9 + 3000, 1850), (10**9 + 3590, 1900), (10**9 + 7300, 2100)):
        if kind == "syncs":
            topics = ["0x" + uniswap_v2.EVENT_SYNC.topic.removeprefix("0x")]
            rows.append(event_row(time, topics, price * 1000 * 10**6, 1000 * 10**18))
        else:
            root = math.isqrt((10**18 << 192) // (price * 10**6))
            party = "0x" + "00" * 31 + "01"
            topics = ["0x" + uniswap_v3.EVENT_SWAP.topic.removeprefix("0x"), party, party]
            rows.append(event_row(time, topics, 5, -5, root, 10**18, 200_000))
    (tmp_path / "events.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    prices = {
        "file": "events.jsonl",
        "kind": kind,
        "columns": {"ETH": "pool"},
        "base": "token1",
        "decimals": [6, 18],
    }
    file = beside(tmp_path, "", steps=2, prices=prices)
    paths = draw_paths(file, seed_of(file), range(1))
    assert paths is not None
    # The last event before each hour, scaled so that the first is the file's 2000.
    assert paths[:, 0, 0] == pytest.approx([1900 / 0.9, 1900 / 0.9], rel=1e-12)


def test_a_recorded_feed_is_published_when_its_rounds_came(tmp_path: Path) -> None:
    rounds = [(0, 2000), (50, 2050), (130, 1900), (170, 1950)]
    rows = [
        {"feed": "ETH/USD", "answer": str(price * 10**8), "decimals": 8, "updated_at": 10**9 + at}
        for at, price in rounds
    ]
    (tmp_path / "rounds.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    publisher = {
        "type": "recorded-publisher",
        "feed": "eth",
        "asset": "ETH",
        "prices": {"file": "rounds.jsonl", "kind": "rounds", "columns": {"ETH": "ETH/USD"}},
    }
    nodes = {
        "dollar": {"type": "constant", "price": 1},
        "feed": {"type": "feed", "feed": "eth", "asset": "ETH"},
    }
    data = lending(
        oracle={"nodes": nodes, "prices": {"ETH": "feed", "USDC": "dollar"}},
        agents={"feed": publisher},
        run={"steps": 5, "step_seconds": 60},
    )
    file = read_protocol(Document(data, str(tmp_path / "p.yaml")))
    result = run_path(file)
    (line,) = (s for s in result.series if s.name == "oracle" and "ETH" in s.unit)
    assert [float(price or 0) for price in line.values] == [2000, 2050, 2050, 1950, 1950, 1950]
    assert sum(event.kind == "publication" for event in result.events) == 2
    assert recordings(file)[0][0] == "rounds.jsonl"
    data["agents"]["feed"]["prices"]["columns"] = {"BTC": "x"}
    with pytest.raises(FileError, match="no column for ETH"):
        read_protocol(Document(data, str(tmp_path / "p.yaml")))
