"""Checks across fields of an incident, on plain data, so that all of them run whatever else is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from scenarios.files.check_oracle import check_oracle
from scenarios.files.check_steps import check_steps
from scenarios.files.errors import closest
from scenarios.files.findings import Finding, mapping_at, shown, symbols_of
from scenarios.files.pools import POOLS, Pool
from scenarios.files.positions import Path
from scenarios.files.scalars import read_decimal_text
from scenarios.files.vocabulary import COMMON_ASSETS, UNITS

_HASH = re.compile(r"0x[0-9a-fA-F]{56,66}(?![0-9a-zA-Z])")
"""A transaction hash has 64 digits; sources print one more or fewer by mistake, and words may follow."""
_TOLERANCES = ("tolerance_rel", "tolerance_abs")


def check_incident(data: Mapping[str, object]) -> list[Finding]:
    """Return every problem that the model's shape does not show."""
    return [
        *_check_hashes(data),
        *_check_state(data),
        *check_oracle(data),
        *check_steps(data),
        *_check_outcomes(data),
    ]


def _check_hashes(data: Mapping[str, object]) -> Iterator[Finding]:
    listed = data.get("txs")
    hashes: list[tuple[Path, object]] = [(("tx",), data.get("tx"))]
    hashes += [
        (("txs", index), item) for index, item in enumerate(listed if isinstance(listed, list) else [])
    ]
    for path, value in hashes:
        if isinstance(value, str) and value[:2] in {"0x", "0X"} and not _HASH.match(value):
            yield Finding(
                "hash", path, "this is no transaction hash", "0x and 64 hexadecimal digits", got=value
            )


def _check_state(data: Mapping[str, object]) -> Iterator[Finding]:
    symbols = symbols_of(data)
    for name, entry in mapping_at(data, "state_before").items():
        if not isinstance(entry, Mapping):
            continue
        pool = POOLS.get(str(entry.get("type")))
        if pool is not None:
            yield from _check_pool(pool, entry, ("state_before", name), symbols)
        elif "type" not in entry:
            yield from _check_entry(entry, ("state_before", name), symbols)


def _check_pool(
    pool: type[Pool], entry: Mapping[str, object], path: Path, symbols: frozenset[str]
) -> Iterator[Finding]:
    coins = entry.get("coins")
    listed = [str(coin) for coin in coins] if isinstance(coins, list) else []
    names = _balance_names(pool, frozenset(listed) or symbols)
    balances, unknown = 0, False
    for key, value in entry.items():
        if key in pool.model_fields:
            continue
        if names and key not in names:
            unknown = True
            yield Finding(
                "unknown-field",
                (*path, key),
                f"a {entry['type']} pool has no field {key!r}",
                "a balance under a declared symbol, or a field of this type",
                closest(key, (*pool.model_fields, *names)),
                at_key=True,
            )
            continue
        balances += 1
        yield from _check_not_negative(value, (*path, key))
    for coin in listed:
        if coin not in entry and f"underlying_value_{coin}" not in entry:
            yield Finding("missing-field", (*path, coin), f"the coin {coin!r} has no balance", "a number")
    if balances < pool.balances_needed and not unknown:
        yield Finding(
            "missing-field",
            path,
            f"{balances} balances or prices in a pool that needs {pool.balances_needed}",
            "one under each asset's symbol",
        )


def _balance_names(pool: type[Pool], symbols: frozenset[str]) -> frozenset[str]:
    spelled = {*symbols, *(symbol.lower() for symbol in symbols)}
    names: set[str] = set()
    for template in pool.balance_keys:
        once = {template.replace("{asset}", symbol, 1) for symbol in spelled}
        names |= {name.replace("{asset}", symbol) for name in once for symbol in spelled}
    return frozenset(names)


def _check_entry(entry: Mapping[str, object], path: Path, symbols: frozenset[str]) -> Iterator[Finding]:
    for key, value in entry.items():
        if key in symbols:
            yield from _check_not_negative(value, (*path, key))
        elif key.endswith("_raw") and not isinstance(value, Mapping | list):
            number = read_decimal_text(value)
            if number is None or number != number.to_integral_value():
                yield Finding(
                    "not-a-number", (*path, key), "raw units are whole", "a whole number", got=shown(value)
                )


def _check_not_negative(value: object, path: Path) -> Iterator[Finding]:
    number = read_decimal_text(value)
    if number is None:
        yield Finding(
            "not-a-number", path, "this is not a number", "a number such as 1250.5", got=shown(value)
        )
    elif number < 0:
        yield Finding("negative", path, "a negative amount", "zero or more", str(-number), got=str(number))


def _check_outcomes(data: Mapping[str, object]) -> Iterator[Finding]:
    outcomes = data.get("outcomes")
    references = mapping_at(data, "references")
    seen: set[str] = set()
    for index, outcome in enumerate(outcomes if isinstance(outcomes, list) else []):
        if not isinstance(outcome, Mapping):
            continue
        path: Path = ("outcomes", index)
        name, source = outcome.get("name"), outcome.get("source")
        if isinstance(name, str):
            if name in seen:
                yield Finding("duplicate-outcome", (*path, "name"), f"the outcome {name!r} stands twice")
            seen.add(name)
        given = [key for key in _TOLERANCES if outcome.get(key) is not None]
        if len(given) != 1:
            what = "both tolerances" if given else "no tolerance"
            where = (*path, given[-1]) if given else (*path, "tolerance_rel")
            code = "two-tolerances" if given else "missing-field"
            yield Finding(code, where, what, "tolerance_rel or tolerance_abs", at_key=bool(given))
        if isinstance(source, str) and source != "derived" and source not in references:
            known = (*references, "derived")
            yield Finding(
                "unknown-source",
                (*path, "source"),
                f"{source!r} is not a key of references",
                "one of " + ", ".join(known),
                closest(source, known),
            )
        if "unit" in outcome:
            yield from _check_unit(outcome["unit"], (*path, "unit"), symbols_of(data))


def _check_unit(unit: object, path: Path, symbols: frozenset[str]) -> Iterator[Finding]:
    if not isinstance(unit, str):
        return
    known = (*sorted(symbols or COMMON_ASSETS), *UNITS)
    for part in (unit,) if unit in known else unit.split("/"):
        if part not in known:
            near = closest(part, known)
            yield Finding(
                "unknown-unit",
                path,
                f"{part!r} is neither a declared asset nor a unit",
                "an asset of this file, a ratio of two, or one of " + ", ".join(UNITS),
                unit.replace(part, near) if near else None,
            )
            return
