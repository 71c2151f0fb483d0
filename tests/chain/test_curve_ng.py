"""Stableswap-ng and tricrypto-ng pools, read from what the vyper-compiled contracts were recorded to answer.

No package holds the pools' bytecode, so a contract that answers what it is taught stands in. Taught are the
figures that the real contracts gave after an event (``tests/vectors/oracles``), their averages at a later
second as recorded then, and storage words laid out as the published source lays them out. The pool read must
then repeat the contract's own NEXT recorded event. Only ``get_dy`` and figures without a recorded column
(admin balances, profits) come from our model, which the same files check.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from eth_abi import encode

from anvil_node import AnvilNode
from chain_contracts import MULTICALL3, code_of, deploy, multicall3_runtime, send
from contracts_abi.entry import Function
from contracts_abi.families import curve_stableswap_ng as ng
from contracts_abi.families import curve_tricrypto as tri
from contracts_abi.families import erc20
from curve_vectors import load, sample_paths
from oracles.chain.client import Client
from oracles.chain.errors import UnusableStateError
from oracles.chain.reader import LiveReader
from oracles.chain.readers.curve_ng import D_SLOT, read_curve_ng
from oracles.chain.readers.curve_quotes import PROBE
from oracles.chain.readers.curve_tricrypto import ORACLE_SLOT, read_tricrypto_ng
from protocol.errors import RuleError
from protocol.venues.curve.crypto_pool import CryptoParameters
from protocol.venues.curve.stableswap_ng import StableSwapNG
from protocol.venues.curve.stableswap_ng_oracle import StableSwapNGOracle
from protocol.venues.curve.tricrypto_ng import TricryptoNG
from scenarios.verify.curve import stableswap_action, tricrypto_action
from scenarios.verify.rows import Row, integers, rows_of
from workbench import call_data, workbench_code

pytestmark = pytest.mark.node
ADMIN = 5 * 10**9
NG_CASES = load(sample_paths("curve_stableswap_ng_oracle")[0])["cases"]
TRI_CASES = load(sample_paths("curve_tricrypto_ng_oracle")[0])["cases"]
PICKED = range(5)


class Stand:
    """A node whose clock stands at ``time``, with a contract that answers what it is taught."""

    def __init__(self, time: int) -> None:
        self.node = AnvilNode(chain_id=1, time=time - 1000, keep_history=True)
        self.rpc, self.account, self.time = self.node.rpc, self.node.account, time
        self.rpc("anvil_setCode", MULTICALL3, multicall3_runtime())
        self.pool = deploy(self.rpc, self.account, code_of("Canned"))

    def teach(self, function: Function, answer: object, *arguments: object) -> None:
        kinds = [part.text for part in function.outputs]
        data = call_data("teach(bytes,bytes)", function.call(*arguments), encode(kinds, [answer]))
        send(self.rpc, self.account, self.pool, data)

    def teach_each(self, function: Function, answers: Sequence[object]) -> None:
        for place, answer in enumerate(answers):
            self.teach(function, answer, place)

    def store(self, slot: int, word: int) -> None:
        self.rpc("anvil_setStorageAt", self.pool, hex(slot), f"0x{word:064x}")

    def tokens(self, balances: Sequence[int]) -> list[str]:
        made = []
        for balance in balances:
            code = workbench_code("Token") + encode(["uint8"], [18])
            made.append(deploy(self.rpc, self.account, code))
            send(self.rpc, self.account, made[-1], call_data("mint(address,uint256)", self.pool, balance))
        return made

    def reader(self, client: Client) -> LiveReader:
        self.rpc("evm_setNextBlockTimestamp", self.time)
        self.rpc("evm_mine")
        reader = LiveReader.open(client)
        assert reader.block.timestamp == self.time
        return reader


@pytest.fixture
def stands() -> Iterator[list[Stand]]:
    made: list[Stand] = []
    yield made
    for stand in made:
        stand.node.close()


def _advance(pool: Any, events: Sequence[Row], action: Any) -> Any:
    for event in events:
        try:
            pool = action(pool, rows_of(event[2]), int(str(event[0])))
        except RuleError:
            assert event[1] == 0
    return pool


def _moment(case: dict[str, Any]) -> int:
    """Return the number of an accepted event in the middle after which another is accepted."""
    events = case["events"]
    middle = len(events) // 2
    return next(e for e in range(middle, len(events) - 1) if events[e][1] and events[e + 1][1])


def _queries(event: Row, column: int) -> list[tuple[int, Any]]:
    return [(int(str(q[0])), q) for q in rows_of(event[column])]


def _pack(pair: Sequence[int]) -> int:
    return pair[0] | pair[1] << 128


@pytest.mark.parametrize("number", PICKED)
def test_a_stableswap_ng_pool_repeats_the_contracts_next_event(number: int, stands: list[Stand]) -> None:
    case = NG_CASES[number]
    n, at = case["n"], _moment(case)
    event, following = case["events"][at : at + 2]
    model = _advance(_fresh_ng(case), case["events"][: at + 1], stableswap_action)
    time, query = max(_queries(event, 11))
    stand = Stand(time)
    stands.append(stand)
    coins = stand.tokens([0] * n)
    for function, answer in (
        *((ng.N_COINS, n), (ng.FEE, case["fee"]), (ng.OFFPEG_FEE_MULTIPLIER, case["offpeg"])),
        *((ng.ADMIN_FEE, ADMIN), (ng.A_PRECISE, case["A"] * 100), (ng.INITIAL_A, case["A"] * 100)),
        *((ng.FUTURE_A, case["A"] * 100), (ng.INITIAL_A_TIME, 0), (ng.FUTURE_A_TIME, 0)),
        *((ng.MA_EXP_TIME, case["ma_exp_time"]), (ng.D_MA_TIME, case["D_ma_time"])),
        *((ng.MA_LAST_TIME, _pack(integers(event[10]))), (ng.D_ORACLE, int(query[2]))),
        *((erc20.TOTAL_SUPPLY, int(event[4])), (ng.GET_BALANCES, list(integers(event[3])))),
        (ng.STORED_RATES, list(integers(case["rates"]))),
    ):
        stand.teach(function, answer)
    stand.teach_each(ng.COINS, coins)
    stand.teach_each(ng.ADMIN_BALANCES, model.admin_balances)
    stand.teach_each(ng.LAST_PRICE, integers(event[7]))
    stand.teach_each(ng.EMA_PRICE, integers(event[8]))
    stand.teach_each(ng.PRICE_ORACLE, integers(query[1]))
    for i, j in ((0, 1), (1, 0)):
        amount = model.balances[i] // PROBE + 1
        stand.teach(ng.GET_DY, model.quote(model.coins[i], model.coins[j], amount), i, j, amount)
    stand.store(D_SLOT - 4, _pack(integers(event[9])))  # another version's layout: found all the same
    with Client([stand.node.url], chain_id=1) as client:
        found = read_curve_ng(stand.reader(client), stand.pool)
        assert {**found.to_state(), "coins": list(model.coins)} == model.to_state()
        assert (found.oracle.last_d, found.oracle.average_d) == integers(event[9])
        after = stableswap_action(found, following[2], following[0])
        assert after.balances == integers(following[3])
        assert after.oracle.average_prices == integers(following[8])
        assert (after.oracle.last_d, after.oracle.average_d) == integers(following[9])
        stand.store(D_SLOT - 4, 0)
        with pytest.raises(UnusableStateError, match="storage slots"):
            read_curve_ng(LiveReader.open(client), stand.pool)


def _fresh_ng(case: dict[str, Any]) -> StableSwapNG:
    n = case["n"]
    windows = {"price_window": case["ma_exp_time"], "d_window": case["D_ma_time"]}
    return StableSwapNG(
        coins=tuple(f"c{k}" for k in range(n)),
        balances=(0,) * n,
        rates=integers(case["rates"]),
        amplification=case["A"] * 100,
        fee=case["fee"],
        offpeg_fee_multiplier=case["offpeg"],
        total_supply=0,
        oracle=StableSwapNGOracle.fresh(n, case["t0"], **windows),
    )


@pytest.mark.parametrize("number", PICKED)
def test_a_tricrypto_ng_pool_repeats_the_contracts_next_event(number: int, stands: list[Stand]) -> None:
    case = TRI_CASES[number]
    at = _moment(case)
    event, following = case["events"][at : at + 2]
    names = (
        "A",
        "gamma",
        "mid_fee",
        "out_fee",
        "fee_gamma",
        "allowed_extra_profit",
        "adjustment_step",
        "ma_time",
    )
    figures = [int(case[name]) for name in names]
    a, gamma, mid, out, fee_gamma, extra, step, averaging = figures
    start = TricryptoNG.empty(
        ("c0", "c1", "c2"),
        (1, 1, 1),
        CryptoParameters(*figures),
        integers(case["initial_prices"]),
        case["t0"],
    )
    model: TricryptoNG = _advance(start, case["events"][: at + 1], tricrypto_action)
    time, query = min(_queries(event, 12))
    stand = Stand(time)
    stands.append(stand)
    donated = (0, 7, 0)
    held = [balance + extra_held for balance, extra_held in zip(integers(event[3]), donated, strict=True)]
    coins = stand.tokens([0, *held[1:]])
    stand.rpc(
        "anvil_setBalance", stand.pool, hex(held[0])
    )  # the wrapped coin, which the pool holds unwrapped
    for function, answer in (
        *((tri.D, int(event[4])), (erc20.TOTAL_SUPPLY, int(event[5])), (tri.LP_PRICE, int(event[7]))),
        *((tri.VIRTUAL_PRICE, model.virtual_price), (tri.XCP_PROFIT, model.xcp_profit)),
        *((tri.XCP_PROFIT_A, model.xcp_profit_claimed), (tri.LAST_PRICES_TIMESTAMP, event[8])),
        (tri.PACKED_FEE_PARAMS, mid << 128 | out << 64 | fee_gamma),
        (tri.PACKED_REBALANCING_PARAMS, extra << 128 | step << 64 | averaging),
        *((tri.A, a), (tri.GAMMA, gamma), (tri.INITIAL_A_GAMMA, a << 128 | gamma)),
        *((tri.INITIAL_A_GAMMA_TIME, 0), (tri.FUTURE_A_GAMMA, a << 128 | gamma)),
        *((tri.FUTURE_A_GAMMA_TIME, 0), (tri.FEE_RECEIVER, "0x" + "fe" * 20), (tri.PRECISIONS, [1, 1, 1])),
    ):
        stand.teach(function, answer)
    stand.teach_each(tri.COINS, coins)
    stand.teach_each(tri.BALANCES, integers(event[3]))
    stand.teach_each(tri.PRICE_SCALE, integers(event[10]))
    stand.teach_each(tri.LAST_PRICES, integers(event[9]))
    stand.teach_each(tri.PRICE_ORACLE, integers(query[1:]))
    for i, j in ((0, 1), (2, 0)):
        amount = model.balances[i] // PROBE + 1
        stand.teach(tri.GET_DY, model.quote(model.coins[i], model.coins[j], amount), i, j, amount)
    stand.store(ORACLE_SLOT, _pack(model.price_oracle_stored))
    with Client([stand.node.url], chain_id=1) as client:
        found = read_tricrypto_ng(stand.reader(client), stand.pool)
        state = {**found.to_state(), "coins": list(model.coins)}
        assert state == {**model.to_state(), "donated": list(donated)}
        if following[2][0] == "swap":
            after = tricrypto_action(found, following[2], following[0])
            assert (after.balances, after.d) == (integers(following[3]), int(following[4]))
            assert (after.last_prices, after.price_scale) == (integers(following[9]), integers(following[10]))
        stand.store(ORACLE_SLOT, 0)
        if time > int(event[8]):
            with pytest.raises(UnusableStateError, match="storage slots"):
                read_tricrypto_ng(LiveReader.open(client), stand.pool)
