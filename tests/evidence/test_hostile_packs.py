"""A pack is written by a stranger: whatever he writes, nothing runs, nothing hangs, nothing passes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from s3guard.evidence import archive
from s3guard.evidence.members import Member
from s3guard.evidence.untrusted import DEEPEST, WrongError, loads, shaped
from s3guard.evidence.verification import Mark, as_json, lines
from s3guard.evidence.verify import Request, shown_of, verified
from s3guard.model import UnableError
from s3guard.outputs import Options
from s3guard.text import CI_COMMAND, visible
from tests.cli.project import project
from tests.evidence.packs import Pack, made
from tests.outputs.corpus import HOSTILE


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    folder = tmp_path_factory.mktemp("hostile")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project(folder))
        return made(folder, "logs/clean.log", "logs/stranger.log")


NO_JSON: dict[str, bytes] = {
    "nothing": b"",
    "no UTF-8": b'{"a": "\xff"}',
    "a mark before it": b"\xef\xbb\xbf{}",
    "half of it": b'{"a": ',
    "lists in lists": b"[" * 1_000_000,
    "objects in objects": b'{"a":' * 200_000,
    "closed lists in lists": b"[" * 1_000 + b"]" * 1_000,
    "a key twice": b'{"a": 1, "a": 2}',
    "a key twice, deep": b'[{"b": {"a": 1, "\\u0061": 2}}]',
    "no number": b'{"a": NaN}',
    "infinity": b"-Infinity",
    "a number of a million digits": b"1" * 1_000_000,
    "two values": b"{} {}",
    "a control character": b'{"a": "\n"}',
    "single quotes": b"{'a': 1}",
}


@pytest.mark.parametrize("name", NO_JSON)
def test_what_is_no_json_is_told(name: str) -> None:
    with pytest.raises(WrongError) as caught:
        loads(NO_JSON[name])
    assert len(str(caught.value)) < 400


def test_json_within_the_bounds_is_read() -> None:
    assert {"a": ["[[[[" * 200, {"b": '}\\"'}]} == loads(json.dumps({"a": ["[[[[" * 200, {"b": '}\\"'}]}).encode())
    assert loads(b"[" * DEEPEST + b"]" * DEEPEST)


def test_a_value_of_another_shape_is_told_where() -> None:
    with pytest.raises(WrongError, match=r"'a\.0'"):
        shaped(dict[str, list[int]], b'{"a": ["x"]}')


MEMBERS = (
    "report.json",
    "objects.jsonl",
    "coverage.json",
    "runs.json",
    "waivers.json",
    "quarantined.jsonl",
    "junit.xml",
    "report.sarif",
    "report.html",
)
NASTY: dict[str, bytes] = {
    **NO_JSON,
    "a list": b"[]",
    "a text": b'"x"',
    "null": b"null",
    "nothing in it": b"{}",
    "null in it": json.dumps(dict.fromkeys(("buckets", "found", "uri", "runs", "expected", "waivers"))).encode(),
    "a text where a list belongs": json.dumps(dict.fromkeys(("buckets", "found", "uri", "runs", "expected"), "x")).encode(),
    "texts where objects belong": json.dumps({name: ["x", 1, None, []] for name in ("buckets", "found", "runs", "expected")}).encode(),
    "no count": b'{"uri": "x", "version": 1, "size": -1, "sha256": 7}',
    "a large count": b'{"uri": "x", "version": null, "size": 1e400, "sha256": "x"}',
    "XML that explodes": b'<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;&x;">]><testsuites>&y;</testsuites>',
    "XML from elsewhere": b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
    "XML in UTF-16": '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a [<!ENTITY x "x">]><a>&x;</a>'.encode("utf-16"),
    "deep XML": b"<a>" * 100_000,
    "another encoding": b'<?xml version="1.0" encoding="rot13"?><a/>',
}


@pytest.mark.parametrize("name", MEMBERS)
def test_whatever_a_member_holds_is_never_a_pass_and_never_a_traceback(pack: Pack, name: str, tmp_path: Path) -> None:
    for data in NASTY.values():
        if name == "quarantined.jsonl" and data == b"":
            continue
        found = verified(Request(replace(pack, members={**pack.members, name: data}).write(tmp_path / "pack.tar")))
        assert 1 == found.exit_code
        assert any(name in f"{check.says} {check.details}" for check in found.checks if check.mark is Mark.BROKEN)


@pytest.mark.parametrize("data", [*NO_JSON.values(), b"{}", b"[]", b"null", b'{"schema":"s3guard/evidence/2"}', b'{"schema":"\\ud800"}'])
def test_a_manifest_that_is_none_is_told(pack: Pack, data: bytes, tmp_path: Path) -> None:
    archive.write(tmp_path / "pack.tar", [Member("manifest.json", data)], 0)
    found = verified(Request(tmp_path / "pack.tar"))
    assert (1, "manifest") == (found.exit_code, found.checks[-1].name)


def spoiled(pack: Pack, change: Callable[[dict[str, Any]], object]) -> bytes:
    """A manifest with something else in it, spelled as it should be."""
    told = json.loads(pack.manifest.member().data)
    change(told)
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


@pytest.mark.parametrize(
    "change",
    [
        lambda told: told.update(status="\ud800"),
        lambda told: told["files"].append({"path": "../x", "size": 0, "sha256": "0" * 64}),
        lambda told: told["files"].append({"path": "zzz", "size": -1, "sha256": "0" * 64}),
        lambda told: told["files"].append({"path": "zzz", "size": 1 << 60, "sha256": "0" * 64}),
        lambda told: told["files"].extend({"path": f"zzz{n:06}", "size": 1, "sha256": "0" * 64} for n in range(20_000)),
        lambda told: told["promises"].update(objects=True),
        lambda told: told.update(as_of="2026-13-45T99:99:99Z"),
        lambda told: told["period"].update(since="9999-99-99T00:00:00Z"),
        lambda told: told.update(policies={"\x1b[2J": "0" * 64}),
    ],
)
def test_a_manifest_with_something_odd_in_it_never_passes(pack: Pack, change: Callable[[dict[str, Any]], object], tmp_path: Path) -> None:
    members = [Member(name, data) for name, data in pack.members.items()]
    archive.write(tmp_path / "pack.tar", [*members, Member("manifest.json", spoiled(pack, change))], 0)
    found = verified(Request(tmp_path / "pack.tar", replay=["logs"], objects=True, root=tmp_path))
    assert 1 == found.exit_code


@pytest.mark.parametrize("name", HOSTILE)
def test_no_text_of_a_pack_acts_on_a_terminal_or_in_a_log(pack: Pack, name: str, tmp_path: Path) -> None:
    text = HOSTILE[name]
    line = json.dumps({"uri": text, "version": None, "size": 1, "sha256": text}) + "\n"
    coverage = json.dumps({"buckets": [{"bucket": text, "hours": [{"hour": text, "records": 1}]}]})
    bad = replace(pack, members={**pack.members, "objects.jsonl": line.encode() * 2, "coverage.json": coverage.encode()})
    found = verified(Request(bad.write(tmp_path / "pack.tar")))
    for told in (*lines(found, Options(width=80)), *lines(found, Options(width=60, ascii=True)), *as_json(found).splitlines()):
        assert (plain := told.replace("\\u{", "")) == visible(plain)
        assert CI_COMMAND.search(told) is None


ODD: dict[str, bytes] = {
    "no counts": b'{"history": true, "policies": [{"policy": "p", "review": {}}], "found": [], "unfinished": [], "changes": []}',
    "texts among runs": b'{"history": true, "policies": ["p"], "found": ["x"], "unfinished": [1], "changes": [null]}',
    "nothing said of a run": b'{"history": true, "policies": [], "found": [{}], "unfinished": [{}], "changes": [{}]}',
    "times that are none": b'{"history": true, "policies": [{"policy": "p", "review": {"every": 9999999999999999999, "grace": 0}}]}',
    "a waiver that says nothing": b'{"waivers": [{}]}',
    "gaps that are none": b'{"buckets": [{"bucket": "examplebucket", "hours": [], "gaps": [{}]}]}',
}


@pytest.mark.parametrize("name", ["runs.json", "waivers.json", "coverage.json", "report.json"])
def test_the_page_of_an_odd_pack_is_told_to_be_wrong_or_not_shown_at_all(pack: Pack, name: str, tmp_path: Path) -> None:
    for data in (*ODD.values(), *(NASTY[one] for one in ("a list", "nothing in it", "null in it", "texts where objects belong"))):
        path = replace(pack, members={**pack.members, name: data}).write(tmp_path / "pack.tar")
        try:
            page, is_wrong = shown_of(Request(path))
        except UnableError:
            continue
        assert is_wrong
        assert "DO NOT RELY" in page.alarms[0].text
