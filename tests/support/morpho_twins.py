"""Our lending pool beside the real Morpho Blue (``@morpho-org/morpho-blue`` 1.0.0, BUSL-1.1, fetched on use).

The market lends one asset; its interest model is the package's own mock, whose yearly rate is the
utilisation. The chain's sender borrows and withdraws; others are supplied to by him.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from eth_abi import decode, encode
from eth_utils import keccak

from evm_chains import SENDER, Chain, RevertedError
from local_tools import ROOT, kept, node_tool, npm_package, run_tool
from pinned_packages import MORPHO_BLUE, SOLC_0_8_19
from protocol.errors import RuleError
from protocol.ledger import Account, Kind
from protocol.transaction import State, Transaction
from protocol.vaults.desk import Desk, supply_share
from protocol.vaults.interest import YEAR
from protocol.vaults.lending_pool import LendingPool

CONTRACTS = {
    "Morpho": "src/Morpho.sol",
    "ERC20Mock": "src/mocks/ERC20Mock.sol",
    "IrmMock": "src/mocks/IrmMock.sol",
    "OracleMock": "src/mocks/OracleMock.sol",
}
MARKET = "(address,address,address,address,uint256)"
WAD = 10**18
HUGE = 10**36
OTHERS = tuple("0x" + f"{0xA11CE + i:040x}" for i in range(2))
TREASURY = "0x" + "fe" * 20
LTV = 8 * WAD // 10


@cache
def code() -> dict[str, str]:
    """Return creation code by contract, compiled on first use."""
    pins = MORPHO_BLUE.integrity + SOLC_0_8_19.integrity
    name = f"morpho-{hashlib.sha256(pins.encode()).hexdigest()[:16]}.json"
    text = kept(name, compile_contracts, lambda text: all(name in text for name in CONTRACTS))
    loaded: dict[str, str] = json.loads(text)
    return loaded


def compile_contracts() -> str:
    """Compile the package's own sources, as the package's own settings say (via IR)."""
    root = npm_package(MORPHO_BLUE)
    sources = {
        str(path.relative_to(root)): {"content": path.read_text()} for path in root.glob("src/**/*.sol")
    }
    task = {
        "language": "Solidity",
        "sources": sources,
        "settings": {
            "viaIR": True,
            "optimizer": {"enabled": True, "runs": 999_999},
            "outputSelection": {"*": {name: ["evm.bytecode.object"] for name in CONTRACTS}},
        },
    }
    script = ROOT / "tests" / "contracts" / "solidity" / "compile.cjs"
    command = [*node_tool("node"), str(script), str(npm_package(SOLC_0_8_19))]
    said = run_tool("the compiler does not run", command, 600, input=json.dumps(task))
    answer: dict[str, Any] = json.loads(said)
    errors = [e["formattedMessage"] for e in answer.get("errors", []) if e["severity"] == "error"]
    if errors:
        raise ValueError("\n".join(errors))
    found = answer["contracts"]
    return json.dumps(
        {name: found[path][name]["evm"]["bytecode"]["object"] for name, path in CONTRACTS.items()}
    )


def call_data(signature: str, *arguments: object) -> bytes:
    """Return the call of a function by its signature."""
    inside = signature[signature.index("(") + 1 : -1]
    types, depth, start = [], 0, 0
    for index, letter in enumerate(inside + ","):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            types.append(inside[start:index])
            start = index + 1
    return bytes(keccak(text=signature)[:4]) + encode([t for t in types if t], arguments)


@dataclass(frozen=True)
class ByUse:
    """The mock's model: a yearly rate equal to the utilisation."""

    def rate(self, utilisation: int, state: int, elapsed: int) -> tuple[int, int]:
        """Return utilisation over a year."""
        return utilisation // YEAR, state


class MorphoTwins:
    """One market on both sides."""

    def __init__(self, chain: Chain, fee: int) -> None:
        self.chain = chain
        self.morpho = chain.deploy(bytes.fromhex(code()["Morpho"]) + encode(["address"], [SENDER]))
        self.loan, self.collateral = (chain.deploy(bytes.fromhex(code()["ERC20Mock"])) for _ in range(2))
        self.oracle = chain.deploy(bytes.fromhex(code()["OracleMock"]))
        irm = chain.deploy(bytes.fromhex(code()["IrmMock"]))
        self.market = (self.loan, self.collateral, self.oracle, irm, LTV)
        for call in (
            call_data("enableIrm(address)", irm),
            call_data("enableLltv(uint256)", LTV),
            call_data("setFeeRecipient(address)", TREASURY),
            call_data(f"createMarket({MARKET})", self.market),
        ):
            chain.send(self.morpho, call)
        if fee:
            chain.send(self.morpho, call_data(f"setFee({MARKET},uint256)", self.market, fee))
        for token in (self.loan, self.collateral):
            chain.send(token, call_data("setBalance(address,uint256)", SENDER, HUGE))
            chain.send(token, call_data("approve(address,uint256)", self.morpho, 2**256 - 1))
        self.id = keccak(encode([MARKET], [self.market]))
        self._pledge()
        self.now = chain.time
        self.state = State()
        book = self.state.ledger
        book.open(Account("world", Kind.ISSUER))
        for name in (*OTHERS, TREASURY, SENDER):
            book.open(Account(name))
        book.open(Account("m:borrower", Kind.MARGIN, "m"))
        for name in (*OTHERS, SENDER, "m:borrower"):
            book.post("world", name, "X", HUGE)
        self.desk = Desk(self.state, "d", TREASURY)
        self.desk.open(LendingPool("X", ByUse(), reserve_share=fee, updated=self.now))

    def _pledge(self) -> None:
        """Put up collateral of boundless worth."""
        self.chain.send(self.oracle, call_data("setPrice(uint256)", 10**36))
        call = call_data(
            f"supplyCollateral({MARKET},uint256,address,bytes)", self.market, 10**30, SENDER, b""
        )
        self.chain.send(self.morpho, call)

    def wait(self, seconds: int) -> None:
        """Let time pass on both sides and bring interest up to it."""
        self.now += seconds
        self.chain.set_time(self.now)
        self.chain.send(self.morpho, call_data(f"accrueInterest({MARKET})", self.market))
        self.desk.accrue("X", self.now)
        self.compare("wait")

    def do(self, action: str, amount: int, who: int = 0) -> bool:
        """Do an action on both sides; both must hold or both refuse. Return whether they held."""
        supplier = (SENDER, *OTHERS)[who]
        data, ours = {
            "supply": (("supply", amount, 0, supplier, b""), ("supply", supplier, amount)),
            "withdraw": (("withdraw", amount, 0, SENDER, SENDER), ("withdraw", SENDER, amount)),
            "redeem": (("withdraw", 0, amount, SENDER, SENDER), ("redeem", SENDER, amount)),
            "borrow": (("borrow", amount, 0, SENDER, SENDER), ("borrow", "m:borrower", amount)),
            "repay": (("repay", 0, amount, SENDER, b""), ("repay", "m:borrower", amount)),
        }[action]
        name, *arguments = data
        last = "bytes" if name in {"supply", "repay"} else "address"
        call = call_data(f"{name}({MARKET},uint256,uint256,address,{last})", self.market, *arguments)
        held = self._send(call)
        function, account, units = ours
        try:
            with Transaction(self.state, action):
                getattr(self.desk, function)(account, "X", units)
            mine = True
        except RuleError:
            mine = False
        assert held == mine, (action, amount, who, held, mine)
        self.compare(action)
        return held

    def go_bad(self) -> None:
        """Let the collateral become worthless and be seized: the suppliers bear all debt."""
        if not self.desk.debt_shares("m:borrower", "X"):
            return
        self.chain.send(self.oracle, call_data("setPrice(uint256)", 0))
        call = f"liquidate({MARKET},address,uint256,uint256,bytes)"
        self.chain.send(self.morpho, call_data(call, self.market, SENDER, 10**30, 0, b""))
        self.desk.write_off("m:borrower", "X")
        self._pledge()
        self.compare("bad debt")

    def _send(self, data: bytes) -> bool:
        try:
            self.chain.send(self.morpho, data)
        except RevertedError:
            return False
        return True

    def compare(self, action: str) -> None:
        """Hold totals, everyone's shares and the clock equal to the last unit."""
        answer = self.chain.call(self.morpho, call_data("market(bytes32)", self.id))
        supplied, shares, borrowed, debt, updated, _ = decode(["uint128"] * 6, answer)
        pool = self.desk.pool("X")
        ours = (pool.supplied, pool.supply_shares, pool.borrowed, pool.debt_shares, pool.updated)
        assert ours == (supplied, shares, borrowed, debt, updated), action
        for name in (SENDER, *OTHERS, TREASURY):
            data = call_data("position(bytes32,address)", self.id, name)
            held, owed, _ = decode(["uint256", "uint128", "uint128"], self.chain.call(self.morpho, data))
            assert self.state.ledger.balance(name, supply_share("X")) == held, (action, name)
            if name == SENDER:
                assert self.desk.debt_shares("m:borrower", "X") == owed, action
        self.desk.assert_backed("X")
