"""The real TellorFlex (usingtellor 5.0.5) with its playground as token and governance that never votes."""

from __future__ import annotations

from eth_abi import decode, encode
from eth_hash.auto import keccak

from chain_contracts import place, send
from chain_world import ChainWorld
from contracts_abi.deployments import addresses
from local_tools import creation_code
from pinned_packages import TELLOR
from workbench import call_data

ARBITRUM = 42161
STAKE = 100 * 10**18


class TellorWorld:
    """Reports and disputes of one query."""

    def __init__(self, world: ChainWorld) -> None:
        self.world = world
        self.query_data = b"price of a test"
        self.query = keccak(self.query_data)
        folder = "artifacts/"
        token = world.deploy(
            creation_code(TELLOR, folder + "contracts/TellorPlayground.sol/TellorPlayground.json")
        )
        self.oracle = place(
            world.rpc,
            world.account,
            addresses(ARBITRUM, "tellor")[""],
            creation_code(TELLOR, folder + "tellorflex/contracts/TellorFlex.sol/TellorFlex.json")
            + encode(
                ["address", "uint256", "uint256", "uint256", "uint256", "bytes32"],
                [token, 1, STAKE, 10**18, STAKE, b"\x01" * 32],
            ),
        )
        self.governance = world.canned()
        world.rpc("anvil_impersonateAccount", self.governance)
        world.rpc("anvil_setBalance", self.governance, hex(10**20))
        world.send(self.oracle, call_data("init(address)", self.governance))
        world.send(token, call_data("faucet(address)", world.account))
        world.send(token, call_data("approve(address,uint256)", self.oracle, 10 * STAKE))
        world.send(self.oracle, call_data("depositStake(uint256)", 5 * STAKE))

    def report(self, value: int, wait: int) -> int:
        """Report after ``wait`` seconds; return the report's time."""
        self.world.rpc("evm_setNextBlockTimestamp", self.world.now + wait)
        data = call_data(
            "submitValue(bytes32,bytes,uint256,bytes)",
            self.query,
            encode(["uint256"], [value]),
            0,
            self.query_data,
        )
        self.world.send(self.oracle, data)
        return self.world.now

    def dispute(self, time: int) -> None:
        """Remove a report, as the governance does when a dispute begins."""
        data = call_data("removeValue(bytes32,uint256)", self.query, time)
        send(self.world.rpc, self.governance, self.oracle, data)

    def current(self) -> int:
        """Return what the contract calls the current value."""
        answer = self.world.call(self.oracle, call_data("getCurrentValue(bytes32)", self.query))
        return int.from_bytes(decode(["bytes"], answer)[0], "big")
