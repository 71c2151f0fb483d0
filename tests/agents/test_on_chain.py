"""Agents on a chain: order, bids, congestion, sandwiches, control; conserved after every transaction."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.venues.uniswap_v2 import UniswapV2Pair
from protocol_texts import changed, lending, read
from scenarios.agents.sandwich import most_front, sandwich_profit, sandwich_size
from scenarios.agents.signed import SignedSwap
from scenarios.files.errors import FileError
from scenarios.files.protocol import ProtocolFile
from scenarios.simulation.market import prices_at, seed_of
from scenarios.simulation.run import ChainRunResult, open_simulation, run_path, step_once
from scenarios.simulation.simulation import Simulation
from scenarios.simulation.stress import stress

FREE = {"native": "WETH", "base_fee": 0, "senders": {"default": {"gas_money": 0}}}
EXAMPLE = "black-thursday-keepers"
FEED = {
    "nodes": {
        "dollar": {"type": "constant", "price": 1},
        "feed": {"type": "feed", "feed": "ETH/USD", "asset": "ETH"},
    },
    "prices": {"ETH": "feed", "USDC": "dollar"},
}


def on_chain(file: ProtocolFile, run: int = 0) -> ChainRunResult:
    result = run_path(file, run=run)
    assert isinstance(result, ChainRunResult)
    return result


def steps(game: Simulation, count: int) -> None:
    for step in range(count):
        step_once(game, prices_at(game.file, None, step), step)


# Order and bids


@pytest.mark.parametrize("run", [0, 1, 2])
def test_free_and_empty_blocks_give_the_plain_order(run: int) -> None:
    length = {"steps": 48, "step_seconds": 3600, "block_seconds": 3600, "seed": 7}
    plain = run_path(changed("lending-crash", run=length), run=run)
    blocks = on_chain(changed("lending-crash", run=length, chain=FREE), run)
    assert blocks.metrics == plain.metrics
    assert blocks.gains == plain.gains
    for name in ("liquidation", "publication", "trade", "borrow", "refused", "loss paid"):
        ours, theirs = (
            Counter(repr(event) for event in result.events if event.kind == name)
            for result in (blocks, plain)
        )
        assert ours == theirs, name


def duel(first: dict[str, Any], second: dict[str, Any], **chain: Any) -> ProtocolFile:
    """Return a file in which two keepers meet one account that falls short in the first step."""
    keeper = {"type": "keeper", "funds": {"USDC": 1_000_000}}
    return read(
        lending(
            oracle=FEED,
            accounts={"debtor": {"balances": {"ETH": 100, "USDC": -150000}}},
            market={"script": {"ETH": ["0.93"]}},
            agents={
                "feed": {"type": "publisher", "feed": "ETH/USD", "asset": "ETH"},
                "first": keeper,
                "second": keeper,
            },
            liquidation={"preset": "aave", "close_factor": 1},
            chain={"native": "ETH", "senders": {"feed": {"tip": 1000}, "first": first, "second": second}}
            | chain,
            run={"steps": 2, "step_seconds": 12},
        )
    )


@pytest.mark.parametrize(("tips", "winner"), [((5, 7), "second"), ((7, 5), "first"), ((5, 5), "first")])
def test_the_higher_tip_wins_and_the_other_pays_for_nothing(tips: tuple[int, int], winner: str) -> None:
    result = on_chain(duel({"tip": tips[0]}, {"tip": tips[1]}))
    loser = "first" if winner == "second" else "second"
    assert {e.actor for e in result.events if e.kind == "liquidation"} == {winner}
    (reverted,) = (e for e in result.events if e.kind == "reverted")
    assert reverted.actor == loser
    assert result.gains[winner] > 0
    # 500,000 gas at the base fee of 1 gwei and the tip; the second ether price is 1,860.
    paid = Decimal(500_000) * (1 + min(tips)) / 10**9 * 1860
    assert result.gains[loser] == -round(paid, 2)


@pytest.mark.parametrize("shares", [("0.5", "0.3"), ("0.2", "0.6")])
def test_who_outbids_wins_for_what_the_rival_would_pay(shares: tuple[str, str]) -> None:
    senders = [
        {"bidding": "outbid", "most_share": share, "gas_money": 100, "follows": "feed"} for share in shares
    ]
    result = on_chain(duel(*senders))
    best = max(range(2), key=lambda place: Decimal(shares[place]))
    (won,) = (e for e in result.events if e.kind == "included" and e.actor != "feed")
    assert won.actor == ("first", "second")[best]
    # The bonus is 5 % of 150,000; in ether at 1,860. The price stops within a tenth above the rival's limit.
    limit = Decimal(min(shares)) * Decimal(7500) / 1860
    fee = won.details["fee"]
    assert isinstance(fee, Decimal)
    assert limit * Decimal("0.999") <= fee <= limit * Decimal("1.101")
    # The bundle stands behind the update that it waits for; the other bundle is dropped for nothing.
    assert not [e for e in result.events if e.kind == "reverted"]
    assert result.gains.get(("second", "first")[best], 0) == 0


def test_a_bid_above_the_update_that_it_waits_for_comes_too_early() -> None:
    result = on_chain(duel({"tip": 2000}, {"tip": 5}))
    assert [e.actor for e in result.events if e.kind == "liquidation"] == ["second"]
    assert [e.actor for e in result.events if e.kind == "reverted"] == ["first"]


def test_latency_loses_against_a_lower_bid() -> None:
    result = on_chain(duel({"tip": 100, "latency": 13_000}, {"tip": 1}))
    assert [(e.step, e.actor) for e in result.events if e.kind == "liquidation"] == [(0, "second")]


def test_gas_beyond_the_gain_keeps_keepers_away() -> None:
    file = duel({}, {}, base_fee=10_000)
    result = on_chain(file)
    assert not [e for e in result.events if e.kind == "liquidation"]
    away = [e.actor for e in result.events if e.kind == "stayed away"]
    assert set(away) == {"first", "second"}


def test_a_signed_price_is_published_as_signed_however_late() -> None:
    script = ["0.99", "0.9", "0.8"]
    agents = {"feed": {"type": "publisher", "feed": "ETH/USD", "asset": "ETH"}}
    chain = {"native": "ETH", "senders": {"feed": {"latency": 20_000}}}
    run = {"steps": 3, "step_seconds": 12}
    data = lending(oracle=FEED, market={"script": {"ETH": script}}, agents=agents, chain=chain, run=run)
    said = [e for e in run_path(read(data)).events if e.kind == "publication"]
    # Sent in step 0, visible 20 s later, so in the block of step 1; the next is decided in step 2.
    assert [(e.step, e.details["price"]) for e in said] == [(1, Decimal(1980))]


# Congestion


def test_congestion_makes_oracle_and_keepers_wait_and_lenders_pay() -> None:
    full = on_chain(changed(EXAMPLE))
    calm = on_chain(changed(EXAMPLE, chain__congestion=None))
    raising = on_chain(changed(EXAMPLE, chain__senders__feed={"tip": 3, "bump": "0.25"}))
    assert calm.metrics.bad_debt == raising.metrics.bad_debt == 0
    assert full.metrics.bad_debt > 100_000
    assert full.chain.oracle_wait_longest > 1800 > calm.chain.oracle_wait_longest == 12
    assert full.chain.greatest_base_fee > 10 * calm.chain.greatest_base_fee
    stubborn = {"tip": 3, "bump": "0.125", "most_fee": 40}
    keepers = changed(
        EXAMPLE,
        **{"chain__senders": {"feed": {"tip": 3, "bump": "0.25"}, "default": stubborn}},
    )
    waiting = on_chain(keepers)
    assert waiting.metrics.bad_debt > 100_000
    assert waiting.chain.keeper_wait_longest > 1800


def test_missed_blocks_are_counted_and_only_delay() -> None:
    result = on_chain(changed(EXAMPLE, chain__congestion=None, chain__missed="0.5"))
    assert 150 < result.chain.missed_blocks < 250
    assert result.chain.blocks == 400
    assert result.chain.oracle_wait_longest > 12


def test_every_transaction_conserves_and_fees_arrive() -> None:
    file = changed(EXAMPLE)
    game = open_simulation(file, seed_of(file), 0)
    steps(game, file.run.steps)
    game.world.state.ledger.assert_conserved("afterwards")
    blocks = game.blocks
    assert blocks is not None
    paid = sum(one.fee for one in blocks.included)
    assert paid == game.balance("burned", "ETH") + game.balance("proposer", "ETH")
    assert any(one.reverted and one.fee for one in blocks.included)
    gains = on_chain(file).gains
    assert sum(gains.values()) == pytest.approx(0, abs=Decimal("0.5"))


def test_workers_do_not_change_a_byte() -> None:
    file = changed(EXAMPLE, run={"steps": 12, "step_seconds": 60, "seed": 3})
    digests = {stress(file, runs=4, workers=workers).digest for workers in (1, 2)}
    assert len(digests) == 1
    names = [figure.name for figure in stress(file, runs=2).estimates]
    assert "longest wait of an oracle update" in names


# Sandwiches

POOL = st.integers(5_000, 40_000)


@given(POOL, POOL, st.integers(10, 4_000), st.integers(0, 60), st.sampled_from([1000, 997, 970]))
@settings(max_examples=12, deadline=None)
def test_a_sandwich_is_the_best_of_all_sizes(
    reserve_in: int, reserve_out: int, units: int, slippage: int, keep: int
) -> None:
    pair = UniswapV2Pair("A", "B", reserve_in, reserve_out, keep=keep)
    quoted = pair.quote("A", "B", units)
    victim = SignedSwap("pair", "A", "B", units, quoted * (1000 - slippage) // 1000)
    most = 1_500
    allowed = [size for size in range(most + 1) if leaves_enough(pair, victim, size)]
    assert most_front(pair, victim, most) == allowed[-1]
    best = max(sandwich_profit(pair, victim, size) for size in range(most + 1))
    found = sandwich_profit(pair, victim, sandwich_size(pair, victim, most))
    # The front's output is rounded down to a whole B, worth ``unit`` A at most when it is sold back; the
    # victim and the back round once each. So profit lies within such a step below the smooth one, and a
    # search that compares two of its points can miss the top by two steps.
    unit = -(-(reserve_in + most + units) // (reserve_out - quoted - pair.quote("A", "B", most)))
    assert best - found <= 2 * (unit + 2)


def leaves_enough(pair: UniswapV2Pair, victim: SignedSwap, size: int) -> bool:
    after = pair.swap("A", "B", size)[1] if size and pair.quote("A", "B", size) else pair
    return after.quote("A", "B", victim.units) >= victim.least


def sandwiched(slippage: str, channel: str = "", **searcher: Any) -> ChainRunResult:
    victim = {
        "type": "trader",
        "funds": {"ETH": 500, "USDC": 1_000_000},
        "venue": "pair",
        "size": 40_000,
        "probability": "0.999",
        "slippage": slippage,
    }
    hunter = {"type": "sandwicher", "funds": {"ETH": 500, "USDC": 1_000_000}, "venue": "pair"} | searcher
    chain = {
        "native": "ETH",
        "senders": {"victim": {"tip": 1, "channel": channel}},
        "proposers": {"proposer": {"channels": ["private"]}},
    }
    data = lending(
        agents={"victim": victim, "hunter": hunter}, chain=chain, run={"steps": 10, "step_seconds": 12}
    )
    return on_chain(read(data))


def test_sandwiches_take_what_the_limit_leaves_and_pay_for_their_place() -> None:
    narrow, wide = sandwiched("0.002"), sandwiched("0.02")
    alone = sandwiched("0.02", channel="private")
    assert wide.gains["victim"] < narrow.gains["victim"] < alone.gains["victim"]
    assert wide.gains["hunter"] > 0
    assert wide.gains["proposer"] > 8 * wide.gains["hunter"]
    trades = [e.actor for e in wide.events if e.kind == "trade"]
    assert trades[:3] == ["hunter", "victim", "hunter"]
    assert "hunter" not in {e.actor for e in alone.events}
    sees = sandwiched("0.02", channel="private", channels=["private"])
    assert sees.gains["victim"] == wide.gains["victim"]
    assert sum(wide.gains.values()) == pytest.approx(0, abs=Decimal("0.1"))


# Control of blocks


def pump(share: str, controlled: int, blocks: int = 8) -> Any:
    proposers = {"others": {"share": "1"}, "mine": {"share": share}}
    chain = {"native": "WETH", "base_fee": 0, "proposers": proposers, "attacker": "mine"}
    file = changed("open-twap", chain=chain)
    strategy = file.attacks["pump"].model_copy(update={"controlled_blocks": controlled, "blocks": blocks})
    game = open_simulation(file, seed_of(file), 0)
    before = game.blocks.chain.slot if game.blocks else 0
    result = strategy.execute(game)
    assert game.blocks is not None
    assert game.blocks.chain.slot == before, "a what-if leaves no trace on the chain"
    return result


def test_each_block_of_control_is_worth_more_and_is_waited_for() -> None:
    profits = [pump("0.6", controlled).profit for controlled in (0, 2, 4, 8)]
    assert profits == sorted(profits)
    assert profits[-1] > profits[0]
    waits = [
        next(e.details["waited"] for e in pump(share, 4).events if e.kind == "control")
        for share in ("0.25", "4")
    ]
    assert waits[0] > waits[1]
    refused = pump("0", 4)
    assert refused.refused.startswith("no-control")
    assert refused.profit == 0


# Files


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"chain__native": "USDC"}, "18, for wei"),
        ({"chain__native": "ETHER"}, "no asset"),
        ({"run": {"steps": 2, "step_seconds": 20}}, "whole number of blocks"),
        ({"chain__senders": {"feedd": {}}}, "no agent"),
        ({"chain__senders": {"default": {"follows": "nobody"}}}, "no agent"),
        ({"chain__proposers": {"feed": {}}}, "is taken"),
        ({"chain__proposers": {"a": {"share": 0}}}, "no proposer has a share"),
        ({"chain__attacker": "me"}, "no proposer"),
        ({"chain__congestion__follows": "BTC"}, "no asset"),
    ],
)
def test_bad_chains_are_refused_with_the_place(changes: dict[str, Any], word: str) -> None:
    with pytest.raises(FileError) as refusal:
        changed(EXAMPLE, **changes)
    assert word in str(refusal.value)
