"""Prices out of what ``backstop record`` wrote: rounds of a feed, Sync events of a V2 pair, Swaps of V3.

Of one block or second the last counts, as whoever reads the contract afterwards sees it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import numpy as np

from contracts_abi.entry import Event
from contracts_abi.families import uniswap_v2, uniswap_v3
from protocol.errors import BackstopError
from scenarios.errors import PriceFileError
from scenarios.markets.price_files import JSON_LINES, PriceTable, read_rows

Q192 = 1 << 192


@dataclass(frozen=True, slots=True)
class Recording:
    """How a recording is read.

    Parameters
    ----------
    kind
        ``rounds``, ``syncs`` or ``swaps``.
    base
        Which token events price, in the other one.
    decimals
        Of token 0 and token 1.
    """

    kind: Literal["rounds", "syncs", "swaps"]
    base: Literal["token0", "token1"] = "token0"
    decimals: tuple[int, int] = (18, 18)


def read_recording(path: Path, asset: str, how: Recording) -> PriceTable:
    """Return the prices of a recording as a table of one column.

    Raises
    ------
    PriceFileError
        A line has not the fields of its kind, lies before the one above, or gives no positive price.
    """
    content = path.read_bytes()
    price = {"rounds": _round, "syncs": _sync, "swaps": _swap}[how.kind]
    times: list[int] = []
    prices: list[float] = []
    for number, row in _rows(path, content):
        try:
            value = float(price(row, how))
            time = int(row["updated_at" if how.kind == "rounds" else "block_timestamp"])
        except (KeyError, TypeError, ValueError, ZeroDivisionError, BackstopError) as error:
            raise PriceFileError(path.name, number, f"no line of {how.kind}: {error!r}") from error
        if value <= 0:
            raise PriceFileError(path.name, number, f"the price is {value}")
        if times and time < times[-1]:
            raise PriceFileError(path.name, number, f"time {time} is not after {times[-1]}")
        if times and time == times[-1]:
            prices[-1] = value
        else:
            times.append(time)
            prices.append(value)
    if not times:
        raise PriceFileError(path.name, 1, "no rows")
    digest = hashlib.sha256(content).hexdigest()
    column = np.array(prices).reshape(-1, 1)
    return PriceTable((asset,), np.array(times, np.int64), column, path.name, digest)


def _rows(path: Path, content: bytes) -> Iterator[tuple[int, Mapping[str, Any]]]:
    if path.suffix not in JSON_LINES:
        header, rows = read_rows(path, content)
        for number, row in enumerate(rows, start=2):
            yield number, dict(zip(header, row, strict=False))
        return
    for number, line in enumerate(content.decode("utf-8-sig").splitlines(), start=1):
        try:
            found = json.loads(line)
        except ValueError as error:
            raise PriceFileError(path.name, number, f"no JSON: {error}") from error
        yield number, found


def _round(row: Mapping[str, Any], how: Recording) -> Fraction:
    del how
    return Fraction(int(row["answer"]), 10 ** int(row["decimals"]))


def _fields(event: Event, row: Mapping[str, Any]) -> dict[str, int]:
    topics = tuple(
        bytes.fromhex(str(row[name]).removeprefix("0x"))
        for name in ("topic0", "topic1", "topic2", "topic3")
        if row[name] not in {None, ""}
    )
    found = event.decode(topics, bytes.fromhex(str(row["data"]).removeprefix("0x")))
    return {name: value for name, value in found.items() if isinstance(value, int)}


def _sync(row: Mapping[str, Any], how: Recording) -> Fraction:
    found = _fields(uniswap_v2.EVENT_SYNC, row)
    return _quoted(Fraction(found["reserve1"], found["reserve0"]), how)


def _swap(row: Mapping[str, Any], how: Recording) -> Fraction:
    root = _fields(uniswap_v3.EVENT_SWAP, row)["sqrtPriceX96"]
    return _quoted(Fraction(root * root, Q192), how)


def _quoted(raw: Fraction, how: Recording) -> Fraction:
    """Return whole quote units per whole base unit; ``raw`` is raw token 1 per raw token 0."""
    first, second = how.decimals
    whole = raw * Fraction(10) ** (first - second)
    return whole if how.base == "token0" else 1 / whole
