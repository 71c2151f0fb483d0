"""``UniswapV1Exchange`` beside the real exchange, made by the real factory."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import ClassVar

from evm_chains import Chain, Workbench
from local_tools import creation_code
from pinned_packages import UNISWAP_V2_PERIPHERY
from protocol.errors import RuleError
from protocol.venues.uniswap_v1 import UniswapV1Exchange
from twins import Operation, Twins, log_uniform, share_of
from workbench import Call, call_data, read_data

FOREVER = (1 << 256) - 1
FIGURES = ("ether_reserve", "token_reserve", "total_supply")


class ExchangeTwins(Twins):
    """Operations: ``sell_ether in``, ``sell_tokens in``, ``buy_tokens out max``, ``buy_ether out max``,
    ``add ether max_tokens``, ``remove shares``, ``donate ether tokens`` (ether by force: a plain transfer
    of ether to the exchange is a swap), ``quote side amount``.
    """

    reasons: ClassVar = {"": (RuleError,)}  # Vyper 0.1 asserts without a text

    def __init__(self, chain: Chain) -> None:
        super().__init__()
        self.chain = chain
        bench = self.bench = Workbench(chain)
        self.token = bench.token()
        template, factory = (
            chain.deploy(creation_code(UNISWAP_V2_PERIPHERY, f"build/UniswapV1{name}.json"))
            for name in ("Exchange", "Factory")
        )
        chain.send(factory, call_data("initializeFactory(address)", template))
        made = bench.run(Call(factory, call_data("createExchange(address)", self.token)))
        self.exchange = "0x" + made[-20:].hex()
        bench.run(Call(self.token, call_data("approve(address,uint256)", self.exchange, FOREVER)))
        self.model = UniswapV1Exchange("token", 0, 0)
        self._figures = read_data(
            [
                Call(bench.trader, call_data("etherOf(address)", self.exchange)),
                Call(self.token, call_data("balanceOf(address)", self.exchange)),
                Call(self.exchange, call_data("totalSupply()")),
            ]
        )

    def model_figures(self) -> Mapping[str, object]:
        return {name: getattr(self.model, name) for name in FIGURES}

    def contract_figures(self) -> Mapping[str, object]:
        # The exchange is a Vyper 0.1 forwarder, which answers with 4096 bytes whatever the function: the
        # first word counts, and the exchange stands last among the calls.
        words = self.bench.words_of(self._figures)[: len(FIGURES)]
        return dict(zip(FIGURES, words, strict=True))

    def on_model(self, operation: Operation) -> Callable[[], None]:
        exchange, a = self.model, operation.arguments
        match operation.name:
            case "sell_ether":
                _, exchange = exchange.swap("ETH", "token", a[0])
            case "sell_tokens":
                _, exchange = exchange.swap("token", "ETH", a[0])
            case "buy_tokens":
                _, exchange = exchange.swap_exact_out("ETH", "token", a[0], a[1])
            case "buy_ether":
                _, exchange = exchange.swap_exact_out("token", "ETH", a[0], a[1])
            case "add":
                _, _, exchange = exchange.add_liquidity(*a)
            case "remove":
                _, _, exchange = exchange.remove_liquidity(a[0])
            case "donate":
                exchange = exchange.donate({"ETH": a[0], "token": a[1]})
            case "quote":
                self._quoted = (exchange.quote, exchange.quote_exact_out)[a[1]](
                    *(("ETH", "token"), ("token", "ETH"))[a[0]], a[2]
                )
            case _:
                raise ValueError(operation.name)
        return lambda: setattr(self, "model", exchange)

    def on_contract(self, operation: Operation) -> None:
        a = operation.arguments
        two, three, four = (f"({','.join(['uint256'] * n)})" for n in (2, 3, 4))
        match operation.name:
            case "sell_ether":
                data, value = call_data("ethToTokenSwapInput" + two, 1, FOREVER), a[0]
            case "sell_tokens":
                data, value = call_data("tokenToEthSwapInput" + three, a[0], 1, FOREVER), 0
            case "buy_tokens":
                data, value = call_data("ethToTokenSwapOutput" + two, a[0], FOREVER), a[1]
            case "buy_ether":
                data, value = call_data("tokenToEthSwapOutput" + three, a[0], a[1], FOREVER), 0
            case "add":
                data, value = call_data("addLiquidity" + three, 1, a[1], FOREVER), a[0]
            case "remove":
                data, value = call_data("removeLiquidity" + four, a[0], 1, 1, FOREVER), 0
            case "donate":
                self._donate(*a)
                return
            case "quote":
                self._compare_quote(*a)
                return
        self.bench.run(Call(self.exchange, data, value))

    def _donate(self, ether: int, tokens: int) -> None:
        self.bench.run(
            Call(self.bench.trader, call_data("force(address)", self.exchange), ether),
            Call(self.token, call_data("transfer(address,uint256)", self.exchange, tokens)),
        )

    def _compare_quote(self, side: int, exact_out: int, amount: int) -> None:
        direction = ("EthToToken", "TokenToEth")[side]
        kind = ("Input", "Output")[exact_out]
        data = call_data(f"get{direction}{kind}Price(uint256)", amount)
        theirs, *_ = self.bench.words(Call(self.exchange, data))
        assert theirs == self._quoted, f"quote: model {self._quoted}, contract {theirs}"


NAMES = ("sell_ether", "sell_tokens", "buy_tokens", "buy_ether", "add", "remove", "donate", "quote")
WEIGHTS = (18, 18, 12, 12, 12, 10, 6, 12)


def random_operation(dice: random.Random, twins: Twins) -> Operation:
    """Choose the next operation: mostly sensible sizes, now and then absurd ones."""
    assert isinstance(twins, ExchangeTwins)
    exchange = twins.model
    ether, tokens = exchange.ether_reserve, exchange.token_reserve

    def some(whole: int, largest: float = 1.5) -> int:
        if dice.random() < 0.06:
            return log_uniform(dice, dice.choice((8, 80, 100)))
        return share_of(dice, whole, largest)

    if exchange.total_supply == 0 and dice.random() < 0.7:
        bits = dice.choice((31, 60, 90))
        return Operation("add", (log_uniform(dice, bits), log_uniform(dice, bits)))
    name = dice.choices(NAMES, WEIGHTS)[0]
    match name:
        case "sell_ether":
            return Operation(name, (some(ether),))
        case "sell_tokens":
            return Operation(name, (some(tokens),))
        case "buy_tokens" | "buy_ether":
            whole, other = (tokens, ether) if name == "buy_tokens" else (ether, tokens)
            out = some(whole, 1.02)
            bound = log_uniform(dice, 100)
            if 0 < out < whole:
                bound = max(other * out * 1000 // ((whole - out) * 997) + dice.choice((-1, 0, 1, 2, 9)), 0)
            return Operation(name, (out, bound))
        case "add":
            wei = some(ether)
            fitting = wei * tokens // ether + dice.choice((-1, 0, 1, 2, 99)) if ether else some(10**18)
            return Operation(name, (wei, max(fitting, 0)))
        case "remove":
            supply = exchange.total_supply
            return Operation(name, (supply if dice.random() < 0.05 else some(supply, 1.02),))
        case "donate":
            return Operation(name, (some(ether, 0.2) * dice.randint(0, 1), some(tokens, 0.2)))
    return Operation("quote", (dice.randint(0, 1), dice.randint(0, 1), some(ether)))
