"""The file of an oracle's cost: its answers against sums by hand, its mistakes, its pictures."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pytest

from oracles.corruption.pools.constant_product import push_exactly
from protocol.venues.uniswap_v2 import UniswapV2Pair
from scenarios.cli.answer import plain
from scenarios.files.document import parse_document
from scenarios.files.errors import FileError
from scenarios.files.oracle_cost_checks import list_examples, load_oracle_cost, read_oracle_cost
from scenarios.oracle_cost import CostRow, OracleCost, analyse, run
from scenarios.report.oracle_cost import HEADER, cost_rows, lead, render_page, standalone_svg


@cache
def answer(name: str) -> OracleCost:
    return run(name)


def row(result: OracleCost, factor: str | None, by: str = "loss") -> CostRow:
    wanted = None if factor is None else Decimal(factor)
    (found,) = (r for r in result.rows if r.factor == wanted and r.by == by)
    return found


def test_the_examples_are_shipped() -> None:
    assert list_examples() == ("median-with-thin-twap", "pyth-like-feed")


@pytest.mark.parametrize("name", list_examples())
def test_every_plan_is_proven_on_the_graph(name: str) -> None:
    result = answer(name)
    assert any(r.possible for r in result.rows)
    assert all(r.proven for r in result.rows if r.possible)
    for by_loss, by_capital in zip(result.rows[::2], result.rows[1::2], strict=True):
        if by_loss.possible:
            assert by_loss.loss is not None
            assert by_capital.loss is not None
            assert by_loss.capital is not None
            assert by_capital.capital is not None
            assert by_loss.loss <= by_capital.loss
            assert by_capital.capital <= by_loss.capital


def test_the_median_of_three_by_hand() -> None:
    result = answer("median-with-thin-twap")
    # Five of fifteen nodes leave no quorum of eleven: 3 x 40,000 + 2 x 50,000; three of five signers: 3 x
    # 200,000.
    stop = row(result, None)
    assert stop.loss == 820_000
    assert stop.answer is None
    # Down: two of any three signers that the sender picks, and nodes silenced so that two answers remain.
    assert row(result, "0.7").loss == 2 * 1_500_000 + 220_000
    # Within the honest range the thin average alone is enough, without a signer.
    small = row(result, "1.0004")
    assert small.sources == ("pool average",)
    assert small.loss is not None
    assert small.loss < 10_000
    assert result.shared == (("data vendor", ("chainlink", "redstone")),)
    assert result.groups == (("chainlink", "redstone"), ("pool average",))
    assert [(r.low, r.high) for r in result.free_moves] == [(2000, 2000), (1999, 2001)]
    assert result.has_finding


def test_the_pyth_like_feed_by_hand() -> None:
    result = answer("pyth-like-feed")
    # Two of nine publishers are too few, so seven are silenced: 4 x 20,000 + 3 x 30,000. Then the pool
    # speaks.
    up = row(result, "1.2")
    assert up.sources == ("pyth", "pool spot")
    pair = UniswapV2Pair("BASE", "USD", 10**24, 750_000 * 10**18)
    push = push_exactly(pair, "BASE", Fraction("31.40") * Fraction("1.2") / Fraction("31.38"))
    assert up.loss is not None
    assert float(up.loss) == pytest.approx(170_000 + push.loss / 1e18, abs=5)
    # The submitter picks the moment: a small move is free. The pool always answers: nothing stops the feed.
    assert row(result, "1.0005").loss == 0
    assert not row(result, None).possible


def test_the_supremum_is_above_every_point_drawn() -> None:
    for name in list_examples():
        result = answer(name)
        lines = {s.name: {p.x: p.value for p in s.points} for s in result.series}
        cost = lines["cost of corruption"]
        for best in result.suprema:
            profit = lines[f"profit: {best.profit_name}"]
            assert best.gain is not None
            assert best.gain >= max(profit[x] - cost[x] for x in cost if x in profit) - 1
            assert best.safe is (best.gain <= 0)


def test_the_result_is_plain_data() -> None:
    for name in list_examples():
        text = json.dumps(plain(answer(name)), allow_nan=False)
        assert "Decimal(" not in text
        assert "0x7f" not in text


def test_json_and_yaml_give_the_same_answer(tmp_path: Path) -> None:
    content = {
        "title": "one key",
        "sources": {
            "feed": {
                "value": "100",
                "age": 5,
                "cost": {"type": "fixed", "move": {"loss": "7.5", "capital": 3}},
            }
        },
        "output": "feed",
        "targets": [{"factor": 2}],
    }
    path = tmp_path / "oracle.json"
    path.write_text(json.dumps(content))
    yaml = """
title: one key
sources:
  feed: {value: 100, age: 5, cost: {type: fixed, move: {loss: 7.5, capital: 3}}}
output: feed
targets: [{factor: 2}]
"""
    assert run(path) == analyse(read_oracle_cost(parse_document(yaml.encode(), "oracle.yaml")))
    assert row(run(path), "2").loss == Decimal("7.5")
    assert row(run(path), "2").answer == 200


WRONG = """title: mistakes
pools:
  pair: {type: constant-product, quote: 1000, fee: 0.003}
sources:
  a: {value: 100, cost: {type: spot-pool, pool: pear}}
  b: {value: 100, age: 4, reads: [vendor], cost: {type: incorruptible}}
nodes:
  m: {type: median, parents: [a, bb]}
  x: {type: first-of, parents: [y]}
  y: {type: first-of, parents: [x]}
  w: {type: weighted-median, weights: [1], parents: [a, b]}
output: mm
targets:
  - {factor: 1}
  - {stop: true}
sweep: {first: 0.5, last: 2}
"""


def problems(text: str) -> list[str]:
    with pytest.raises(FileError) as caught:
        read_oracle_cost(parse_document(text.encode(), "f.yaml"))
    return [str(problem) for problem in caught.value.problems]


def test_every_mistake_is_told_with_its_place() -> None:
    found = problems(WRONG)
    for place, words in [
        ("f.yaml:5:", "no pool 'pear'"),
        ("f.yaml:6:", "no upstream 'vendor'"),
        ("f.yaml:8:", "no source or node 'bb'"),
        ("f.yaml:9:", "cycle"),
        ("f.yaml:11:", "1 weights for 2 parents"),
        ("f.yaml:12:", "no source or node 'mm'"),
        ("f.yaml:14:", "asks for nothing"),
        ("f.yaml:16:", "crosses 1"),
    ]:
        assert any(problem.startswith(place) and words in problem for problem in found), (place, words, found)
    assert len(found) == 8
    assert any("did you mean pair?" in problem for problem in found)


def test_shape_mistakes_are_told_with_their_place() -> None:
    source = "  a: {value: 1, cost: {type: incorruptible}}\n"
    good = f"title: t\nsources:\n{source}output: a\ntargets: [{{factor: 2}}]\n"
    assert analyse(read_oracle_cost(parse_document(good.encode(), "f.yaml"))).rows[0].possible is False
    assert "f.yaml:3:" in problems(good.replace("incorruptible", "free"))[0]
    assert "not above zero" in problems(good.replace("value: 1", "value: 0"))[0]
    assert "f.yaml:6:" in problems(good + "sweeep: 1\n")[0]
    assert "targets" in problems(good.replace("targets: [{factor: 2}]", ""))[0]


@pytest.mark.parametrize("name", list_examples())
def test_pictures_mark_the_weakest_cut(name: str) -> None:
    result = answer(name)
    marked = {node.label for node in result.nodes if node.status != "ok"}
    dearest = max((r for r in result.rows if r.possible and r.by == "loss"), key=lambda r: r.loss or 0)
    assert marked == {p.upstream for p in dearest.purchases} | set(dearest.sources)
    svg = standalone_svg(result)
    assert svg == standalone_svg(result)
    words = "".join(ElementTree.fromstring(svg).itertext())
    assert all(label.split()[0] in words for label in marked)
    page = render_page(result)
    assert page == render_page(result)
    assert "<script" not in page
    assert "http://" not in page.replace("http://www.w3.org/", "")
    assert lead(result) in page
    assert all(len(cells) == len(HEADER) for cells in cost_rows(result))


def test_names_of_a_file_cannot_write_html() -> None:
    text = """title: "<img src=x>"
sources:
  "<b>a</b>": {value: 1, age: 1, cost: {type: fixed, move: {loss: 1}}}
output: "<b>a</b>"
targets: [{factor: 2}]
"""
    page = render_page(analyse(read_oracle_cost(parse_document(text.encode(), "f.yaml"))))
    assert "<img" not in page
    assert "<b>a" not in page


def test_every_kind_of_source_and_node_can_be_written() -> None:
    text = """title: all
pools:
  w: {type: weighted, quote: 1000, quote_weight: 0.2, base_weight: 0.8, fee: 0.003}
  s: {type: stableswap, quote: 1000, base: 1000, others: [1000], amplification: 200, fee: 0.0004}
  b: {type: order-book, depth: 1000, fee: 0.0005}
sources:
  a: {value: 100, cost: {type: spot-pool, pool: w, same_transaction: false}}
  b: {value: 100, cost: {type: spot-pool, pool: s}}
  c: {value: 101, cost: {type: twap-pool, pool: b, mean: arithmetic, window: 10, clip_ticks: 5000}}
  d: {value: 99, cost: {type: pool-group, depths: {p: 1000, q: 3000}, aggregation: mean}}
  e:
    value: 100
    age: 3
    cost: {type: exchange-index, venues: {u: {weight: 3, depth: 900}, v: {weight: 1, depth: 10}}}
nodes:
  one: {type: weighted-median, weights: [1, 2, 1], parents: [a, b, c]}
  two: {type: estimator, estimate: mean, parents: [d, e]}
  near: {type: deviation-limit, limit: 0.05, parents: [one, two]}
  out: {type: bounds, lowest: 50, highest: 150, parents: [near]}
output: out
targets: [{factor: 1.04}, {factor: 1.4}, {factor: 2}, {stop: true}]
"""
    result = analyse(read_oracle_cost(parse_document(text.encode(), "f.yaml")))
    small, far, beyond, stop = (r for r in result.rows if r.by == "loss")
    assert small.proven
    assert far.proven
    assert stop.proven
    assert not beyond.possible
    assert small.loss is not None
    assert far.loss is not None
    # Beyond the limit both sides of the guard must move, within it the first alone.
    assert set(small.sources) <= {"a", "b", "c"}
    assert set(far.sources) & {"d", "e"}
    assert small.loss < far.loss


def test_a_missing_file_and_an_unknown_ending() -> None:
    with pytest.raises(FileError, match="no such file"):
        load_oracle_cost("nothing.yaml")
    with pytest.raises(FileError, match="format"):
        load_oracle_cost("nothing.txt")
