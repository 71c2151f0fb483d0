"""Two ways to run real contract code behind one small interface: in process (pyrevm) and a node (anvil)."""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from typing import Any, Protocol

from eth_abi import decode, encode

from anvil_node import AnvilNode
from json_rpc import RpcError
from workbench import Call, call_data, read_data, run_data, workbench_code

SENDER = "0x" + "5e" * 20
RICH = 1 << 200
GAS = 500_000_000
ERROR_STRING = bytes.fromhex("08c379a0")
PANIC = bytes.fromhex("4e487b71")


class RevertedError(Exception):
    """The contract reverted.

    Parameters
    ----------
    data
        Revert data as returned.
    halt
        Name of the machine's own stop (out of gas, invalid opcode) if it was no revert.
    """

    def __init__(self, data: bytes = b"", halt: str = "") -> None:
        self.data = data
        self.reason = halt or reason_of(data)
        super().__init__(self.reason or "no reason given")


def reason_of(data: bytes) -> str:
    """Return the text of ``Error(string)``, ``panic N`` of ``Panic(uint256)``, else the data in hex."""
    if data[:4] == ERROR_STRING:
        return str(decode(["string"], data[4:])[0])
    if data[:4] == PANIC:
        return f"panic {int.from_bytes(data[4:36], 'big'):#x}"
    return data.hex()


class Chain(Protocol):
    """Where a contract runs. Time moves only by ``set_time`` and never back."""

    @property
    def time(self) -> int:
        """Return the Unix second of the next transaction."""
        ...

    def set_time(self, second: int) -> None:
        """Set the Unix second of the transactions to come."""
        ...

    def deploy(self, code: bytes) -> str:
        """Run creation code; return the address in lower case."""
        ...

    def send(self, to: str, data: bytes, value: int = 0) -> bytes:
        """Send a transaction; return what it returned or raise ``RevertedError``."""
        ...

    def call(self, to: str, data: bytes) -> bytes:
        """Call without effect."""
        ...


class RevmChain:
    """pyrevm, in this process: about 20 microseconds a call."""

    _revert = re.compile(r"^Revert \{ gas_used: \d+, output: 0x([0-9a-f]*)")
    _halt = re.compile(r"^Halt \{ reason: (\w+)")

    def __init__(self, time: int = 1_700_000_000) -> None:
        from pyrevm import EVM

        self._evm: Any = EVM(gas_limit=GAS)
        self._evm.set_balance(SENDER, RICH)
        self._number = 1
        self.time = time
        self.set_time(time)

    def set_time(self, second: int) -> None:
        from pyrevm import BlockEnv

        assert second >= self.time
        self.time = second
        self._number += 1
        self._evm.set_block_env(BlockEnv(number=self._number, timestamp=second, gas_limit=GAS))

    def deploy(self, code: bytes) -> str:
        address: str = self._run(lambda: self._evm.deploy(SENDER, code))
        return address.lower()

    def send(self, to: str, data: bytes, value: int = 0) -> bytes:
        answer: bytes = self._run(
            lambda: self._evm.message_call(SENDER, to, calldata=data, value=value, gas=GAS)
        )
        return answer

    def call(self, to: str, data: bytes) -> bytes:
        answer: bytes = self._run(
            lambda: self._evm.message_call(SENDER, to, calldata=data, gas=GAS, is_static=True)
        )
        return answer

    def _run(self, action: Any) -> Any:
        try:
            return action()
        except RuntimeError as error:
            said = str(error)
            reverted = self._revert.match(said)
            if reverted:
                raise RevertedError(bytes.fromhex(reverted[1])) from None
            halted = self._halt.match(said)
            if halted:
                raise RevertedError(halt=halted[1]) from None
            raise


class AnvilChain:
    """A node on loopback: every transaction is a block of its own with a receipt."""

    def __init__(self, node: AnvilNode, time: int = 0) -> None:
        self._rpc = node.rpc
        self._sender = node.account
        self._rpc("anvil_setBalance", self._sender, hex(RICH))
        self.time = max(time, int(self._rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16))

    def set_time(self, second: int) -> None:
        assert second >= self.time
        self.time = second

    def deploy(self, code: bytes) -> str:
        address: str = self._transact({"data": "0x" + code.hex()})["contractAddress"]
        return address.lower()

    def send(self, to: str, data: bytes, value: int = 0) -> bytes:
        transaction = {"to": to, "data": "0x" + data.hex(), "value": hex(value)}
        # A receipt carries neither the answer nor the reason, so the same call is asked for first, as if
        # in the block to come; the receipt then has to agree with it.
        answer: bytes | RevertedError
        try:
            answer = self._ask(transaction)
        except RevertedError as error:
            answer = error
        held = self._transact(transaction)["status"] == "0x1"
        assert held != isinstance(answer, RevertedError), "call and transaction disagree"
        if isinstance(answer, RevertedError):
            raise answer
        return answer

    def call(self, to: str, data: bytes) -> bytes:
        return self._ask({"to": to, "data": "0x" + data.hex()})

    def _ask(self, transaction: dict[str, str]) -> bytes:
        request = {**transaction, "from": self._sender, "gas": hex(GAS)}
        try:
            answer: str = self._rpc("eth_call", request, "latest", None, {"time": hex(self.time)})
        except RpcError as error:
            if error.code != 3:
                raise
            raise RevertedError(bytes.fromhex(str(error.data).removeprefix("0x"))) from None
        return bytes.fromhex(answer.removeprefix("0x"))

    def _transact(self, transaction: dict[str, str]) -> dict[str, Any]:
        request = {**transaction, "from": self._sender, "gas": hex(GAS)}
        _, digest = self._rpc.batch(
            [("evm_setNextBlockTimestamp", hex(self.time)), ("eth_sendTransaction", request)]
        )
        for _ in range(10_000):
            receipt: dict[str, Any] | None = self._rpc("eth_getTransactionReceipt", digest)
            if receipt is not None:
                return receipt
        raise RuntimeError(f"no receipt for {digest}")


IN_PROCESS = find_spec("pyrevm") is not None
"""Whether pyrevm is here: its wheels end with Python 3.12."""


def volume(number: int) -> int:
    """Return how many operations or examples to run: a tenth where every one goes through a node."""
    return number if IN_PROCESS else number // 10


@cache
def shared_node() -> AnvilNode:
    """Return the one node of this process; it ends with the process at the latest."""
    return AnvilNode(time=1_600_000_000)


def fast_chain(time: int = 1_700_000_000) -> Chain:
    """Return a fresh chain in process, or the shared node where pyrevm is not here."""
    if IN_PROCESS:
        return RevmChain(time)
    return AnvilChain(shared_node(), time)


class Workbench:
    """A chain with our trader on it, and what tests do with both all the time."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.trader = chain.deploy(workbench_code("Trader"))

    def token(self, supply: int = 1 << 255, decimals: int = 18) -> str:
        """Deploy a token whose ``supply`` belongs to the trader."""
        token = self.chain.deploy(workbench_code("Token") + encode(["uint8"], [decimals]))
        self.chain.send(token, call_data("mint(address,uint256)", self.trader, supply))
        return token

    def sorted_tokens(self) -> tuple[str, str]:
        """Deploy two tokens; return them in the order of their addresses."""
        first, second = sorted((self.token(), self.token()), key=lambda address: int(address, 16))
        return first, second

    def run(self, *calls: Call) -> bytes:
        """Run a script through the trader; return what its last call returned."""
        value = sum(call.value for call in calls)
        answer = self.chain.send(self.trader, run_data(calls), value)
        return bytes(decode(["bytes"], answer)[0])

    def words(self, *calls: Call) -> tuple[int, ...]:
        """Read all calls at once; return their answers as unsigned 32-byte words."""
        return self.words_of(read_data(calls))

    def words_of(self, encoded: bytes) -> tuple[int, ...]:
        """Do the same with calls encoded before."""
        answer = self.chain.call(self.trader, encoded)[64:]
        return tuple(int.from_bytes(answer[i : i + 32], "big") for i in range(0, len(answer), 32))
