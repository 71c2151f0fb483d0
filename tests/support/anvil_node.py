"""Find anvil, start it on a free loopback port, and always end it.

anvil writes the states of past blocks to a folder in the user's home: tens of gigabytes in a long run.
So history is pruned, and home, cache and temporary folders of the node lie in one temporary folder that
is removed with the node.
"""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from json_rpc import Rpc, RpcError
from local_tools import ROOT, ToolMissingError, npm_package
from pinned_packages import anvil_package

START_SECONDS = 20.0
STARTS = 5


def find_anvil() -> Path:
    """Return anvil: ``BACKSTOP_ANVIL``, PATH, ``~/.foundry/bin``, ``node_modules``, else the pinned one.

    Raises
    ------
    ToolMissingError
        If none is there and none can be fetched. Tests fail on it, in CI and elsewhere; they never skip.
    """
    named = os.environ.get("BACKSTOP_ANVIL")
    if named:
        if not os.access(named, os.X_OK):
            raise ToolMissingError(f"BACKSTOP_ANVIL={named} is not a program")
        return Path(named)
    package = anvil_package()
    found = shutil.which("anvil")
    candidates = [Path(found)] if found else []
    candidates.append(Path.home() / ".foundry" / "bin" / "anvil")
    if package is not None:
        candidates.append(ROOT / "node_modules" / package.name / "bin" / "anvil")
    for candidate in candidates:
        if os.access(candidate, os.X_OK):
            return candidate
    if package is None:
        raise ToolMissingError("no anvil is published for this machine; set BACKSTOP_ANVIL to a program")
    program = npm_package(package) / "bin" / "anvil"
    if not os.access(program, os.X_OK):
        program.chmod(0o755)
    return program


def free_port() -> int:
    """Return a loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# Run instead of anvil, becomes anvil: asks Linux (PR_SET_PDEATHSIG, SIGKILL) to end it with its parent,
# so that a test process that is killed outright leaves no node behind.
TIE_TO_PARENT = "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 9); os.execv(sys.argv[1], sys.argv[1:])"


class AnvilNode:
    """A running node; use it as a context manager or call ``close``.

    Parameters
    ----------
    program
        The anvil to run; found or fetched if not given.
    chain_id
        What ``eth_chainId`` answers; 1 makes a reader believe it is on mainnet.
    time
        Unix second of the genesis block; the machine's clock if not given.
    options
        Further options of anvil.
    keep_history
        Whether the states of past blocks can be read.
    """

    def __init__(
        self,
        program: Path | None = None,
        chain_id: int = 31337,
        time: int | None = None,
        options: tuple[str, ...] = (),
        *,
        keep_history: bool = False,
    ) -> None:
        self.program = program or find_anvil()
        self.folder = Path(tempfile.mkdtemp(prefix="backstop-anvil-"))
        # Registered before the process exists: whatever happens next, nothing stays behind.
        atexit.register(self.close)
        self._process: subprocess.Popen[bytes] | None = None
        self._options = [
            *("--host", "127.0.0.1", "--accounts", "1", "--chain-id", str(chain_id)),
            *(() if keep_history else ("--prune-history",)),
            *("--cache-path", str(self.folder / "cache"), "--quiet"),
            *("--disable-code-size-limit", "--gas-limit", "1000000000", "--base-fee", "0"),
            *("--gas-price", "0", "--no-request-size-limit"),
            *(("--timestamp", str(time)) if time is not None else ()),
            *options,
        ]
        try:
            self.rpc = self._start()
            self.account: str = self.rpc("eth_accounts")[0]
        except BaseException:
            self.close()
            raise

    @property
    def url(self) -> str:
        """Return the endpoint."""
        return self.rpc.url

    @property
    def process_id(self) -> int:
        """Return the node's process id."""
        assert self._process is not None
        return self._process.pid

    def _start(self) -> Rpc:
        environment = dict(os.environ, HOME=str(self.folder), TMPDIR=str(self.folder))
        tie = [sys.executable, "-I", "-c", TIE_TO_PARENT] if sys.platform == "linux" else []
        said = ""
        for _ in range(STARTS):  # another program may take the port between probe and start
            port = free_port()
            log = self.folder / "log"
            with log.open("wb") as output:
                self._process = subprocess.Popen(
                    [*tie, str(self.program), "--port", str(port), *self._options],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    cwd=self.folder,
                    env=environment,
                )
            rpc = self._wait(port)
            if rpc is not None:
                return rpc
            said = log.read_text(errors="replace").strip()[-400:]
        raise ToolMissingError(f"{self.program} does not start: {said or 'no answer on its port'}")

    def _wait(self, port: int) -> Rpc | None:
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                return None
            rpc = Rpc(port)
            try:
                rpc("eth_chainId")
            except (OSError, RpcError, ValueError):
                rpc.close()
                time.sleep(0.01)
            else:
                return rpc
        self._end_process()
        return None

    def _end_process(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def close(self) -> None:
        """End the node and remove what it wrote; a second call does nothing."""
        if hasattr(self, "rpc"):
            self.rpc.close()
        self._end_process()
        shutil.rmtree(self.folder, ignore_errors=True)
        atexit.unregister(self.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
