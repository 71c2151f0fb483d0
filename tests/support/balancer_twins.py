"""``WeightedPool`` beside the real Balancer V2 vault and weighted pools of the first and third factory."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import ClassVar

from eth_abi import encode

from evm_chains import Chain, Workbench
from local_tools import creation_code
from pinned_packages import BALANCER_V2_DEPLOYMENTS
from protocol.errors import (
    InsufficientLiquidityError,
    OverflowedError,
    UnsafeValueError,
    ZeroAmountError,
)
from protocol.fixed_point import WAD
from protocol.venues.weighted_pool import MINIMUM_SHARES, WeightedPool
from twins import Operation, Twins, log_uniform, share_of
from workbench import Call, call_data, read_data, selector

TASKS = "dist/tasks/"
FIRST = TASKS + "20210418-weighted-pool/bytecode/WeightedPool.json"
THIRD = TASKS + "20230206-weighted-pool-v3/artifact/WeightedPool.json"
VAULT = TASKS + "20210418-vault/artifact/Vault.json"
PROVIDER = "ProtocolFeePercentagesProvider"
FEE_PROVIDER = f"{TASKS}20220725-protocol-fee-percentages-provider/artifact/{PROVIDER}.json"
NOBODY = "0x" + "00" * 20
FOREVER = (1 << 256) - 1

CHANGE = ["bytes32", "address", "address", "(address[],uint256[],bytes,bool)"]
SWAP = [
    "(bytes32,uint8,address,address,uint256,bytes)",
    *("(address,bool,address,bool)", "uint256", "uint256"),
]
FIRST_POOL = [
    *("address", "string", "string", "address[]", "uint256[]"),
    *("uint256", "uint256", "uint256", "address"),
]
THIRD_POOL = [
    "(string,string,address[],uint256[],address[],address[],uint256)",
    *("address", "address", "uint256", "uint256", "address", "string"),
]


def _call(name: str, types: list[str], arguments: list[object]) -> bytes:
    return selector(f"{name}({','.join(types)})") + encode(types, arguments)


class WeightedTwins(Twins):
    """Operations: ``swap i j in``, ``buy i j out``, ``initialise amounts...``, ``join amounts...``,
    ``join_single i shares``, ``join_all shares``, ``exit amounts...``, ``exit_single i shares``,
    ``exit_all shares``; amounts and shares in units, i and j are places of tokens.
    """

    reasons: ClassVar = {
        "BAL#001": (InsufficientLiquidityError,),  # subtraction
        "BAL#003": (OverflowedError,),  # multiplication
        "BAL#204": (UnsafeValueError,),  # fewer than the locked shares
        "BAL#304": (UnsafeValueError,),  # more than 30 % in
        "BAL#305": (UnsafeValueError,),  # more than 30 % out
        "BAL#306": (UnsafeValueError,),  # invariant shrinks too far
        "BAL#307": (UnsafeValueError,),  # invariant grows too far
        "BAL#311": (UnsafeValueError,),  # invariant of zero
        "BAL#406": (InsufficientLiquidityError,),  # burning shares one does not own, first factory
        "BAL#434": (InsufficientLiquidityError,),  # the same, third factory
        "BAL#510": (ZeroAmountError,),
        "BAL#526": (OverflowedError,),  # balance beyond 112 bits
    }

    def __init__(
        self, chain: Chain, weights: tuple[int, ...], decimals: tuple[int, ...], fee: int, *, third: bool
    ) -> None:
        super().__init__()
        self.chain = chain
        bench = self.bench = Workbench(chain)
        made = sorted((bench.token(decimals=places), places) for places in decimals)
        self.tokens = [token for token, _ in made]
        package = BALANCER_V2_DEPLOYMENTS
        vault = self.vault = chain.deploy(
            creation_code(package, VAULT)
            + encode(["address", "address", "uint256", "uint256"], [NOBODY, NOBODY, 0, 0])
        )
        if third:
            provider = chain.deploy(
                creation_code(package, FEE_PROVIDER)
                + encode(["address", "uint256", "uint256"], [vault, WAD // 2, WAD // 2])
            )
            nobodies = [NOBODY] * len(weights)
            parameters = ("pool", "P", self.tokens, weights, nobodies, nobodies, fee)
            code = creation_code(package, THIRD) + encode(
                THIRD_POOL, [parameters, vault, provider, 0, 0, NOBODY, "1"]
            )
        else:
            code = creation_code(package, FIRST) + encode(
                FIRST_POOL, [vault, "pool", "P", self.tokens, weights, fee, 0, 0, NOBODY]
            )
        self.third = third
        self.pool = chain.deploy(code)
        self.pool_id = chain.call(self.pool, call_data("getPoolId()"))
        approve = call_data("approve(address,uint256)", vault, FOREVER)
        bench.run(*(Call(token, approve) for token in self.tokens))
        self.names = tuple(f"token{i}" for i in range(len(weights)))
        places = tuple(d for _, d in made)
        self.model = WeightedPool(self.names, weights, (0,) * len(weights), places, fee, shortcuts=third)
        self._figures = read_data(
            [
                Call(self.pool, call_data("totalSupply()")),
                Call(vault, call_data("getPoolTokens(bytes32)", self.pool_id)),
            ]
        )

    @property
    def own_shares(self) -> int:
        """Return the shares of the trader: all but the locked ones."""
        return max(self.model.total_supply - MINIMUM_SHARES, 0)

    def model_figures(self) -> Mapping[str, object]:
        return {"total_supply": self.model.total_supply, "balances": self.model.balances}

    def contract_figures(self) -> Mapping[str, object]:
        supply, *words = self.bench.words_of(self._figures)
        return {"total_supply": supply, "balances": tuple(words[-len(self.tokens) :])}

    def on_model(self, operation: Operation) -> Callable[[], None]:
        pool, names, a = self.model, self.names, operation.arguments
        match operation.name:
            case "swap":
                _, pool = pool.swap(names[a[0]], names[a[1]], a[2])
            case "buy":
                _, pool = pool.swap_exact_out(names[a[0]], names[a[1]], a[2])
            case "initialise":
                _, pool = pool.initialise(a)
            case "join":
                _, pool = pool.join_exact(dict(zip(names, a, strict=True)))
            case "join_single":
                _, pool = pool.join_single(names[a[0]], a[1])
            case "join_all":
                _, pool = pool.join_proportional(a[0])
            case "exit":
                _, pool = pool.exit_exact(dict(zip(names, a, strict=True)))
            case "exit_single":
                _, pool = pool.exit_single(names[a[0]], a[1])
            case "exit_all":
                _, pool = pool.exit_proportional(a[0])
            case _:
                raise ValueError(operation.name)
        # The model knows no account: that the trader cannot burn the locked shares is said here.
        burned = self.model.total_supply - pool.total_supply
        if burned > self.own_shares:
            raise InsufficientLiquidityError("own shares", burned, self.own_shares)
        return lambda: setattr(self, "model", pool)

    def on_contract(self, operation: Operation) -> None:
        a = operation.arguments
        match operation.name:
            case "swap" | "buy":
                kind = 0 if operation.name == "swap" else 1
                step = (self.pool_id, kind, self.tokens[a[0]], self.tokens[a[1]], a[2], b"")
                me = self.bench.trader
                limit = FOREVER if kind else 0
                data = _call("swap", SWAP, [step, (me, False, me, False), limit, FOREVER])
            case "initialise":
                data = self._change("joinPool", ["uint256", "uint256[]"], [0, a])
            case "join":
                data = self._change("joinPool", ["uint256", "uint256[]", "uint256"], [1, a, 0])
            case "join_single":
                data = self._change("joinPool", ["uint256", "uint256", "uint256"], [2, a[1], a[0]])
            case "join_all":
                data = self._change("joinPool", ["uint256", "uint256"], [3, a[0]])
            case "exit":
                data = self._change("exitPool", ["uint256", "uint256[]", "uint256"], [2, a, FOREVER])
            case "exit_single":
                data = self._change("exitPool", ["uint256", "uint256", "uint256"], [0, a[1], a[0]])
            case "exit_all":
                data = self._change("exitPool", ["uint256", "uint256"], [1, a[0]])
        self.bench.run(Call(self.vault, data))

    def _change(self, name: str, types: list[str], arguments: list[object]) -> bytes:
        limits = [FOREVER if name == "joinPool" else 0] * len(self.tokens)
        request = (self.tokens, limits, encode(types, arguments), False)
        me = self.bench.trader
        return _call(name, CHANGE, [self.pool_id, me, me, request])


NAMES = ("swap", "buy", "join", "join_single", "join_all", "exit", "exit_single", "exit_all")
WEIGHTS = (30, 24, 10, 8, 5, 8, 8, 5)


def random_pool(dice: random.Random, chain: Chain) -> WeightedTwins:
    """Return a pool of two to four tokens with drawn weights, decimals, fee and size."""
    count = dice.choice((2, 2, 3, 4))
    if dice.random() < 0.4:
        weights = [WAD // count] * count  # round weights, where exponents may be 1, 2 or 4
    else:
        weights = [dice.randint(WAD // 100, WAD // count) for _ in range(count)]
    weights[0] = WAD - sum(weights[1:])
    decimals = tuple(dice.choice((18, 18, 8, 6)) for _ in range(count))
    fee = dice.choice((10**12, 3 * 10**15, 10**17, dice.randint(10**12, 10**17)))
    twins = WeightedTwins(chain, tuple(weights), decimals, fee, third=dice.random() < 0.6)
    bits = dice.choice((24, 60, 84))
    for _ in range(8):
        amounts = tuple(
            log_uniform(dice, bits) // 10 ** (0 if bits == 24 else 18 - places)
            for places in twins.model.decimals
        )
        if twins.apply(Operation("initialise", amounts)):
            break
    return twins


def random_operation(dice: random.Random, twins: Twins) -> Operation:
    """Choose the next operation: mostly sensible sizes, now and then absurd ones."""
    assert isinstance(twins, WeightedTwins)
    pool, count = twins.model, len(twins.tokens)

    def some(whole: int, largest: float) -> int:
        if dice.random() < 0.04:
            return log_uniform(dice, 110)
        return max(share_of(dice, whole, largest), dice.choice((0, 1, 1, 2)))

    name = dice.choices(NAMES, WEIGHTS)[0]
    if not pool.total_supply:
        amounts = tuple(log_uniform(dice, 80) for _ in range(count))
        return Operation("initialise", amounts)
    i, j = dice.sample(range(count), 2)
    shares = min(some(twins.own_shares, 0.4), twins.own_shares)
    match name:
        case "swap":
            return Operation(name, (i, j, some(pool.balances[i], 0.33)))
        case "buy":
            return Operation(name, (i, j, some(pool.balances[j], 0.33)))
        case "join":
            return Operation(name, tuple(some(b, 1.0) * dice.randint(0, 1) for b in pool.balances))
        case "exit":
            return Operation(name, tuple(some(b, 0.3) * dice.randint(0, 1) for b in pool.balances))
        case "join_single":
            return Operation(name, (i, some(pool.total_supply, 2.5)))
        case "exit_single":
            return Operation(name, (i, shares))
        case "join_all" if twins.third:
            return Operation(name, (some(pool.total_supply, 1.0),))
    return Operation("exit_all", (shares,))
