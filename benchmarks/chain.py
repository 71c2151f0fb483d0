"""Reading 500 real Chainlink proxies: ours beside its peers, as ratios of one run.

usage: uv run python benchmarks/chain.py [--feeds 500] [--repeats 5] [--json FILE]

One quiet run on two cores, as times of ours on loopback, and with 50 ms added to every answer:

- one raw round trip of the same request 0.683 (ours is 1.465 times that floor); 0.968 (1.033 times)
- web3 contract objects 337; 1,335
- web3 batch 78.5; 7.48
- plain JSON-RPC batch with eth-abi 4.36; 1.28
- PyPI multicall 3.47; 1.15

Client CPU 2.93 us a read; bulk decoding 187 times eth-abi; an endless answer refused within 6.4 MiB, an
aliased one in 0.0021 ms; a slot of mainnet proven in 0.197 ms. Behind the real proxies stands our OCR
stand-in, one round each.
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import json
import socket
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))

from eth_abi import decode, encode  # noqa: E402

from chain_contracts import code_of, deploy  # noqa: E402
from chain_world import ChainWorld  # noqa: E402
from contracts_abi.bulk import decode_equal_answers  # noqa: E402
from contracts_abi.families import chainlink_proxy, multicall3  # noqa: E402
from fault_proxy import FaultProxy  # noqa: E402
from local_tools import uv_command  # noqa: E402
from oracles.chain.calls import Call  # noqa: E402
from oracles.chain.client import Client  # noqa: E402
from oracles.chain.errors import AnswerTooLargeError, ChainError  # noqa: E402
from oracles.chain.multicall import decode_aggregate, encode_aggregate, identity_calls  # noqa: E402
from oracles.chain.proof import check_proof  # noqa: E402
from oracles.chain.reader import LiveReader  # noqa: E402
from oracles.chain.readers.chainlink import ChainlinkRound, read_answers  # noqa: E402
from workbench import call_data  # noqa: E402

ROUND = ["uint80", "int256", "uint256", "uint256", "uint80"]
LATENCY = 0.05
PEER = "multicall==0.15.2"


class Slow:
    """A server that passes bytes on and adds a fixed time to every answer."""

    def __init__(self, node: str, delay: float) -> None:
        place = urlsplit(node)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                inner = http.client.HTTPConnection(str(place.hostname), place.port)
                inner.request("POST", "/", body, {"content-type": "application/json"})
                answer = inner.getresponse().read()
                inner.close()
                time.sleep(delay)
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()


def best_of(repeats: int, action: Callable[[], object]) -> float:
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        action()
        times.append(time.perf_counter() - started)
    return min(times)


def make_feeds(world: ChainWorld, count: int) -> list[str]:
    """Put ``count`` proxies, each before its own aggregator, on the node."""
    proxies = []
    for number in range(count):
        aggregator = world.ocr_aggregator()
        world.send(aggregator, call_data("transmit(int192,uint32)", (100 + number) * 10**8, world.now))
        code = code_of("EACAggregatorProxy") + encode(["address", "address"], [aggregator, "0x" + "00" * 20])
        proxies.append(deploy(world.rpc, world.account, code))
    return proxies


def check(answers: list[int]) -> None:
    assert answers == [(100 + number) * 10**8 for number in range(len(answers))]


def raw_round_trip(url: str, body: bytes) -> Callable[[], object]:
    """Return the floor: the same request bytes on a kept socket, the answer's bytes read and dropped."""
    place = urlsplit(url)
    sock = socket.create_connection((place.hostname, place.port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    head = (
        f"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )

    def once() -> None:
        sock.sendall(head.encode() + body)
        data = b""
        while b"\r\n\r\n" not in data:
            data += sock.recv(1 << 18)
        top, _, rest = data.partition(b"\r\n\r\n")
        length = next(
            int(line[15:]) for line in top.lower().split(b"\r\n") if line.startswith(b"content-length:")
        )
        got = len(rest)
        while got < length:
            got += len(sock.recv(1 << 18))

    return once


def web3_objects(url: str, proxies: list[str]) -> Callable[[], object]:
    from web3 import HTTPProvider, Web3

    w3 = Web3(HTTPProvider(url))
    contracts = [w3.eth.contract(address=Web3.to_checksum_address(a), abi=ABI) for a in proxies]
    return lambda: check([contract.functions.latestRoundData().call()[1] for contract in contracts])


def web3_batch(url: str, proxies: list[str]) -> Callable[[], object]:
    from web3 import HTTPProvider, Web3

    w3 = Web3(HTTPProvider(url))
    contracts = [w3.eth.contract(address=Web3.to_checksum_address(a), abi=ABI) for a in proxies]

    def run() -> None:
        with w3.batch_requests() as batch:
            for contract in contracts:
                batch.add(contract.functions.latestRoundData())
            check([answer[1] for answer in batch.execute()])

    return run


ABI = [
    {
        "name": "latestRoundData",
        "type": "function",
        "stateMutability": "view",
        "inputs": [],
        "outputs": [{"name": f"v{number}", "type": kind} for number, kind in enumerate(ROUND)],
    }
]


def plain_batch(url: str, proxies: list[str]) -> Callable[[], object]:
    place = urlsplit(url)
    connection = http.client.HTTPConnection(str(place.hostname), place.port)
    data = "0x" + chainlink_proxy.LATEST_ROUND_DATA.call().hex()

    def run() -> None:
        requests = [
            {"jsonrpc": "2.0", "id": n, "method": "eth_call", "params": [{"to": a, "data": data}, "latest"]}
            for n, a in enumerate(proxies)
        ]
        connection.request("POST", "/", json.dumps(requests), {"content-type": "application/json"})
        found = json.loads(connection.getresponse().read())
        by_id = {item["id"]: decode(ROUND, bytes.fromhex(item["result"][2:]))[1] for item in found}
        check([by_id[n] for n in range(len(proxies))])

    return run


def peer_multicall(url: str, proxies: list[str], repeats: int) -> float | None:
    uv = uv_command()
    if uv is None:
        return None
    command = [uv, "run", "--no-project", "--python", sys.executable, "--with", PEER, "python"]
    done = subprocess.run(
        [*command, str(ROOT / "benchmarks" / "peer_multicall.py"), url, str(repeats)],
        input="\n".join(proxies),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode:
        print(f"PyPI multicall does not run: {done.stderr.strip()[-200:]}", file=sys.stderr)
        return None
    return float(done.stdout.split()[-1])


def reading(world: ChainWorld, count: int, repeats: int) -> dict[str, Any]:
    proxies = make_feeds(world, count)
    feeds = [(str(number), address) for number, address in enumerate(proxies)]
    slow = Slow(world.node.url, LATENCY)
    found: dict[str, Any] = {"feeds": count}
    rounds = repeats * 4
    for name, url in (("loopback", world.node.url), ("plus 50 ms", slow.url)):
        far = url == slow.url
        with Client([url], chain_id=1) as client:
            reader = LiveReader.open(client)

            def ours(reader: LiveReader = reader) -> None:
                rounds = read_answers(reader, feeds)
                check([item.answer for item in rounds if isinstance(item, ChainlinkRound)])

            ours()
            before = client.statistics.requests
            times = {"ours": best_of(rounds, ours)}
            found[f"requests a snapshot, {name}"] = (client.statistics.requests - before) / rounds
            if not far:
                started = time.process_time()
                for _ in range(20):
                    ours()
                found["client CPU a read, us"] = (time.process_time() - started) / 20 / count * 1e6
            calls = [
                Call(a, chainlink_proxy.LATEST_ROUND_DATA, chainlink_proxy.LATEST_ROUND_DATA.call())
                for a in proxies
            ]
            data = encode_aggregate([*calls, *(item for item, _ in identity_calls(reader.block))])
            question = {"to": multicall3.ADDRESS.lower(), "data": "0x" + data.hex()}
            body = {
                "jsonrpc": "2.0",
                "id": 1,
                "method": "eth_call",
                "params": [question, reader.block.reference],
            }
            floor = raw_round_trip(url, json.dumps(body, separators=(",", ":")).encode())
            floor()
            times["one raw round trip"] = best_of(rounds, floor)
        few = proxies[: count // 10] if far else proxies
        scale = len(proxies) / len(few)
        times["web3 contract objects"] = best_of(1 if far else 2, web3_objects(url, few)) * scale
        times["web3 batch"] = best_of(min(repeats, 3), web3_batch(url, proxies))
        times["plain JSON-RPC batch + eth-abi"] = best_of(repeats, plain_batch(url, proxies))
        peer = peer_multicall(url, proxies, repeats)
        if peer is not None:
            times["PyPI multicall"] = peer
        found[f"seconds, {name}"] = times
        found[f"times ours, {name}"] = {key: value / times["ours"] for key, value in times.items()}
    return found


def decoding(count: int, repeats: int) -> dict[str, float]:
    rows = [(n << 64 | n, (100 + n) * 10**8, 1_700_000_000, 1_700_000_000, n << 64 | n) for n in range(count)]
    answer = encode(["(bool,bytes)[]"], [[(True, encode(ROUND, row)) for row in rows]])
    types = chainlink_proxy.LATEST_ROUND_DATA.outputs

    def theirs() -> list[int]:
        (outer,) = decode(["(bool,bytes)[]"], answer)
        return [decode(ROUND, data)[1] for _, data in outer]

    def ours() -> Any:
        columns = decode_equal_answers(types, answer, count)
        assert columns is not None
        return columns.small(1)

    assert theirs() == ours().tolist()
    slow, quick = best_of(repeats, theirs), best_of(repeats * 20, ours)
    return {"eth-abi, ms": slow * 1e3, "ours, ms": quick * 1e3, "times": slow / quick}


def limits(world: ChainWorld) -> dict[str, float]:
    count = 4000
    content = bytes(128_000)
    heads = (count * 32).to_bytes(32, "big") * count
    bomb = (32).to_bytes(32, "big") + count.to_bytes(32, "big") + heads + content

    def refuse() -> None:
        try:
            decode_aggregate(bomb, count)
        except ChainError:
            return
        raise AssertionError("the aliased answer was accepted")

    proxy = FaultProxy(world.node.url)
    with Client([proxy.url], chain_id=1) as client:
        client.request("eth_chainId")
        proxy.fault = lambda exchange: exchange.endless(None)
        tracemalloc.start()
        try:
            client.request("eth_call", {}, "latest")
        except AnswerTooLargeError:
            peak = tracemalloc.get_traced_memory()[1] / 2**20
        tracemalloc.stop()
    proxy.close()
    folder = ROOT / "tests" / "chain" / "mainnet_block_21925176"
    block, proof = (
        json.loads(gzip.decompress((folder / f"{name}.json.gz").read_bytes())) for name in ("block", "proof")
    )
    root = bytes.fromhex(block["stateRoot"][2:])
    return {
        "endless answer refused within, MiB": peak,
        "aliased 260 kB answer refused in, ms": best_of(20, refuse) * 1e3,
        "proven slot of mainnet, ms": best_of(50, lambda: check_proof(root, proof["address"], [1], proof))
        * 1e3,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", metavar="FILE")
    arguments = parser.parse_args()
    world = ChainWorld()
    try:
        found = reading(world, arguments.feeds, arguments.repeats)
        found["bulk decoding"] = decoding(arguments.feeds, arguments.repeats)
        found["limits"] = limits(world)
    finally:
        world.close()
    for key, value in found.items():
        if isinstance(value, dict):
            print(key)
            for name, number in value.items():
                print(f"  {name:<38} {number:>12.4f}")
        else:
            print(f"{key:<40} {value:>12.4f}")
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
