"""Readers of pools and vaults: real contracts where they can be had, else taught ones."""

from __future__ import annotations

from functools import partial

import pytest
from eth_abi import decode

from chain_world import ChainWorld, teach
from contracts_abi.families import erc20, erc4626, uniswap_v4
from evm_chains import AnvilChain
from oracles.chain.client import Client
from oracles.chain.errors import UnusableStateError
from oracles.chain.live import sources_of
from oracles.chain.live_pools import uniswap_v4_spot, vault
from oracles.chain.live_view import read_view
from oracles.chain.reader import LiveReader, run_plan
from oracles.chain.readers.uniswap_v4 import parse_pool
from oracles.chain.readers.venues import read_uniswap_v2, read_uniswap_v3, read_vault, read_whole_vault
from oracles.node import read
from protocol.errors import ZeroAmountError
from protocol.venues.uniswap_v3.oracle_library import consult
from real_vaults import KINDS, RealVault
from twins import Operation
from uniswap_v2_twins import PairTwins
from uniswap_v3_twins import PoolTwins
from workbench import call_data

pytestmark = pytest.mark.node


def test_v2_pair_gives_the_contracts_next_answers(world: ChainWorld, client: Client) -> None:
    twins = PairTwins(AnvilChain(world.node))
    for operation in (
        Operation("fee", (1,)),
        Operation("mint", (10**20, 3 * 10**20)),
        Operation("wait", (100,)),
        Operation("swap", (0, 10**18)),
        Operation("donate", (7, 9)),
    ):
        twins.apply(operation)
    pair = twins.pair
    model = run_plan(LiveReader.open(client), read_uniswap_v2(pair))
    mine, real = model.to_state(), twins.model.to_state()
    for name in mine:
        if name not in {"token0", "token1", "fee_shares"}:
            assert mine[name] == real[name], name
    assert model.quote(model.token0, model.token1, 10**15) == twins.model.quote(
        twins.model.token0, twins.model.token1, 10**15
    )


def test_v3_pool_is_read_whole(world: ChainWorld, client: Client) -> None:
    twins = PoolTwins(AnvilChain(world.node))
    for operation in (
        Operation("initialise", (1 << 96,)),
        Operation("mint", (0, -600, 600, 10**20, 0, 0)),
        Operation("mint", (1, -6000, 3000, 10**19, 0, 0)),
        Operation("wait", (60,)),
        Operation("swap", (1, 10**17, 4295128740, 0)),
        Operation("grow", (5,)),
        Operation("wait", (60,)),
        Operation("swap", (0, 10**18, (1 << 96) * 2, 0)),
    ):
        twins.apply(operation)
    pool = run_plan(LiveReader.open(client), read_uniswap_v3(twins.pool))
    mine, real = pool.to_state(), twins.model.to_state()
    for name in mine:
        if name not in {"token0", "token1", "positions"}:
            assert mine[name] == real[name], name
    assert pool.quote(pool.token0, pool.token1, 10**16) == twins.model.quote("token0", "token1", 10**16)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("assets", "shares"), [(0, 0), (7, 0), (10**18, 10**18), (5 * 10**24 + 7, 3 * 10**24)]
)
def test_vault_finds_its_conversion(
    kind: str, world: ChainWorld, client: Client, assets: int, shares: int
) -> None:
    real = RealVault(world, kind)
    real.fill(assets, shares)
    model = run_plan(LiveReader.open(client), read_whole_vault(real.address))
    assert (model.total_assets, model.total_supply, model.asset) == (assets, shares, real.token)
    assert model.refuse_nothing is (kind == "solmate")
    assert model.virtual_shares == (0 if KINDS[kind] is None else 10 ** KINDS[kind])
    share = 10 ** real.figure("decimals()")
    for amount in (0, 1, share, 123_456_789_012_345_678_901):
        for question, answer in (
            ("convertToAssets", model.to_assets_down),
            ("convertToShares", model.to_shares_down),
            ("previewDeposit", model.to_shares_down),
            ("previewMint", model.to_assets_up),
            ("previewWithdraw", model.to_shares_up),
            ("previewRedeem", model.to_assets_down),
        ):
            assert answer(amount) == real.figure(f"{question}(uint256)", amount), question
    live = read_view(LiveReader.open(client), [vault("v", real.address)])
    assert read(live.nodes["v"], live.view).value == model.to_assets_down(share)


@pytest.mark.parametrize("kind", KINDS)
def test_a_vaults_next_states_are_the_contracts(kind: str, world: ChainWorld, client: Client) -> None:
    real = RealVault(world, kind, decimals=6)
    real.do("deposit", 10**9)
    real.donate(123_456_789)
    model = run_plan(LiveReader.open(client), read_whole_vault(real.address))
    steps = [
        ("deposit", 7_654_321),
        ("mint", 987_654_321),
        ("donate", 55_555),
        ("withdraw", 1_000_003),
        ("redeem", 7_000_001),
        ("deposit", 1),
    ]
    refused = 0
    for action, amount in steps:
        try:
            after = getattr(model, action)(amount)
        except ZeroAmountError:
            assert "ZERO_SHARES" in real.refusal(action, amount)
            refused += 1
            continue
        (real.donate if action == "donate" else partial(real.do, action))(amount)
        model = after if action == "donate" else after[1]
        figures = real.figure("totalAssets()"), real.figure("totalSupply()")
        assert (model.total_assets, model.total_supply) == figures, action
    assert refused == (kind == "solmate")
    again = run_plan(LiveReader.open(client), read_whole_vault(real.address))
    assert again == model


def test_vault_of_an_unknown_rule_is_refused(world: ChainWorld, client: Client) -> None:
    token, address = world.token(), world.canned()
    teach(world, address, erc4626.ASSET, [token])
    teach(world, address, erc4626.TOTAL_ASSETS, [10**18])
    teach(world, address, erc4626.TOTAL_SUPPLY, [10**18])
    teach(world, address, erc20.DECIMALS, [18])
    for shares in (10**18, 7 * 10**18 + 3):
        teach(world, address, erc4626.CONVERT_TO_ASSETS, [2 * shares], shares)
    with pytest.raises(UnusableStateError, match="no known rule"):
        run_plan(LiveReader.open(client), read_vault(address))


def test_spot_prices_of_pools(world: ChainWorld, client: Client) -> None:
    pool = PoolTwins(AnvilChain(world.node))
    pool.apply(Operation("initialise", (3 << 96,)))  # the square root of 9
    manager, pool_id = world.canned(), b"\x21" * 32
    teach(world, manager, uniswap_v4.GET_SLOT0, [3 << 96, 0, 0, 0], pool_id)
    teach(world, manager, uniswap_v4.GET_LIQUIDITY, [10**18], pool_id)
    sources = [
        *sources_of(1, f"uniswap-v3:{pool.pool}"),
        uniswap_v4_spot("v4", manager, parse_pool(f"0x{pool_id.hex()}:18:6")),
    ]
    live = read_view(LiveReader.open(client), sources)
    assert not live.failures
    assert [read(node, live.view).price for node in live.nodes.values()] == [9, 9 * 10**12]
    teach(world, manager, uniswap_v4.GET_SLOT0, [0, 0, 0, 0], pool_id)
    empty = read_view(LiveReader.open(client), sources[1:])
    assert isinstance(empty.failures["v4"], UnusableStateError)


def test_a_mean_price_is_the_pools_own(world: ChainWorld, client: Client) -> None:
    twins = PoolTwins(AnvilChain(world.node))
    for operation in (
        Operation("initialise", (3 << 96,)),
        Operation("grow", (20,)),
        Operation("mint", (0, 18_000, 24_000, 10**20, 0, 0)),
        Operation("wait", (60,)),
        Operation("swap", (1, 10**19, (1 << 96) * 28 // 10, 0)),
        Operation("wait", (300,)),
        Operation("swap", (0, 10**18, (1 << 96) * 9, 0)),
        Operation("wait", (60,)),
        Operation("swap", (0, 10**18, (1 << 96) * 9, 0)),
    ):
        twins.apply(operation)
    reader = LiveReader.open(client)
    for window in (1, 59, 301, 400):
        (source,) = sources_of(1, f"uniswap-v3-twap:{twins.pool}:{window}")
        live = read_view(reader, [source])
        assert not live.failures, live.failures
        kinds = ["int56[]", "uint160[]"]
        answer = world.call(twins.pool, call_data("observe(uint32[])", [window, 0]))
        before, now = decode(kinds, answer)[0]
        tick, _ = consult(twins.model, window, time=reader.block.timestamp)
        assert tick == (now - before) // window
        price = float(read(live.nodes[source.name], live.view).price)
        assert price == pytest.approx(1.0001**tick, rel=1e-9)
    live = read_view(reader, sources_of(1, f"uniswap-v3-twap:{twins.pool}:100000"))
    assert "OLD" in str(next(iter(live.failures.values())))
