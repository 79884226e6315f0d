"""Whatever is written, by whichever verb and in whichever format: in no byte of it is anybody who is redacted, or a credential."""

from __future__ import annotations

import inspect
import json
from pathlib import Path

import polars as pl
import pytest

from s3guard import outputs
from s3guard.aws import Access
from s3guard.cli.application import catalog
from s3guard.state import State
from tests.cli.conftest import here as here  # noqa: PLC0414 - a fixture
from tests.cli.project import Ended, Here
from tests.notify.receiver import receiving
from tests.redaction.planted import KINDS, LOG, found, planted, project

KEY = "9f2d7ac41be8563097fd1e6a48b0c35d"
SIGNED = {"no_proxy": "*", "S3GUARD_NOTIFY_SECRET": "T0K3N"}
KEYED = {"S3GUARD_REDACT_KEY": KEY}
SHOWS_NOBODY = {"evidence keygen", "controls", "notify", "rules", "schema", "test", "validate", "state", "waivers"}
"""Verbs that show no value of any log; every other one takes --redact."""
SHOWS_A_PACK = {"evidence verify", "evidence show", "evidence sign-off"}
"""Verbs that show what a pack holds, which was redacted when it was made."""
REDACT = ("--redact", "all")
FIGURES = "openmetrics.out"
"""Counts alone: it has nothing that could be redacted, and so nothing to say of it."""
HOME = ("--account", "111122223333", "--region", "eu-west-1")
"""Where findings for Security Hub are at home, which no log says."""


@pytest.fixture
def world(here: Here) -> Here:
    project(here.folder)
    return here


def of(ended: Ended) -> bytes:
    return f"{ended.out}\n{ended.err}".encode("utf-8", "replace")


def held(folder: Path) -> bytes:
    """All texts that a state holds, unpacked, and the bytes of its files."""
    view = State(str(folder / "state"), Access()).view()
    frames = [frame for batch in view.batches for frame in batch.partial.tops]
    frames += [frame for batch in view.batches for tables in batch.partial.rules.values() for frame in (*tables.groups, *tables.samples)]
    texts = [str(value) for frame in frames for column in frame.select(pl.selectors.string()) for value in column.drop_nulls()]
    return "\n".join(texts).encode() + b"".join(path.read_bytes() for path in (folder / "state").rglob("*") if path.is_file())


def reports(folder: Path) -> list[str]:
    return [f"{name}:{folder}/{name}.out" for name in outputs.names()]


def checked(here: Here, folder: str, *arguments: str, **environ: str) -> dict[str, bytes]:
    """What a check writes, by name: every output, the quarantine, and what it says."""
    made = here.folder / folder
    flags = [part for target in reports(made) for part in ("-o", target)]
    ended = here("check", "logs", *flags, "--quarantine", f"{made}/quarantine", "-v", *HOME, *arguments, **environ)
    assert ended.code == 1, ended.err
    return {path.name: path.read_bytes() for path in made.iterdir()} | {"said": of(ended)}


def test_every_verb_redacts_or_shows_nobody() -> None:
    groups = {name: catalog(module) for name, module in catalog().items() if hasattr(module, "__path__")}
    verbs = {name: module for name, module in catalog().items() if name not in groups}
    verbs |= {f"{group} {name}": module for group, inner in groups.items() for name, module in inner.items()}
    of_verb = {name: getattr(module, name.split()[-1].replace("-", "_")) for name, module in verbs.items()}
    takes = {name: "redact" in inspect.signature(function).parameters for name, function in of_verb.items()}
    assert SHOWS_NOBODY | SHOWS_A_PACK == {name for name, redacts in takes.items() if not redacts}


def test_what_is_planted_is_there_to_be_found(world: Here) -> None:
    written = checked(world, "raw")
    everything = b"\n".join(written.values())
    missing = {kind: set(found(LOG, kind)) - set(found(everything, kind)) for kind in KINDS}
    assert {"ip": set(), "requester": set(), "key": set(), "user_agent": set()} == missing
    assert found(LOG, "credential")
    assert {name: [] for name in written} == {name: found(content, "credential") for name, content in written.items()}


def test_no_report_and_no_line_names_anybody_who_is_redacted(world: Here) -> None:
    raw = checked(world, "raw")
    written = checked(world, "redacted", *REDACT, **KEYED)
    assert {name: [] for name in written} == {name: found(content, *KINDS, "credential") for name, content in written.items()}
    prints = {one["fingerprint"] for result in json.loads(raw["json.out"])["results"] for one in result["findings"]}
    everything = b"\n".join(written.values()).decode()
    assert len(prints) > 20
    assert not [one for one in prints if one[:12] in everything]
    assert KEY not in everything
    told = json.loads(written["json.out"])
    assert ["ip", "requester", "key", "user_agent"] == told["redacted"]["kinds"]
    assert all(
        "Redacted: ip, requester" in " ".join(content.decode().split())
        for name, content in written.items()
        if name.endswith(".out") and name != FIGURES
    )


def test_no_chart_or_table_of_a_drawn_report_names_anybody_who_is_redacted(world: Here) -> None:
    arguments = (
        "report",
        "logs",
        "-o",
        "text",
        "-o",
        "html:page.html",
        "-o",
        "json:report.json",
        "--state",
        "state",
        "--since",
        "2019-01-01",
    )
    ended = world(*arguments, *REDACT, **KEYED)
    assert 1 == ended.code, ended.err
    page = (world.folder / "page.html").read_bytes()
    assert b"requester:" in page
    assert b"user_agent:" in (world.folder / "report.json").read_bytes()
    for content in (of(ended), page, (world.folder / "report.json").read_bytes()):
        assert [] == found(content, *KINDS, "credential")
    raw = world("report", "--state", "state", "--since", "2019-01-01")
    assert found(of(raw), "requester", "ip")
    assert [] == found(of(raw), "credential")
    assert found(held(world.folder), *KINDS)
    assert [] == found(held(world.folder), "credential")


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_redacted_by_itself(world: Here, kind: str) -> None:
    written = checked(world, "redacted", "--redact", kind, **KEYED)
    assert {name: [] for name in written} == {name: found(content, kind, "credential") for name, content in written.items()}


def test_a_saved_report_is_redacted_afterwards_as_it_would_have_been(world: Here) -> None:
    checked(world, "raw")
    at_once = json.loads(checked(world, "redacted", *REDACT, **KEYED)["json.out"])
    ended = world("convert", "raw/json.out", "-o", "json", *REDACT, **KEYED)
    afterwards = json.loads(ended.out)
    assert 0 == ended.code
    assert at_once["results"] == afterwards["results"]
    assert at_once["redacted"] == afterwards["redacted"]
    for form in outputs.names():
        assert [] == found(of(world("convert", "raw/json.out", "-o", form, *HOME, *REDACT, **KEYED)), *KINDS, "credential")


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_no_record_names_anybody_who_is_redacted(world: Here, form: str) -> None:
    file = world.folder / "records"
    ended = world("records", "logs", "--to", form, "-o", str(file), "--quarantine", "q", *REDACT, **KEYED)
    assert 3 == ended.code  # NOTE: torn.gz cannot be read
    for content in (file.read_bytes(), (world.folder / "q").read_bytes(), of(ended)):
        assert content
        assert [] == found(content, *KINDS, "credential")


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_no_record_shows_a_credential_of_ours_or_of_a_policy(world: Here, form: str) -> None:
    world("records", "logs", "--to", form, "-o", "records", "--quarantine", "q")
    content = (world.folder / "records").read_bytes()
    assert found(content, "requester")
    assert [] == found(content, "credential") + found((world.folder / "q").read_bytes(), "credential")


@pytest.mark.parametrize(
    "place", ["logs/planted.log:1", "logs/planted.log:4", "logs/planted.log:5", "logs/planted.log:6", "logs/delivered.json:1"]
)
def test_no_page_names_anybody_who_is_redacted(world: Here, place: str) -> None:
    ended = world("explain", place, *REDACT, **KEYED)
    assert 0 == ended.code
    assert [] == found(of(ended), *KINDS, "credential")
    assert [] == found(of(world("explain", place)), "credential")


def test_a_finding_is_explained_as_it_is_redacted(world: Here) -> None:
    checked(world, "raw")
    (finding,) = json.loads(world("convert", "raw/json.out", "-o", "json", *REDACT, **KEYED).out)["results"][0]["findings"][:1]
    ended = world("explain", finding["fingerprint"][:12], "--report", "raw/json.out", *REDACT, **KEYED)
    assert 0 == ended.code, ended.err
    assert [] == found(of(ended), *KINDS, "credential")


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_watch_tells_of_nobody_who_is_redacted_and_each_finding_once(world: Here, form: str) -> None:
    arguments = ("watch", "logs", "--state", "state", "--since", "2019-01-01", "--once", "-o", form, "-o", "json:now.json")
    first = world(*arguments, *REDACT, **KEYED)
    assert 1 == first.code, first.err
    assert [] == found(of(first) + (world.folder / "now.json").read_bytes(), *KINDS, "credential")
    told = [line for line in first.out.splitlines() if '"event": "finding"' in line or "principal requester:" in line]
    again = world(*arguments, *REDACT, S3GUARD_REDACT_KEY=KEY[::-1])
    assert told
    assert not [line for line in again.out.splitlines() if '"event": "finding"' in line or "principal requester:" in line]


def test_no_message_names_anybody_who_is_redacted_and_each_finding_is_told_once(world: Here) -> None:
    arguments = ("check", "logs", "--state", "state", "--since", "2019-01-01", "--notify-on", "info", "--notify-details")
    with receiving() as receiver:
        channel = ("--notify", receiver.url)
        first = world(*arguments, *channel, *REDACT, **KEYED, **SIGNED)
        (post,) = receiver.different
        raw = json.loads((world("check", "logs", "-o", "json")).out)
        prints = {one["fingerprint"] for result in raw["results"] for one in result["findings"]}
        for changed in ({"S3GUARD_REDACT_KEY": KEY[::-1]}, {"S3GUARD_REDACT": "none"}):
            world(*arguments, *channel, **changed, **SIGNED)
        assert 1 == len(receiver.different)  # NOTE: what was told is known whatever is redacted, and with which key
    assert [] == found(post.body + of(first), *KINDS, "credential")
    assert len(post.json["findings"]) > 20
    assert prints.isdisjoint(one["fingerprint"] for one in post.json["findings"])


def test_a_state_goes_on_whatever_a_run_redacts(world: Here) -> None:
    arguments = ("check", "logs", "--state", "state", "--since", "2019-02-01", "--as-of", "2019-02-07", "-o", "json", "-q")
    runs = [
        world(*arguments),
        world(*arguments, *REDACT, **KEYED),
        world(*arguments, *REDACT, S3GUARD_REDACT_KEY=KEY[::-1]),
        world(*arguments, "--redact", "none"),
    ]
    told = [json.loads(run.out) for run in runs]
    baselines = [{one["baseline"] for result in report["results"] for one in result["findings"]} for report in told]
    assert [{"new"}, {"unchanged"}, {"unchanged"}, {"unchanged"}] == baselines
    assert len({len(report["results"]) for report in told}) == 1
    assert [1, 3, 3, 3] == [run.code for run in runs]  # NOTE: torn.gz; what could not be read is told again and again
    assert told[0]["results"][0]["findings"][0]["subject"] == told[3]["results"][0]["findings"][0]["subject"]
    assert found(held(world.folder), *KINDS)
    assert [] == found(held(world.folder), "credential")


def test_a_record_that_could_be_judged_is_not_taken_for_one_when_it_is_redacted(world: Here) -> None:
    world("records", "logs", "--to", "parquet", "-o", "records.parquet", *REDACT, **KEYED)
    ended = world("check", "records.parquet", "-o", "json")
    assert 3 == ended.code
    assert "--redact" in ended.out + ended.err


def test_a_mask_of_the_settings_holds_for_every_verb(world: Here) -> None:
    (world.folder / "policies" / "p.yaml").write_text(
        "version: 1\npolicy: p\nbuckets: [examplebucket]\nrules: {requesters: {allow: [authenticated]}}\n"
    )
    world.write("s3guard.toml", 'mask = ["X-User-*"]\n')
    for arguments in (("records", "logs"), ("explain", "logs/planted.log:1"), ("check", "logs", "--quarantine", "q")):
        assert [] == found(of(world(*arguments)), "credential")
    assert [] == found((world.folder / "q").read_bytes(), "credential")


def test_a_group_whose_subjects_differ_in_a_credential_alone_is_one_finding(world: Here) -> None:
    log = b"".join(planted(key_logged=b"k?x-user-token=%d" % number).render() + b"\n" for number in range(5))
    (world.folder / "one.log").write_bytes(log)
    report = json.loads(world("check", "one.log", "-o", "json", "--rule", "p/custom/key").out)
    (result,) = [result for result in report["results"] if result["rule"] == "p/custom/key"]
    assert [(5, {"key": "k?x-user-token=***"})] == [(one["records"], one["subject"]) for one in result["findings"]]
