"""YAML as plain nodes: every scalar stays text, every fault has its place, and no file exhausts the reader."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from s3guard import documents, utf8
from s3guard.nodes import Mapping, Plain, Scalar, find, kind_of, plain
from s3guard.problems import LIMIT, Place, Problems


def read(content: str | bytes) -> tuple[list[Plain], list[str]]:
    """The documents as plain values, and the problems as they are printed."""
    problems = Problems()
    nodes = documents.read(content.encode() if isinstance(content, str) else content, "p.yaml", problems)
    return [plain(node) for node in nodes], [str(problem) for problem in problems]


def read_one(content: str) -> Mapping:
    problems = Problems()
    (node,) = documents.read(content.encode(), "p.yaml", problems)
    assert not problems
    assert isinstance(node, Mapping)
    return node


@pytest.mark.parametrize(
    "written",
    [
        "012345678901",
        "on",
        "no",
        "yes",
        "1:30",
        "1e3",
        "0x1F",
        "1_000",
        "2026-10-02",
        "2026-10-02T00:00:00Z",
        "1.0",
        ".inf",
        "true",
        "=",
        "0o7",
    ],
)
def test_a_scalar_stays_the_text_that_was_written(written: str) -> None:
    assert ([{"a": written, "b": [written]}], []) == read(f"a: {written}\nb: [{written}]\n")


@pytest.mark.parametrize("null", ["", "~", "null", "Null", "NULL"])
def test_a_plain_null_is_none_and_a_quoted_one_is_text(null: str) -> None:
    assert ([{"a": None, "b": null, "c": null, "d": null}], []) == read(f"a: {null}\nb: '{null}'\nc: \"{null}\"\nd: !!str {null}\n")


@pytest.mark.parametrize("text", ["nULL", "none", "nil", "N/A"])
def test_what_only_looks_like_a_null_is_text(text: str) -> None:
    assert ([{"a": text}], []) == read(f"a: {text}\n")


def test_a_file_may_hold_several_documents_and_empty_ones_are_left_out() -> None:
    assert ([{"a": "1"}, {"b": "2"}], []) == read("---\n---\na: 1\n---\n# nothing\n---\nb: 2\n...\n---\n")


def test_anchors_and_aliases_are_followed() -> None:
    assert ([{"a": ["x", {"y": "z"}], "b": ["x", {"y": "z"}], "x": "x"}], []) == read("a: &all [&one x, {y: z}]\nb: *all\n*one : *one\n")


def test_an_anchor_does_not_outlive_its_document() -> None:
    _, problems = read("a: &x 1\n---\nb: *x\n")
    assert ["p.yaml:3:4: no anchor `&x` comes before; a text that starts with * needs quotes"] == problems


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert ([{"a": "1"}], []) == read(b"\xef\xbb\xbfa: 1\n")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system_count_as_one_line(end: str) -> None:
    _, problems = read(f"a: 1{end}b: 2{end}a: 3{end}")
    assert ["p.yaml:3:1: key 'a' stands twice in this mapping, first in line 1"] == problems


FAULTS: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "1:1: the file is empty: a policy is expected"),
    "comments alone": ("# a\n\n---\n", "1:1: the file is empty: a policy is expected"),
    "duplicate key": ("a: 1\nb:\n  c: 1\n  c: 2\n", "4:3: key 'c' stands twice in this mapping, first in line 3"),
    "duplicate key, quoted": ('a: 1\n"a": 2\n', "2:1: key 'a' stands twice in this mapping, first in line 1"),
    "merge key": (
        "a: &a {b: c}\nd:\n  <<: *a\n",
        "3:3: merge keys (`<<`) are not part of YAML 1.2: write the entries out, or use `extends`",
    ),
    "null key": ("~: 1\n", "1:1: the key is missing before the `:`"),
    "list as key": ("? [a]\n: b\n", "1:3: a key is text, not a list; a text that starts with { or [ needs quotes"),
    "braces as key": ("a: {{b}: c}\n", "1:5: a key is text, not a mapping; a text that starts with { or [ needs quotes"),
    "python tag": (
        "a: !!python/object/apply:os.system [x]\n",
        "1:4: tag '!!python/object/apply:os.system' is not allowed: policies hold text, lists and mappings",
    ),
    "own tag": ("a: !secret x\n", "1:4: tag '!secret' is not allowed: policies hold text, lists and mappings"),
    "type tag": ("a: !!int 1\n", "1:4: tag '!!int' is not allowed: policies hold text, lists and mappings"),
    "tag of another kind": ("a: !!map x\n", "1:4: tag '!!map' is not allowed: policies hold text, lists and mappings"),
    "binary": ("a: !!binary aGk=\n", "1:4: tag '!!binary' is not allowed: policies hold text, lists and mappings"),
    "unknown alias": (
        "a: &reader 1\nb: *readers\n",
        "2:4: no anchor `&readers` comes before; a text that starts with * needs quotes; did you mean reader?",
    ),
    "alias that is a glob": ("a: [*.csv]\n", "1:5: a text that starts with * or & needs quotes"),
    "alias into itself": ("a: &a [b, *a]\n", "1:11: `*a` stands inside what it names"),
    "alias into itself, deeper": ("&a {b: {c: *a}}\n", "1:12: `*a` stands inside what it names"),
    "tab": ("a:\n\tb: 1\n", "2:1: a tab: indent with spaces"),
    "at sign": ("a: [@offices]\n", "1:5: a text that starts with @ needs quotes"),
    "backtick": ("a: `b`\n", "1:4: a text that starts with ` needs quotes"),
    "percent": ("a: %b\n", "1:4: a text that starts with % needs quotes"),
    "star": ("a: *\n", "1:4: a text that starts with * or & needs quotes"),
    "colon": ("a: b: c\n", "1:5: a `:` that is not expected here: check the indentation, and quote a text that holds `: `"),
    "colon after indent": (
        "a: 1\n  b: 2\n",
        "2:4: a `:` that is not expected here: check the indentation, and quote a text that holds `: `",
    ),
    "NUL": (b"a: \0\n", "1:4: character U+0000 may not stand in a policy; in double quotes write it as an escape"),
    "line separator": ("a: b\nc: d\u2028e\n", "2:5: character U+2028 may not stand in a policy; in double quotes write it as an escape"),
    "next line": ("a: b\x85c d\n", "1:5: character U+0085 may not stand in a policy; in double quotes write it as an escape"),
    "escape": ("a: \x1b[31m\n", "1:4: character U+001B may not stand in a policy; in double quotes write it as an escape"),
    "right-to-left override": (
        "a: \u202ecod.exe\n",
        "1:4: character U+202E may not stand in a policy; in double quotes write it as an escape",
    ),
    "second byte order mark": (
        "\ufeff\ufeffa: 1\n",
        "1:1: character U+FEFF may not stand in a policy; in double quotes write it as an escape",
    ),
    "Latin-1": (b"a: b\nc\xe9: d\n", "2:2: byte 0xe9 is not UTF-8: save the file as UTF-8"),
    "Latin-1 after a multi-byte character": ("é: ".encode() + b"\xe9\n", "1:4: byte 0xe9 is not UTF-8: save the file as UTF-8"),
    "UTF-16": ("a: 1\n".encode("utf-16"), "1:1: byte 0xff is not UTF-8: save the file as UTF-8"),
    "unknown version": ("%YAML 3.0\n---\na: 1\n", "1:1: not valid YAML: found incompatible YAML document"),
    "open list": ("a: [1, 2\nb: 3\n", "2:2: not valid YAML: while parsing a flow sequence did not find expected ',' or ']'"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_has_its_place_and_says_what_is_wrong(name: str) -> None:
    content, fault = FAULTS[name]
    assert [f"p.yaml:{fault}"] == read(content)[1]


def test_several_faults_of_one_file_are_told_at_once() -> None:
    _, problems = read("a: 1\na: 2\nb: {c: 1, c: 2}\n<<: {}\nd: [@x]\n")
    assert [2, 3, 4, 5] == [int(problem.split(":")[1]) for problem in problems]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("broken", ["b: [", "b: 'x", "b: {c: d", "- a\nb: c", "b: c: d", "\tb: 1", "b: %c", f"{'[' * 60}", "%YAML 3.0"])
def test_documents_around_a_broken_one_are_still_there_and_lines_count_on(broken: str, end: str) -> None:
    text = f"a: 1\n---\n{broken}\n---\nc: 2\nc: 3\n--- \n{broken}\n---\nd: |\n  x\n"
    documents_read, problems = read(text.replace("\n", end))
    assert [{"a": "1"}, {"c": "2"}, {"d": "x\n"}] == documents_read
    assert 3 == len(problems)
    assert (
        f"p.yaml:{5 + broken.count(chr(10)) + 1}:1: key 'c' stands twice in this mapping, first in line {5 + broken.count(chr(10))}"
        in problems
    )


def test_only_so_many_broken_documents_of_a_file_are_looked_at() -> None:
    documents_read, problems = read("a: [\n---\n" * 100_000)
    assert ([], documents._BROKEN) == (documents_read, len(problems))


def test_what_stands_under_a_key_twice_is_all_there() -> None:
    text = "a: {b: [1], c: 2}\nd: x\na: {b: [3], c: 4, e: 5}\nd: y\n"
    assert [{"a": {"b": ["1", "3"], "c": "2", "e": "5"}, "d": "x"}] == read(text)[0]


def test_characters_and_bytes_that_may_not_stand_there_hide_nothing() -> None:
    documents_read, problems = read(b"a: x\x1by\nb: \xe9\na: 1\n")
    assert [{"a": "x\ufffdy", "b": "\ufffd"}] == documents_read
    assert ["1:5", "2:4", "3:1"] == [":".join(problem.split(":")[1:3]) for problem in problems]


def test_a_file_that_is_no_text_is_told_of_once() -> None:
    assert 1 == len(read("a: 1\n".encode("utf-16"))[1])
    assert 1 == len(read(b"\x7fELF\0\0" * 1_000)[1])
    assert ([], LIMIT + 1) == (read(b"\xff" * 1_000)[0], len(read(b"\xff" * 1_000)[1]))


BOMBS = {
    "laughs": "a: &a [x, x, x, x, x, x, x, x, x]\n"
    + "".join(f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)),
    "laughs in keys": "a: &a {x: 1}\n"
    + "".join(f"b{i}: &b{i} {{x: {'*a' if not i else f'*b{i - 1}'}, y: {'*a' if not i else f'*b{i - 1}'}}}\n" for i in range(40)),
    "long text many times": f"a: &a {'x' * 60_000}\nb: [{', '.join(['*a'] * 1000)}]\n",
    "brackets": "[" * 1_000_000,
    "braces": "{a: " * 250_000,
    "dashes": "- " * 500_000,
    "question marks": "? " * 500_000,
    "indentation": "\n".join(f"{' ' * depth}a:" for depth in range(1_400)),
    "aliases within aliases": "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 2_000)),
    "commas": "[" + "a," * 500_000 + "]",
    "keys": "{" + ",".join(f"k{i}: 1" for i in range(60_000)) + "}",
    "documents": "--- a\n" * 170_000,
}
LIMITS = (
    "the file holds more than 50,000 values, aliases followed",
    "the file holds more than 8 MiB of text, aliases followed",
    "nested more than 50 deep",
)


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_while_it_is_read(name: str) -> None:
    _, (problem,) = read(BOMBS[name])
    assert problem.split(": ", 1)[1] in LIMITS


def test_a_large_file_is_refused_before_it_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml, "parse", None)
    assert ([], ["p.yaml:1:1: the file is larger than 1 MiB"]) == read(b"a" * (utf8.MAX_BYTES + 1))
    assert ([], ["p.yaml:1:1: the file is larger than 1 MiB"]) == read(b"[" * 10_000_000)


def test_one_text_may_be_only_so_long() -> None:
    assert ([], ["p.yaml:1:4: a text of more than 65,536 characters"]) == read(f"a: {'x' * (documents.MAX_SCALAR + 1)}\n")
    assert [] == read(f"a: {'x' * documents.MAX_SCALAR}\n")[1]


def test_nesting_up_to_the_limit_is_allowed() -> None:
    assert [] == read("[" * documents.MAX_DEPTH + "]" * documents.MAX_DEPTH)[1]
    assert 1 == len(read("[" * (documents.MAX_DEPTH + 1) + "]" * (documents.MAX_DEPTH + 1))[1])


def test_every_key_and_value_knows_its_place() -> None:
    node = read_one('a: 1\nb:\n  - c: x\n    "d": [y,   z]\n')
    places = {path: find(node, path)[1] for path in [("a",), ("b",), ("b", 0), ("b", 0, "d"), ("b", 0, "d", 1)]}
    assert {("a",): (1, 1), ("b",): (2, 1), ("b", 0): (3, 5), ("b", 0, "d"): (4, 5), ("b", 0, "d", 1): (4, 16)} == {
        path: (place.line, place.column) for path, place in places.items()
    }


def test_the_path_of_a_missing_key_leads_to_the_mapping_that_lacks_it() -> None:
    node = read_one("a: 1\nb: {c: 2}\n")
    assert (node.values["b"], Place("p.yaml", 2, 1)) == find(node, ("b", "missing", 7))


def test_a_node_without_the_key_is_placed_at_its_own_place() -> None:
    node = read_one("a: 1\n")
    assert Place("p.yaml", 1, 1) == node.place_of("b")


@pytest.mark.parametrize(
    ("written", "text", "column"),
    [
        ("abc", "abc", 5),
        ('"abc"', "abc", 6),
        ("'abc'", "abc", 6),
        ('&x "abc"', "abc", 9),
        ("&c abc", "abc", 8),
        ("!!str abc", "abc", 11),
        ("'it''s'", "it's", None),
        (r'"a\tb"', "a\tb", None),
        (">\n  abc", "abc\n", None),
        ("ab\n  c", "ab c", None),
    ],
)
def test_a_character_within_a_text_has_a_place_where_the_file_writes_it_as_itself(written: str, text: str, column: int | None) -> None:
    scalar = read_one(f"a: {written}\n").values["a"]
    assert isinstance(scalar, Scalar)
    assert text == scalar.text
    assert (None if column is None else Place("p.yaml", 1, column)) == scalar.within(1)


@pytest.mark.parametrize("header", ["|", "|-", "|+", "|2", "&a |"])
def test_a_character_within_a_block_of_text_has_a_place(header: str) -> None:
    node, _ = find(read_one(f"a:\n- {header}\n    x = 1\n\n      AND y\n\nb: 1\n"), ("a", 0))
    assert isinstance(node, Scalar)
    assert node.text is not None
    assert Place("p.yaml", 5, 7) == node.within(node.text.index("AND"))
    assert Place("p.yaml", 3, 5) == node.within(node.text.index("x"))


def test_kinds_of_nodes_have_names_for_people() -> None:
    node = read_one("a: x\nb: [x]\nc: {}\nd:\n")
    assert ["text", "a list", "a mapping", "nothing"] == [kind_of(value) for value in node.values.values()]


YAMLISH = st.text(st.sampled_from(list("ab:-[]{},&*!|>'\"#%@`?~ \n\t\r<.\\x0é\u2028\ufeff")), max_size=60)


@given(st.binary(max_size=80) | YAMLISH.map(str.encode))
def test_no_bytes_raise_anything(content: bytes) -> None:
    read(content)


@given(YAMLISH)
def test_the_parser_in_c_and_the_one_in_python_read_the_same(text: str) -> None:
    in_c, problems_c = read(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(documents, "_LOADER", yaml.SafeLoader)
        in_python, problems_python = read(text)
    # NOTE: the two differ in what they refuse at all (a comment glued to a quote, for one), and in their words for it.
    if not problems_c and not problems_python:
        assert in_c == in_python


def test_a_fault_without_a_place_is_told_as_well() -> None:
    reader = documents._Reader("p.yaml", "", Problems())
    assert (Place("p.yaml"), "not valid YAML: odd") == reader._syntax(yaml.MarkedYAMLError(problem="odd"))


@pytest.mark.parametrize("text", [r'"\UFFFFFFFF"', r'"\ud800"', f"%YAML 1.{'9' * 5_000}\n---\na: 1\n"])
def test_the_parser_in_python_has_faults_of_its_own_and_they_are_told_too(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "_LOADER", yaml.SafeLoader)
    _, (problem,) = read(text)
    assert problem.startswith("p.yaml:1:1: ")


def test_a_tag_that_stands_for_a_key_is_a_mapping_of_it_at_the_same_place() -> None:
    text = "a: !Ref x\nb: !Join [-, [!Ref y, z]]\nc: &c !Sub t\nd: *c\ne: !Ref {k: v}\n"
    problems = Problems()
    (node,) = documents.read(text.encode(), "t.yaml", problems, tags=lambda tag: tag.removeprefix("!"))
    assert [] == list(problems)
    expected = {
        "a": {"Ref": "x"},
        "b": {"Join": ["-", [{"Ref": "y"}, "z"]]},
        "c": {"Sub": "t"},
        "d": {"Sub": "t"},
        "e": {"Ref": {"k": "v"}},
    }
    assert expected == plain(node)
    assert Place("t.yaml", 1, 4) == find(node, ["a", "Ref"])[1]
    documents.read(b"a: !x y", "t.yaml", problems, what="template", tags=lambda _tag: None)
    assert ["t.yaml:1:4: tag '!x' is not allowed: no template has it"] == list(map(str, problems))
