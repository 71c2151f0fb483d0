"""StableSwap pools of Curve's first generation at one block, held against the pool's own next answers."""

from __future__ import annotations

from dataclasses import replace

from contracts_abi.families import curve_stableswap, erc20
from oracles.chain.calls import Plan, call
from oracles.chain.errors import UnusableStateError
from oracles.chain.readers.curve_quotes import small_quotes
from protocol.errors import BackstopError
from protocol.venues.curve.stableswap import FORMS, StableSwapPool

LONGEST_POOL = 8
NATIVE = "0x" + "ee" * 20
NATIVE_DECIMALS = 18


def read_curve_stableswap(pool: str, lp_token: str, generation: str | None = None) -> Plan[StableSwapPool]:
    """Read a StableSwap pool of the first generation, its coins named by their addresses.

    Parameters
    ----------
    pool, lp_token
        Addresses; the LP token of the first generation is a contract of its own.
    generation
        Which form of the invariant the pool computes (``y``, ``3pool``, ``template``); found out by the
        pool's answers if not given.

    Raises
    ------
    UnusableStateError
        If no form gives the pool's own ``get_dy``: the pool is of another kind.
    """
    coins = [call(pool, curve_stableswap.COINS, number) for number in range(LONGEST_POOL)]
    figures = [
        call(pool, curve_stableswap.A),
        call(pool, curve_stableswap.FEE),
        call(pool, curve_stableswap.ADMIN_FEE),
        call(lp_token, erc20.TOTAL_SUPPLY),
    ]
    precise = call(pool, curve_stableswap.A_PRECISE)
    first = yield [*figures, precise, *coins]
    amplification, fee, admin_fee, supply = (
        item.integer(outcome) for item, outcome in zip(figures, first[:4], strict=True)
    )
    tokens: list[str] = []
    for item, outcome in zip(coins, first[5:], strict=True):
        if not outcome.success:
            break  # the array of coins ends with a revert
        tokens.append(item.address(outcome))
    balances = [call(pool, curve_stableswap.BALANCES, number) for number in range(len(tokens))]
    contracts = [token for token in tokens if token != NATIVE]
    decimals = [call(token, erc20.DECIMALS) for token in contracts]
    second = yield [*balances, *decimals]
    held = tuple(item.integer(outcome) for item, outcome in zip(balances, second, strict=False))
    places = {NATIVE: NATIVE_DECIMALS}
    for token, item, outcome in zip(contracts, decimals, second[len(tokens) :], strict=True):
        places[token] = item.integer(outcome)
    if any(place > NATIVE_DECIMALS for place in places.values()):
        raise UnusableStateError(f"pool {pool} holds a coin of more than 18 decimals")
    made = StableSwapPool(
        coins=tuple(tokens),
        balances=held,
        precisions=tuple(10 ** (NATIVE_DECIMALS - places[token]) for token in tokens),
        amplification=amplification,
        fee=fee,
        admin_fee=admin_fee,
        total_supply=supply,
    )
    candidates = [replace(made, generation=name) for name in ("3pool", "y")]
    if first[4].success and first[4].data:  # A times 100 is kept where there is such a function
        stored = precise.integer(first[4])
        candidates.insert(0, replace(made, generation="template", amplification=stored))
    if generation is not None:
        candidates = [candidate for candidate in candidates if candidate.generation == generation]
    return (yield from _that_answers_alike(pool, candidates, generation))


def _that_answers_alike(
    pool: str, candidates: list[StableSwapPool], generation: str | None
) -> Plan[StableSwapPool]:
    wanted = generation or "/".join(FORMS)
    if not candidates:
        raise UnusableStateError(f"pool {pool} is none of the {wanted} generation")
    made = candidates[0]
    if not all(made.balances):
        if generation is None:
            raise UnusableStateError(f"pool {pool} is empty: its kind does not show, name it")
        return made
    answers = yield from small_quotes(pool, curve_stableswap.GET_DY, made.balances, ((0, 1), (1, 0)))
    for candidate in candidates:
        try:
            own = [candidate.get_dy(candidate.coins[i], candidate.coins[j], dx) for i, j, dx in answers]
        except BackstopError:
            continue
        if own == list(answers.values()):
            return candidate
    (_, _, amount), answer = next(iter(answers.items()))
    raise UnusableStateError(
        f"pool {pool} pays {answer} for {amount}, which no {wanted} pool with these figures does",
        answers=list(answers.values()),
    )
