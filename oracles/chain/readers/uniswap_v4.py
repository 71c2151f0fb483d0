"""Uniswap V4 pools: one manager holds them all, and a pool is the hash of its key.

A pool may be named by its key, or by its id alone: the position manager keeps the keys of pools it has minted
in. A key is believed only if it hashes to the id, so currencies and decimals cannot be swapped for others.
"""

from __future__ import annotations

from dataclasses import dataclass

from contracts_abi.codec import encode
from contracts_abi.errors import AbiEncodeError
from contracts_abi.families import erc20, uniswap_v4
from contracts_abi.keccak import keccak256
from contracts_abi.types import parse_parameters
from oracles.chain.calls import Plan, call
from oracles.chain.errors import UnknownSourceError, UnusableStateError

NATIVE = "0x" + "00" * 20
NATIVE_DECIMALS = 18
KNOWN_BYTES = 25
KEY_TYPES = tuple(part.type for part in parse_parameters("(address, address, uint24, int24, address)"))
MAXIMUM_DECIMALS = 255
FORMS = (
    "uniswap-v4:ID, uniswap-v4:ID:DECIMALS0:DECIMALS1 or uniswap-v4:CURRENCY0:CURRENCY1:FEE:SPACING[:HOOKS]"
)


@dataclass(frozen=True, slots=True)
class PoolKey:
    """What a V4 pool is.

    Parameters
    ----------
    currency0, currency1
        Lower-case addresses in the contract's order; the zero address is the chain's own coin.
    fee
        Millionths of the input; 0x800000 where a hook sets it.
    tick_spacing
        Distance of usable ticks.
    hooks
        The contract that is called around every action; the zero address for none.
    """

    currency0: str
    currency1: str
    fee: int
    tick_spacing: int
    hooks: str = NATIVE

    def id(self) -> bytes:
        """Return the pool's id, keccak-256 of the encoded key (PoolId.sol).

        Raises
        ------
        AbiEncodeError
            If a field does not fit its type.
        """
        fields = (self.currency0, self.currency1, self.fee, self.tick_spacing, self.hooks)
        return keccak256(encode(KEY_TYPES, fields))


@dataclass(frozen=True, slots=True)
class PoolReference:
    """How a pool was named: its id, with its key or its decimals where those were given."""

    id: bytes
    key: PoolKey | None = None
    decimals: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class UniswapV4State:
    """A pool at one block.

    Parameters
    ----------
    id
        32 bytes.
    key
        None where only decimals were given.
    decimals
        Of currency 0 and 1.
    sqrt_price_x96, tick, liquidity
        As the manager keeps them; liquidity is that in range.
    protocol_fee
        Two 12-bit parts, millionths: of swaps of currency 0 (low bits) and of currency 1.
    fee
        Millionths, as charged now for the liquidity providers.
    """

    id: bytes
    key: PoolKey | None
    decimals: tuple[int, int]
    sqrt_price_x96: int
    tick: int
    liquidity: int
    protocol_fee: int
    fee: int


def parse_pool(text: str) -> PoolReference:
    """Return the pool that ``text`` names: ``ID``, ``ID:DECIMALS0:DECIMALS1``, or a key's fields.

    Raises
    ------
    UnknownSourceError
        If it is none of these forms, or the currencies are not in order.
    """
    parts = text.split(":")
    try:
        if len(parts) in {1, 3}:
            given = tuple(int(part) for part in parts[1:])
            if any(not 0 <= places <= MAXIMUM_DECIMALS for places in given):
                raise ValueError
            return PoolReference(_hexadecimal(parts[0], 32), None, (given[0], given[1]) if given else None)
        if len(parts) in {4, 5}:
            first, second, *hooks = (
                "0x" + _hexadecimal(part, 20).hex() for part in (parts[0], parts[1], *parts[4:])
            )
            key = PoolKey(first, second, int(parts[2]), int(parts[3]), *hooks)
            if int(first, 16) < int(second, 16):
                return PoolReference(key.id(), key)
            raise UnknownSourceError(f"{text}: currency 0 must be the lower address", currency0=first)
    except (ValueError, AbiEncodeError):
        pass
    raise UnknownSourceError(f"no Uniswap V4 pool can be read from {text!r}; forms are {FORMS}")


def _hexadecimal(text: str, length: int) -> bytes:
    found = bytes.fromhex(text[2:]) if text.startswith("0x") else b""
    if len(found) != length:
        raise ValueError(text)
    return found


def read_uniswap_v4(
    state_view: str, reference: PoolReference, position_manager: str | None = None
) -> Plan[UniswapV4State]:
    """Read a pool's price, tick, liquidity and fees, and its currencies' decimals.

    Parameters
    ----------
    state_view
        StateView of Uniswap's periphery.
    reference
        The pool.
    position_manager
        Where the key of a pool named by its id alone is looked up.

    Raises
    ------
    UnknownSourceError
        If neither key nor decimals were given and the position manager does not know the pool.
    UnusableStateError
        If the pool was never initialised, or the position manager gives a key of another pool.
    """
    slot0 = call(state_view, uniswap_v4.GET_SLOT0, reference.id)
    liquidity = call(state_view, uniswap_v4.GET_LIQUIDITY, reference.id)
    key, decimals = reference.key, reference.decimals
    asked = [slot0, liquidity]
    look_up = key is None and decimals is None
    if look_up:
        if position_manager is None:
            raise UnknownSourceError("no position manager is known here: give the key or the decimals")
        asked.append(call(position_manager, uniswap_v4.POOL_KEYS, reference.id[:KNOWN_BYTES]))
    first = yield asked
    price, tick, protocol_fee, fee = _integers(slot0.values(first[0]))
    name = "0x" + reference.id.hex()
    if price == 0:
        raise UnusableStateError(f"V4 pool {name} was never initialised", id=name)
    if look_up:
        key = _key(asked[2].values(first[2]), reference.id)
    if decimals is None:
        assert key is not None
        decimals = yield from _decimals(key)
    return UniswapV4State(
        id=reference.id,
        key=key,
        decimals=decimals,
        sqrt_price_x96=price,
        tick=tick,
        liquidity=liquidity.integer(first[1]),
        protocol_fee=protocol_fee,
        fee=fee,
    )


def _key(values: tuple[object, ...], wanted: bytes) -> PoolKey:
    currency0, currency1, fee, spacing, hooks = values
    assert isinstance(fee, int)
    assert isinstance(spacing, int)
    name = "0x" + wanted.hex()
    if spacing == 0:
        raise UnknownSourceError(
            f"the position manager has no key of V4 pool {name}: give the key or the decimals", id=name
        )
    key = PoolKey(str(currency0), str(currency1), fee, spacing, str(hooks))
    if key.id() != wanted:
        raise UnusableStateError(f"the position manager's key is not that of V4 pool {name}", id=name)
    return key


def _decimals(key: PoolKey) -> Plan[tuple[int, int]]:
    tokens = [token for token in (key.currency0, key.currency1) if token != NATIVE]
    asked = [call(token, erc20.DECIMALS) for token in tokens]
    answers = yield asked
    known = {token: item.integer(answer) for token, item, answer in zip(tokens, asked, answers, strict=True)}
    return known.get(key.currency0, NATIVE_DECIMALS), known[key.currency1]


def _integers(values: tuple[object, ...]) -> list[int]:
    found = [value for value in values if isinstance(value, int)]
    assert len(found) == len(values)
    return found
