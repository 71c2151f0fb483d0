"""Read many Chainlink feeds with PyPI multicall; runs in an environment of its own (it needs an older web3).

usage: peer_multicall.py URL REPEATS < addresses, one a line; prints the best seconds
"""

import sys
import time

from multicall import Call, Multicall
from web3 import HTTPProvider, Web3

url, repeats = sys.argv[1], int(sys.argv[2])
addresses = [line.strip() for line in sys.stdin if line.strip()]
w3 = Web3(HTTPProvider(url))
signature = "latestRoundData()(uint80,int256,uint256,uint256,uint80)"
best = float("inf")
for _ in range(repeats):
    calls = [
        Call(address, signature, [(f"{n}-{part}", None) for part in range(5)])
        for n, address in enumerate(addresses)
    ]
    started = time.perf_counter()
    answers = Multicall(calls, _w3=w3, require_success=False)()
    best = min(best, time.perf_counter() - started)
    assert answers["3-1"] == 103 * 10**8
print(best)
