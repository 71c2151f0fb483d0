"""A small Ethereum machine for calls over proven state: every read goes through a function that proves it.

A ready-made machine hides which slots a call looked at (pyrevm's journal forgets those of a frame that
reverted, and a contract may decide by just that), so a slot that the node withheld could pass for zero. Here
each read asks, so nothing unproven is ever used. Gas is not counted, only steps and memory are bounded; what
no state proof covers (block hashes, creation, payments) is refused. Source of the rules: Ethereum yellow
paper, appendix H, and execution-specs, fork Cancun.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from contracts_abi.keccak import keccak256
from oracles.chain.calls import Outcome
from oracles.chain.errors import ProofError
from oracles.chain.precompiled import PRECOMPILED

WORD = 1 << 256
MASK = WORD - 1
SIGN = 1 << 255
ADDRESS = (1 << 160) - 1
GAS_SAID = 30_000_000
MAXIMUM_STEPS = 3_000_000
MAXIMUM_MEMORY = 4 << 20
MAXIMUM_STACK = 1024
MAXIMUM_DEPTH = 64


class State(Protocol):
    """Proven state; each function raises ``ProofError`` rather than guess."""

    def slot(self, address: str, slot: int) -> int:
        """Return a storage word."""
        ...

    def code(self, address: str) -> bytes:
        """Return code."""
        ...

    def balance(self, address: str) -> int:
        """Return the balance."""
        ...

    def code_hash(self, address: str) -> int:
        """Return the code hash as EXTCODEHASH gives it: 0 for an account that does not exist."""
        ...


@dataclass(frozen=True, slots=True)
class Environment:
    """What a call may ask about block and chain."""

    chain_id: int
    number: int
    timestamp: int
    coinbase: int
    randomness: int
    gas_limit: int


class _HaltError(Exception):
    """The frame ends as if out of gas: an invalid step."""


@dataclass(slots=True)
class _Frame:
    address: str  # whose storage
    code: bytes
    data: bytes
    caller: int
    static: bool
    depth: int
    stack: list[int] = field(default_factory=list)
    memory: bytearray = field(default_factory=bytearray)
    returned: bytes = b""

    def pop(self) -> int:
        if not self.stack:
            raise _HaltError
        return self.stack.pop()

    def read(self, start: int, size: int) -> bytes:
        self.grow(start, size)
        return bytes(self.memory[start : start + size])

    def write(self, start: int, data: bytes) -> None:
        self.grow(start, len(data))
        self.memory[start : start + len(data)] = data

    def grow(self, start: int, size: int) -> None:
        if size == 0:
            return
        end = start + size
        if end > MAXIMUM_MEMORY:
            raise _HaltError
        if end > len(self.memory):
            self.memory.extend(bytes(-(-end // 32) * 32 - len(self.memory)))


def _signed(value: int) -> int:
    return value - WORD if value & SIGN else value


def _divide(a: int, b: int) -> int:
    return a // b if b else 0


def _signed_divide(a: int, b: int) -> int:
    a, b = _signed(a), _signed(b)
    if b == 0:
        return 0
    quotient = abs(a) // abs(b)
    return (quotient if (a < 0) == (b < 0) else -quotient) & MASK


def _signed_modulo(a: int, b: int) -> int:
    a, b = _signed(a), _signed(b)
    return 0 if b == 0 else (abs(a) % abs(b) * (-1 if a < 0 else 1)) & MASK


def _extend_sign(size: int, value: int) -> int:
    if size > 30:
        return value
    bit = 8 * size + 7
    low = value & ((1 << (bit + 1)) - 1)
    return low | (MASK ^ ((1 << (bit + 1)) - 1)) if value >> bit & 1 else low


def _arithmetic_shift(shift: int, value: int) -> int:
    return (_signed(value) >> min(shift, 256)) & MASK


BINARY: dict[int, Callable[[int, int], int]] = {
    0x01: lambda a, b: (a + b) & MASK,
    0x02: lambda a, b: (a * b) & MASK,
    0x03: lambda a, b: (a - b) & MASK,
    0x04: _divide,
    0x05: _signed_divide,
    0x06: lambda a, b: a % b if b else 0,
    0x07: _signed_modulo,
    0x0A: lambda a, b: pow(a, b, WORD),
    0x0B: _extend_sign,
    0x10: lambda a, b: int(a < b),
    0x11: lambda a, b: int(a > b),
    0x12: lambda a, b: int(_signed(a) < _signed(b)),
    0x13: lambda a, b: int(_signed(a) > _signed(b)),
    0x14: lambda a, b: int(a == b),
    0x16: lambda a, b: a & b,
    0x17: lambda a, b: a | b,
    0x18: lambda a, b: a ^ b,
    0x1A: lambda a, b: b >> (8 * (31 - a)) & 255 if a < 32 else 0,
    0x1B: lambda a, b: b << a & MASK if a < 256 else 0,
    0x1C: lambda a, b: b >> a if a < 256 else 0,
    0x1D: _arithmetic_shift,
}
REFUSED = {
    0x40: "BLOCKHASH",
    0x49: "BLOBHASH",
    0x4A: "BLOBBASEFEE",
    0xF0: "CREATE",
    0xF5: "CREATE2",
    0xFF: "SELFDESTRUCT",
}


class Machine:
    """Runs one call; writes of it live only as long as it does."""

    def __init__(self, state: State, environment: Environment) -> None:
        self.state = state
        self.environment = environment
        self._steps = 0
        self._written: dict[tuple[str, int], int] = {}
        self._transient: dict[tuple[str, int], int] = {}

    def call(self, target: str, data: bytes) -> Outcome:
        """Call ``target`` from the zero address, as ``eth_call`` without a sender does.

        Raises
        ------
        ProofError
            If something is not provable, or the call is longer than any read should be.
        """
        return self._enter(_Frame(target, self.state.code(target), data, 0, static=False, depth=1))

    def _enter(self, frame: _Frame) -> Outcome:
        written, transient = dict(self._written), dict(self._transient)
        try:
            outcome = self._run(frame)
        except (_HaltError, RecursionError):
            outcome = Outcome(False, b"")
        if not outcome.success:
            self._written, self._transient = written, transient
        return outcome

    def _run(self, frame: _Frame) -> Outcome:
        code, stack, pop = frame.code, frame.stack, frame.pop
        size, at = len(code), 0
        targets = _jump_targets(code)
        while at < size:
            operation = code[at]
            at += 1
            self._steps += 1
            if self._steps > MAXIMUM_STEPS:
                raise ProofError(f"the call takes more than {MAXIMUM_STEPS} steps")
            if 0x5F <= operation <= 0x7F:
                width = operation - 0x5F
                stack.append(int.from_bytes(code[at : at + width].ljust(width, b"\0"), "big"))
                at += width
            elif 0x80 <= operation <= 0x8F:
                if len(stack) < operation - 0x7F:
                    raise _HaltError
                stack.append(stack[0x7F - operation])
            elif 0x90 <= operation <= 0x9F:
                if len(stack) < operation - 0x8E:
                    raise _HaltError
                other = 0x8E - operation
                stack[-1], stack[other] = stack[other], stack[-1]
            elif operation in BINARY:
                first = pop()
                stack.append(BINARY[operation](first, pop()))
            elif operation in {0x56, 0x57}:
                target = pop()
                if operation == 0x56 or pop():
                    if target not in targets:
                        raise _HaltError
                    at = target + 1
            elif operation in {0x00, 0xF3, 0xFD}:
                if operation == 0x00:
                    return Outcome(True, b"")
                start = pop()
                return Outcome(operation == 0xF3, frame.read(start, pop()))
            elif operation == 0x58:
                stack.append(at - 1)
            elif operation != 0x5B:
                self._other(operation, frame)
            if len(stack) > MAXIMUM_STACK:
                raise _HaltError
        return Outcome(True, b"")

    def _other(self, operation: int, frame: _Frame) -> None:
        stack, pop = frame.stack, frame.pop
        if operation in REFUSED:
            raise ProofError(f"the call uses {REFUSED[operation]}, which no state proof covers")
        if operation == 0x50:
            pop()
        elif operation == 0x15:
            stack.append(int(pop() == 0))
        elif operation == 0x19:
            stack.append(pop() ^ MASK)
        elif operation in {0x08, 0x09}:
            a, b, modulus = pop(), pop(), pop()
            stack.append((a + b if operation == 0x08 else a * b) % modulus if modulus else 0)
        elif operation == 0x20:
            start = pop()
            stack.append(int.from_bytes(keccak256(frame.read(start, pop())), "big"))
        elif operation == 0x51:
            stack.append(int.from_bytes(frame.read(pop(), 32), "big"))
        elif operation in {0x52, 0x53}:
            start, value = pop(), pop()
            frame.write(start, value.to_bytes(32, "big") if operation == 0x52 else bytes([value & 255]))
        elif operation in {0x54, 0x55, 0x5C, 0x5D}:
            self._storage(operation, frame)
        elif 0x30 <= operation <= 0x48 or operation in {0x59, 0x5A}:
            self._information(operation, frame)
        elif operation == 0x5E:
            to, start, length = pop(), pop(), pop()
            frame.write(to, frame.read(start, length))
        elif 0xA0 <= operation <= 0xA4:
            if frame.static:
                raise _HaltError
            start = pop()
            frame.grow(start, pop())
            for _ in range(operation - 0xA0):
                pop()
        elif operation in {0xF1, 0xF2, 0xF4, 0xFA}:
            self._call(operation, frame)
        else:
            raise _HaltError  # INVALID and what no fork defines

    def _storage(self, operation: int, frame: _Frame) -> None:
        key = (frame.address, frame.pop())
        if operation == 0x54:
            found = self._written.get(key)
            frame.stack.append(self.state.slot(*key) if found is None else found)
        elif operation == 0x5C:
            frame.stack.append(self._transient.get(key, 0))
        elif frame.static:
            raise _HaltError
        elif operation == 0x55:
            self._written[key] = frame.pop()
        else:
            self._transient[key] = frame.pop()

    def _information(self, operation: int, frame: _Frame) -> None:
        stack, pop, block = frame.stack, frame.pop, self.environment
        simple = {
            0x30: int(frame.address, 16),
            0x32: 0,
            0x33: frame.caller,
            0x34: 0,
            0x36: len(frame.data),
            0x38: len(frame.code),
            0x3A: 0,
            0x3D: len(frame.returned),
            0x41: block.coinbase,
            0x42: block.timestamp,
            0x43: block.number,
            0x44: block.randomness,
            0x45: block.gas_limit,
            0x46: block.chain_id,
            0x48: 0,  # eth_call has no gas price, so nodes answer 0
            0x59: len(frame.memory),
            0x5A: GAS_SAID,
        }
        if operation in simple:
            stack.append(simple[operation])
        elif operation == 0x35:
            start = pop()
            stack.append(int.from_bytes(frame.data[start : start + 32].ljust(32, b"\0"), "big"))
        elif operation in {0x37, 0x39, 0x3E}:
            source = {0x37: frame.data, 0x39: frame.code, 0x3E: frame.returned}[operation]
            _copy(frame, source, strict=operation == 0x3E)
        elif operation == 0x3C:
            _copy(frame, self.state.code(_address(pop())))
        elif operation == 0x31:
            stack.append(self.state.balance(_address(pop())))
        elif operation == 0x47:
            stack.append(self.state.balance(frame.address))
        elif operation == 0x3B:
            stack.append(len(self.state.code(_address(pop()))))
        elif operation == 0x3F:
            stack.append(self.state.code_hash(_address(pop())))
        else:
            raise _HaltError

    def _call(self, operation: int, frame: _Frame) -> None:
        pop = frame.pop
        pop()  # gas
        target = _address(pop())
        value = pop() if operation in {0xF1, 0xF2} else 0
        if value:
            raise ProofError("the call pays, which reads do not")
        start, size, out, room = pop(), pop(), pop(), pop()
        data = frame.read(start, size)
        frame.grow(out, room)
        if frame.depth >= MAXIMUM_DEPTH:
            raise ProofError(f"calls nested deeper than {MAXIMUM_DEPTH}")
        number = int(target, 16)
        if 0 < number < 0x20:
            outcome = self._precompiled(number, data)
        else:
            own = operation in {0xF2, 0xF4}
            outcome = self._enter(
                _Frame(
                    frame.address if own else target,
                    self.state.code(target),
                    data,
                    frame.caller if operation == 0xF4 else int(frame.address, 16),
                    static=frame.static or operation == 0xFA,
                    depth=frame.depth + 1,
                )
            )
        frame.returned = outcome.data
        frame.write(out, outcome.data[:room])
        frame.stack.append(int(outcome.success))

    def _precompiled(self, number: int, data: bytes) -> Outcome:
        if number not in PRECOMPILED:
            raise ProofError(f"the call uses precompiled contract {number}, which is not built in")
        answer = PRECOMPILED[number](data)
        return Outcome(answer is not None, answer or b"")


def _copy(frame: _Frame, source: bytes, *, strict: bool = False) -> None:
    to, start, size = frame.pop(), frame.pop(), frame.pop()
    if strict and start + size > len(source):
        raise _HaltError
    frame.grow(to, size)
    frame.write(to, source[start : start + size].ljust(size, b"\0") if size else b"")


def _address(word: int) -> str:
    return f"0x{word & ADDRESS:040x}"


def _jump_targets(code: bytes) -> frozenset[int]:
    found = set()
    at = 0
    while at < len(code):
        operation = code[at]
        if operation == 0x5B:
            found.add(at)
        at += operation - 0x5E if 0x60 <= operation <= 0x7F else 1
    return frozenset(found)
