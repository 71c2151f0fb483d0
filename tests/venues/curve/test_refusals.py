"""Where the contracts revert, the pools raise the error that names the reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from protocol.errors import (
    DivisionByZeroError,
    InsufficientLiquidityError,
    InvariantError,
    NegativeAmountError,
    NotConvergedError,
    OverflowedError,
    SlippageError,
    StateError,
    UninitialisedPoolError,
    UnknownAssetError,
    UnsafeValueError,
    VirtualPriceLossError,
    ZeroAmountError,
)
from protocol.fixed_point import WAD
from protocol.venues.curve import (
    CryptoParameters,
    StableSwapNG,
    StableSwapNGOracle,
    StableSwapPool,
    Tricrypto2,
    TricryptoNG,
)
from protocol.venues.curve import stableswap_liquidity as first
from protocol.venues.curve import stableswap_ng_liquidity as ng
from protocol.venues.curve.common import Ramp
from protocol.venues.curve.exponential import EXP_OVERFLOW, exp_down

COINS = ("a", "b", "c")
NOW = 1_700_000_000
STABLE = StableSwapPool(COINS, (10**24, 2 * 10**24, 10**24), (1, 1, 1), 200, 4_000_000, 5 * 10**9, 10**24)
NG = ng.add_liquidity(
    StableSwapNG(
        COINS, (0, 0, 0), (WAD,) * 3, 20_000, 4_000_000, 2 * 10**10, 0, StableSwapNGOracle.fresh(3, NOW)
    ),
    (10**24, 2 * 10**24, 10**24),
    time=NOW,
)[1]
PARAMETERS = CryptoParameters(
    amplification=1707629,
    gamma=11809167828997,
    mid_fee=3 * 10**6,
    out_fee=30 * 10**6,
    fee_gamma=5 * 10**14,
    allowed_extra_profit=2 * 10**12,
    adjustment_step=490 * 10**12,
    averaging_time=600,
)
FIRST_DEPOSIT = (10**24, 25 * WAD, 400 * WAD)
TRICRYPTO2 = Tricrypto2.empty(COINS, (1, 1, 1), PARAMETERS, (40_000 * WAD, 2_500 * WAD), NOW)
TRICRYPTO_NG = TricryptoNG.empty(COINS, (1, 1, 1), PARAMETERS, (40_000 * WAD, 2_500 * WAD), NOW)
CRYPTO = [pool.add_liquidity(FIRST_DEPOSIT, time=NOW)[1] for pool in (TRICRYPTO2, TRICRYPTO_NG)]
ALL = [STABLE, NG, *CRYPTO]


@pytest.mark.parametrize("pool", ALL, ids=lambda pool: type(pool).__name__)
def test_every_pool_names_a_bad_trade(pool: StableSwapPool | StableSwapNG | Tricrypto2 | TricryptoNG) -> None:
    with pytest.raises(UnknownAssetError):
        pool.quote("a", "x", 10**18)
    with pytest.raises(UnknownAssetError):
        pool.swap("x", "a", 10**18)
    with pytest.raises(UnknownAssetError):
        pool.quote("b", "b", 10**18)
    with pytest.raises(NegativeAmountError):
        pool.quote("a", "b", -1)
    if pool is not STABLE:
        with pytest.raises(ZeroAmountError):
            pool.swap("a", "b", 0, time=NOW)
    with pytest.raises(OverflowedError):
        pool.swap("b", "a", 2**255, time=NOW)


@pytest.mark.parametrize(
    "pool",
    [
        replace(STABLE, balances=(0, 0, 0)),
        replace(NG, balances=(0, 0, 0)),
        TRICRYPTO2,
        TRICRYPTO_NG,
    ],
    ids=lambda pool: type(pool).__name__,
)
def test_empty_pool_has_no_price(pool: StableSwapPool | StableSwapNG | Tricrypto2 | TricryptoNG) -> None:
    with pytest.raises(UninitialisedPoolError):
        pool.quote("a", "b", 10**18)


def test_pool_with_one_empty_side_divides_by_zero() -> None:
    with pytest.raises(DivisionByZeroError):
        replace(STABLE, balances=(10**24, 0, 10**24)).quote("a", "c", 10**18)
    with pytest.raises(DivisionByZeroError):
        replace(NG, balances=(10**24, 0, 10**24)).quote("a", "c", 10**18)
    with pytest.raises(DivisionByZeroError):
        replace(STABLE, total_supply=0).virtual_price_down()


def test_y_pool_survives_a_dust_side_where_others_divide_by_zero() -> None:
    y = replace(STABLE, generation="y", balances=(10**20, 0, 10**20))
    assert y.values()[1] > 0


def test_zero_trade_of_the_first_generation_underflows() -> None:
    """The 3pool asks no amount above zero; the spare unit it keeps makes the output negative."""
    balanced = replace(STABLE, balances=(10**24,) * 3)
    with pytest.raises(OverflowedError):
        balanced.swap("a", "b", 0)


def test_deposits_and_withdrawals_of_the_first_generation() -> None:
    with pytest.raises(InvariantError):
        first.add_liquidity(STABLE, (0, 0, 0))
    with pytest.raises(ZeroAmountError):
        first.add_liquidity(replace(STABLE, balances=(0, 0, 0), total_supply=0), (10**18, 0, 10**18))
    with pytest.raises(SlippageError):
        first.add_liquidity(STABLE, (10**18, 0, 0), min_mint=10**18)
    with pytest.raises(ZeroAmountError):
        first.remove_liquidity_imbalance(STABLE, (0, 0, 0))
    with pytest.raises(OverflowedError):
        first.remove_liquidity_imbalance(STABLE, (10**24 + 1, 0, 0))
    with pytest.raises(SlippageError):
        first.remove_liquidity_imbalance(STABLE, (10**18, 0, 0), max_burn=10**17)
    with pytest.raises(OverflowedError):
        first.remove_liquidity(STABLE, STABLE.total_supply + 1)
    with pytest.raises(SlippageError):
        first.remove_liquidity(STABLE, 10**18, min_amounts=(10**19, 0, 0))
    with pytest.raises(SlippageError):
        first.remove_liquidity_one_coin(STABLE, 10**18, "a", min_amount=10**19)
    with pytest.raises(UnknownAssetError):
        first.remove_liquidity_one_coin(STABLE, 10**18, "x")
    with pytest.raises(UninitialisedPoolError):
        first.remove_liquidity_one_coin(replace(STABLE, generation="y"), 10**18, "a")


def test_deposits_and_withdrawals_of_ng() -> None:
    with pytest.raises(InvariantError):
        ng.add_liquidity(NG, (0, 0, 0), time=NOW)
    with pytest.raises(SlippageError):
        ng.add_liquidity(NG, (10**18, 0, 0), min_mint=10**19, time=NOW)
    with pytest.raises(ZeroAmountError):
        ng.remove_liquidity(NG, 0)
    with pytest.raises(ZeroAmountError):
        ng.remove_liquidity_imbalance(NG, (0, 0, 0), time=NOW)
    with pytest.raises(OverflowedError):
        ng.remove_liquidity(NG, NG.total_supply + 1)
    with pytest.raises(ZeroAmountError):
        ng.remove_liquidity_one_coin(NG, 0, "a")
    with pytest.raises(SlippageError):
        ng.remove_liquidity_one_coin(NG, 10**18, "a", min_amount=10**19, time=NOW)


@pytest.mark.parametrize("pool", CRYPTO, ids=lambda pool: type(pool).__name__)
def test_deposits_and_withdrawals_of_crypto_pools(pool: Tricrypto2 | TricryptoNG) -> None:
    with pytest.raises(ZeroAmountError):
        pool.add_liquidity((0, 0, 0), time=NOW)
    with pytest.raises(SlippageError):
        pool.add_liquidity((10**20, 0, 0), min_mint=10**30, time=NOW)
    with pytest.raises(OverflowedError):
        pool.remove_liquidity(pool.total_supply + 1)
    with pytest.raises(OverflowedError):
        pool.remove_liquidity_one_coin(pool.total_supply + 1, "a", time=NOW)
    with pytest.raises(SlippageError):
        pool.remove_liquidity_one_coin(10**15, "a", min_amount=10**30, time=NOW)
    with pytest.raises(UnsafeValueError):
        pool.quote("a", "b", 1_000 * pool.balances[0])
    with pytest.raises(UnsafeValueError):
        replace(pool, parameters=replace(PARAMETERS, gamma=10**9)).quote("a", "b", 10**18)


def test_a_lower_virtual_price_is_a_loss() -> None:
    for pool in CRYPTO:
        richer = replace(pool, virtual_price=pool.virtual_price * 11 // 10)
        with pytest.raises(VirtualPriceLossError):
            richer.swap("a", "b", 10**20, time=NOW + 1)


def test_tiny_amplification_does_not_converge() -> None:
    low = StableSwapPool(("a", "b"), (5 * 10**24, 10**20), (1, 1), 101, 0, 0, generation="template")
    outcomes = set()
    for extra in range(200):
        pool = replace(low, balances=(10**25 + extra * 10**21, 10**20))
        try:
            pool.values()
            outcomes.add("found")
        except NotConvergedError:
            outcomes.add("not converged")
    assert outcomes == {"found", "not converged"}


def test_exponential_overflows_where_the_contract_does() -> None:
    assert exp_down(EXP_OVERFLOW - 1) > 0
    with pytest.raises(UnsafeValueError):
        exp_down(EXP_OVERFLOW)


def test_states_with_missing_or_wrong_parts_are_refused() -> None:
    good = dict(STABLE.to_state())
    for key, value in (
        ("balances", [1, 2]),
        ("precisions", [1]),
        ("generation", "uniswap"),
        ("share_prices", [1]),
        ("amplification", 1.5),
        ("ramp", "soon"),
    ):
        with pytest.raises(StateError):
            StableSwapPool.from_state({**good, key: value})
    with pytest.raises(StateError):
        StableSwapNG.from_state({**NG.to_state(), "oracle": None})
    with pytest.raises(StateError):
        StableSwapNG.from_state({**NG.to_state(), "rates": [1, 1]})
    with pytest.raises(StateError):
        TricryptoNG.from_state({**CRYPTO[1].to_state(), "parameters": []})
    with pytest.raises(StateError):
        TricryptoNG.from_state({**CRYPTO[1].to_state(), "last_prices": [1]})


def test_ramp_of_stableswap_a() -> None:
    ramped = replace(STABLE, ramp=Ramp(200, 400, NOW, NOW + 1000))
    assert ramped.at(NOW).amplification == 200
    assert ramped.at(NOW + 250).amplification == 250
    assert ramped.at(NOW + 5000).amplification == 400
    assert Ramp(400, 200, NOW, NOW + 1000).at(NOW + 250) == 350
    with pytest.raises(OverflowedError):
        Ramp(400, 200, NOW, NOW + 1000).at(NOW - 1)
    late = ramped.swap("a", "b", 10**22, time=NOW + 5000)[0].amount_out
    assert late == replace(STABLE, amplification=400).quote("a", "b", 10**22)


def test_both_conventions_of_a_agree() -> None:
    template = replace(STABLE, generation="template", amplification=STABLE.amplification * 100)
    assert abs(template.quote("a", "b", 10**22) - STABLE.quote("a", "b", 10**22)) <= 4
    assert abs(template.values()[1] - STABLE.values()[1]) <= 2


def test_views_of_the_contracts_may_differ_from_the_exchange_by_a_unit() -> None:
    for amount in (1, 10**6, 10**18, 3 * 10**23):
        try:
            paid = STABLE.quote("a", "b", amount)
        except OverflowedError:
            continue
        assert abs(STABLE.get_dy("a", "b", amount) - paid) <= 1


def test_errors_carry_their_numbers() -> None:
    with pytest.raises(UnsafeValueError) as caught:
        CRYPTO[0].quote("a", "b", 1_000 * CRYPTO[0].balances[0])
    assert caught.value.details["highest"] == 10**20
    with pytest.raises(VirtualPriceLossError) as loss:
        replace(CRYPTO[0], virtual_price=2 * WAD).swap("a", "b", 10**20, time=NOW + 1)
    assert loss.value.details["before"] == 2 * WAD
    assert not isinstance(loss.value, InsufficientLiquidityError)
