"""What live sources say at one block, and what has happened before it."""

from __future__ import annotations

from collections.abc import Callable

from chain_world import ChainWorld
from evm_chains import AnvilChain
from oracles.chain.errors import ChainError
from oracles.chain.live import sources_of
from oracles.chain.live_view import LiveView, read_view
from oracles.chain.reader import Reader
from oracles.node import read
from oracles.reading import Reading
from twins import Operation
from uniswap_v2_twins import PairTwins


def live_of(reader: Reader, *texts: str, chain_id: int = 1) -> LiveView:
    return read_view(reader, [source for text in texts for source in sources_of(chain_id, text)])


def reading_of(reader: Reader, text: str, chain_id: int = 1) -> Reading:
    live = live_of(reader, text, chain_id=chain_id)
    assert not live.failures, live.failures
    return read(live.nodes[text], live.view)


def failure_of(reader: Reader, text: str, chain_id: int = 1) -> ChainError:
    return live_of(reader, text, chain_id=chain_id).failures[text]


def a_pair(world: ChainWorld) -> PairTwins:
    twins = PairTwins(AnvilChain(world.node))
    for operation in (
        Operation("mint", (10**20, 3 * 10**20)),
        Operation("wait", (100,)),
        Operation("swap", (0, 10**18)),
    ):
        twins.apply(operation)
    return twins


def at(world: ChainWorld, time: int, act: Callable[[], object]) -> None:
    world.rpc("evm_setNextBlockTimestamp", time)
    act()
