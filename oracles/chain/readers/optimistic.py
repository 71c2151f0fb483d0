"""UMA's optimistic oracles: an assertion (V3) or a price request (V2) as the assertion of the library.

Final is a value that nobody disputed before its expiry, whether or not anybody has called settle since, and a
disputed one only once the contract is settled: what the token holders voted is not looked up elsewhere.
"""

from __future__ import annotations

from contracts_abi.codec import Value
from contracts_abi.families import uma
from oracles.chain.calls import Plan, call
from oracles.chain.errors import UnusableStateError
from oracles.chain.header import Block
from oracles.chain.readers.stores import past
from oracles.sources.uma import Assertion
from protocol.fixed_point import WAD

ZERO = "0x" + "00" * 20
TOO_EARLY = -(1 << 255)
"""What voters answer to a question that cannot be answered yet."""


def _fields(value: Value) -> tuple[Value, ...]:
    assert isinstance(value, tuple)
    return value


def read_assertion(name: str, oracle: str, assertion_id: str, block: Block) -> Plan[Assertion]:
    """Read an assertion of Optimistic Oracle V3: 1e18 if true, 0 if not.

    Raises
    ------
    UnusableStateError
        If there is none of this id.
    """
    asked = call(oracle, uma.GET_ASSERTION, bytes.fromhex(assertion_id.removeprefix("0x")))
    (outcome,) = yield [asked]
    fields = _fields(asked.value(outcome))
    _, asserter, asserted_at, settled, _, expiry, resolution, _, _, bond, _, disputer = fields
    assert isinstance(asserted_at, int)
    assert isinstance(expiry, int)
    assert isinstance(bond, int)
    if asserter == ZERO:
        raise UnusableStateError(f"{name}: there is no assertion of this id")
    disputed = disputer != ZERO
    return Assertion(
        value=WAD,
        asserted_at=past(name, asserted_at, block),
        bond=bond,
        liveness=expiry - asserted_at,
        disputed=disputed,
        resolution=(WAD if resolution else 0) if disputed and settled else None,
    )


def read_request(
    name: str, oracle: str, request: tuple[str, bytes, int, bytes], block: Block
) -> Plan[Assertion]:
    """Read a price request of Optimistic Oracle V2 (18 decimals, any sign).

    Parameters
    ----------
    request
        Requester, identifier (32 bytes), timestamp and ancillary data.

    Raises
    ------
    UnusableStateError
        If nothing was proposed for it, or it was found to be asked too early.
    """
    asked, usual = call(oracle, uma.GET_REQUEST, *request), call(oracle, uma.DEFAULT_LIVENESS)
    first, second = yield [asked, usual]
    proposer, disputer, _, settled, settings, proposed, resolved, expiry, _, _ = _fields(asked.value(first))
    *_, bond, own_liveness = _fields(settings)
    assert isinstance(own_liveness, int)
    assert isinstance(bond, int)
    assert isinstance(proposed, int)
    assert isinstance(resolved, int)
    assert isinstance(expiry, int)
    if proposer == ZERO:
        raise UnusableStateError(f"{name}: no price has been proposed for this request")
    disputed = disputer != ZERO
    if TOO_EARLY in {proposed, resolved if settled else 0}:
        raise UnusableStateError(f"{name}: the question cannot be answered yet, says the oracle")
    liveness = own_liveness or usual.integer(second)
    return Assertion(
        value=proposed,
        asserted_at=past(name, expiry - liveness, block),
        bond=bond,
        liveness=liveness,
        disputed=disputed,
        resolution=resolved if disputed and settled else None,
    )
