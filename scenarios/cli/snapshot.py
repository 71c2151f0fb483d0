"""``backstop snapshot``: pools or protocol state of one block, written so that a scenario can start there."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from contracts_abi.deployments import addresses
from contracts_abi.families import uniswap_v3
from oracles.chain.calls import Plan
from oracles.chain.errors import ChainError, UnknownSourceError
from oracles.chain.history import collect_events, read_rows
from oracles.chain.reader import Reader, run_plan, run_plans
from oracles.chain.readers import protocols
from oracles.chain.readers.balancer import read_weighted_pool
from oracles.chain.readers.curve import read_curve_stableswap
from oracles.chain.readers.curve_ng import read_curve_ng
from oracles.chain.readers.curve_tricrypto import read_tricrypto_ng
from oracles.chain.readers.positions import keys_of, read_positions, with_positions
from oracles.chain.readers.uniswap_v4 import parse_pool
from oracles.chain.readers.uniswap_v4_venue import read_uniswap_v4_venue
from oracles.chain.readers.venues import (
    read_uniswap_v2,
    read_uniswap_v3,
    read_whole_vault,
)
from oracles.chain.recording import RecordingReader, save_recording
from protocol.venues.uniswap_v3.pool import UniswapV3Pool
from protocol.venues.venue import State, Venue
from scenarios.cli.answer import Answer, plain
from scenarios.cli.chain import block_data, client_of, reader_of
from scenarios.cli.main import UsageError

POOLS: dict[str, Callable[[str], Plan[Venue]]] = {
    "uniswap-v2": read_uniswap_v2,
    "uniswap-v3": read_uniswap_v3,
    "balancer-v2": read_weighted_pool,
    "vault": read_whole_vault,
}


WHOLE: dict[str, Callable[[Reader, str], Venue]] = {
    "curve-ng": read_curve_ng,
    "tricrypto-ng": read_tricrypto_ng,
}
"""Pools of which a part is found in storage."""


def run(arguments: Namespace) -> Answer:
    """Read, write the file if asked, and answer."""
    if arguments.pools and not arguments.protocol_file:
        raise UsageError("--pools are venues of a --protocol-file FILE")
    with reader_of(arguments) as source:
        reader = RecordingReader(source) if arguments.record else source
        state = _state(reader, arguments)
        pools = _venues(reader, "uniswap-v2", arguments.pools) if arguments.pools else {}
        if isinstance(reader, RecordingReader):
            save_recording(reader.recording, Path(arguments.record))
    document = {
        "snapshot": {"protocol": arguments.protocol, "trust": reader.trust, **block_data(reader.block)}
    }
    document |= state
    if arguments.protocol_file:
        return _protocol_file(document, pools, arguments)
    text = _text(document, arguments.output)
    if arguments.output:
        from scenarios.report.write import write_atomically

        write_atomically(Path(arguments.output), text)

    def show() -> None:
        if arguments.output:
            sys.stderr.write(f"snapshot: {arguments.output}\n")
        else:
            sys.stdout.write(text)

    return Answer({**document, **({"file": arguments.output} if arguments.output else {})}, show)


def _protocol_file(document: dict[str, Any], pools: dict[str, Any], arguments: Namespace) -> Answer:
    """Write the protocol file, checked as any other, and answer."""
    from scenarios.files.document import parse_document
    from scenarios.files.from_snapshot import protocol_from_snapshot
    from scenarios.files.protocol_checks import read_protocol
    from scenarios.report.write import write_atomically

    path = str(arguments.protocol_file)
    if not path.endswith((".yaml", ".yml")):
        raise UsageError(f"--protocol-file {path}: a protocol file is YAML, name it .yaml")
    text = _text(protocol_from_snapshot(document, pools), path)
    file = read_protocol(parse_document(text.encode(), path))
    write_atomically(Path(path), text)
    answer = {**document["snapshot"], "file": path, "accounts": len(file.accounts)}

    def show() -> None:
        sys.stderr.write(f"protocol file: {path}; next: backstop stress {path} --runs 200\n")

    return Answer(answer, show)


def _text(document: object, path: str | None) -> str:
    data = _exact(document)
    if path and path.endswith((".yaml", ".yml")):
        import yaml

        return yaml.safe_dump(data, sort_keys=False)
    return json.dumps(data, indent=1) + "\n"


def _exact(value: object) -> object:
    """Return plain data in which numbers beyond 2**53 are text, bytes are 0x text."""
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, dict):
        return {str(key): _exact(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_exact(item) for item in value]
    return plain(value)


def _state(reader: Reader, arguments: Namespace) -> dict[str, dict[str, object]]:
    protocol, given = arguments.protocol, arguments.address
    if arguments.positions_from is not None and protocol != "uniswap-v3":
        raise UsageError(f"--positions-from is for uniswap-v3, not {protocol}")
    if protocol in POOLS:
        _need(given, protocol, "the address of at least one pool")
        return {"venues": _venues(reader, protocol, given, arguments)}
    if protocol in WHOLE:
        _need(given, protocol, "the address of at least one pool")
        return {
            "venues": {
                address.lower(): {"kind": protocol, "state": WHOLE[protocol](reader, address).to_state()}
                for address in given
            }
        }
    if protocol == "uniswap-v4":
        _need(given, protocol, "the id or the key of at least one pool")
        return {"venues": {name: {"kind": protocol, "state": _v4(reader, name)} for name in given}}
    if protocol == "curve":
        if len(given) not in {2, 3}:
            raise UsageError("snapshot curve POOL LP_TOKEN [y|3pool|template]")
        pool = run_plan(reader, read_curve_stableswap(*given))
        return {"venues": {given[0].lower(): {"kind": "curve", "state": pool.to_state()}}}
    return {"protocol": run_plan(reader, _protocol(reader.block.chain_id, protocol, given))}


def _venues(
    reader: Reader, kind: str, given: list[str], arguments: Namespace | None = None
) -> dict[str, object]:
    """Return the state of pools of one kind by address; V3 pools with positions where the arguments ask."""
    venues: dict[str, object] = {}
    for address, item in zip(given, run_plans(reader, [POOLS[kind](a) for a in given]), strict=True):
        if isinstance(item, ChainError):
            raise item
        venue = item
        if arguments and isinstance(item, UniswapV3Pool) and arguments.positions_from is not None:
            venue = _with_positions(reader, arguments, address, item)
        venues[address.lower()] = {"kind": kind, "state": venue.to_state()}
    return venues


def _with_positions(reader: Reader, arguments: Namespace, address: str, pool: UniswapV3Pool) -> UniswapV3Pool:
    if arguments.from_recording is not None:
        raise UsageError("--positions-from reads events, which a recording of calls does not hold")
    first, last = arguments.positions_from, reader.block.number
    with TemporaryDirectory() as folder, client_of(arguments) as client:
        pieces = collect_events(client, address, uniswap_v3.EVENT_MINT, first, last, Path(folder))
        keys = keys_of(read_rows(pieces))
    return with_positions(pool, run_plan(reader, read_positions(address, keys)))


def _v4(reader: Reader, name: str) -> State:
    chain = reader.block.chain_id
    manager, view = _known(chain, "uniswap_v4", ("pool_manager", "state_view"))
    positions = addresses(chain, "uniswap_v4").get("position_manager")
    plan = read_uniswap_v4_venue(manager, view, parse_pool(name), reader.block.timestamp, positions)
    return run_plan(reader, plan).to_state()


def _need(given: list[str], protocol: str, what: str) -> None:
    if not given:
        raise UsageError(f"snapshot {protocol}: give {what}")


def _protocol(chain: int, protocol: str, given: list[str]) -> Plan[dict[str, object]]:
    if protocol == "aave-v3":
        pool, data, oracle = _known(chain, "aave_v3", ("pool", "data_provider", "oracle"))
        return protocols.read_aave_v3(pool, data, oracle, given)
    if protocol == "compound-v3":
        _need(given, protocol, "the Comet (or its name) and accounts")
        comet = addresses(chain, "compound_comet").get(given[0], given[0])
        return protocols.read_compound_v3(comet, given[1:])
    if protocol == "synthetix":
        (market,) = _known(chain, "synthetix_perps", ("",))
        return protocols.read_synthetix_perps(market, _numbers(given))
    if protocol == "derive":
        names = ("subaccounts", "standard_manager", "ETH spot_feed")
        subaccounts, manager, feed = _known(chain, "derive_v2", names)
        return protocols.read_derive(subaccounts, manager, feed, _numbers(given))
    if protocol == "gmx":
        view, store = _known(chain, "gmx_v2", ("reader", "datastore"))
        return protocols.read_gmx(view, store, given)
    raise UsageError(
        f"no protocol {protocol!r}; there is {', '.join((*POOLS, *WHOLE, 'uniswap-v4', 'curve'))}, aave-v3, "
        "compound-v3, synthetix, derive and gmx"
    )


def _known(chain: int, family: str, names: tuple[str, ...]) -> list[str]:
    found = addresses(chain, family)
    missing = [name for name in names if name not in found]
    if missing:
        raise UnknownSourceError(f"{family} is not known on chain {chain}", chain=chain)
    return [found[name] for name in names]


def _numbers(given: list[str]) -> list[int]:
    try:
        return [int(text) for text in given]
    except ValueError:
        raise UsageError("accounts are numbers here") from None
