"""Calls executed here, over state that is proven: the number printed is then proven and not claimed.

Every account and slot that the call looks at is proven when it is looked at. The node may lie about
everything: hints it gives only save round trips, and an answer that differs from the local one is an error.
What remains to be trusted is one block hash.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from typing import Any, Protocol

from contracts_abi.keccak import keccak256
from oracles.chain.calls import Call, Outcome
from oracles.chain.client import parse_quantity
from oracles.chain.errors import ChainError, ProofError
from oracles.chain.header import Block, verify_header
from oracles.chain.jsonrpc import Request
from oracles.chain.machine import Environment, Machine
from oracles.chain.proof import AccountProof, ProvenAccount, check_proof
from oracles.chain.reader import LiveReader

ZERO = "0x" + "00" * 20
GAS = 50_000_000
SPECIFICATION = "CANCUN"
_REVERT = re.compile(r"^Revert \{ gas_used: \d+, output: 0x([0-9a-f]*)")


class Evidence(Protocol):
    """Where raw proofs and code come from; nothing of it is believed."""

    @property
    def block(self) -> Block:
        """The block."""
        ...

    def proof(self, address: str, slots: Sequence[int]) -> object:
        """Return an ``eth_getProof`` answer."""
        ...

    def code(self, address: str) -> bytes:
        """Return code."""
        ...

    def hints(self, item: Call) -> Mapping[str, Sequence[int]]:
        """Return slots by account that a call probably touches; may be empty or wrong."""
        ...


class LiveEvidence:
    """Proofs from a node at a reader's block."""

    def __init__(self, reader: LiveReader) -> None:
        self.reader = reader
        self.block = reader.block

    def proof(self, address: str, slots: Sequence[int]) -> object:
        """Ask for a proof."""
        keys = [f"0x{slot:064x}" for slot in slots]
        return self.reader.pinned([Request("eth_getProof", (address, keys))])[0]

    def code(self, address: str) -> bytes:
        """Ask for code."""
        return self.reader.code(address)

    def hints(self, item: Call) -> Mapping[str, Sequence[int]]:
        """Ask for an access list; a node without that method costs only time."""
        asked = {"to": item.target, "data": "0x" + item.data.hex()}
        try:
            answer = self.reader.pinned([Request("eth_createAccessList", (asked,))])[0]
            return {
                str(entry["address"]).lower(): [parse_quantity(key, "key") for key in entry["storageKeys"]]
                for entry in answer["accessList"]
            }
        except (ChainError, KeyError, TypeError):
            return {}


class ProvenState:
    """Accounts, slots and code, each checked against the block's state root when it is first needed."""

    def __init__(self, evidence: Evidence) -> None:
        verify_header(evidence.block)
        self.evidence = evidence
        self.block = evidence.block
        self.proofs: dict[str, AccountProof] = {}
        self.codes: dict[str, bytes] = {}
        self._root = bytes.fromhex(self.block.state_root[2:])

    def prove(self, address: str, slots: Sequence[int] = ()) -> ProvenAccount:
        """Prove an account and slots of it.

        Raises
        ------
        ProofError
            If the evidence does not hold.
        """
        known = self.proofs.get(address)
        missing = [slot for slot in slots if known is None or slot not in known.slots]
        if known is None or missing:
            wanted = sorted({*missing, *(known.slots if known else ())})
            answer = self.evidence.proof(address, wanted)
            known = self.proofs[address] = check_proof(self._root, address, wanted, answer)
        return known.account

    def slot(self, address: str, slot: int) -> int:
        """Return a proven storage word."""
        self.prove(address, [slot])
        return self.proofs[address].slots[slot]

    def code(self, address: str) -> bytes:
        """Return code whose hash is proven."""
        if address not in self.codes:
            account = self.prove(address)
            code = self.evidence.code(address) if account.code_hash != ProvenAccount().code_hash else b""
            if keccak256(code) != account.code_hash:
                raise ProofError(f"the code given for {address} is not the code whose hash is proven")
            self.codes[address] = code
        return self.codes[address]

    def balance(self, address: str) -> int:
        """Return a proven balance."""
        return self.prove(address).balance

    def code_hash(self, address: str) -> int:
        """Return a proven code hash, 0 for an account that does not exist (EIP-1052)."""
        account = self.prove(address)
        return 0 if account == ProvenAccount() else int.from_bytes(account.code_hash, "big")


def execute(state: ProvenState, item: Call) -> Outcome:
    """Execute a call over proven state; where pyrevm is installed, it has to agree.

    Raises
    ------
    ProofError
        If it cannot be done with proofs: evidence that does not hold, a step that no proof covers, or two
        machines that differ.
    """
    for address, slots in state.evidence.hints(item).items():
        with suppress(ProofError):  # bad hints prove nothing; what is needed is proven below or fails there
            state.prove(address, slots)
    outcome = Machine(state, _environment(state.block)).call(item.target, item.data)
    second = second_opinion(state, item)
    if second is not None and second != outcome:
        raise ProofError(
            f"{item.function.name} of {item.target}: two machines differ on proven state, "
            f"0x{outcome.data.hex()[:64]} and 0x{second.data.hex()[:64]}"
        )
    return outcome


def _environment(block: Block) -> Environment:
    header = block.header
    return Environment(
        chain_id=block.chain_id,
        number=block.number,
        timestamp=block.timestamp,
        coinbase=int(header["miner"], 16),
        randomness=int(header["mixHash"], 16),
        gas_limit=parse_quantity(header["gasLimit"], "gasLimit"),
    )


def second_opinion(state: ProvenState, item: Call) -> Outcome | None:
    """Return what pyrevm makes of the call over the state proven so far, None where it is not installed."""
    if find_spec("pyrevm") is None:
        return None
    from pyrevm import EVM, AccountInfo, BlockEnv, CfgEnv, Env

    block = _environment(state.block)
    environment = Env(
        cfg=CfgEnv(chain_id=block.chain_id),
        block=BlockEnv(
            number=block.number,
            coinbase=f"0x{block.coinbase:040x}",
            timestamp=block.timestamp,
            prevrandao=block.randomness.to_bytes(32, "big"),
            basefee=0,
            gas_limit=max(block.gas_limit, GAS),
        ),
    )
    machine = EVM(env=environment, gas_limit=GAS, spec_id=SPECIFICATION)
    for address, known in state.proofs.items():
        code = state.codes.get(address, b"")
        machine.insert_account_info(address, AccountInfo(nonce=known.account.nonce, code=code))
        if known.account.balance:
            machine.set_balance(address, known.account.balance)
        for slot, value in known.slots.items():
            machine.insert_account_storage(address, slot, value)
    try:
        answer: bytes = machine.message_call(ZERO, item.target, calldata=item.data, gas=GAS)
    except RuntimeError as error:
        reverted = _REVERT.match(str(error))
        return Outcome(False, bytes.fromhex(reverted[1]) if reverted else b"")
    return Outcome(True, answer)


class ProvenReader:
    """A reader that proves every answer of another one, or fails.

    Parameters
    ----------
    inner
        The reader whose answers are claims.
    evidence
        Proofs at the same block; from the node itself if not given.
    """

    trust = "proven"

    def __init__(self, inner: LiveReader, evidence: Evidence | None = None) -> None:
        self.inner = inner
        self.block = inner.block
        self.state = ProvenState(evidence or LiveEvidence(inner))

    def call_many(self, calls: Sequence[Call]) -> list[Outcome]:
        """Return outcomes that were claimed and come out of the local execution as well.

        Raises
        ------
        ProofError
            If one does not.
        """
        outcomes = self.inner.call_many(calls)
        for item, claimed in zip(calls, outcomes, strict=True):
            proven = execute(self.state, item)
            if proven != claimed:
                raise ProofError(
                    f"{item.function.name} of {item.target}: the node says 0x{claimed.data.hex()[:64]}, "
                    f"proven is 0x{proven.data.hex()[:64]}",
                    target=item.target,
                    claimed="0x" + claimed.data.hex(),
                    proven="0x" + proven.data.hex(),
                )
        return outcomes

    def storage(self, address: str, slot: int) -> int:
        """Return a proven storage word."""
        return self.state.slot(address.lower(), slot)

    def code(self, address: str) -> bytes:
        """Return code whose hash is proven."""
        return self.state.code(address.lower())


def proof_to_json(proof: AccountProof) -> dict[str, Any]:
    """Return the part of a checked proof that a stranger needs to check it again."""
    raw = proof.raw
    return {
        "address": proof.address,
        "nonce": raw["nonce"],
        "balance": raw["balance"],
        "storageHash": raw["storageHash"],
        "codeHash": raw["codeHash"],
        "accountProof": raw["accountProof"],
        "storageProof": [
            {"key": hex(slot), "value": entry["value"], "proof": entry["proof"]}
            for slot, entry in zip(proof.slots, raw["storageProof"], strict=True)
        ],
    }
