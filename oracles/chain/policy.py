"""How long, how often and how fast a client may ask."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from oracles.chain.errors import BudgetSpentError
from oracles.chain.transport import Limits


@dataclass(frozen=True, slots=True)
class Policy:
    """The stated budget of a client.

    Parameters
    ----------
    limits
        Of every single request.
    total_seconds
        Of one operation, retries and pauses included.
    attempts
        Requests that one operation may send.
    first_pause, longest_pause
        Seconds: pauses double from the first to the longest, each shortened by chance to between a half and
        the whole, so that many clients do not return at once. ``Retry-After`` overrides them.
    requests_per_second
        Allowed to each endpoint; None for no limit of ours.
    maximum_requests
        Of the client's whole life; None for no limit.
    batch_size
        Calls in one JSON-RPC batch.
    """

    limits: Limits = field(default_factory=Limits)
    total_seconds: float = 60.0
    attempts: int = 6
    first_pause: float = 0.1
    longest_pause: float = 8.0
    requests_per_second: float | None = None
    maximum_requests: int | None = None
    batch_size: int = 100

    def pause(self, failures: int, retry_after: float | None, dice: random.Random) -> float:
        """Return the seconds to wait after the ``failures``-th failure in a row."""
        if retry_after is not None:
            return retry_after
        longest = min(self.first_pause * 2.0 ** (failures - 1), self.longest_pause)
        return longest * (0.5 + dice.random() / 2)


@dataclass(slots=True)
class Statistics:
    """What a client has sent and received."""

    requests: int = 0
    calls: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0
    failures: int = 0
    pauses: int = 0

    def spend(self, policy: Policy, calls: int, size: int) -> None:
        """Count a request.

        Raises
        ------
        BudgetSpentError
            If it is one more than allowed.
        """
        if policy.maximum_requests is not None and self.requests >= policy.maximum_requests:
            raise BudgetSpentError(
                f"the budget of {policy.maximum_requests} requests is used up", requests=self.requests
            )
        self.requests += 1
        self.calls += calls
        self.bytes_sent += size


class TokenBucket:
    """Spaces requests evenly, with a burst of one second's worth."""

    def __init__(self, per_second: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._clock = clock
        self._tokens = per_second or 0.0
        self._last = clock()

    def wait(self) -> float:
        """Take a token; return the seconds to wait before using it."""
        if self._per_second is None:
            return 0.0
        now = self._clock()
        self._tokens = min(self._tokens + (now - self._last) * self._per_second, max(self._per_second, 1.0))
        self._last = now
        self._tokens -= 1
        return max(-self._tokens / self._per_second, 0.0)
