"""``UniswapV2Pair`` beside the real pair, factory and router."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import ClassVar

from eth_abi import encode

from evm_chains import Chain, Workbench
from local_tools import creation_code
from pinned_packages import UNISWAP_V2_CORE, UNISWAP_V2_PERIPHERY
from protocol.errors import (
    InsufficientLiquidityError,
    InvariantError,
    NegativeAmountError,
    OverflowedError,
    UninitialisedPoolError,
    ZeroAmountError,
)
from protocol.venues.uniswap_v2 import UniswapV2Pair
from twins import Operation, Twins, log_uniform, share_of
from workbench import Call, call_data, read_data, script, selector

COLLECTOR = "0x" + "fe" * 20
NOBODY = "0x" + "00" * 20
FOREVER = (1 << 256) - 1
FIGURES = (
    *("reserve0", "reserve1", "time_last", "balance0", "balance1", "total_supply"),
    *("price0_cumulative", "price1_cumulative", "k_last", "fee_shares"),
)
ROUTED = "(uint256,uint256,address[],address,uint256)"


class PairTwins(Twins):
    """Operations (arguments are units unless said otherwise).

    ``wait seconds``; ``fee on``; ``donate 0 1``; ``swap side in`` and ``buy side out`` through the router
    (side: which token is sold); ``take out0 out1 before0 before1 inside0 inside1`` is the pair's own
    swap, paid before the call and inside its callback; ``mint 0 1``; ``burn shares``; ``skim``; ``sync``.
    """

    reasons: ClassVar = {
        "UniswapV2: K": (InvariantError,),
        "UniswapV2: INSUFFICIENT_OUTPUT_AMOUNT": (ZeroAmountError,),
        "UniswapV2: INSUFFICIENT_INPUT_AMOUNT": (ZeroAmountError,),
        "UniswapV2: INSUFFICIENT_LIQUIDITY": (InsufficientLiquidityError,),
        "UniswapV2: INSUFFICIENT_LIQUIDITY_MINTED": (ZeroAmountError,),
        "UniswapV2: INSUFFICIENT_LIQUIDITY_BURNED": (ZeroAmountError,),
        "UniswapV2: OVERFLOW": (OverflowedError,),
        "UniswapV2Library: INSUFFICIENT_INPUT_AMOUNT": (ZeroAmountError,),
        "UniswapV2Library: INSUFFICIENT_OUTPUT_AMOUNT": (ZeroAmountError,),
        "UniswapV2Library: INSUFFICIENT_LIQUIDITY": (UninitialisedPoolError,),
        "ds-math-sub-underflow": (NegativeAmountError, InsufficientLiquidityError),
        # Divisions by zero: shares of an empty pair; the library asked for the whole reserve.
        "": (ZeroAmountError, InsufficientLiquidityError),
        # The library multiplies before it looks at the reserve, so an absurd output overflows first.
        "ds-math-mul-overflow": (OverflowedError, InsufficientLiquidityError),
    }

    def __init__(self, chain: Chain) -> None:
        super().__init__()
        self.chain = chain
        bench = self.bench = Workbench(chain)
        tokens = self.tokens = bench.sorted_tokens()
        core, periphery = UNISWAP_V2_CORE, UNISWAP_V2_PERIPHERY
        self.factory = chain.deploy(
            creation_code(core, "build/UniswapV2Factory.json") + encode(["address"], [bench.trader])
        )
        self.router = chain.deploy(
            creation_code(periphery, "build/UniswapV2Router02.json")
            + encode(["address", "address"], [self.factory, NOBODY])
        )
        made = bench.run(Call(self.factory, call_data("createPair(address,address)", *tokens)))
        self.pair = "0x" + made[-20:].hex()
        approve = call_data("approve(address,uint256)", self.router, FOREVER)
        bench.run(*(Call(token, approve) for token in tokens))
        self.model = UniswapV2Pair("token0", "token1", 0, 0)
        here = call_data("balanceOf(address)", self.pair)
        self._figures = read_data(
            [
                Call(self.pair, call_data("getReserves()")),
                Call(tokens[0], here),
                Call(tokens[1], here),
                Call(self.pair, call_data("totalSupply()")),
                Call(self.pair, call_data("price0CumulativeLast()")),
                Call(self.pair, call_data("price1CumulativeLast()")),
                Call(self.pair, call_data("kLast()")),
                Call(self.pair, call_data("balanceOf(address)", COLLECTOR)),
            ]
        )

    @property
    def own_shares(self) -> int:
        """Return the LP tokens of the trader: all but the locked ones and the protocol's."""
        return max(self.model.total_supply - 1000 - self.model.fee_shares, 0)

    def model_figures(self) -> Mapping[str, object]:
        return {name: getattr(self.model, name) for name in FIGURES}

    def contract_figures(self) -> Mapping[str, object]:
        return dict(zip(FIGURES, self.bench.words_of(self._figures), strict=True))

    def on_model(self, operation: Operation) -> Callable[[], None]:
        pair, time, a = self.model, self.chain.time, operation.arguments
        names = ("token0", "token1")

        def both(amount0: int, amount1: int) -> Mapping[str, int]:
            return {"token0": amount0, "token1": amount1}

        match operation.name:
            case "wait":
                self.chain.set_time(time + a[0])
            case "fee":
                pair = replace(pair, fee_on=bool(a[0]))
            case "donate":
                pair = pair.donate(both(*a))
            case "swap":
                _, pair = pair.swap(names[a[0]], names[1 - a[0]], a[1], time=time)
            case "buy":
                _, pair = pair.swap_exact_out(names[a[0]], names[1 - a[0]], a[1], time=time)
            case "take":
                pair = pair.donate(both(*a[2:4]))
                pair = pair.swap_out(a[0], a[1], paid_in_callback=both(*a[4:6]), time=time)
            case "mint":
                _, pair = pair.donate(both(*a)).mint(time=time)
            case "burn":
                _, _, pair = pair.burn(a[0], time=time)
            case "skim":
                _, _, pair = pair.skim()
            case "sync":
                pair = pair.sync(time=time)
            case _:
                raise ValueError(operation.name)
        return lambda: setattr(self, "model", pair)

    def on_contract(self, operation: Operation) -> None:
        a, me = operation.arguments, self.bench.trader
        match operation.name:
            case "wait":
                return
            case "fee":
                collector = COLLECTOR if a[0] else NOBODY
                calls = [Call(self.factory, call_data("setFeeTo(address)", collector))]
            case "donate":
                calls = self._pay(*a)
            case "swap":
                calls = [self._routed("swapExactTokensForTokens", a[1], 0, a[0])]
            case "buy":
                calls = [self._routed("swapTokensForExactTokens", a[1], FOREVER, a[0])]
            case "take":
                inside = script(self._pay(*a[4:6])) if any(a[4:6]) else b""
                data = call_data("swap(uint256,uint256,address,bytes)", a[0], a[1], me, inside)
                calls = [*self._pay(*a[2:4]), Call(self.pair, data)]
            case "mint":
                calls = [*self._pay(*a), Call(self.pair, call_data("mint(address)", me))]
            case "burn":
                calls = [
                    Call(self.pair, call_data("transfer(address,uint256)", self.pair, a[0])),
                    Call(self.pair, call_data("burn(address)", me)),
                ]
            case "skim":
                calls = [Call(self.pair, call_data("skim(address)", me))]
            case _:
                calls = [Call(self.pair, call_data("sync()"))]
        self.bench.run(*calls)

    def _pay(self, amount0: int, amount1: int) -> list[Call]:
        return [
            Call(token, call_data("transfer(address,uint256)", self.pair, amount))
            for token, amount in zip(self.tokens, (amount0, amount1), strict=True)
            if amount
        ]

    def _routed(self, name: str, amount: int, bound: int, side: int) -> Call:
        path = [self.tokens[side], self.tokens[1 - side]]
        arguments = [amount, bound, path, self.bench.trader, FOREVER]
        types = ROUTED[1:-1].split(",")
        return Call(self.router, selector(name + ROUTED) + encode(types, arguments))


NAMES = ("wait", "fee", "donate", "swap", "buy", "take", "mint", "burn", "skim", "sync")
WEIGHTS = (18, 3, 8, 22, 12, 22, 9, 7, 3, 4)


def random_operation(dice: random.Random, twins: Twins) -> Operation:
    """Choose the next operation: mostly sensible sizes, now and then absurd ones."""
    assert isinstance(twins, PairTwins)
    pair = twins.model
    if pair.total_supply == 0 and dice.random() < 0.7:
        bits = dice.choice((12, 40, 80, 111))
        return Operation("mint", (log_uniform(dice, bits), log_uniform(dice, bits)))

    def some(whole: int, largest: float = 1.5) -> int:
        if dice.random() < 0.06:
            return log_uniform(dice, dice.choice((8, 113, 160)))
        return share_of(dice, whole, largest)

    side = dice.randint(0, 1)
    reserves = (pair.reserve0, pair.reserve1)
    name = dice.choices(NAMES, WEIGHTS)[0]
    match name:
        case "wait":
            return Operation(name, (dice.choice((0, 1, 12, 3600, log_uniform(dice, 33))),))
        case "fee":
            return Operation(name, (dice.randint(0, 1),))
        case "donate":
            return Operation(name, (some(reserves[0], 0.2) * side, some(reserves[1], 0.2) * (1 - side)))
        case "swap":
            return Operation(name, (side, some(reserves[side])))
        case "buy":
            return Operation(name, (side, some(reserves[1 - side], 1.02)))
        case "take":
            return _random_take(dice, pair, some)
        case "mint":
            part = some(1_000_000)
            extra = dice.choice((0, 0, some(reserves[1], 0.1)))
            return Operation(name, (reserves[0] * part // 1_000_000, reserves[1] * part // 1_000_000 + extra))
        case "burn":
            return Operation(name, (min(some(twins.own_shares, 1.0), twins.own_shares),))
    return Operation(name)


def _random_take(dice: random.Random, pair: UniswapV2Pair, some: Callable[..., int]) -> Operation:
    """Take outputs and pay about what k demands, one unit less or more included."""
    outs = [some(pair.reserve0, 0.9), some(pair.reserve1, 0.9)]
    if dice.random() < 0.8:
        outs[dice.randint(0, 1)] = 0
    pay_in = dice.randint(0, 1)
    other = outs[1 - pay_in]
    reserve_in, reserve_out = (pair.reserve0, pair.reserve1)[:: 1 if pay_in == 0 else -1]
    need = some(reserve_in, 0.2)
    if 0 < other < reserve_out and dice.random() < 0.9:
        exact = reserve_in * other * 1000 // ((reserve_out - other) * 997)
        need = exact + outs[pay_in] * 1000 // 997 + dice.choice((-1, 0, 0, 1, 1, 2))
    elif dice.random() < 0.8:
        need = outs[pay_in] * 1000 // 997 + dice.choice((-1, 0, 1, 1))
    need = max(need, 0)
    before = dice.choice((0, need, dice.randint(0, need)))
    paid = [0, 0, 0, 0]
    paid[pay_in], paid[2 + pay_in] = before, need - before
    return Operation("take", (*outs, *paid))
