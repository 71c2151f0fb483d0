"""The median of values that nobody else sees: secure multiparty computation by `mpyc` (extra ``mpc``).

Each party runs in its own process, shares its value among all (Shamir), sorts the shares in an oblivious
network and opens the middle element alone. A minority that follows the protocol learns the result and nothing
more; a party may still enter any value it likes, which moves a median no further than the honest range. The
library listens on every interface and speaks in the clear: between machines, put it behind TLS.

``python -m oracles.verification.private_median --party 0 --address HOST:PORT ... < value``
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from protocol.errors import MissingExtraError, OracleOrderError, OracleRangeError, OracleTooFewError

VALUE_BITS = 64
DEFAULT_TIMEOUT = 60.0


def private_median(
    value: int, party: int, addresses: Sequence[str], *, timeout_seconds: float = DEFAULT_TIMEOUT
) -> int:
    """Take part in one computation and return its result, the lower median.

    The library keeps one runtime per process and sets it up when it is first imported: call this once, in a
    process of its own.

    Parameters
    ----------
    value
        This party's, a signed integer of less than 63 bits.
    party
        Index of this party in ``addresses``.
    addresses
        ``host:port`` of every party, in an order common to all.
    timeout_seconds
        For the whole computation; a party that never comes ends it.

    Raises
    ------
    OracleRangeError
        The value does not fit.
    OracleTooFewError
        Fewer than three parties: with two, the result tells each the other's value or bounds it.
    OracleOrderError
        A runtime is set up already.
    MissingExtraError
        The extra ``mpc`` is not installed.
    TimeoutError
        Not all parties took part in time.
    """
    if len(addresses) < 3:
        raise OracleTooFewError(
            "parties", f"{len(addresses)} parties, at least 3 needed", parties=len(addresses)
        )
    if not 0 <= party < len(addresses):
        raise OracleRangeError("party", f"party {party} of {len(addresses)}", party=party)
    if abs(value) >= 1 << (VALUE_BITS - 2):
        raise OracleRangeError("value", f"{value} needs {value.bit_length()} bits", value=value)
    runtime = _runtime(party, addresses)
    return int(runtime.run(asyncio.wait_for(_compute(runtime, value), timeout_seconds)))


def _runtime(party: int, addresses: Sequence[str]) -> Any:
    """Import the library with the arguments that its import reads."""
    if "mpyc.runtime" in sys.modules:
        raise OracleOrderError("runtime", "this process has taken part in a computation already")
    places = [word for address in addresses for word in ("-P", address)]
    words = sys.argv
    sys.argv = [words[0], *places, "-I", str(party), "--no-log", "--no-gmpy2", "--no-uvloop"]
    try:
        return import_module("mpyc.runtime").mpc
    except ModuleNotFoundError as error:
        raise MissingExtraError("private median", "mpc", "mpyc") from error
    finally:
        sys.argv = words


async def _compute(runtime: Any, value: int) -> int:
    async with runtime:
        secret = runtime.SecInt(VALUE_BITS)
        shares = runtime.input(secret(value))
        ordered = runtime.sorted(shares)
        return int(await runtime.output(ordered[(len(ordered) - 1) // 2]))


def main(argv: Sequence[str] | None = None) -> int:
    """Run one party; the value comes on standard input, where no process list shows it."""
    parser = argparse.ArgumentParser(description="Take part in a private median.")
    parser.add_argument("--party", type=int, required=True)
    parser.add_argument(
        "--address", action="append", required=True, help="host:port, once per party, in order"
    )
    parser.add_argument("--timeout", type=float, default=DEFAULT_TIMEOUT)
    options = parser.parse_args(argv)
    value = int(sys.stdin.readline())
    result = private_median(value, options.party, options.address, timeout_seconds=options.timeout)
    sys.stdout.write(f"{result}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
