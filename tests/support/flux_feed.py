"""The real FluxAggregator with three oracles, as it stands behind a proxy.

Its payment is zero, so it asks for no LINK. What it cannot do is left to our OCR stand-in: a round dated to
another moment than its block, and history in the storage layout of OCR.
"""

from __future__ import annotations

from collections.abc import Sequence

from eth_abi import encode

from chain_contracts import code_of, deploy, send
from json_rpc import Rpc
from workbench import call_data, selector

ORACLES = tuple("0x" + f"{0xF100 + number:040x}" for number in range(3))
TIMEOUT = 600
NOBODY = "0x" + "00" * 20
CONSTRUCTOR = ["address", "uint128", "uint32", "address", "int256", "int256", "uint8", "string"]


class FluxFeed:
    """A FluxAggregator; ``address`` is its place.

    Parameters
    ----------
    minimum, maximum
        Submissions outside revert.
    needed
        Submissions that make an answer; each further one changes it.
    """

    def __init__(
        self,
        rpc: Rpc,
        account: str,
        decimals: int = 8,
        bounds: tuple[int, int] = (1, 10**16),
        needed: int = 3,
    ) -> None:
        self.rpc = rpc
        settings = [NOBODY, 0, TIMEOUT, NOBODY, *bounds, decimals, "real flux feed"]
        self.address = deploy(rpc, account, code_of("FluxAggregator") + encode(CONSTRUCTOR, settings))
        kinds = ["address[]", "address[]", "address[]", "uint32", "uint32", "uint32"]
        values = [[], ORACLES, ORACLES, needed, len(ORACLES), 0]
        name = f"changeOracles({','.join(kinds)})"
        send(rpc, account, self.address, selector(name) + encode(kinds, values))
        rpc("anvil_autoImpersonateAccount", True)
        for oracle in ORACLES:
            rpc("anvil_setBalance", oracle, hex(10**24))


def submit(rpc: Rpc, aggregator: str, number: int, answers: Sequence[int]) -> None:
    """Let the first oracles submit to round ``number``, each in a block of its own."""
    for oracle, answer in zip(ORACLES, answers, strict=False):
        send(rpc, oracle, aggregator, call_data("submit(uint256,int256)", number, answer))


def newest_round(rpc: Rpc, aggregator: str) -> int:
    """Return the number of the newest round with an answer."""
    question = {"to": aggregator, "data": "0x" + call_data("latestRound()").hex()}
    return int(rpc("eth_call", question, "latest"), 16)
