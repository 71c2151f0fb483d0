"""The market section of a protocol file: each model moves prices as asked, shocks follow their script."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from protocol_texts import lending, read
from scenarios.files.errors import FileError
from scenarios.files.protocol import ProtocolFile
from scenarios.simulation.market import build_market, draw_paths, seed_of

MODELS = {
    "brownian": {},
    "jumps": {"jumps": [{"intensity": 0, "mean": {"ETH": 0}}]},
    "heston": {"heston": {"reversion": 4, "volatility_of_variance": "0.8"}},
    "garch": {"garch": {"alpha": "0.05", "beta": "0.9", "gamma": "0.02"}},
}


def with_market(**market: object) -> ProtocolFile:
    run = {"steps": 90, "step_seconds": 86400, "seed": 5}
    return read(lending(market={"volatility": {"ETH": "0.8"}} | market, run=run))


@pytest.mark.parametrize("model", MODELS)
def test_every_model_has_the_volatility_asked_for(model: str) -> None:
    file = with_market(**MODELS[model])
    paths = draw_paths(file, seed_of(file), range(400))
    assert paths is not None
    moves = [
        math.log(after / before)
        for run in range(400)
        for before, after in pairwise([2000.0, *paths[:, 0, run]])
    ]
    volatility = math.sqrt(sum(move * move for move in moves) / len(moves) * 365)
    # 36,000 daily returns; with stochastic variance a few per cent of sampling error remain.
    assert volatility == pytest.approx(0.8, rel=0.05)


def test_a_shock_follows_its_script() -> None:
    shock = {"script": "black-thursday-2020-03-12", "at_step": 10, "assets": {"ETH": "ETH"}}
    calm = {"volatility": {"ETH": 0}, "shock": shock}
    file = read(lending(market=calm, run={"steps": 60, "step_seconds": 3600}))
    paths = draw_paths(file, seed_of(file), range(1))
    assert paths is not None
    prices = paths[:, 0, 0]
    assert prices[8] == pytest.approx(2000)
    # The event's own figures: 194.97 fell to 95.87 in 26 hours.
    assert min(prices) == pytest.approx(2000 * 95.87 / 194.97, rel=1e-9)
    assert int(prices.argmin()) == 10 + 26 - 1


def test_what_excludes_each_other_is_refused() -> None:
    with pytest.raises(FileError, match="exclude each other"):
        with_market(**MODELS["heston"], **MODELS["garch"])
    with pytest.raises(FileError, match="did you mean black-thursday-2020-03-12"):
        with_market(shock={"script": "black-thursdy-2020-03-12", "assets": {"ETH": "ETH"}})
    assert build_market(read(lending())) is None
