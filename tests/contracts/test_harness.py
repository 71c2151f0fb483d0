"""The harness itself: found, fetched and checked tools; a node that always ends."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

import local_tools
from anvil_node import AnvilNode, find_anvil
from evm_chains import AnvilChain, Chain, RevertedError, Workbench, fast_chain
from json_rpc import RpcError
from local_tools import ToolMissingError, integrity_of, kept, npm_package, run_tool, unpack_checked
from pinned_packages import UNISWAP_V2_CORE, Package
from workbench import Call, call_data


def tarball(folder: Path, text: bytes = b"{}") -> Path:
    path = folder / "some.tgz"
    with tarfile.open(path, "w:gz") as archive:
        entry = tarfile.TarInfo("package/build/a.json")
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text))
    return path


def package_of(path: Path) -> Package:
    return Package("@some/name", "1.0.0", integrity_of(path.read_bytes()), "MIT")


def test_a_pinned_tarball_is_unpacked(tmp_path: Path) -> None:
    path = tarball(tmp_path)
    unpack_checked(path, package_of(path), tmp_path / "cache" / "some-name-1.0.0")
    assert (tmp_path / "cache" / "some-name-1.0.0" / "build" / "a.json").read_text() == "{}"
    assert [entry.name for entry in (tmp_path / "cache").iterdir()] == ["some-name-1.0.0"]


def test_another_tarball_is_refused(tmp_path: Path) -> None:
    package = package_of(tarball(tmp_path))
    other = tarball(tmp_path, b"{ }")
    with pytest.raises(ToolMissingError, match="pinned is sha512-"):
        unpack_checked(other, package, tmp_path / "cache" / "x")
    assert not (tmp_path / "cache").exists()


def test_a_failed_fetch_says_what_npm_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_tools, "TOOLS", tmp_path)
    failing = [sys.executable, "-c", "import sys; sys.exit('no route to the registry')"]
    monkeypatch.setattr(local_tools, "node_tool", lambda name: failing)
    with pytest.raises(ToolMissingError, match=r"@uniswap/v2-core 1\.0\.1 with npm .*no route"):
        npm_package(UNISWAP_V2_CORE)


def test_a_fetch_that_hangs_or_brings_nothing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_tools, "TOOLS", tmp_path)
    monkeypatch.setattr(local_tools, "node_tool", lambda name: [sys.executable, "-c", "pass"])
    with pytest.raises(ToolMissingError, match="wrote 0 tarballs"):
        npm_package(UNISWAP_V2_CORE)
    assert not (tmp_path / "npm").exists()
    with pytest.raises(ToolMissingError, match=r"waiting: .*timed out after 0"):
        run_tool("waiting", [sys.executable, "-c", "import time; time.sleep(60)"], 0)
    with pytest.raises(ToolMissingError, match=r"absent: .*No such file"):
        run_tool("absent", ["/nowhere/program"])


def test_a_kept_text_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_tools, "TOOLS", tmp_path)
    made = []

    def make() -> str:
        made.append(1)
        return "good text" if len(made) > 1 else "cut sh"

    with pytest.raises(ToolMissingError, match="not what was expected"):
        kept("x.json", make, lambda text: text == "good text")
    assert not (tmp_path / "x.json").exists()
    assert kept("x.json", make, lambda text: text == "good text") == "good text"
    assert kept("x.json", make, lambda text: text == "good text") == "good text"
    assert len(made) == 2
    (tmp_path / "x.json").write_text("good te")  # a half of it, however that came
    assert kept("x.json", make, lambda text: text == "good text") == "good text"
    assert len(made) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.json", "x.lock"]


def test_without_npm_and_uv_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_tools.shutil, "which", lambda name: None)
    monkeypatch.setattr(local_tools, "uv_command", lambda: None)
    with pytest.raises(ToolMissingError, match=r"install Node\.js or uv"):
        local_tools.node_tool("npm")


def test_without_npm_the_python_package_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_tools.shutil, "which", lambda name: None)
    monkeypatch.setattr(local_tools, "uv_command", lambda: "uv")
    command = local_tools.node_tool("npm")
    assert (command[0], command[-3:]) == ("uv", ["--from", local_tools.NODE_WHEEL, "npm"])


def test_a_named_anvil_that_is_no_program_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKSTOP_ANVIL", "/nowhere/anvil")
    with pytest.raises(ToolMissingError, match="BACKSTOP_ANVIL"):
        find_anvil()


def test_a_named_anvil_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKSTOP_ANVIL", sys.executable)
    assert find_anvil() == Path(sys.executable)


def test_a_program_that_is_no_node_is_reported(tmp_path: Path) -> None:
    program = tmp_path / "anvil"
    program.write_text("#!/bin/sh\necho cannot run here >&2\nexit 3\n")
    program.chmod(0o755)
    with pytest.raises(ToolMissingError, match="cannot run here"):
        AnvilNode(program)


def alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process_id}/stat")
    return not status.exists() or status.read_text().rsplit(")", 1)[1].split()[0] != "Z"


@pytest.mark.node
def test_a_node_ends_with_its_folder() -> None:
    with AnvilNode(chain_id=1, time=1_600_000_000) as node:
        process_id, folder = node.process_id, node.folder
        assert node.rpc("eth_chainId") == "0x1"
        assert len(node.rpc("eth_accounts")) == 1
        assert int(node.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16) == 1_600_000_000
        assert alive(process_id)
        assert folder.exists()
    assert not alive(process_id)
    assert not folder.exists()


@pytest.mark.node
def test_a_node_keeps_no_history_on_disk() -> None:
    with AnvilNode() as node:
        for _ in range(3):
            node.rpc("anvil_mine", hex(500))
        assert sum(path.stat().st_size for path in node.folder.rglob("*") if path.is_file()) < 1_000_000


@pytest.mark.node
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can tie a process to its parent")
def test_a_node_ends_when_its_test_process_is_killed() -> None:
    script = "from anvil_node import AnvilNode; import time; n = AnvilNode(); "
    script += "print(n.process_id, n.folder, flush=True); time.sleep(60)"
    environment = dict(os.environ, PYTHONPATH=str(Path(local_tools.__file__).parent))
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=environment
    ) as parent:
        assert parent.stdout is not None
        process_id, folder = parent.stdout.readline().split()
        parent.kill()
    deadline = time.monotonic() + 5
    while alive(int(process_id)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not alive(int(process_id))
    local_tools.shutil.rmtree(folder)


@pytest.mark.node
def test_an_error_of_the_node_is_raised(anvil_node: AnvilNode) -> None:
    with pytest.raises(RpcError, match="no_such_method"):
        anvil_node.rpc("no_such_method")


@pytest.mark.node
def test_a_batch_answers_in_order(anvil_node: AnvilNode) -> None:
    chain_id, accounts = anvil_node.rpc.batch([("eth_chainId",), ("eth_accounts",)])
    assert (chain_id, accounts) == ("0x7a69", [anvil_node.account])


def overspend(chain: Chain) -> str:
    bench = Workbench(chain)
    token = bench.token(100)
    with pytest.raises(RevertedError) as caught:
        bench.run(Call(token, call_data("transfer(address,uint256)", bench.trader, 101)))
    assert bench.words(Call(token, call_data("balanceOf(address)", bench.trader))) == (100,)
    return caught.value.reason


@pytest.mark.node
def test_both_chains_tell_the_same_reason(anvil_node: AnvilNode) -> None:
    assert overspend(AnvilChain(anvil_node)) == overspend(fast_chain()) == "panic 0x11"
