"""``s3guard report``: a check that draws its traffic, over logs, over logs and a state, and over a state alone."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest

from s3guard.layout import width
from tests.cli.project import Here

LOG = "logs/stranger.log"
PERIOD = ("--since", "2019-02-01", "--as-of", "2019-03-01")


def contents(folder: Path) -> dict[str, str]:
    return {str(path): sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("columns", [80, 110])
def test_it_draws_the_traffic_on_the_terminal_within_its_columns(here: Here, columns: int) -> None:
    ended = here("report", LOG, *PERIOD, **({} if columns == 80 else {"COLUMNS": f"{columns}"}))
    assert (1, "") == (ended.code, ended.err)
    labels = {line[:12].strip() for line in ended.out.splitlines()}
    assert {"errors", "reads", "writes", "bytes out", "bytes in", "total time", "turn-around", "refused", "users", "IP addresses"} <= labels
    assert "user/eve" in ended.out
    assert "\x1b" not in ended.out
    assert columns - 10 < max(width(line) for line in ended.out.splitlines()) <= columns


def test_it_writes_a_page_and_says_the_verdict(here: Here) -> None:
    ended = here("report", LOG, *PERIOD, "-o", "html:report.html")
    page = (here.folder / "report.html").read_text(encoding="utf-8")
    assert (1, "") == (ended.code, ended.out)
    assert "FAIL: 1 of 2 checks failed" in ended.err
    assert "Users by number of operations" in page
    assert "not asked for the traffic" not in page


@pytest.mark.parametrize("log", ["clean", "stranger", "damaged", "empty"])
def test_it_ends_as_a_check_does(here: Here, log: str) -> None:
    codes = {here(verb, f"logs/{log}.log", *PERIOD).code for verb in ("check", "report")}
    assert 1 == len(codes)


def test_a_check_measures_the_traffic_where_a_page_is_asked_for(here: Here) -> None:
    here("check", LOG, *PERIOD, "-o", "html:page.html", "-o", "json:with.json", "-o", "text")
    here("check", LOG, *PERIOD, "-o", "json:without.json")
    assert "Users by number of operations" in (here.folder / "page.html").read_text(encoding="utf-8")
    assert json.loads((here.folder / "with.json").read_text())["traffic"]["intervals"]
    assert not json.loads((here.folder / "without.json").read_text()).get("traffic")
    assert " traffic  " not in here("check", LOG, *PERIOD).out


def test_a_state_is_drawn_without_logs_and_nothing_is_written_to_it(here: Here) -> None:
    assert 1 == here("check", LOG, *PERIOD, "--state", "state").code
    before = contents(here.folder / "state")
    ended = here("report", *PERIOD, "--state", "state")
    assert 0 == ended.code, ended.out
    assert "user/eve" in ended.out
    assert "2 operations" in ended.out
    assert before == contents(here.folder / "state")


def test_with_logs_and_a_state_it_is_a_run_like_any_other(here: Here) -> None:
    assert 1 == here("report", LOG, *PERIOD, "--state", "state").code
    assert 0 == here("check", LOG, *PERIOD, "--state", "state").code


def test_without_logs_and_without_a_state_there_is_nothing_to_draw(here: Here) -> None:
    ended = here("report")
    assert 2 == ended.code
    assert "which logs?" in ended.err
