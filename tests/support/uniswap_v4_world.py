"""The real Uniswap V4 (PoolManager, StateView, PositionManager) at its mainnet addresses, and pools in it."""

from __future__ import annotations

from eth_abi import encode

from chain_contracts import place
from chain_world import ChainWorld
from contracts_abi.deployments import addresses
from evm_chains import AnvilChain, Workbench
from local_tools import creation_code
from oracles.chain.readers.uniswap_v4 import NATIVE, PoolKey
from pinned_packages import UNISWAP_V4_CORE, UNISWAP_V4_PERIPHERY
from workbench import Call, call_data, selector

KEY = "(address,address,uint24,int24,address)"
FOREVER = (1 << 256) - 1
MINT_POSITION, SETTLE_PAIR = 0x02, 0x0D
LOWEST_ROOT = 4295128739
HIGHEST_ROOT = 1461446703485210103287273052203988822378723970342


def _core(name: str) -> bytes:
    return creation_code(UNISWAP_V4_CORE, f"out/{name}.sol/{name}.json")


def _periphery(name: str) -> bytes:
    return creation_code(UNISWAP_V4_PERIPHERY, f"foundry-out/{name}.sol/{name}.json")


class UniswapV4World:
    """Attributes: ``manager``, ``view``, ``positions`` (addresses), ``tokens`` (in order), ``bench``."""

    def __init__(self, world: ChainWorld) -> None:
        self.world = world
        known = addresses(1, "uniswap_v4")
        rpc, account = world.rpc, world.account
        self.manager = place(
            rpc, account, known["pool_manager"], _core("PoolManager") + encode(["address"], [account])
        )
        self.view = place(
            rpc, account, known["state_view"], _periphery("StateView") + encode(["address"], [self.manager])
        )
        settings = [self.manager, NATIVE, 300_000, NATIVE, NATIVE]
        self.positions = place(
            rpc,
            account,
            known["position_manager"],
            _periphery("PositionManager")
            + encode(["address", "address", "uint256", "address", "address"], settings),
        )
        self.chain = AnvilChain(world.node)
        self.bench = Workbench(self.chain)
        self.tokens = sorted(
            (self.bench.token(decimals=places) for places in (18, 6)), key=lambda a: int(a, 16)
        )
        make = encode(["address"], [self.manager])
        self._liquidity = world.deploy(_core("PoolModifyLiquidityTest") + make)
        self._swaps = world.deploy(_core("PoolSwapTest") + make)
        for router in (self._liquidity, self._swaps):
            approve = call_data("approve(address,uint256)", router, FOREVER)
            self._run(*(Call(token, approve) for token in self.tokens))

    def _run(self, *calls: Call) -> None:
        """Run calls through the trader, not before the newest block: others make blocks here too."""
        self.chain.set_time(max(self.chain.time, self.world.now))
        self.bench.run(*calls)

    def initialise(self, key: PoolKey, root: int) -> None:
        name = f"initialize({KEY},uint160)"
        self.world.send(self.manager, selector(name) + encode([KEY, "uint160"], [_tuple(key), root]))

    def add(self, key: PoolKey, lower: int, upper: int, liquidity: int) -> None:
        """Add liquidity in the trader's name."""
        change = "(int24,int24,int256,bytes32)"
        name = f"modifyLiquidity({KEY},{change},bytes)"
        values = [_tuple(key), (lower, upper, liquidity, b"\0" * 32), b""]
        self._run(Call(self._liquidity, selector(name) + encode([KEY, change, "bytes"], values)))

    def raise_price(self, key: PoolKey, root: int) -> tuple[int, int]:
        """Buy currency 0 until the square root of the price is ``root``; return (paid, received)."""
        before = [self.held(token) for token in self.tokens]
        self._swap(key, False, -(1 << 127), root)
        after = [self.held(token) for token in self.tokens]
        return after[1] - before[1], before[0] - after[0]

    def held(self, token: str) -> int:
        """Return what the manager holds of a token."""
        data = call_data("balanceOf(address)", self.manager)
        return int.from_bytes(self.world.call(token, data), "big")

    def set_protocol_fee(self, key: PoolKey, fee: int) -> None:
        """Set the protocol's fee, 12 bits for each direction, as its controller does."""
        self.world.send(self.manager, call_data("setProtocolFeeController(address)", self.world.account))
        name = f"setProtocolFee({KEY},uint24)"
        self.world.send(self.manager, selector(name) + encode([KEY, "uint24"], [_tuple(key), fee]))

    def swap_exact(self, key: PoolKey, zero_for_one: bool, amount: int) -> None:
        """Sell exactly ``amount``, without a price limit."""
        self._swap(key, zero_for_one, -amount, LOWEST_ROOT + 1 if zero_for_one else HIGHEST_ROOT - 1)

    def sell(self, key: PoolKey, amount: int) -> None:
        """Sell exactly ``amount`` of currency 0."""
        self._swap(key, True, -amount, LOWEST_ROOT + 1)

    def _swap(self, key: PoolKey, zero_for_one: bool, amount: int, limit: int) -> None:
        order, settle = "(bool,int256,uint160)", "(bool,bool)"
        name = f"swap({KEY},{order},{settle},bytes)"
        values = [_tuple(key), (zero_for_one, amount, limit), (False, False), b""]
        self._run(Call(self._swaps, selector(name) + encode([KEY, order, settle, "bytes"], values)))

    def mint_with_coin(self, key: PoolKey, lower: int, upper: int, liquidity: int) -> None:
        """Mint a position above the price, paid with the chain's coin alone, by the position manager."""
        most = (1 << 128) - 1
        kinds = [KEY, "int24", "int24", "uint256", "uint128", "uint128", "address", "bytes"]
        mint = encode(kinds, [_tuple(key), lower, upper, liquidity, most, most, self.world.account, b""])
        settle = encode(["address", "address"], [key.currency0, key.currency1])
        plan = encode(["bytes", "bytes[]"], [bytes([MINT_POSITION, SETTLE_PAIR]), [mint, settle]])
        data = call_data("modifyLiquidities(bytes,uint256)", plan, FOREVER)
        AnvilChain(self.world.node).send(self.positions, data, 10**20)


def _tuple(key: PoolKey) -> tuple[object, ...]:
    return (key.currency0, key.currency1, key.fee, key.tick_spacing, key.hooks)
