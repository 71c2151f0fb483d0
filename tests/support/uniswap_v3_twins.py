"""``UniswapV3Pool`` beside the real pool, made by the real factory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from eth_abi import encode
from eth_utils import keccak

from evm_chains import Chain, Workbench
from local_tools import creation_code
from pinned_packages import UNISWAP_V3_CORE
from protocol.errors import (
    AlreadyInitialisedError,
    DivisionByZeroError,
    InsufficientLiquidityError,
    NegativeAmountError,
    NoPositionError,
    ObservationTooOldError,
    OverflowedError,
    PriceLimitError,
    TickRangeError,
    UnderpaidError,
    UninitialisedPoolError,
    UnsafeValueError,
    ZeroAmountError,
)
from protocol.venues.uniswap_v3.pool import UniswapV3Pool
from protocol.venues.uniswap_v3.state import Position, PositionKey
from twins import Operation, Twins
from workbench import Call, call_data, read_data, run_data, selector, workbench_code

CONTRACTS = "artifacts/contracts/{0}.sol/{0}.json"
WORD = 1 << 256
SLOT0 = ("sqrt_price_x96", "tick", "index", "cardinality", "cardinality_next", "fee_protocol", "unlocked")
POOL = (
    *SLOT0,
    *("liquidity", "fee_growth_global0", "fee_growth_global1", "protocol_fees0", "protocol_fees1"),
    *("balance0", "balance1"),
)
TICK = (
    *("gross", "net", "fee_growth_outside0", "fee_growth_outside1", "tick_cumulative_outside"),
    *("seconds_per_liquidity_outside", "seconds_outside", "initialised"),
)
OBSERVATION = ("time", "tick_cumulative", "seconds_per_liquidity", "initialised")


class PoolTwins(Twins):
    """Operations; ``extra`` arguments are units paid beyond (or, negative, below) what is owed.

    ``wait seconds``; ``initialise price``; ``mint owner lower upper liquidity extra0 extra1``; ``burn owner
    lower upper liquidity``; ``collect owner lower upper asked0 asked1``; ``swap zero_for_one amount limit
    extra``; ``flash 0 1 extra0 extra1``; ``grow cardinality``; ``protocol_fee divisor0 divisor1``;
    ``collect_protocol asked0 asked1``; ``donate 0 1``; ``observe ago...``; ``inside lower upper``.
    """

    reasons: ClassVar = {
        "AI": (AlreadyInitialisedError,),
        "AS": (ZeroAmountError,),
        "F0": (UnderpaidError,),
        "F1": (UnderpaidError,),
        "I": (UninitialisedPoolError,),
        "IIA": (UnderpaidError,),
        "L": (InsufficientLiquidityError,),
        # The contract looks at the spacing last, the model first; so too at LS and NP.
        "LA": (OverflowedError, TickRangeError),
        "LO": (UnsafeValueError, TickRangeError),
        "LOK": (UninitialisedPoolError,),
        "LS": (InsufficientLiquidityError, TickRangeError),
        "M0": (UnderpaidError,),
        "M1": (UnderpaidError,),
        "NP": (NoPositionError, TickRangeError),
        "OLD": (ObservationTooOldError,),
        "R": (UnsafeValueError, PriceLimitError),
        "SPL": (PriceLimitError,),
        "TF": (InsufficientLiquidityError,),
        "TLM": (TickRangeError,),
        "TLU": (TickRangeError,),
        "TUM": (TickRangeError,),
        # Conditions without a text: zero liquidity, spacing, divisor, casts, checked sums, mulDiv.
        "": (
            *(DivisionByZeroError, InsufficientLiquidityError, NegativeAmountError, OverflowedError),
            *(TickRangeError, UninitialisedPoolError, UnsafeValueError, ZeroAmountError),
        ),
    }

    def __init__(self, chain: Chain, fee: int = 3000, spacing: int = 60) -> None:
        super().__init__()
        self.chain = chain
        bench = self.bench = Workbench(chain)
        self.tokens = bench.sorted_tokens()
        self.owners = (bench.trader, chain.deploy(workbench_code("Trader")))
        self.factory = chain.deploy(creation_code(UNISWAP_V3_CORE, CONTRACTS.format("UniswapV3Factory")))
        chain.send(self.factory, call_data("setOwner(address)", bench.trader))
        if (fee, spacing) not in ((500, 10), (3000, 60), (10_000, 200)):
            enable = call_data("enableFeeAmount(uint24,int24)", fee, spacing)
            bench.run(Call(self.factory, enable))
        create = call_data("createPool(address,address,uint24)", *self.tokens, fee)
        self.pool = "0x" + bench.run(Call(self.factory, create))[-20:].hex()
        self.model = UniswapV3Pool.create("token0", "token1", fee, spacing)
        self.moved: tuple[int, ...] | None = None
        self.ticks: set[int] = set()
        self.keys: set[PositionKey] = set()
        self._reading: tuple[tuple[int, int, int], bytes, list[str]] = ((-1, -1, -1), b"", [])

    # What is compared

    def _structure(self) -> tuple[bytes, list[str]]:
        """Return the encoded reads and their names; made anew when ticks, positions or slots are added."""
        slots = self.model.observations.cardinality_next + 2
        shape = (len(self.ticks), len(self.keys), slots)
        if self._reading[0] == shape:
            return self._reading[1:]
        pool, here = self.pool, call_data("balanceOf(address)", self.pool)
        calls = [Call(pool, call_data(name + "()")) for name in ("slot0", "liquidity")]
        calls += [Call(pool, call_data(f"feeGrowthGlobal{side}X128()")) for side in (0, 1)]
        calls += [Call(pool, call_data("protocolFees()")), *(Call(token, here) for token in self.tokens)]
        names = list(POOL)
        for tick in sorted(self.ticks):
            calls.append(Call(pool, call_data("ticks(int24)", tick)))
            names += [f"tick {tick} {name}" for name in TICK]
        for word in self._bitmap_words():
            calls.append(Call(pool, call_data("tickBitmap(int16)", word)))
            names.append(f"bitmap {word}")
        for key in sorted(self.keys):
            packed = bytes.fromhex(key.owner[2:]) + b"".join(
                tick.to_bytes(3, "big", signed=True) for tick in key[1:]
            )
            calls.append(Call(pool, call_data("positions(bytes32)", keccak(packed))))
            names += [f"position {key} {name}" for name in Position._fields]
        for slot in range(slots):
            calls.append(Call(pool, call_data("observations(uint256)", slot)))
            names += [f"observation {slot} {name}" for name in OBSERVATION]
        self._reading = (shape, read_data(calls), names)
        return self._reading[1:]

    def _bitmap_words(self) -> list[int]:
        return sorted({tick // self.model.tick_spacing >> 8 for tick in self.ticks})

    def model_figures(self) -> Mapping[str, object]:
        model, (_, names) = self.model, self._structure()
        values: list[int] = [
            *(*model.slot0, model.liquidity),
            *(model.fee_growth_global0_x128, model.fee_growth_global1_x128),
            *(*model.protocol_fees, model.balance0, model.balance1),
        ]
        for tick in sorted(self.ticks):
            values += model.ticks.at(tick)
        bitmap = model.tick_bitmap
        values += [bitmap.get(word, 0) for word in self._bitmap_words()]
        for key in sorted(self.keys):
            values += model.positions.get(key, Position())
        for slot in range(model.observations.cardinality_next + 2):
            values += model.observations.at(slot)
        return dict(zip(names, (value % WORD for value in values), strict=True))

    def contract_figures(self) -> Mapping[str, object]:
        encoded, names = self._structure()
        return dict(zip(names, self.bench.words_of(encoded), strict=True))

    # What is done

    def on_model(self, operation: Operation) -> Callable[[], None]:
        pool, time, a = self.model, self.chain.time, operation.arguments
        moved: tuple[int, ...] | None = None
        match operation.name:
            case "wait":
                self.chain.set_time(time + a[0])
            case "initialise":
                pool = pool.initialise(a[0], time=time)
            case "mint":
                owner = self.owners[a[0]]
                self._remember(owner, a[1], a[2])
                *moved, after = pool.mint(owner, *a[1:4], time=time)
                if any(a[4:6]):
                    paid = max(moved[0] + a[4], 0), max(moved[1] + a[5], 0)
                    *moved, after = pool.mint(owner, *a[1:4], paid=paid, time=time)
                pool = after
            case "burn":
                self._remember(self.owners[a[0]], a[1], a[2])
                *moved, pool = pool.burn(self.owners[a[0]], *a[1:4], time=time)
            case "collect":
                self._remember(self.owners[a[0]], a[1], a[2])
                *moved, pool = pool.collect(self.owners[a[0]], *a[1:5])
            case "swap":
                zero_for_one, amount, limit, extra = bool(a[0]), *a[1:4]
                *moved, after = pool.swap_to_limit(zero_for_one, amount, limit, time=time)
                if extra:
                    paid_in = max(moved[0 if zero_for_one else 1] + extra, 0)
                    *moved, after = pool.swap_to_limit(zero_for_one, amount, limit, paid=paid_in, time=time)
                pool = after
            case "flash":
                fees = pool.flash_fees_up(a[0], a[1])
                back = max(a[0] + fees[0] + a[2], 0), max(a[1] + fees[1] + a[3], 0)
                _, _, pool = pool.flash(a[0], a[1], returned=back)
            case "grow":
                pool = pool.increase_observation_cardinality_next(a[0])
            case "protocol_fee":
                pool = pool.set_fee_protocol(*a)
            case "collect_protocol":
                *moved, pool = pool.collect_protocol(*a)
            case "donate":
                pool = pool.donate({"token0": a[0], "token1": a[1]})
            case "observe":
                ticks, seconds = pool.observe(a, time=time)
                moved = (64, 96 + 32 * len(a), len(a), *ticks, len(a), *seconds)
            case "inside":
                moved = pool.snapshot_cumulatives_inside(*a, time=time)
            case _:
                raise ValueError(operation.name)
        self.moved = None if moved is None else tuple(moved)
        return lambda: setattr(self, "model", pool)

    def _remember(self, owner: str, lower: int, upper: int) -> None:
        self.ticks |= {lower, upper}
        self.keys.add(PositionKey(owner, lower, upper))

    def on_contract(self, operation: Operation) -> None:
        a, me, owner = operation.arguments, self.bench.trader, self.bench.trader
        match operation.name:
            case "wait":
                return
            case "initialise":
                data = call_data("initialize(uint160)", a[0])
            case "mint":
                types = "(address,int24,int24,uint128,bytes)"
                data = call_data("mint" + types, self.owners[a[0]], *a[1:4], self._payment(*a[4:6]))
            case "burn":
                owner = self.owners[a[0]]
                data = call_data("burn(int24,int24,uint128)", *a[1:4])
            case "collect":
                owner = self.owners[a[0]]
                data = call_data("collect(address,int24,int24,uint128,uint128)", me, *a[1:5])
            case "swap":
                extras = (a[3], 0) if a[0] else (0, a[3])
                types = "(address,bool,int256,uint160,bytes)"
                data = call_data("swap" + types, me, bool(a[0]), a[1], a[2], self._payment(*extras))
            case "flash":
                payment = self._payment(a[0] + a[2], a[1] + a[3])
                data = call_data("flash(address,uint256,uint256,bytes)", me, a[0], a[1], payment)
            case "grow":
                data = call_data("increaseObservationCardinalityNext(uint16)", a[0])
            case "protocol_fee":
                data = call_data("setFeeProtocol(uint8,uint8)", *a)
            case "collect_protocol":
                data = call_data("collectProtocol(address,uint128,uint128)", me, *a)
            case "donate":
                self.bench.run(*self._transfers(*a))
                return
            case "observe":
                data = selector("observe(uint32[])") + encode(["uint32[]"], [a])
            case _:
                data = call_data("snapshotCumulativesInside(int24,int24)", *a)
        answer = self.chain.send(owner, run_data([Call(self.pool, data)]))
        self._compare_answer(operation, answer[64:])

    def _compare_answer(self, operation: Operation, answer: bytes) -> None:
        """Compare what the call returned with what the model says moved."""
        if self.moved is None:
            return
        words = tuple(int.from_bytes(answer[i : i + 32], "big") for i in range(0, len(answer), 32))
        ours = tuple(value % WORD for value in self.moved)
        assert words == ours, f"{operation}: model returns {ours}, contract {words}"

    def _transfers(self, *amounts: int) -> list[Call]:
        signature = "transfer(address,uint256)"
        return [
            Call(token, call_data(signature, self.pool, amount))
            for token, amount in zip(self.tokens, amounts, strict=True)
        ]

    def _payment(self, extra0: int, extra1: int) -> bytes:
        return encode(["address", "address", "int256", "int256"], [*self.tokens, extra0, extra1])
