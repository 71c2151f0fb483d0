"""Checks of RedStone payloads: the rule on every case, the bytes and signatures where the case has them."""

from __future__ import annotations

from functools import partial
from typing import cast

from oracles.sources.redstone import RedstonePackage, RedstoneRule, parse_payload
from scenarios.verify.oracles_support import expected, integers, items, outcome, rows
from scenarios.verify.tally import Checker, Document, Tally, integer

# The package's AuthorisedMockSignersBase: the twenty well-known accounts of the test mnemonic, without the
# last.
TEST_ACCOUNTS: tuple[str, ...] = (
    "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
    "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
    "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
    "0x90F79bf6EB2c4f870365E785982E1f101E93b906",
    "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65",
    "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc",
    "0x976EA74026E726554dB657fA54763abd0C3a0aa9",
    "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955",
    "0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f",
    "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720",
    "0xBcd4042DE499D14e55001CcbB24a551F3b954096",
    "0x71bE63f3384f5fb98995898A86B02Fb2426c5788",
    "0xFABB0ac9d68B0B445fB7357272Ff202C5651694a",
    "0x1CBd3b2770909D4e10f157cABC84C7264073C9Ec",
    "0xdF3e18d64BC6A983f673Ab319CCaE4f1a57C7097",
    "0xcd3B766CCDd6AE721141F452C550Ca635964ce71",
    "0x2546BcD3c84621e976D8185a91A922aE77ECEc30",
    "0xbDA5747bFD65F08deb54cb465eB87D40e51B197E",
    "0xdD2FD4581271e230360230F9337D5c0430Bf44C0",
    "0x8626f6940E2eb28930eFb4CeF49B2d1F2C9C1199",
)
AUTHORISED = frozenset(TEST_ACCOUNTS[:19])


def _package(row: object) -> RedstonePackage:
    index, timestamp, points = items(row)
    values = tuple((cast("str", feed), integer(value)) for feed, value in map(items, items(points)))
    return RedstonePackage(TEST_ACCOUNTS[integer(index)], integer(timestamp), values)


def check_payload(document: Document) -> Tally:
    """Check ``redstone_payload`` files."""
    tally = Tally()
    for index, (threshold, now, feeds, packages, text, want) in enumerate(rows(document, "cases")):
        where = f"cases[{index}]"
        rule = RedstoneRule(AUTHORISED, integer(threshold))
        names = [cast("str", feed) for feed in items(feeds)]
        sent = [_package(row) for row in items(packages)]
        got = outcome(partial(rule.values, integer(now), sent, names))
        want_values = integers(want) if isinstance(want, list) else expected(want)
        tally.check("values", where, want_values, got)
        if isinstance(text, str):
            parsed = parse_payload(bytes.fromhex(text.removeprefix("0x")))
            tally.check("payload", where, sent, parsed)
    return tally


CHECKERS: dict[str, Checker] = {"redstone_payload": check_payload}
