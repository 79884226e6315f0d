"""Ninety days of reviews in a pack, as an auditor reads and verifies them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from s3guard.evidence import printed
from s3guard.evidence.sheet import Part, Said
from s3guard.evidence.verify import Request, shown_of
from s3guard.layout import width
from s3guard.outputs import Options, instant
from tests.cli.project import Here
from tests.evidence import history


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ninety")
    history.written(folder)
    return folder


def test_the_first_page_tells_what_is_missing_and_all_of_it_is_verified(here: Here, world: Path, tmp_path: Path) -> None:
    here.patch.chdir(world)
    path = tmp_path / "e.tar"
    period = ("--from", instant(history.BEGIN), "--to", instant(history.END), "--as-of", instant(history.END))
    assert 0 == here("evidence", "keygen", "-o", str(tmp_path / "us")).code
    assert 3 == here("evidence", "pack", "--state", "state", *period, "-o", str(path), "--key", str(tmp_path / "us.pem")).code
    ended = here("evidence", "verify", str(path), "--key", str(tmp_path / "us.pub.pem"), "--objects", "--replay", "logs", "-o", "json")
    told = json.loads(ended.out)
    assert [] == [check for check in told["checks"] if check["mark"] in ("wrong", "not verified")]
    assert 0 == ended.code
    page, is_wrong = shown_of(Request(path))
    assert not is_wrong
    assert ("undetermined", "No violation in what was reviewed, and not everything was") == (page.kind, page.word)
    reviews, changes = (part for part in page.parts if part.name in ("reviews", "changes"))
    days = {row[1][:10] for row in table(reviews, "Reviews that did not take place as they must")}
    assert {f"{history.at(day):%Y-%m-%d}" for day in (history.MISSING, history.KILLED, history.UNDECIDED)} == days
    assert 1 == len(table(reviews, "Runs that are no complete reviews"))
    ((run, _),) = table(reviews, "Runs that did not come to their end")
    assert history.name(history.KILLED) == run
    ((first, policy, *_, by),) = table(changes, "Changes of policies")
    assert (f"{history.at(history.CHANGED):%Y-%m-%d %H:%M:%S}", "phi", history.name(history.CHANGED)) == (first, policy, by)
    assert [] == [line for line in printed.lines(page, Options(width=80)) if width(line) > 80]


def table(part: Part, label: str) -> tuple[tuple[str, ...], ...]:
    """The rows of a table."""
    (found,) = (block for block in part.blocks if not isinstance(block, Said) and block.label == label)
    return found.rows
