"""Our small machine against pyrevm: random programs, and the corner values of every arithmetic step."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from oracles.chain.calls import Outcome
from oracles.chain.errors import ProofError
from oracles.chain.machine import BINARY, Environment, Machine
from oracles.chain.precompiled import PRECOMPILED

pyrevm = pytest.importorskip("pyrevm", reason="pyrevm has wheels for Python 3.11 and 3.12 only")

TARGET, OTHER = "0x" + "aa" * 20, "0x" + "bb" * 20
SLOTS = {0: 7, 1: (1 << 256) - 1, 5: 1 << 255}
BLOCK = Environment(1, 100, 1_700_000_000, 5, 77, 30_000_000)
CORNERS = [0, 1, 2, 5, 31, 32, 64, 255, 256, (1 << 255) - 1, 1 << 255, (1 << 256) - 1, (1 << 256) - 2]


class Fixed:
    def __init__(self, codes: dict[str, bytes]) -> None:
        self.codes = codes

    def slot(self, address: str, slot: int) -> int:
        return SLOTS.get(slot, 0) if address == TARGET else 0

    def code(self, address: str) -> bytes:
        return self.codes.get(address, b"")

    def balance(self, address: str) -> int:
        return 12_345 if address == TARGET else 0

    def code_hash(self, address: str) -> int:
        raise ProofError("not asked for here")


def ours(codes: dict[str, bytes], data: bytes = b"") -> Outcome:
    return Machine(Fixed(codes), BLOCK).call(TARGET, data)


def theirs(codes: dict[str, bytes], data: bytes = b"") -> Outcome:
    environment = pyrevm.Env(
        cfg=pyrevm.CfgEnv(chain_id=1),
        block=pyrevm.BlockEnv(
            number=100,
            coinbase=f"0x{5:040x}",
            timestamp=1_700_000_000,
            prevrandao=(77).to_bytes(32, "big"),
            basefee=0,
            gas_limit=30_000_000,
        ),
    )
    machine = pyrevm.EVM(env=environment, gas_limit=30_000_000, spec_id="CANCUN")
    for address, code in codes.items():
        machine.insert_account_info(address, pyrevm.AccountInfo(code=code))
    machine.set_balance(TARGET, 12_345)
    for slot, value in SLOTS.items():
        machine.insert_account_storage(TARGET, slot, value)
    try:
        answer = machine.message_call("0x" + "00" * 20, TARGET, calldata=data, gas=30_000_000)
    except RuntimeError as error:
        reverted = re.match(r"^Revert \{ gas_used: \d+, output: 0x([0-9a-f]*)", str(error))
        return Outcome(False, bytes.fromhex(reverted[1]) if reverted else b"")
    return Outcome(True, answer)


def push(value: int) -> bytes:
    raw = value.to_bytes(max((value.bit_length() + 7) // 8, 1), "big")
    return bytes([0x5F + len(raw)]) + raw


RETURN_TOP = bytes.fromhex("5f5260205ff3")
DUMP = bytes.fromhex("5f525f5160205260405ff3")


@pytest.mark.parametrize("operation", sorted(BINARY))
def test_two_operand_steps_at_corner_values(operation: int) -> None:
    for first in CORNERS:
        for second in CORNERS:
            code = push(second) + push(first) + bytes([operation]) + RETURN_TOP
            assert ours({TARGET: code}) == theirs({TARGET: code}), (hex(operation), first, second)


@pytest.mark.parametrize("operation", [0x08, 0x09])
def test_three_operand_steps_at_corner_values(operation: int) -> None:
    for a in CORNERS[::2]:
        for b in CORNERS[::2]:
            for modulus in CORNERS[::3]:
                code = push(modulus) + push(b) + push(a) + bytes([operation]) + RETURN_TOP
                assert ours({TARGET: code}) == theirs({TARGET: code})


@pytest.mark.parametrize(
    "operation", [0x15, 0x19, 0x30, 0x32, 0x33, 0x34, 0x36, 0x38, 0x3A, 0x3D, *range(0x41, 0x49), 0x59]
)
def test_plain_information(operation: int) -> None:
    code = push(9) + bytes([operation]) + RETURN_TOP
    assert ours({TARGET: code}, b"abc") == theirs({TARGET: code}, b"abc")


small = st.sampled_from([0, 1, 2, 5, 31, 32, 33, 64, 100])
word = st.one_of(st.sampled_from(CORNERS), small, st.integers(0, (1 << 256) - 1))
PLAIN = [
    *BINARY,
    *(0x08, 0x09, 0x15, 0x19, 0x30, 0x33, 0x36, 0x38, 0x3D),
    *(0x42, 0x43, 0x46, 0x47, 0x50, 0x54, 0x58, 0x59, 0x5B),
    *range(0x80, 0x88),
    *range(0x90, 0x96),
]  # fmt: skip


@st.composite
def programs(draw: st.DrawFn) -> bytes:
    parts = [push(draw(word)) for _ in range(6)]
    for _ in range(draw(st.integers(1, 25))):
        kind = draw(st.integers(0, 11))
        if kind < 5:
            parts.append(bytes([draw(st.sampled_from(PLAIN))]))
        elif kind == 5:
            parts.append(push(draw(word)))
        elif kind == 6:  # memory: store, load, byte, hash, copies of call data, code, returned data
            parts.append(
                draw(
                    st.sampled_from(
                        [
                            push(draw(small)) + b"\x51",
                            push(draw(word)) + push(draw(small)) + b"\x52",
                            push(draw(word)) + push(draw(small)) + b"\x53",
                            push(draw(small)) + push(draw(small)) + b"\x20",
                            push(draw(small)) + push(draw(small)) + push(draw(small)) + b"\x37",
                            push(draw(small)) + push(draw(small)) + push(draw(small)) + b"\x39",
                            push(draw(small)) + push(draw(small)) + push(draw(small)) + b"\x3e",
                            push(draw(small)) + push(draw(small)) + push(draw(small)) + b"\x5e",
                            push(draw(small)) + b"\x35",
                        ]
                    )
                )
            )
        elif kind == 7:  # storage and transient storage
            parts.append(
                draw(st.sampled_from([b"\x54", b"\x55", b"\x5c", b"\x5d"])).join(
                    [push(draw(word)) + push(draw(st.integers(0, 5))), b""]
                )
            )
        elif kind == 8:  # a call of every kind, to the other contract, to nothing or to a precompiled one
            where = draw(st.sampled_from([int(OTHER, 16), int(TARGET, 16) + 1, 2, 4]))
            how = draw(st.sampled_from([0xF1, 0xF2, 0xF4, 0xFA]))
            areas = b"".join(push(draw(small)) for _ in range(4))
            pays = push(0) if how in {0xF1, 0xF2} else b""
            parts.append(areas + pays + push(where) + push(1_000_000) + bytes([how]))
        elif kind == 9:
            parts.append(bytes([draw(st.sampled_from([0x3B, 0x31]))]).join([push(int(OTHER, 16)), b""]))
        elif kind == 10:  # a jump over some bytes, taken or not
            parts.append(push(draw(small)) + push(draw(small)) + draw(st.sampled_from([b"\x56", b"\x57"])))
        else:
            parts.append(
                draw(
                    st.sampled_from(
                        [b"\x00", b"\xfe", b"\x5f\x5f\xfd", b"\x60\x20\x5f\xfd", b"\x5f\x5f\xa0", b"\x0c"]
                    )
                )
            )
    return b"".join(parts) + draw(
        st.sampled_from([DUMP, RETURN_TOP, bytes.fromhex("60605ff3"), bytes.fromhex("60605ffd")])
    )


def agree(code: bytes, other: bytes, data: bytes) -> None:
    codes = {TARGET: code, OTHER: other}
    try:
        mine = ours(codes, data)
    except ProofError:
        reject()  # refused: calls that nest without end
    assert mine == theirs(codes, data), (code.hex(), other.hex(), data.hex())


@given(programs(), programs(), st.binary(max_size=70))
@settings(max_examples=400, deadline=None)
def test_random_programs(code: bytes, other: bytes, data: bytes) -> None:
    agree(code, other, data)


@pytest.mark.long
@given(programs(), programs(), st.binary(max_size=70))
@settings(max_examples=10_000, deadline=None)
def test_many_random_programs(code: bytes, other: bytes, data: bytes) -> None:
    agree(code, other, data)


@given(st.sampled_from(sorted(PRECOMPILED)), st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_precompiled_contracts(number: int, data: bytes) -> None:
    """Copy the call data to memory, call the contract with it, return what it gave."""
    code = bytes.fromhex("365f5f375f5f365f") + push(number) + bytes.fromhex("5afa503d5f5f3e3d5ff3")
    agree(code, b"", data)


def test_a_real_signature_is_recovered() -> None:
    from eth_keys.datatypes import PrivateKey

    key, digest = PrivateKey(b"\x07" * 32), b"\x11" * 32
    signature = key.sign_msg_hash(digest)
    data = (
        digest
        + (27 + signature.v).to_bytes(32, "big")
        + signature.r.to_bytes(32, "big")
        + signature.s.to_bytes(32, "big")
    )
    code = bytes.fromhex("365f5f375f5f365f") + push(1) + bytes.fromhex("5afa503d5f5f3e3d5ff3")
    agree(code, b"", data)
    assert ours({TARGET: code}, data).data[12:] == key.public_key.to_canonical_address()


@pytest.mark.parametrize("code", ["5f40", "5f49", "5f5f5ff0", "5fff", "5f5f5f5f600161aaaa5af1"])
def test_what_no_proof_covers_is_refused(code: str) -> None:
    with pytest.raises(ProofError):
        ours({TARGET: bytes.fromhex(code)})


def test_an_endless_loop_ends() -> None:
    with pytest.raises(ProofError, match="steps"):
        ours({TARGET: bytes.fromhex("5b5f56")})
