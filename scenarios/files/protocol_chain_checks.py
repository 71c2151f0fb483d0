"""What is checked across the chain's part of a protocol file and the rest of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scenarios.files.errors import closest
from scenarios.files.findings import Finding
from scenarios.files.positions import Path
from scenarios.files.protocol import ProtocolFile
from scenarios.files.protocol_chain import BURNED, GAS_DECIMALS

SENDERS = ("default", "attacker")
"""Senders besides the file's agents."""


def check_chain(model: ProtocolFile) -> Iterator[Finding]:
    """Yield what is wrong across the chain's part and the rest of the file."""
    chain = model.chain
    if chain is None:
        return
    if model.population is not None:
        message = "a population is judged as arrays, without blocks"
        yield Finding("population", ("chain",), message, "no chain", at_key=True)
    asset = model.assets.get(chain.native)
    if asset is None:
        yield _unknown(("chain", "native"), "asset", chain.native, model.assets)
    elif asset.decimals != GAS_DECIMALS:
        message = f"{chain.native} has {asset.decimals} decimals"
        yield Finding("decimals", ("chain", "native"), message, "18, for wei")
    if model.run.step_seconds % model.run.block_seconds:
        message = f"a step of {model.run.step_seconds} s is no whole number of blocks"
        expected = f"a multiple of block_seconds, {model.run.block_seconds}"
        yield Finding("step", ("run", "step_seconds"), message, expected)
    for name, proposer in chain.proposers.items():
        for field in ("favours", "censors"):
            for index, agent in enumerate(getattr(proposer, field)):
                if agent not in model.agents:
                    place = ("chain", "proposers", name, field, index)
                    yield _unknown(place, "agent", agent, model.agents)
        if name in model.agents or name in model.venues or name == BURNED:
            path = ("chain", "proposers", name)
            yield Finding("duplicate-name", path, f"{name!r} is taken", "another name", at_key=True)
    if not any(entry.share for entry in chain.proposers.values()):
        yield Finding("share", ("chain", "proposers"), "no proposer has a share", "one at least above 0")
    if chain.attacker and chain.attacker not in chain.proposers:
        yield _unknown(("chain", "attacker"), "proposer", chain.attacker, chain.proposers)
    follows = "" if chain.congestion is None else chain.congestion.follows
    if follows and follows not in model.assets:
        yield _unknown(("chain", "congestion", "follows"), "asset", follows, model.assets)
    for name, sender in chain.senders.items():
        if name not in (*SENDERS, *model.agents):
            yield _unknown(("chain", "senders", name), "agent", name, (*SENDERS, *model.agents), at_key=True)
        if sender.follows and sender.follows not in model.agents:
            yield _unknown(("chain", "senders", name, "follows"), "agent", sender.follows, model.agents)


def _unknown(path: Path, what: str, name: str, known: Iterable[str], *, at_key: bool = False) -> Finding:
    names = list(known)
    expected = "one of " + ", ".join(names) if names else None
    return Finding(
        "unknown-name", path, f"there is no {what} {name!r}", expected, closest(name, names), at_key
    )
