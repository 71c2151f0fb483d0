"""The private median, run by real processes on loopback."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Sequence

import pytest

from oracles.verification.private_median import private_median
from protocol.errors import OracleRangeError, OracleTooFewError

MODULE = "oracles.verification.private_median"


def free_addresses(count: int) -> list[str]:
    sockets = [socket.socket() for _ in range(count)]
    for item in sockets:
        item.bind(("127.0.0.1", 0))
    addresses = [f"127.0.0.1:{item.getsockname()[1]}" for item in sockets]
    for item in sockets:
        item.close()
    return addresses


def run_parties(values: Sequence[int], *, absent: int = 0, timeout: float = 60) -> list[tuple[int, str, str]]:
    """Return (exit code, output, errors) of every party; the last ``absent`` ones never start."""
    addresses = [word for address in free_addresses(len(values)) for word in ("--address", address)]
    parties = [
        subprocess.Popen(
            [sys.executable, "-m", MODULE, "--party", str(n), *addresses, "--timeout", str(timeout)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for n in range(len(values) - absent)
    ]
    try:
        for party, value in zip(parties, values, strict=False):
            assert party.stdin is not None
            party.stdin.write(f"{value}\n")
            party.stdin.flush()
        results = []
        for party in parties:
            out, errors = party.communicate(timeout=timeout + 30)
            results.append((party.returncode, out.strip(), errors))
        return results
    finally:
        for party in parties:
            if party.poll() is None:
                party.kill()
                party.communicate()


def test_three_processes_learn_the_median_and_nothing_else() -> None:
    values = [2_000_000_000_000_000_000, -5, 1_999_000_000_000_000_000]
    results = run_parties(values)
    assert [(code, out) for code, out, _ in results] == [(0, "1999000000000000000")] * 3
    # What a party prints holds no other party's value.
    assert all("-5" not in out and "2000000000000000000" not in out for _, out, _ in results)


@pytest.mark.long
@pytest.mark.parametrize("values", [[7, 7, 7], [5, 4, 3, 2, 1], [4, 1, 3, 2]])
def test_more_parties(values: list[int]) -> None:
    expected = str(sorted(values)[(len(values) - 1) // 2])
    assert [(code, out) for code, out, _ in run_parties(values)] == [(0, expected)] * len(values)


@pytest.mark.long
def test_a_party_that_never_comes_ends_the_computation() -> None:
    results = run_parties([1, 2, 3], absent=1, timeout=5)
    assert all(code != 0 and out == "" and "TimeoutError" in errors for code, out, errors in results)


def test_refused_before_anything_is_sent() -> None:
    three = ["localhost:1", "localhost:2", "localhost:3"]
    with pytest.raises(OracleTooFewError, match="at least 3"):
        private_median(1, 0, three[:2])
    with pytest.raises(OracleRangeError):
        private_median(1, 3, three)
    with pytest.raises(OracleRangeError, match="63 bits"):
        private_median(1 << 62, 0, three)
