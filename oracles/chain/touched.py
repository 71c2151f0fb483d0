"""What a local call looks at: every account and slot, those of reverted frames included.

pyrevm's journal forgets the reads of a frame that reverted, and a contract may decide by just that revert.
So the machine's own step trace (EIP-3155) is read instead. pyrevm writes it to ``sys.stdout``, which is
therefore turned into a buffer for the time of one call, under a lock.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from threading import Lock
from typing import TypeVar

from oracles.chain.errors import ProofError

Result = TypeVar("Result")
_LOCK = Lock()

SLOAD, SSTORE, BLOCKHASH, SELFBALANCE = 0x54, 0x55, 0x40, 0x47
OF_ACCOUNT = {0x31, 0x3B, 0x3C, 0x3F}  # BALANCE, EXTCODESIZE, EXTCODECOPY, EXTCODEHASH
CALLS_INTO = {0xF1, 0xFA}  # CALL, STATICCALL: code and storage of the target
CALLS_CODE = {0xF2, 0xF4}  # CALLCODE, DELEGATECALL: its code on our storage
UNPROVABLE = {BLOCKHASH: "BLOCKHASH", 0xF0: "CREATE", 0xF5: "CREATE2", 0xFF: "SELFDESTRUCT"}
WATCHED = {SLOAD, SSTORE, SELFBALANCE, *OF_ACCOUNT, *CALLS_INTO, *CALLS_CODE, *UNPROVABLE}


@dataclass(slots=True)
class Touched:
    """Accounts, and slots by account."""

    accounts: set[str] = field(default_factory=set)
    slots: dict[str, set[int]] = field(default_factory=dict)

    def slot(self, address: str, slot: int) -> None:
        """Note a slot."""
        self.accounts.add(address)
        self.slots.setdefault(address, set()).add(slot)


def run_traced(target: str, run: Callable[[], Result]) -> tuple[Result | Exception, Touched]:
    """Run a call of ``target`` with tracing on; return its result or error, and what it touched.

    Raises
    ------
    ProofError
        If it used something that no state proof covers.
    """
    result: Result | Exception
    trace = io.StringIO()
    with _LOCK, redirect_stdout(trace):
        try:
            result = run()
        except RuntimeError as error:  # how pyrevm says revert and halt
            result = error
    return result, touched_of(target, trace.getvalue().splitlines())


def _operation(line: str) -> int:
    start = line.find('"op":') + 5
    end = line.find(",", start)
    return int(line[start:end]) if start >= 5 and line[start:end].isdigit() else -1


def touched_of(target: str, lines: list[str]) -> Touched:
    """Return what a step trace touches.

    Raises
    ------
    ProofError
        If a step is not provable, or the trace is not whole.
    """
    touched = Touched({target})
    contexts = [target]
    entered = target
    whole = False
    for line in lines:
        if line.startswith('{"stateRoot"'):
            whole = True
        operation = _operation(line)
        if operation not in WATCHED:
            continue
        step = json.loads(line)
        depth, stack = step["depth"], step["stack"]
        while len(contexts) > depth:
            contexts.pop()
        while len(contexts) < depth:  # the last call led here
            contexts.append(entered)
        here = contexts[-1]
        if operation in UNPROVABLE:
            raise ProofError(f"the call uses {UNPROVABLE[operation]}, which no state proof covers")
        if operation in {SLOAD, SSTORE}:
            touched.slot(here, int(stack[-1], 16))
        elif operation == SELFBALANCE:
            touched.accounts.add(here)
        elif operation in OF_ACCOUNT:
            touched.accounts.add(_address(stack[-1]))
        else:
            called = _address(stack[-2])
            touched.accounts.add(called)
            entered = called if operation in CALLS_INTO else here
    if not whole:
        raise ProofError("the local machine gave no whole trace of the call")
    return touched


def _address(word: str) -> str:
    return f"0x{int(word, 16) & ((1 << 160) - 1):040x}"
