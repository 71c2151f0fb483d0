"""Chainlink's own FluxAggregator behind its own proxy: every reading equals a direct call of the contract."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from eth_abi import decode, encode

from chain_contracts import send
from chain_world import FAST, ChainWorld
from contracts_abi.families.chainlink_flux import LATEST_ROUND_SLOT, ROUNDS_SLOT
from contracts_abi.keccak import keccak256
from evm_chains import AnvilChain, RevertedError
from fault_proxy import Exchange, FaultProxy
from flux_feed import ORACLES, TIMEOUT, FluxFeed, submit
from oracles.chain.client import Client
from oracles.chain.errors import CallRevertedError, ChainError
from oracles.chain.live import sources_of
from oracles.chain.live_view import read_view
from oracles.chain.proven import ProvenReader
from oracles.chain.reader import LiveReader, run_plan
from oracles.chain.readers.chainlink import (
    ChainlinkRound,
    read_answers,
    read_chainlink,
    read_phases,
    read_rounds,
)
from oracles.node import read
from workbench import call_data

pytestmark = pytest.mark.node
PAIR = "ETH/USD"
ROUND = ["uint80", "int256", "uint256", "uint256", "uint80"]
SUBMISSIONS = [(2_001, 1_990, 2_000), (2_050, 2_040, 2_060), (1_800, 2_100, 1_850), (1_900, 1_900, 1_900)]
MEDIANS = [2_000, 2_050, 1_850, 1_900]


def direct(world: ChainWorld, number: int | None = None) -> ChainlinkRound:
    """Ask the proxy itself."""
    data = call_data("latestRoundData()") if number is None else call_data("getRoundData(uint80)", number)
    return ChainlinkRound(*decode(ROUND, world.call(world.proxies[PAIR], data)))


@pytest.fixture
def flux(world: ChainWorld) -> ChainWorld:
    """Two phases: four rounds in the first, of which the fourth timed out, then three in the second.

    In the first phase two submissions make an answer.
    """
    first = FluxFeed(world.rpc, world.account, needed=2).address
    world.upgrade(PAIR, first)
    for number, answers in enumerate(SUBMISSIONS[:3], start=1):
        submit(world.rpc, first, number, answers)
    submit(world.rpc, first, 4, (1_700,))  # one of two needed, then nothing for longer than the time-out
    world.wait(TIMEOUT + 1)
    submit(world.rpc, first, 5, SUBMISSIONS[3])
    second = world.aggregator()
    for number, answers in enumerate(SUBMISSIONS[1:], start=1):
        submit(world.rpc, second, number, answers[:2])
        world.wait(5)
        send(world.rpc, ORACLES[2], second, call_data("submit(uint256,int256)", number, answers[2]))
    world.upgrade(PAIR, second)
    world.wait(5)
    return world


PHASE_1, PHASE_2 = 2 << 64, 3 << 64  # the world's own first aggregator is phase 1


def test_the_newest_round_is_the_contracts(flux: ChainWorld, client: Client) -> None:
    reader = LiveReader.open(client)
    state = run_plan(reader, read_chainlink(PAIR, flux.proxies[PAIR], reader.block))
    assert state.round == direct(flux)
    assert (state.round.round_id, state.round.answer) == (PHASE_2 | 3, MEDIANS[3])
    assert state.round.answered_in_round == state.round.round_id
    assert 0 < state.round.started_at < state.round.updated_at < reader.block.timestamp
    assert (state.minimum, state.maximum, state.phase_id) == (1, 10**16, 3)
    assert (state.aggregator, state.description) == (flux.aggregators[PAIR], "real flux feed")
    assert read_answers(reader, [(PAIR, flux.proxies[PAIR])]) == [direct(flux)]
    live = read_view(reader, sources_of(1, f"chainlink:{flux.proxies[PAIR]}"))
    ((name, node),) = live.nodes.items()
    reading = read(node, live.view)
    assert (reading.value, reading.publish_time) == (direct(flux).answer, direct(flux).updated_at), name


def test_every_round_of_every_phase_is_the_contracts(flux: ChainWorld, client: Client) -> None:
    reader = LiveReader.open(client)
    proxy = flux.proxies[PAIR]
    assert run_plan(reader, read_phases(proxy)) == [(1, 1), (2, 5), (3, 3)]
    for base, last in ((PHASE_1, 5), (PHASE_2, 3)):
        rounds = run_plan(reader, read_rounds(PAIR, proxy, base | 1, base | last))
        assert rounds == [direct(flux, base | number) for number in range(1, last + 1)]
    found = run_plan(reader, read_rounds(PAIR, proxy, PHASE_1 | 1, PHASE_1 | 5))
    assert [item.answer for item in found] == [*MEDIANS[:3], MEDIANS[2], MEDIANS[3]]
    timed_out = found[3]
    assert timed_out.answered_in_round == found[2].round_id < timed_out.round_id
    assert timed_out.updated_at - timed_out.started_at > TIMEOUT
    with pytest.raises(CallRevertedError, match="No data present"):
        run_plan(reader, read_rounds(PAIR, proxy, PHASE_2 | 4, PHASE_2 | 4))


def test_a_late_submission_changes_a_round(world: ChainWorld, client: Client) -> None:
    feed = FluxFeed(world.rpc, world.account, needed=2)
    world.upgrade(PAIR, feed.address)
    proxy = world.proxies[PAIR]
    seen = []
    for answer, oracle in zip((100, 200, 900), ORACLES, strict=True):
        send(world.rpc, oracle, feed.address, call_data("submit(uint256,int256)", 1, answer))
        reader = LiveReader.open(client)
        (found,) = read_answers(reader, [(PAIR, proxy)])
        seen.append(found.answer if isinstance(found, ChainlinkRound) else found)
        if isinstance(found, ChainlinkRound):
            assert found == direct(world)
    assert isinstance(seen[0], CallRevertedError)
    assert seen[1:] == [150, 200]


def test_the_contract_refuses_what_no_reader_should_see(world: ChainWorld) -> None:
    feed = FluxFeed(world.rpc, world.account)
    chain = AnvilChain(world.node)
    for oracle, answer, reason in (
        (ORACLES[0], 0, "value below minSubmissionValue"),
        (ORACLES[0], 10**16 + 1, "value above maxSubmissionValue"),
        (world.account, 5, "not enabled oracle"),
    ):
        question = {
            "from": oracle,
            "to": feed.address,
            "data": "0x" + call_data("submit(uint256,int256)", 1, answer).hex(),
        }
        with pytest.raises(Exception, match=reason):
            world.rpc("eth_call", question, "latest")
    with pytest.raises(RevertedError, match="No data present"):
        chain.call(feed.address, call_data("latestRoundData()"))


def test_an_upgrade_between_two_calls_never_mixes_phases(
    world: ChainWorld, proxy_of: Callable[..., FaultProxy], record_property: Callable[[str, object], None]
) -> None:
    """The owner changes the aggregator under the proxy while a reader is at work."""
    old = direct(world)
    new = world.aggregator()
    submit(world.rpc, new, 1, (9_000, 9_000, 9_000))
    done = []

    def upgrade(exchange: Exchange) -> None:
        if exchange.asks("eth_call") and not done:
            done.append(world.upgrade(PAIR, new))
        exchange.pass_on()

    proxy = proxy_of(world.node.url, upgrade)
    with Client([proxy.url], chain_id=1, policy=FAST) as client:
        reader = LiveReader.open(client)
        before = run_plan(reader, read_chainlink(PAIR, world.proxies[PAIR], reader.block))
        assert done
        reader = LiveReader.open(client)
        after = run_plan(reader, read_chainlink(PAIR, world.proxies[PAIR], reader.block))
    assert (before.round, before.phase_id) == (old, 1)
    assert (after.round, after.phase_id, after.aggregator) == (direct(world), 2, new)
    assert after.round.answer == 9_000
    record_property("chain fault", "right")


def test_rounds_of_all_phases_are_proven(flux: ChainWorld, client: Client) -> None:
    reader = ProvenReader(LiveReader.open(client))
    proxy = flux.proxies[PAIR]
    state = run_plan(reader, read_chainlink(PAIR, proxy, reader.block))
    assert state.round == direct(flux)
    for base, last in ((PHASE_1, 5), (PHASE_2, 3)):
        rounds = run_plan(reader, read_rounds(PAIR, proxy, base | 1, base | last))
        assert rounds == [direct(flux, base | number) for number in range(1, last + 1)]
    with pytest.raises(ChainError, match="No data present"):
        run_plan(reader, read_rounds(PAIR, proxy, PHASE_2 | 4, PHASE_2 | 4))
    aggregator = flux.aggregators[PAIR]
    assert reader.storage(aggregator, LATEST_ROUND_SLOT) == 3 << 32 | 3
    place = int.from_bytes(keccak256(encode(["uint256", "uint256"], [3, ROUNDS_SLOT])), "big")
    newest = direct(flux)
    assert reader.storage(aggregator, place) == newest.answer
    word = reader.storage(aggregator, place + 1)
    assert word == newest.started_at | newest.updated_at << 64 | 3 << 128
