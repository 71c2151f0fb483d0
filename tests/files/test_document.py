"""Opening files: places of every value, three formats alike, and files that are hostile or broken."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incident_text import BASE, as_json, as_toml, bundled_text, place_of
from scenarios.files import read_yaml
from scenarios.files.document import MAX_BYTES, Document, load_document, parse_document
from scenarios.files.errors import FileError, Problem
from scenarios.files.library import list_incidents, read_incident
from scenarios.files.positions import MAX_DEPTH, MAX_NODES

FORMATS = ("yaml", "json", "toml")


def written(document: Document, form: str, name: str) -> str:
    if form == "yaml":
        return bundled_text(name)
    return as_json(document.data) if form == "json" else as_toml(document.data)


def leaves(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], object]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path, value


@pytest.mark.parametrize("name", list_incidents())
def test_the_three_formats_load_equal(name: str) -> None:
    first = parse_document(bundled_text(name).encode(), "a.yaml")
    for form in ("json", "toml"):
        other = parse_document(written(first, form, name).encode(), f"a.{form}")
        assert other.data == first.data
        assert other == first
        assert (
            list(map(type, dict(leaves(other.data)).values()))
            == list(map(type, dict(leaves(first.data)).values()))
            or form == "toml"
        )
        assert read_incident(other) == read_incident(first)
        assert read_incident(other).model_dump() == read_incident(first).model_dump()


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", list_incidents())
def test_every_value_stands_where_it_is_said_to_stand(name: str, form: str) -> None:
    first = parse_document(bundled_text(name).encode(), "a.yaml")
    text = written(first, form, name)
    document = parse_document(text.encode(), f"a.{form}")
    lines = text.split("\n")
    checked = 0
    for path, value in leaves(document.data):
        place = document.locate(path)
        rest = lines[place.line - 1][place.column - 1 :]
        if isinstance(value, bool):
            assert rest.startswith("true" if value else "false")
        elif isinstance(value, int | Decimal):
            number = re.match(r'"?([-+0-9.eE]+)', rest)
            assert number, (path, rest)
            assert Decimal(number.group(1)) == value
        else:
            assert isinstance(value, str)
            plain = re.match(r"[^\"'\\]{0,12}", value)
            assert plain
            assert rest.startswith(">") or rest.lstrip("'\"").startswith(plain.group()), (path, rest)
        if isinstance(path[-1], str):
            key = document.locate(path, key=True)
            assert lines[key.line - 1][key.column - 1 :].lstrip("\"'").startswith(path[-1])
        checked += 1
    assert checked > 40


def test_locate_by_pointer_and_nearest_parent() -> None:
    document = parse_document(BASE.encode(), "a.yaml")
    amount = document.locate("/steps/3/amount")
    assert (amount.line, amount.column) == place_of("asset: LP, amount: |94349", BASE)
    assert str(amount) == f"a.yaml:{amount.line}:{amount.column}"
    assert document.locate("/steps/3/absent/deeper") == document.locate("/steps/3")
    assert document.locate("/steps/99") == document.locate("/steps")
    assert document.locate("/nothing").line == document.locate("").line
    escaped = parse_document(b'{"a/b": {"c~d":\n  1}}', "a.json")
    assert escaped.locate("/a~1b/c~0d").line == 2


def test_toml_shapes_have_places() -> None:
    text = (
        "# c = 1\n'quoted key' = 'a # b'\na.b.c = [1, # x\n 2,\n {d = 0.5, e.f = \"}\"}]\n"
        'long = """\nx = 1\n[y]\n"""\nwhen = 2020-02-18 10:00:00.500Z\nday = 2020-02-18\nat = 07:30:00\n'
        "[[rows]]\nn = 1\n[[rows]]\nn = 2\n[rows.sub]\nk = 1_000\n"
    )
    document = parse_document(text.encode(), "a.toml")
    assert document.data == {
        "quoted key": "a # b",
        "a": {"b": {"c": [1, 2, {"d": Decimal("0.5"), "e": {"f": "}"}}]}},
        "long": "x = 1\n[y]\n",
        "when": "2020-02-18 10:00:00.500Z",
        "day": "2020-02-18",
        "at": "07:30:00",
        "rows": [{"n": 1}, {"n": 2, "sub": {"k": 1000}}],
    }
    for pointer, needle in {
        "/quoted key": "|'a # b'",
        "/a/b/c/1": " |2,",
        "/a/b/c/2/d": "d = |0.5,",
        "/a/b/c/2/e/f": '|"}"',
        "/when": "|2020-02-18 10",
        "/rows/0/n": "n = |1\n[[",
        "/rows/1/n": "n = |2\n",
        "/rows/1/sub/k": "|1_000",
    }.items():
        place = document.locate(pointer)
        assert (place.line, place.column) == place_of(needle, text), pointer


def test_commas_in_an_unquoted_note_belong_to_the_note() -> None:
    text = (
        "a: {n: 1, note: first,   second, and third}\nb: {x_note: one, two, y: 3}\n"
        "c: {note: one, key: , z}\nd: {note: 'one', two}\n"
    )
    data = parse_document(text.encode(), "a.yaml").data
    assert data == {
        "a": {"n": 1, "note": "first, second, and third"},
        "b": {"x_note": "one, two", "y": 3},
        "c": {"note": "one", "key": None, "z": None},
        "d": {"note": "one", "two": None},
    }


def test_places_and_data_do_not_depend_on_the_yaml_library(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list_incidents():
        fast = parse_document(bundled_text(name).encode(), "a.yaml")
        with monkeypatch.context() as patched:
            patched.setattr(read_yaml, "_LOADER", yaml.SafeLoader)
            plain = parse_document(bundled_text(name).encode(), "a.yaml")
        assert (plain.data, plain.value_places, plain.key_places) == (
            fast.data,
            fast.value_places,
            fast.key_places,
        )


def problems(content: bytes, file: str) -> tuple[Problem, ...]:
    with pytest.raises(FileError) as caught:
        parse_document(content, file)
    return caught.value.problems


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        load_document(tmp_path / "none.yaml")
    assert caught.value.exit_code == 2
    assert caught.value.problems[0].code == "no-file"
    assert str(caught.value) == f"{tmp_path / 'none.yaml'}: there is no such file"


def test_folder_other_ending_and_device(tmp_path: Path) -> None:
    (tmp_path / "folder.yaml").mkdir()
    os.mkfifo(tmp_path / "pipe.yaml")
    for name, code in {"folder.yaml": "not-a-file", "pipe.yaml": "not-a-file", "a.txt": "format"}.items():
        with pytest.raises(FileError) as caught:
            load_document(tmp_path / name)
        assert caught.value.problems[0].code == code


def test_name_that_no_file_can_have(tmp_path: Path) -> None:
    for name in ("a\0b.yaml", "x" * 5000 + ".yaml"):
        with pytest.raises(FileError) as caught:
            load_document(str(tmp_path / name))
        assert str(caught.value).isprintable()


@pytest.mark.parametrize("form", FORMATS)
def test_hundred_megabytes_are_refused_unread(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"large.{form}"
    with path.open("wb") as stream:
        stream.truncate(100_000_000)
    with pytest.raises(FileError) as caught:
        load_document(path)
    (problem,) = caught.value.problems
    assert problem.code == "too-large"
    assert problem.message == "the file has 100,000,000 bytes"
    assert problem.expected == f"at most {MAX_BYTES:,} bytes"


@pytest.mark.parametrize("form", FORMATS)
def test_binary_empty_and_other_encodings(form: str) -> None:
    file = f"a.{form}"
    assert problems(b"", file)[0].code == "empty"
    assert problems(b" \n\t \n", file)[0].code == "empty"
    for content in (b"a: 1\nb: \xff\xfe", b"a: 1\nbcd\x00", "a: 1\nbé: 2".encode("utf-16")):
        (problem,) = problems(content, file)
        assert (problem.code, problem.expected) == ("encoding", "UTF-8 text")
    (problem,) = problems(b"a: 1\nb: \xff", file)
    assert (problem.line, problem.column) == (2, 4)


def test_byte_order_mark_and_windows_lines() -> None:
    for form, text in {
        "yaml": "a: 1\nb: x\n",
        "json": '{"a": 1,\n"b": "x"}',
        "toml": 'a = 1\nb = "x"\n',
    }.items():
        document = parse_document(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode(), f"a.{form}")
        assert document.data == {"a": 1, "b": "x"}
        assert document.locate("/b").line == 2


@pytest.mark.parametrize(
    ("file", "content"), [("a.yaml", "- a\n- b"), ("a.json", "[1]"), ("a.yaml", "word"), ("a.yaml", "# x")]
)
def test_file_that_is_no_mapping(file: str, content: str) -> None:
    assert problems(content.encode(), file)[0].code == "not-a-mapping"


def test_yaml_bomb_is_refused_at_its_first_alias() -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    text = "\n".join(rows)
    (problem,) = problems(text.encode(), "bomb.yaml")
    assert (problem.code, problem.line, problem.column) == ("alias", 2, 10)
    assert problem.pointer == "/a1/0"


DEEP = 50_000


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("a.yaml", "a: " + "[" * DEEP),
        ("a.yaml", "a: " + "{b: " * DEEP),
        ("a.yaml", "\n".join(" " * level + "a:" for level in range(500))),
        ("a.yaml", "- " * DEEP),
        ("a.json", '{"a": ' + "[" * DEEP),
        ("a.json", '{"a": ' * DEEP),
        ("a.toml", "a = " + "[" * DEEP),
        ("a.toml", "a = " + "{a = " * DEEP),
        ("a.toml", "a" + ".a" * DEEP + " = 1"),
        ("a.toml", "[" + "a." * DEEP + "a]"),
        ("a.toml", '"a"' + '."a"' * 200 + " = 1"),
    ],
)
def test_deep_nesting(file: str, content: str) -> None:
    (problem,) = problems(content.encode(), file)
    assert problem.code == "too-deep"
    assert problem.message == f"nested more than {MAX_DEPTH} levels deep"
    assert problem.line is not None


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("a.yaml", "a: [" + "1," * MAX_NODES + "1]"),
        ("a.json", '{"a": [' + "1," * MAX_NODES + "1]}"),
        ("a.toml", "a = [" + "1," * MAX_NODES + "1]"),
    ],
)
def test_too_many_values(file: str, content: str) -> None:
    (problem,) = problems(content.encode(), file)
    assert problem.code == "too-many-nodes"


@pytest.mark.parametrize(
    "content",
    [
        '{"a": "' + '\\"' * 500_000,
        "{" + '"a\\' * 300_000,
        '"' * 1_000_000,
        "a = '''" + "'" * 500_000,
        "[" + " " * 900_000,
    ],
)
@pytest.mark.parametrize("form", FORMATS)
def test_text_made_to_be_slow_is_refused_fast(content: str, form: str) -> None:
    with pytest.raises(FileError):  # a quadratic reader would run for minutes here
        parse_document(content.encode(), f"a.{form}")


def test_lone_surrogate_and_hidden_names_in_json() -> None:
    (first, second) = problems(b'{"a": "\\ud800",\n "b\\u0007": 1}', "a.json")
    assert (first.code, first.pointer, first.line, first.column) == ("control-character", "/a", 1, 7)
    assert (second.code, second.pointer, second.line, second.column) == ("control-character", "/b\x07", 2, 2)
    assert str(second).isprintable()
    assert "U+0007" in second.message


def test_messages_never_act_on_a_terminal() -> None:
    hostile = "a\x1b[31m\u202eb"
    content = json.dumps({hostile: 1, "x": hostile}).encode()
    with pytest.raises(FileError) as caught:
        parse_document(content, f"{hostile}.json")
    for line in str(caught.value).split("\n"):
        assert line.isprintable()


def check_messages(error: FileError, file: str) -> None:
    assert all(problem.file == file for problem in error.problems)
    assert all(line.isprintable() for line in str(error).split("\n"))


anything = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=200).map(str.encode),
    st.text(alphabet="ab01:-,[]{}\"'#&*!|>%@`=.\\\n\t e_+x", max_size=120).map(str.encode),
)


@given(anything, st.sampled_from(FORMATS))
def test_any_bytes_give_a_document_or_a_file_error(content: bytes, form: str) -> None:
    try:
        document = parse_document(content, f"a.{form}")
    except FileError as error:
        check_messages(error, f"a.{form}")
    else:
        assert isinstance(document.data, dict)


PIECES = [*"{}[]:,-0.\n\"'#x=!~ ", "", "null", "[]", "-1"]


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(list_incidents()),
    st.sampled_from(FORMATS),
    st.lists(st.tuples(st.floats(0, 1), st.sampled_from(PIECES)), max_size=4),
)
def test_any_edit_of_an_incident_loads_or_gives_a_file_error(
    name: str, form: str, edits: list[tuple[float, str]]
) -> None:
    text = written(parse_document(bundled_text(name).encode(), "a.yaml"), form, name)
    for where, new in edits:
        index = int(where * len(text))
        text = text[:index] + new + text[index + 1 :]
    try:
        incident = read_incident(parse_document(text.encode(), f"a.{form}"))
    except FileError as error:
        check_messages(error, f"a.{form}")
    else:
        assert incident.steps
