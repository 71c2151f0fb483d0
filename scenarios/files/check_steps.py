"""Checks of the steps: order, who acts, known actions and fields, amounts that can exist."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

from scenarios.files.errors import closest
from scenarios.files.findings import Finding, mapping_at, shown, symbols_of
from scenarios.files.positions import Path
from scenarios.files.scalars import read_decimal_text
from scenarios.files.vocabulary import (
    ACTIONS,
    AMOUNT_PHRASES,
    OUTSIDE_ACTORS,
    Kind,
    field_names,
    field_of,
)

_KEY_LIKE = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
_ONE_WORD = re.compile(r"[A-Za-z0-9_.]+")
_SHAPE = ("n", "actor", "action")


@dataclass(frozen=True, slots=True)
class _Known:
    """What a step may refer to."""

    actors: tuple[str, ...]
    symbols: frozenset[str]
    decimals: Mapping[str, object]
    venues: tuple[str, ...]


def check_steps(data: Mapping[str, object]) -> Iterator[Finding]:
    """Yield the problems of all steps."""
    steps = data.get("steps")
    if not isinstance(steps, list):
        return
    actors = tuple(mapping_at(data, "actors"))
    known = _Known(
        (*actors, *OUTSIDE_ACTORS) if actors else (),
        symbols_of(data),
        mapping_at(data, "assets"),
        tuple(mapping_at(data, "state_before")),
    )
    last = 0
    for index, step in enumerate(steps):
        if not isinstance(step, Mapping):
            continue
        path: Path = ("steps", index)
        number = step.get("n")
        if isinstance(number, int) and not isinstance(number, bool) and number >= 1:
            if number <= last:
                what = "stands twice" if number == last else f"comes after step {last}"
                yield Finding(
                    "step-order", (*path, "n"), f"step {number} {what}", "numbers that rise", str(last + 1)
                )
            last = max(last, number)
        yield from _check_step(cast("Mapping[str, object]", step), path, known)


def _check_step(step: Mapping[str, object], path: Path, known: _Known) -> Iterator[Finding]:
    actor, action = step.get("actor"), step.get("action")
    if isinstance(actor, str) and known.actors and actor not in known.actors:
        yield Finding(
            "unknown-actor",
            (*path, "actor"),
            f"{actor!r} is not declared under actors",
            "one of " + ", ".join(known.actors),
            closest(actor, known.actors),
        )
    if not isinstance(action, str):
        return
    if action not in ACTIONS:
        yield Finding(
            "unknown-action",
            (*path, "action"),
            f"there is no action {action!r}",
            "an action of the vocabulary",
            closest(action, ACTIONS),
        )
        return
    for name, value in step.items():
        if name in _SHAPE:
            continue
        found = field_of(action, name, known.symbols)
        if found is None:
            names = (*_SHAPE, *field_names(action, known.symbols))
            yield Finding(
                "unknown-field",
                (*path, name),
                f"the action {action!r} has no field {name!r}",
                "one of the action's fields",
                closest(name, names),
                at_key=True,
            )
            continue
        kind, asset = found
        if name == "amount":
            asset = next((str(step[key]) for key in ("asset", "sell") if key in step), None)
        yield from _check_field(kind, asset, value, (*path, name), known)


def _check_field(
    kind: Kind, asset: str | None, value: object, path: Path, known: _Known
) -> Iterator[Finding]:
    if kind == "amount":
        yield from _check_amount(value, path, asset, known)
    elif kind in {"amounts", "labelled"}:
        yield from _check_amounts(value, path, known, by_symbol=kind == "amounts")
    elif kind in {"number", "integer"}:
        for place, item in _each(value, path):
            number = read_decimal_text(item)
            if number is None or (kind == "integer" and (number != number.to_integral_value() or number < 0)):
                expected = "a whole number, zero or more" if kind == "integer" else "a number"
                yield Finding("not-a-number", place, "this is no such number", expected, got=shown(item))
    elif kind in {"asset", "assets"}:
        for place, item in _each(value, path):
            yield from _check_symbol(item, place, known)
    elif kind == "venue":
        yield from _check_venue(value, path, known)
    elif not isinstance(value, str):
        yield Finding("not-text", path, "this is not text", "text", got=shown(value))


def _each(value: object, path: Path) -> Iterator[tuple[Path, object]]:
    if isinstance(value, list) and value:
        yield from (((*path, index), item) for index, item in enumerate(value))
    else:
        yield path, value


def _check_amounts(value: object, path: Path, known: _Known, *, by_symbol: bool) -> Iterator[Finding]:
    if not isinstance(value, Mapping):
        yield Finding("not-a-mapping", path, "this is not a mapping", "amounts by symbol", got=shown(value))
        return
    for key, item in value.items():
        if by_symbol and known.symbols and key not in known.symbols:
            yield _unknown_symbol(key, (*path, key), known, at_key=True)
        yield from _check_amount(item, (*path, key), key, known)


def _check_amount(value: object, path: Path, asset: str | None, known: _Known) -> Iterator[Finding]:
    for place, item in _each(value, path):
        number = read_decimal_text(item)
        if number is None:
            if not (isinstance(item, str) and item.startswith(AMOUNT_PHRASES) and place == path):
                expected = "a number, or words that begin with " + ", ".join(AMOUNT_PHRASES)
                yield Finding("not-a-number", place, "this is no amount", expected, got=shown(item))
        elif number < 0:
            yield Finding(
                "negative", place, "a negative amount", "zero or more", str(-number), got=str(number)
            )
        else:
            decimals = known.decimals.get(asset or "")
            if isinstance(decimals, int) and 0 <= decimals < _fraction_digits(number):
                yield Finding(
                    "too-many-decimals",
                    place,
                    f"the amount has more decimals than {asset} has",
                    f"at most {decimals} decimals",
                    got=str(item),
                )


def _fraction_digits(number: Decimal) -> int:
    exponent = number.normalize().as_tuple().exponent if len(number.as_tuple().digits) <= 28 else None
    if exponent is None:
        text = f"{number:f}"
        return len(text.partition(".")[2].rstrip("0"))
    return max(0, -int(exponent))


def _check_symbol(value: object, path: Path, known: _Known) -> Iterator[Finding]:
    if not isinstance(value, str) or not value:
        yield Finding("not-text", path, "this is not a symbol", "the symbol of an asset", got=shown(value))
    elif known.symbols and _ONE_WORD.fullmatch(value) and value not in known.symbols:
        yield _unknown_symbol(value, path, known)


def _unknown_symbol(symbol: str, path: Path, known: _Known, *, at_key: bool = False) -> Finding:
    return Finding(
        "unknown-asset",
        path,
        f"{symbol!r} is not declared under assets",
        "one of " + ", ".join(sorted(known.decimals)),
        closest(symbol, known.symbols),
        at_key=at_key,
    )


def _check_venue(value: object, path: Path, known: _Known) -> Iterator[Finding]:
    """Yield a lower-case name that is no entry of ``state_before``; free words name a market elsewhere."""
    if not isinstance(value, str) or not value:
        yield Finding("not-text", path, "this is not a venue", "the name of a venue", got=shown(value))
    elif known.venues and value not in known.venues:
        same = value.casefold() in {venue.casefold() for venue in known.venues}
        if same or _KEY_LIKE.fullmatch(value):
            yield Finding(
                "unknown-venue",
                path,
                f"there is no venue {value!r} in state_before",
                "one of " + ", ".join(known.venues),
                closest(value, known.venues),
            )
