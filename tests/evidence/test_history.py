"""A pack of ninety days tells what was reviewed, what was not, and by which version of the policy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from s3guard.evidence import archive, manifest
from s3guard.evidence.archive import Archive
from s3guard.outputs import instant
from tests.cli.project import Here
from tests.evidence import history

PACK = (
    "evidence",
    "pack",
    "--state",
    "state",
    "--from",
    instant(history.BEGIN),
    "--to",
    instant(history.END),
    "--as-of",
    instant(history.END),
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the history; nothing is changed in it."""
    folder = tmp_path_factory.mktemp("history")
    history.written(folder)
    return folder


@pytest.fixture
def there(here: Here, world: Path, tmp_path: Path) -> Here:
    """The command in that folder."""
    here.patch.chdir(world)
    return here


def packed(there: Here, file: Path, *more: str) -> tuple[int, Archive]:
    """What a pack of the history is."""
    ended = there(*PACK, "-o", str(file), *more)
    return ended.code, archive.read(file)


def told(pack: Archive, name: str) -> Any:
    return json.loads(pack.data(name))


def test_the_missing_day_the_killed_run_and_the_undecided_one_are_told(there: Here, tmp_path: Path) -> None:
    code, pack = packed(there, tmp_path / "e.tar")
    assert code == 3
    runs = told(pack, "runs.json")
    (schedule,) = runs["policies"]
    assert schedule["review"] == {"every": 86_400, "grace": 21_600}
    counts = {name: schedule[name] for name in ("expected", "on_time", "late", "incomplete", "missing")}
    assert counts == {"expected": 90, "on_time": 87, "late": 0, "incomplete": 1, "missing": 2}
    wrong = {review["due"]: (review["status"], review["attempts"]) for review in schedule["reviews"] if review["status"] != "on time"}
    assert wrong == {
        instant(history.at(history.MISSING)): ("missing", []),
        instant(history.at(history.KILLED)): ("missing", []),
        instant(history.at(history.UNDECIDED)): ("incomplete", [history.name(history.UNDECIDED)]),
    }
    assert [one["id"] for one in runs["unfinished"]] == [history.name(history.KILLED)]
    assert [one["seen"] for one in runs["unfinished"]] == [instant(history.at(history.KILLED))]
    assert len(runs["found"]) == history.DAYS - 2
    assert [one["id"] for one in runs["found"] if not one["complete"]] == [history.name(history.UNDECIDED)]


def test_the_change_of_the_policy_is_told_with_both_texts(there: Here, tmp_path: Path) -> None:
    _, pack = packed(there, tmp_path / "e.tar")
    (change,) = told(pack, "runs.json")["changes"]
    assert (change["policy"], change["at"], change["run"]) == ("phi", instant(history.at(history.CHANGED)), history.name(history.CHANGED))
    assert pack.data("policies/phi.yaml").decode() == history.NEW
    assert pack.entry("policies/phi.yaml").sha256 == change["after"]
    assert pack.data(f"policies/{change['before']}.yaml").decode() == history.OLD


def test_the_first_page_and_the_manifest_say_what_is_missing(there: Here, tmp_path: Path) -> None:
    _, pack = packed(there, tmp_path / "e.tar")
    found, undecided = manifest.parse(pack.data("manifest.json")).not_looked_at, "1 check could not be decided in full"
    assert found == [
        f"2 reviews by the policy phi are missing: due {instant(history.at(history.MISSING))}, {instant(history.at(history.KILLED))}.",
        f"A review by the policy phi is incomplete: due {instant(history.at(history.UNDECIDED))}.",
        f"The run of {instant(history.at(history.UNDECIDED))} ended with exit code 3 and is no complete review: {undecided}.",
        f"The run 00000000 of {instant(history.at(history.KILLED))} judged log objects and did not come to its end.",
    ]
    page = " ".join(pack.data("README.txt").decode().split())
    assert [sentence for sentence in found if sentence not in page] == []


def test_every_log_object_stands_there_with_the_run_that_judged_it(there: Here, tmp_path: Path, world: Path) -> None:
    _, pack = packed(there, tmp_path / "e.tar")
    rows = [json.loads(line) for line in pack.entry("objects.jsonl").lines()]
    assert [row["uri"] for row in rows] == [f"logs/{day:02}.log" for day in range(history.DAYS)]
    assert [row["run"] for row in rows] == [history.name(day + (day == history.MISSING)) for day in range(history.DAYS)]
    assert {row["records"] for row in rows} == {1}
    assert [row["size"] for row in rows] == [(world / row["uri"]).stat().st_size for row in rows]
    listed = manifest.parse(pack.data("manifest.json"))
    assert (listed.promises.objects, listed.promises.records, listed.promises.hours, listed.promises.runs) == (90, 90, 90, 88)
    (bucket,) = told(pack, "coverage.json")["buckets"]
    assert (len(bucket["hours"]), bucket["hours_of_period"], len(bucket["gaps"])) == (90, 2160, 10)


def test_the_same_state_gives_the_same_bytes_and_is_not_written_to(there: Here, tmp_path: Path, world: Path) -> None:
    before = sorted(path.name for path in (world / "state").rglob("*"))
    packed(there, tmp_path / "one.tar")
    packed(there, tmp_path / "two.tar", "-j", "1")
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()
    assert before == sorted(path.name for path in (world / "state").rglob("*"))


def test_a_period_that_all_of_which_was_reviewed_is_whole(there: Here, tmp_path: Path) -> None:
    late = ("--from", instant(history.at(10)), "--to", instant(history.at(30)))
    ended = there(*PACK, *late, "-o", str(tmp_path / "e.tar"), "-q")
    pack = archive.read(tmp_path / "e.tar")
    assert (ended.code, ended.err) == (0, "")
    assert manifest.parse(pack.data("manifest.json")).not_looked_at == []
    assert "Nothing that this pack knows of." in pack.data("README.txt").decode()


def test_a_period_without_anything_is_4_and_says_so(there: Here, tmp_path: Path) -> None:
    code, pack = packed(there, tmp_path / "e.tar", "--from", "2025-01-01", "--to", "2025-02-01")
    assert code == 4
    found = manifest.parse(pack.data("manifest.json")).not_looked_at
    assert "No record of a log lies in the period: nothing was judged." in found
    assert "No run came to its end in the period: the logs were not reviewed then." in found
    assert found[2].startswith("1 check could not be decided") or "missing" in " ".join(found)


def test_no_state_is_wrong_usage(there: Here, tmp_path: Path) -> None:
    ended = there("evidence", "pack", "--state", str(tmp_path / "none"), "-o", str(tmp_path / "e.tar"))
    assert ended.code == 2
    assert "there is no state" in ended.err
    assert not (tmp_path / "e.tar").exists()
    assert there("evidence", "pack", "-o", "x.tar").code == 2
    assert there("evidence", "pack", "--state", "state").code == 2
