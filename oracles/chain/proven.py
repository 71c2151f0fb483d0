"""Calls executed here, over state that is proven: the number printed is then proven and not claimed.

Run the call, list what it touched, prove what is not proven yet, and run again until nothing new is touched.
The node may lie about everything: hints it gives only save rounds, and an answer that differs from the local
one is an error. What remains to be trusted is one block hash.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol

from contracts_abi.keccak import keccak256
from oracles.chain.calls import Call, Outcome
from oracles.chain.client import parse_quantity
from oracles.chain.errors import ChainError, ProofError
from oracles.chain.header import Block, verify_header
from oracles.chain.jsonrpc import Request
from oracles.chain.proof import AccountProof, ProvenAccount, check_proof
from oracles.chain.reader import LiveReader
from oracles.chain.touched import Touched, run_traced

ZERO = "0x" + "00" * 20
GAS = 50_000_000
ROUNDS = 32
PRECOMPILED = 0x11
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

    def add(self, touched: Touched) -> bool:
        """Prove what was touched; return whether anything of it was new."""
        new = False
        for address in touched.accounts:
            if int(address, 16) <= PRECOMPILED:
                continue
            known = self.proofs.get(address)
            wanted = touched.slots.get(address, set())
            if known is None or wanted - set(known.slots):
                new = True
                self.prove(address, sorted(wanted))
                self.code(address)
        return new


def execute(state: ProvenState, item: Call) -> Outcome:
    """Execute a call over proven state.

    Raises
    ------
    ProofError
        If it cannot be done with proofs: evidence that does not hold, an instruction that no proof covers,
        a machine that stops for another reason than a revert.
    """
    touched = Touched({item.target})
    for address, slots in state.evidence.hints(item).items():
        touched.accounts.add(address)
        touched.slots.setdefault(address, set()).update(slots)
    with suppress(ProofError):  # bad hints prove nothing; what is needed is proven below or fails there
        state.add(touched)
    state.add(Touched({item.target}))
    for _ in range(ROUNDS):
        outcome, touched = _run(state, item)
        if not state.add(touched):
            if isinstance(outcome, Outcome):
                return outcome
            raise ProofError(f"{item.function.name} of {item.target} stopped here: {outcome}"[:300])
    raise ProofError(f"{item.function.name} of {item.target} touches new state in every round")


def _run(state: ProvenState, item: Call) -> tuple[Outcome | Exception, Touched]:
    try:
        from pyrevm import EVM, AccountInfo, BlockEnv, CfgEnv, Env
    except ImportError:
        raise ProofError(
            "re-executing calls needs pyrevm: install backstop[evm] on Python 3.11 or 3.12"
        ) from None

    header = state.block.header
    environment = Env(
        cfg=CfgEnv(chain_id=state.block.chain_id),
        block=BlockEnv(
            number=state.block.number,
            coinbase=header["miner"],
            timestamp=state.block.timestamp,
            prevrandao=bytes.fromhex(header["mixHash"][2:]),
            basefee=0,  # eth_call runs without a gas price, so BASEFEE reads as zero in nodes too
            gas_limit=parse_quantity(header["gasLimit"], "gasLimit"),
        ),
    )
    machine = EVM(env=environment, gas_limit=GAS, tracing=True, spec_id=SPECIFICATION)
    for address, known in state.proofs.items():
        info = AccountInfo(nonce=known.account.nonce, code=state.codes.get(address, b""))
        machine.insert_account_info(address, info)
        if known.account.balance:
            machine.set_balance(address, known.account.balance)
        for slot, value in known.slots.items():
            machine.insert_account_storage(address, slot, value)

    def call_it() -> bytes:
        answer: bytes = machine.message_call(ZERO, item.target, calldata=item.data, gas=GAS, is_static=True)
        return answer

    result, touched = run_traced(item.target, call_it)
    if isinstance(result, bytes):
        return Outcome(True, result), touched
    assert isinstance(result, Exception)
    reverted = _REVERT.match(str(result))
    return (Outcome(False, bytes.fromhex(reverted[1])) if reverted else result), touched


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
