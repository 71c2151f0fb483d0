"""``backstop watch``: a live table of sources: value, age, deviation, guard, cost to move."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from decimal import Decimal
from fractions import Fraction
from math import isqrt
from statistics import median

from oracles.chain.header import Block
from oracles.chain.live import LiveView
from protocol.venues.uniswap_v2 import UniswapV2Pair
from scenarios.cli.answer import Answer
from scenarios.cli.chain import block_data, reader_of
from scenarios.cli.read import Price, read_prices

MOVE = Fraction(1, 100)
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
        block = live.block
        rows = _rows(prices, live)
        if not quiet:
            _print(block, rows)
    data = {"block": block_data(block) if block else None, "readings": done, "sources": rows}
    return Answer(data, lambda: None)


def _rows(prices: list[Price], live: LiveView) -> list[dict[str, object]]:
    values = [price.price for price in prices if price.price is not None]
    middle = median(values) if values else None
    return [
        {
            "source": price.source,
            "price": price.price,
            "age": price.age,
            "deviation": _deviation(price.price, middle),
            "guard": "ok" if price.price is not None else f"refused: {price.refused}",
            "cost_of_1_percent": _cost(price.source, live),
            "trust": price.trust,
        }
        for price in prices
    ]


def _deviation(price: Decimal | None, middle: Decimal | None) -> Decimal | None:
    if price is None or not middle:
        return None
    return (price / middle - 1).quantize(Decimal("0.000001"))


def _cost(source: str, live: LiveView) -> int | None:
    """Return the raw token 1 that raises a V2 pair's price by one per cent; None for other sources.

    reserve1 must grow by the square root of 1.01; the fee is left to whoever trades.
    """
    venue = live.view.venues.get(source)
    if not isinstance(venue, UniswapV2Pair):
        return None
    square = venue.reserve1 * venue.reserve1 * (MOVE + 1)
    return isqrt(int(square)) - venue.reserve1


def _print(block: Block, rows: list[dict[str, object]]) -> None:
    sys.stdout.write(f"block {block.number}  time {block.timestamp}\n")
    width = max((len(str(row["source"])) for row in rows), default=0)
    for row in rows:
        price = "-" if row["price"] is None else f"{row['price']:f}"
        age = "-" if row["age"] is None else f"{row['age']} s"
        off = "-" if row["deviation"] is None else f"{row['deviation']:+.4%}"
        cost = "" if row["cost_of_1_percent"] is None else f"  1 % costs {row['cost_of_1_percent']} raw"
        sys.stdout.write(
            f"  {row['source']:<{width}}  {price:>24}  {age:>9}  {off:>9}  {row['guard']}{cost}\n"
        )
    sys.stdout.flush()
