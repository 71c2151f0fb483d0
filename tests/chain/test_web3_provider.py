"""The edge for users of web3: their objects, our transport."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from eth_utils import to_checksum_address

from chain_world import FAST, PAIRS, ChainWorld
from fault_proxy import Exchange, FaultProxy
from oracles.chain.client import Client
from oracles.chain.errors import ChainError, WrongChainError

pytestmark = pytest.mark.node
ABI: list[Any] = [
    {
        "name": "latestRoundData",
        "type": "function",
        "stateMutability": "view",
        "inputs": [],
        "outputs": [
            {"name": "", "type": kind} for kind in ("uint80", "int256", "uint256", "uint256", "uint80")
        ],
    }
]


def contracts(world: ChainWorld, client: Client) -> tuple[Any, list[Any]]:
    from oracles.chain.web3_provider import web3_of

    w3 = web3_of(client)
    found = [w3.eth.contract(address=to_checksum_address(world.proxies[pair]), abi=ABI) for pair in PAIRS]
    return w3, found


def test_contract_objects_read_with_one_request_each(
    world: ChainWorld, proxy_of: Callable[..., FaultProxy]
) -> None:
    proxy = proxy_of(world.node.url)
    with Client([proxy.url], chain_id=1, policy=FAST) as client:
        w3, found = contracts(world, client)
        assert w3.is_connected()
        before = proxy.requests
        answers = [contract.functions.latestRoundData().call()[1] for contract in found]
        assert proxy.requests - before == len(PAIRS)
    assert answers == [world.answers[pair] for pair in PAIRS]


def test_a_batch_that_lacks_an_answer_gives_no_value(
    world: ChainWorld, proxy_of: Callable[..., FaultProxy]
) -> None:
    def drop_one(exchange: Exchange) -> None:
        found = exchange.answers()
        exchange.send_json(found[:3] + found[4:] if isinstance(found, list) and len(found) > 4 else found)

    proxy = proxy_of(world.node.url)
    with Client([proxy.url], chain_id=1, policy=FAST) as client:
        w3, found = contracts(world, client)
        for fault in (None, drop_one):
            if fault is not None:
                proxy.fault = fault
            with w3.batch_requests() as batch:
                for contract in found:
                    batch.add(contract.functions.latestRoundData())
                if fault is None:
                    assert [item[1] for item in batch.execute()] == [world.answers[pair] for pair in PAIRS]
                else:
                    with pytest.raises(ChainError):
                        batch.execute()


def test_another_chain_and_reverts_are_told(world: ChainWorld) -> None:
    from web3.exceptions import ContractLogicError

    with Client([world.node.url], chain_id=10, policy=FAST) as client:
        _, found = contracts(world, client)
        with pytest.raises(WrongChainError):
            found[0].functions.latestRoundData().call()
    canned = world.canned()
    with Client([world.node.url], chain_id=1, policy=FAST) as client:
        w3, _ = contracts(world, client)
        contract = w3.eth.contract(address=to_checksum_address(canned), abi=ABI)
        with pytest.raises(ContractLogicError, match="not taught"):
            contract.functions.latestRoundData().call()
