"""Sealed recordings: the proofs beside the answers, so that a stranger can check them without a node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from oracles.chain.calls import Call
from oracles.chain.client import parse_quantity
from oracles.chain.errors import ProofError, RecordingError
from oracles.chain.proven import ProvenReader, ProvenState, execute, proof_to_json
from oracles.chain.recording import Recording


class RecordedEvidence:
    """Proofs and code as a recording holds them."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.block = recording.block

    def proof(self, address: str, slots: Sequence[int]) -> object:
        """Return the recorded proof, cut down to ``slots``.

        Raises
        ------
        ProofError
            If the recording does not hold it.
        """
        recorded = self.recording.proofs.get(address)
        if recorded is None:
            raise ProofError(f"the recording holds no proof of {address}")
        by_slot = {parse_quantity(entry["key"], "key"): entry for entry in recorded["storageProof"]}
        missing = [slot for slot in slots if slot not in by_slot]
        if missing:
            raise ProofError(f"the recording holds no proof of slot {missing[0]:#x} of {address}")
        return {**recorded, "storageProof": [by_slot[slot] for slot in slots]}

    def code(self, address: str) -> bytes:
        """Return recorded code; empty if there is none."""
        return self.recording.codes.get(address, b"")

    def hints(self, item: Call) -> Mapping[str, Sequence[int]]:
        """Return all that is proven here: each proof is checked once, whoever needs it."""
        del item
        return {
            address: [parse_quantity(entry["key"], "key") for entry in proof["storageProof"]]
            for address, proof in self.recording.proofs.items()
        }


def seal(recording: Recording, reader: ProvenReader) -> Recording:
    """Return ``recording`` with the proofs of everything in it.

    Raises
    ------
    RecordingError
        If the proofs would be of another block.
    ProofError
        If a recorded answer is not what comes out of proven state.
    """
    if recording.block != reader.block:
        raise RecordingError("the proofs are of another block than the recording")
    state = reader.state
    _check(recording, state)
    return Recording(
        recording.block,
        dict(recording.outcomes),
        dict(recording.slots),
        {**{a: c for a, c in state.codes.items() if c}, **recording.codes},
        {address: proof_to_json(proof) for address, proof in state.proofs.items()},
    )


def verify_recording(recording: Recording) -> int:
    """Check a sealed recording: header, every proof, and every call executed again.

    What remains to be trusted is that the block's hash is part of the chain named; compare it with a node,
    a light client or an explorer.

    Returns
    -------
    int
        How many answers were proven.

    Raises
    ------
    RecordingError
        If it is not sealed.
    ProofError
        If something in it does not hold.
    """
    if not recording.sealed:
        raise RecordingError("the recording is not sealed: it holds no proofs")
    evidence = RecordedEvidence(recording)
    state = ProvenState(evidence)
    count = _check(recording, state)
    for address, proof in recording.proofs.items():
        slots = [parse_quantity(entry["key"], "key") for entry in proof["storageProof"]]
        known = state.proofs.get(address)
        if known is None or set(slots) != set(known.slots) or len(slots) != len(set(slots)):
            raise ProofError(f"the proof of {address} does not hold")
    for address in recording.codes:
        state.code(address)
    return count


def _check(recording: Recording, state: ProvenState) -> int:
    for item in recording.calls():
        proven = execute(state, item)
        claimed = recording.outcomes[item.target, item.data]
        if proven != claimed:
            raise ProofError(
                f"call 0x{item.data.hex()[:8]} of {item.target}: recorded 0x{claimed.data.hex()[:64]}, "
                f"proven 0x{proven.data.hex()[:64]}",
                target=item.target,
            )
    for (address, slot), word in recording.slots.items():
        if state.slot(address, slot) != word:
            raise ProofError(f"slot {slot:#x} of {address} is not the proven one", address=address)
    for address, code in recording.codes.items():
        if state.code(address) != code:
            raise ProofError(f"the code of {address} is not the proven one", address=address)
    return len(recording.outcomes) + len(recording.slots) + len(recording.codes)
