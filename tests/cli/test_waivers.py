"""What waivers do to a run, and the register that lists them."""

from __future__ import annotations

import json

from s3guard.audit import snapshot
from tests.audit import rowmaking
from tests.cli.project import POLICY, Here

EVE = "arn:aws:iam::111122223333:user/eve"
_WHO = f"match: {{principal: '{EVE}'}}, ticket: T-1, approved_by: a@example.org"
WAIVER = f"waivers:\n- {{rule: requesters, reason: r, {_WHO}, expires: 2026-10-02}}\n"
MORE = """\
- {rule: logging/SAL-001, reason: x, expires: 2026-10-20}
- {rule: requesters, match: {operation_class: [read, list]}, reason: y, expires: 2028-01-01}
"""


def test_a_finding_that_is_waived_fails_no_run_until_the_day_after_its_last(here: Here) -> None:
    here.write("policies/p.yaml", POLICY + WAIVER)
    log = ("check", "logs/stranger.log", "-o", "json", "--as-of")
    ended = here(*log, "2026-10-02T23:59:59Z")
    report = json.loads(ended.out)
    assert (0, "pass", 1) == (ended.code, report["status"], report["summary"]["waived"])
    (result,) = (one for one in report["results"] if one["kind"] == "requesters")
    assert ("waived", 2, 1) == (result["status"], result["records"], result["violations"])
    told = {
        "reason": "r",
        "ticket": "T-1",
        "approved_by": "a@example.org",
        "expires": "2026-10-02",
        "match": {"principal": [EVE]},
        "number": 1,
    }
    assert told == result["findings"][0]["waiver"]
    assert "The waiver of p/requesters (policies/p.yaml, line 7) expires today, on 2026-10-02; it covers 1 finding." in report["notes"]
    late = here(*log, "2026-10-03")
    assert (1, "fail") == (late.code, json.loads(late.out)["status"])
    assert "expired on 2026-10-02: 1 finding that it covered counts again." in " ".join(json.loads(late.out)["notes"])
    assert 0 == here(*log, "2026-10-03", "--fail-on", "none").code


def test_a_waiver_hides_nothing_that_could_not_be_read(here: Here) -> None:
    here.write("policies/p.yaml", POLICY + WAIVER)
    (here.folder / "logs" / "cut.gz").write_bytes(b"\x1f\x8b\x08")
    assert 3 == here("check", "logs/cut.gz", "logs/stranger.log", "--as-of", "2026-10-02").code


def test_a_baseline_keeps_no_finding_that_was_waived_when_it_was_written(here: Here) -> None:
    here.write("policies/p.yaml", POLICY + WAIVER)
    assert 0 == here("check", "logs/stranger.log", "--as-of", "2026-10-02", "-o", "json:known.json").code
    assert 1 == here("check", "logs/stranger.log", "--as-of", "2026-10-03", "--baseline", "known.json").code
    here.write("policies/p.yaml", POLICY)
    assert 1 == here("check", "logs/stranger.log", "-o", "json:known.json").code
    assert 0 == here("check", "logs/stranger.log", "--baseline", "known.json").code


def test_who_is_redacted_is_waived_all_the_same_and_is_not_named_by_the_waiver(here: Here) -> None:
    here.write("policies/p.yaml", POLICY + WAIVER)
    key = {"S3GUARD_REDACT_KEY": "9f2d7ac41be8563097fd1e6a48b0c35d"}
    for day, code in (("2026-10-02", 0), ("2026-10-03", 1)):
        ended = here("check", "logs/stranger.log", "-o", "json", "--as-of", day, "--redact", "requester", **key)
        assert (code, False) == (ended.code, "user/eve" in ended.out)
    ended = here("check", "logs/stranger.log", "-o", "json", "--as-of", "2026-10-02", "--redact", "requester", **key)
    (finding,) = (one for result in json.loads(ended.out)["results"] for one in result["findings"])
    assert [finding["subject"]["principal"]] == finding["waiver"]["match"]["principal"]
    assert ("r", "a@example.org", "2026-10-02") == tuple(finding["waiver"][name] for name in ("reason", "approved_by", "expires"))


def test_the_register_lists_what_ends_first_first(here: Here) -> None:
    here.write("policies/p.yaml", POLICY + WAIVER + MORE)
    ended = here("waivers", "--as-of", "2026-10-03")
    assert (0, "") == (ended.code, ended.err)
    heads = [line.split() for line in ended.out.splitlines() if " until " in line]
    assert [
        ["expired", "p/requesters", "until", "2026-10-02"],
        ["expiring", "p/logging/SAL-001", "until", "2026-10-20"],
        ["in", "force", "p/requesters", "until", "2028-01-01"],
    ] == heads
    assert f"principal {EVE}\n" in ended.out
    assert "T-1, approved by a@example.org, policies/p.yaml:7\n" in ended.out
    assert "approved by nobody named, policies/p.yaml:8" in ended.out
    assert ended.out.endswith("3 waivers: 1 in force, 1 expiring, 1 expired\n")
    listed = json.loads(here("waivers", "--as-of", "2026-10-02", "--format", "json").out)
    assert ["expiring", "expiring", "in force"] == [one["state"] for one in listed]
    assert {
        "policy": "p",
        "rule": "p/requesters",
        "state": "in force",
        "reason": "y",
        "ticket": None,
        "approved_by": None,
        "expires": "2028-01-01",
        "match": {"operation_class": ["read", "list"]},
        "number": 3,
        "location": {"file": "policies/p.yaml", "line": 9},
        "findings": None,
        "records": None,
        "unused": None,
    } == listed[-1]


def test_without_waivers_it_says_so_and_wrong_policies_end_with_2(here: Here) -> None:
    assert (0, "no waivers\n") == ((ended := here("waivers")).code, ended.out)
    assert (0, "[]\n") == ((ended := here("waivers", "--format", "json")).code, ended.out)
    here.write("policies/p.yaml", POLICY + WAIVER.replace("requesters", "requester"))
    assert 2 == here("waivers").code


def test_a_check_of_the_audit_is_waived_until_the_day_after_its_last(here: Here) -> None:
    (here.folder / "facts.json").write_bytes(snapshot.dump(rowmaking.facts(rowmaking.bucket("examplebucket"))))
    here.write("policies/p.yaml", POLICY + "waivers: [{rule: logging/SAL-001, reason: r, expires: 2026-10-02}]\n")
    arguments = ("audit", "--snapshot", "facts.json", "--rule", "SAL-001", "-o", "json", "--as-of")
    held, ended = here(*arguments, "2026-10-02"), here(*arguments, "2026-10-03")
    assert (0, 1) == (held.code, ended.code)
    assert ["waived", "fail"] == [json.loads(one.out)["results"][0]["status"] for one in (held, ended)]
    assert any(note.startswith("The waiver of p/logging/SAL-001") and "expires today" in note for note in json.loads(held.out)["notes"])
    assert any("expired on 2026-10-02: 1 finding that it covered counts again." in note for note in json.loads(ended.out)["notes"])
