"""A market as plain data: what is hashed into seeds and written into manifests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass

from scenarios.errors import ParameterError
from scenarios.markets.market import Market
from scenarios.markets.price_files import PriceTable
from scenarios.seeds import Seed, scenario_hash


def describe(value: object) -> object:
    """Return parameters as plain JSON data; a table of prices becomes its name, hash and size.

    Raises
    ------
    ParameterError
        Something is neither plain data nor a dataclass of it.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, PriceTable):
        return {
            "file": value.name,
            "sha256": value.sha256,
            "assets": list(value.assets),
            "rows": len(value.times),
            "first": int(value.times[0]),
            "last": int(value.times[-1]),
        }
    if is_dataclass(value) and not isinstance(value, type):
        return {
            "kind": type(value).__name__,
            **{field.name: describe(getattr(value, field.name)) for field in fields(value) if field.init},
        }
    if isinstance(value, Mapping):
        return {str(name): describe(item) for name, item in value.items()}
    if isinstance(value, Sequence):
        return [describe(item) for item in value]
    raise ParameterError("described value", type(value).__name__, "plain data or a dataclass of it")


def market_seed(master: int, market: Market) -> Seed:
    """Return the seed of a market alone: whatever protocol stands in it meets the same paths."""
    return Seed(master, scenario_hash(describe(market)))
