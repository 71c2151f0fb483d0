"""A local chain that looks like mainnet: real contracts at their mainnet addresses."""

from __future__ import annotations

from typing import Any

from eth_abi import encode

from anvil_node import AnvilNode
from chain_contracts import MULTICALL3, code_of, deploy, multicall3_runtime, place, send
from contracts_abi.deployments import addresses
from contracts_abi.entry import Function
from flux_feed import FluxFeed, newest_round, submit
from oracles.chain.policy import Policy
from oracles.chain.transport import Limits
from workbench import call_data, workbench_code

GENESIS = 1_740_000_000
PAIRS = ("ETH/USD", "BTC/USD", "USDC/USD", "USDT/USD", "DAI/USD", "LINK/USD", "AAVE/USD", "CRV/USD")
PYTH_FEED = "0x" + "ff61491a931112ddf1bd8147cd1b641375f79f5825126d665480874634fd0ace"

FAST = Policy(
    limits=Limits(connect_seconds=1, answer_seconds=0.4, maximum_bytes=4 << 20),
    total_seconds=3,
    attempts=4,
    first_pause=0.01,
    longest_pause=0.05,
)


class ChainWorld:
    """The node and what stands on it.

    Attributes
    ----------
    answers
        Price by pair as written into the aggregators, 8 decimals.
    aggregators
        Address of the aggregator behind each proxy: the real FluxAggregator.
    """

    def __init__(self, chain_id: int = 1, *, multicall: bool = True) -> None:
        self.node = AnvilNode(chain_id=chain_id, time=GENESIS, keep_history=True)
        self.rpc = self.node.rpc
        self.account = self.node.account
        if multicall:
            self.rpc("anvil_setCode", MULTICALL3, multicall3_runtime())
        self.answers: dict[str, int] = {}
        self.aggregators: dict[str, str] = {}
        self.proxies = {pair: addresses(1, "chainlink_proxy")[pair].lower() for pair in PAIRS}
        for number, pair in enumerate(PAIRS):
            self.aggregators[pair] = self.aggregator()
            place(
                self.rpc,
                self.account,
                self.proxies[pair],
                code_of("EACAggregatorProxy")
                + encode(["address", "address"], [self.aggregators[pair], "0x" + "00" * 20]),
            )
            self.transmit(pair, (100 + number) * 10**8)
        self.mine()

    @property
    def now(self) -> int:
        return int(self.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def aggregator(self, decimals: int = 8, bounds: tuple[int, int] = (1, 10**16)) -> str:
        """Return a new FluxAggregator of three oracles."""
        return FluxFeed(self.rpc, self.account, decimals, bounds).address

    def transmit(self, pair: str, answer: int) -> None:
        """Let the three oracles of a feed make a round of which ``answer`` is the median."""
        aggregator = self.aggregators[pair]
        spread = min(3, abs(answer) // 2)
        number = newest_round(self.rpc, aggregator) + 1
        submit(self.rpc, aggregator, number, (answer + spread, answer - spread, answer))
        self.answers[pair] = answer

    def upgrade(self, pair: str, aggregator: str) -> None:
        """Put another aggregator behind a proxy, as its owner does: propose, then confirm."""
        for step in ("proposeAggregator(address)", "confirmAggregator(address)"):
            self.send(self.proxies[pair], call_data(step, aggregator))
        self.aggregators[pair] = aggregator

    def ocr_aggregator(self, decimals: int = 8) -> str:
        """Return our stand-in for an OCR aggregator: its storage layout, and rounds of any time."""
        arguments = encode(["uint8", "int192", "int192"], [decimals, 1, 10**16])
        return deploy(self.rpc, self.account, code_of("OcrAggregator") + arguments)

    def transmit_ocr(self, pair: str, answer: int, time: int | None = None) -> None:
        """Store a round in the stand-in behind a proxy."""
        moment = self.now if time is None else time
        self.send(self.aggregators[pair], call_data("transmit(int192,uint32)", answer, moment))
        self.answers[pair] = answer

    def wait(self, seconds: int) -> None:
        """Let time pass and mine a block."""
        self.rpc("evm_setNextBlockTimestamp", self.now + seconds)
        self.mine()

    def send(self, to: str, data: bytes) -> dict[str, Any]:
        return send(self.rpc, self.account, to, data)

    def deploy(self, code: bytes) -> str:
        return deploy(self.rpc, self.account, code)

    def call(self, to: str, data: bytes) -> bytes:
        """Ask the node directly."""
        return bytes.fromhex(self.rpc("eth_call", {"to": to, "data": "0x" + data.hex()}, "latest")[2:])

    def mine(self) -> None:
        self.rpc("evm_mine")

    def token(self, decimals: int = 18) -> str:
        return self.deploy(workbench_code("Token") + encode(["uint8"], [decimals]))

    def canned(self, address: str | None = None) -> str:
        """Return a contract that answers what it is taught."""
        if address is None:
            return self.deploy(code_of("Canned"))
        return place(self.rpc, self.account, address, code_of("Canned"))

    def teach(self, contract: str, question: bytes, answer: bytes) -> None:
        self.send(contract, call_data("teach(bytes,bytes)", question, answer))

    def snapshot(self) -> str:
        return str(self.rpc("evm_snapshot"))

    def revert(self, snapshot: str, answers: dict[str, int]) -> None:
        assert self.rpc("evm_revert", snapshot)
        self.answers = answers

    def close(self) -> None:
        self.node.close()


def teach(
    world: ChainWorld, contract: str, function: Function, answer: list[Any], *arguments: object
) -> None:
    """Let a contract answer a call with values."""
    kinds = [part.text for part in function.outputs]
    world.teach(contract, function.call(*arguments), encode(kinds, answer))
