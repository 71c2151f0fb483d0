"""``backstop watch``: a live table of sources: value, age, deviation, guard, cost to move."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from collections.abc import Mapping
from decimal import Decimal
from statistics import median

from oracles.chain.errors import ChainError
from oracles.chain.header import Block
from oracles.chain.live import sources_of
from oracles.chain.live_view import LiveView
from oracles.chain.reader import Reader, run_plans
from oracles.corruption.pools.curve import capital, loss_if_arbitraged, loss_if_unwound
from scenarios.cli.answer import Answer
from scenarios.cli.chain import block_data, reader_of
from scenarios.cli.read import Price, read_prices

FACTOR = 1.01
"""The change of price whose cost is shown."""


def run(arguments: Namespace) -> Answer:
    """Read again and again, printing each table as it comes; end with the last."""
    done = 0
    rows: list[dict[str, object]] = []
    block: Block | None = None
    quiet = arguments.json
    while arguments.count is None or done < arguments.count:
        if done:
            time.sleep(arguments.every)
        with reader_of(arguments) as reader:
            done += 1
            if block is not None and reader.block.number < block.number:
                at = reader.block.number
                sys.stderr.write(f"the node went back to block {at} from {block.number}: not shown\n")
                continue
            prices, _, live = read_prices(reader, arguments.pair, arguments.max_age)
            costs = _costs(reader, arguments.pair, live)
        block = live.block
        rows = _rows(prices, costs)
        if not quiet:
            _print(block, rows)
    data = {"block": block_data(block) if block else None, "readings": done, "sources": rows}
    return Answer(data, lambda: None)


def _rows(prices: list[Price], costs: Mapping[str, Mapping[str, float]]) -> list[dict[str, object]]:
    values = [price.price for price in prices if price.price is not None]
    middle = median(values) if values else None
    return [
        {
            "source": price.source,
            "price": price.price,
            "age": price.age,
            "deviation": _deviation(price.price, middle),
            "guard": "ok" if price.price is not None else f"refused: {price.refused}",
            "cost_of_1_percent": costs.get(price.source),
            "trust": price.trust,
        }
        for price in prices
    ]


def _deviation(price: Decimal | None, middle: Decimal | None) -> Decimal | None:
    if price is None or not middle:
        return None
    return (price / middle - 1).quantize(Decimal("0.000001"))


def _costs(reader: Reader, texts: list[str], live: LiveView) -> dict[str, dict[str, float]]:
    """Return by source what it takes to raise a pool's price by one per cent, in whole quote tokens.

    ``capital`` must be at hand; ``loss_to_arbitrage`` is lost if others trade the pool back, ``loss_unwound``
    if the attacker can do so himself before anybody else.
    """
    pools = {
        source.name: source.depth
        for text in texts
        for source in sources_of(reader.block.chain_id, text)
        if source.depth is not None and source.name in live.nodes
    }
    found = run_plans(reader, [depth() for depth in pools.values()])
    return {
        name: {
            "capital": capital(curve, FACTOR),
            "loss_to_arbitrage": loss_if_arbitraged(curve, FACTOR),
            "loss_unwound": loss_if_unwound(curve, FACTOR),
        }
        for name, curve in zip(pools, found, strict=True)
        if not isinstance(curve, ChainError)
    }


def _print(block: Block, rows: list[dict[str, object]]) -> None:
    sys.stdout.write(f"block {block.number}  time {block.timestamp}\n")
    width = max((len(str(row["source"])) for row in rows), default=0)
    for row in rows:
        price = "-" if row["price"] is None else f"{row['price']:f}"
        age = "-" if row["age"] is None else f"{row['age']} s"
        off = "-" if row["deviation"] is None else f"{row['deviation']:+.4%}"
        cost = ""
        if isinstance(known := row["cost_of_1_percent"], Mapping):
            cost = f"  1 % takes {known['capital']:.6g}, loses {known['loss_to_arbitrage']:.3g}"
        sys.stdout.write(
            f"  {row['source']:<{width}}  {price:>24}  {age:>9}  {off:>9}  {row['guard']}{cost}\n"
        )
    sys.stdout.flush()
