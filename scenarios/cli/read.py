"""``backstop read``: prices at one block, each with its age, its source and how far it may be believed."""

from __future__ import annotations

import sys
from argparse import Namespace
from dataclasses import dataclass
from decimal import Decimal, localcontext
from pathlib import Path

from oracles.chain.errors import ChainError
from oracles.chain.live import sources_of
from oracles.chain.live_view import LiveSource, LiveView, read_view
from oracles.chain.proven import ProvenReader
from oracles.chain.reader import Reader
from oracles.chain.recording import RecordingReader, save_recording
from oracles.chain.seal import seal
from oracles.guards import Staleness
from oracles.node import evaluate
from oracles.reading import Reading
from scenarios.cli.answer import Answer, Message
from scenarios.cli.chain import block_data, reader_of

DIGITS = 80


@dataclass(frozen=True, slots=True)
class Price:
    """One line of the answer; ``price`` is None where the source or its guard refused."""

    source: str
    price: Decimal | None
    value: str | None
    decimals: int | None
    time: int | None
    age: int | None
    round: str | None
    trust: str
    refused: str | None = None


def run(arguments: Namespace) -> Answer:
    """Read, record if asked, and answer."""
    with reader_of(arguments, verify=arguments.verify) as reader:
        noting = RecordingReader(reader) if arguments.record else None
        prices, errors, live = read_prices(noting or reader, arguments.pair, arguments.max_age)
        digest = _save(noting, reader, arguments.record) if noting else None
    data = {
        "block": block_data(live.block),
        "trust": reader.trust,
        "prices": prices,
        **({"recording": {"file": arguments.record, "sha256": digest}} if digest else {}),
    }
    code = max((error.exit_code for error in errors), default=0)
    if code == 0 and any(price.price is None for price in prices):
        code = 1

    def show() -> None:
        block = live.block
        sys.stdout.write(
            f"chain {block.chain_id}, block {block.number} {block.hash}, trust: {reader.trust}\n"
        )
        for line in lines(prices):
            sys.stdout.write(line + "\n")
        if digest:
            sys.stderr.write(f"recorded: {arguments.record} (sha256 {digest})\n")

    messages = tuple(Message("error", error.code, error.message, error.details) for error in errors)
    return Answer(data, show, code, messages)


def read_prices(
    reader: Reader, texts: list[str], max_age: int
) -> tuple[list[Price], list[ChainError], LiveView]:
    """Read every source that ``texts`` names; return prices, the errors of unreadable sources, the view."""
    sources: dict[str, LiveSource] = {}
    for text in texts:
        sources.update({source.name: source for source in sources_of(reader.block.chain_id, text)})
    live = read_view(reader, list(sources.values()))
    prices: list[Price] = []
    for name in sources:
        node = live.nodes.get(name)
        if node is None:
            message = live.failures[name].message
            prices.append(Price(name, None, None, None, None, None, None, reader.trust, message))
            continue
        guard = Staleness(max_age=max_age, parents=(node,))
        readings = evaluate(guard, live.view)
        prices.append(price_of(name, readings[node.id], readings[guard.id], reader))
    return prices, list(live.failures.values()), live


def price_of(name: str, reading: Reading, guarded: Reading, reader: Reader) -> Price:
    """Return the line of a reading; the guard may refuse its price, the rest is shown all the same."""
    refused = guarded.refusal.message if guarded.refusal else None
    value, time = reading.value, reading.publish_time
    return Price(
        source=name,
        price=decimal_of(guarded) if guarded.ok else None,
        value=None if value is None else str(value),
        decimals=None if value is None else reading.decimals,
        time=time,
        age=None if time is None else reader.block.timestamp - time,
        round=None if reading.round is None else str(reading.round),
        trust=reader.trust,
        refused=refused,
    )


def decimal_of(reading: Reading) -> Decimal:
    """Return a reading's price without losing a digit."""
    assert reading.value is not None
    with localcontext() as context:
        context.prec = DIGITS
        return Decimal(reading.value).scaleb(-reading.decimals)


def lines(prices: list[Price]) -> list[str]:
    """Return the table as text."""
    width = max((len(price.source) for price in prices), default=0)
    shown = []
    for price in prices:
        if price.price is None:
            shown.append(f"{price.source:<{width}}  refused: {price.refused}")
        else:
            age = "" if price.age is None else f"  {price.age} s old"
            number = f"  round {price.round}" if price.round else ""
            shown.append(f"{price.source:<{width}}  {price.price:f}{age}{number}  {price.trust}")
    return shown


def _save(noting: RecordingReader, reader: Reader, path: str) -> str:
    recording = noting.recording
    if isinstance(reader, ProvenReader):
        recording = seal(recording, reader)
    return save_recording(recording, Path(path))
