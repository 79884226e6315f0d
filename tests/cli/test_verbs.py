"""What each verb says and ends with."""

from __future__ import annotations

import io
import json
import sys

import pytest

from s3guard import rules
from s3guard.audit import checks
from s3guard.records import COLUMNS
from s3guard.schema import schema
from tests.cli.project import CLEAN, POLICY, STRANGER, Here
from tests.s3 import access, shelf
from tests.s3.proxy import DENIED, proxied


def stdin(here: Here, content: bytes) -> None:
    here.patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


class TestCheck:
    def test_standard_input_is_a_log(self, here: Here) -> None:
        stdin(here, STRANGER)
        ended = here("check", "-")
        assert (1, True) == (ended.code, "-:1" in ended.out)

    def test_the_period_takes_in_its_start_and_leaves_out_its_end(self, here: Here) -> None:
        # NOTE: the records are of 2019-02-06T00:00:38Z.
        arguments = ("check", "logs/stranger.log", "--since")
        assert 1 == here(*arguments, "2019-02-06T00:00:38Z").code
        assert 4 == here(*arguments, "2019-02-06T00:00:39Z").code
        assert 4 == here(*arguments, "2019-02-06", "--until", "2019-02-06T00:00:38Z").code
        assert 1 == here(*arguments, "2019-02-06", "--until", "2019-02-06T00:00:39Z").code
        assert 1 == here(*arguments, "24h", "--as-of", "2019-02-07T00:00:38Z").code
        assert 4 == here(*arguments, "24h", "--as-of", "2019-02-07T00:00:39Z").code

    def test_where_nothing_was_judged_it_says_why(self, here: Here) -> None:
        later, state = ("--since", "2019-02-07"), ("--state", "state", "--as-of", "2026-10-02")
        (here.folder / "logs" / "none").mkdir()
        for arguments, said in [
            (("logs/clean.log", *later), "3 records were read, and none lies in the period"),
            (("logs/clean.log", *state), "no record lies in the period that the report covers; --since asks for a longer one"),
            (("logs/none",), "no log object was found"),
            (("logs/empty.log",), "1 log object with no record to judge"),
        ]:
            ended = here("check", *arguments)
            assert (4, True) == (ended.code, f"Nothing was judged: {said}." in " ".join(ended.out.split())), ended.out

    def test_a_baseline_keeps_known_findings_from_failing(self, here: Here) -> None:
        assert 1 == here("check", "logs/stranger.log", "-o", "json:known.json").code
        ended = here("check", "logs/stranger.log", "--baseline", "known.json")
        assert (0, True) == (ended.code, "user/eve" in ended.out)

    def test_lines_that_are_no_record_fail_beyond_a_share_and_are_kept(self, here: Here) -> None:
        assert 3 == here("check", "logs/damaged.log", "--quarantine", "q.jsonl").code
        assert 0 == here("check", "logs/damaged.log", "--max-unparsed", "50%").code
        (kept,) = map(json.loads, (here.folder / "q.jsonl").read_text().splitlines())
        assert ("logs/damaged.log", 2, "quarantined", "this is no record") == (kept["object"], kept["line"], kept["status"], kept["text"])

    def test_what_cannot_be_judged_may_be_allowed(self, here: Here) -> None:
        (here.folder / "logs" / "cut.gz").write_bytes(b"\x1f\x8b\x08")
        arguments = ("check", "logs/cut.gz", "logs/clean.log")
        assert 3 == here(*arguments).code
        assert 0 == here(*arguments, "--allow-undetermined").code

    def test_it_may_be_narrowed(self, here: Here) -> None:
        here.write("policies/q.yaml", POLICY.replace("policy: p", "policy: q\nframeworks: [hipaa]").replace("requesters", "writers"))
        log = "logs/stranger.log"
        named = [
            {result["rule"] for result in json.loads(here("check", log, "-o", "json", *narrowed).out)["results"]}
            for narrowed in (("--rule", "writers"), ("--rule", "p/requesters"), ("--framework", "hipaa"))
        ]
        assert [{"q/writers"}, {"p/requesters"}, {"q/writers", "q/anonymous"}] == named

    def test_verbose_lists_what_passed(self, here: Here) -> None:
        assert "p/requesters" not in here("check", "logs/clean.log").out
        assert "p/requesters" in here("check", "logs/clean.log", "-v").out


class TestValidate:
    def test_well_formed_policies_are_counted(self, here: Here) -> None:
        ended = here("validate")
        assert (0, "1 policy, 2 rules: valid\n", "") == (ended.code, ended.out, ended.err)

    def test_every_fault_is_told_with_its_place(self, here: Here) -> None:
        here.write("policies/a.yaml", "version: 1\npolicy: a\nbuckets: [x]\nrules: {writer: {}}\n")
        ended = here("validate", "policies/a.yaml")
        assert (2, "") == (ended.code, ended.out)
        assert ended.err.startswith("s3guard: error: 1 problem\npolicies/a.yaml:4:9: ")
        assert "did you mean writers?" in ended.err

    def test_what_is_dead_is_a_warning_and_with_strict_a_fault(self, here: Here) -> None:
        match = 'match: {principal: "account:111122223333"}'
        waiver = f"waivers: [{{rule: requesters, {match}, reason: r, ticket: t, approved_by: a@example.org, expires: 2026-01-01}}]\n"
        here.write("policies/p.yaml", POLICY + waiver)
        told = "policies/p.yaml:6:1: the waiver of `requesters` expired on 2026-01-01\n"
        ended = here("validate", "--as-of", "2026-10-02")
        assert (0, "1 policy, 2 rules: valid\n", f"s3guard: warning: {told}") == (
            ended.code,
            ended.out,
            ended.err,
        )
        strict = here("validate", "--as-of", "2026-10-02", "--strict")
        assert (2, "", f"s3guard: error: 1 problem\n{told}") == (strict.code, strict.out, strict.err)
        assert 0 == here("validate", "--as-of", "2026-01-01", "--strict").code

    def test_check_tells_the_same_faults_and_both_tell_all(self, here: Here) -> None:
        late = (
            "logging: {freshness: 1}\nreview: {grace: 6h}\nwaivers: [{rule: writer, reason: r}]\ntests: [{name: t, expect: {pass: [x]}}]\n"
        )
        sql = "  custom: [{where: kee = 1, max: 0}, {id: b, where: 'lien = 1 AND kee = 2', max: 0}]\n"
        here.write("policies/p.yaml", POLICY + sql + late)
        validated, checked = here("validate"), here("check", "logs/clean.log")
        assert validated == checked
        assert [6, 6, 6, 7, 8, 9, 9, 10, 10] == [int(line.split(":")[1]) for line in validated.err.splitlines()[1:]]

    def test_what_is_dead_is_told_beside_the_faults_of_other_policies(self, here: Here) -> None:
        here.write("policies/a.yaml", "version: 1\npolicy: a\nbuckets: [x]\nrules: {writer: {}}\n")
        here.write("policies/p.yaml", POLICY.replace("}", ", deny: [authenticated]}"))
        told = here("validate", "--strict").err.splitlines()
        assert ["s3guard: error: 2 problems", "policies/a.yaml:4:9", "policies/p.yaml:5:1"] == [
            told[0],
            *(line.split(": ")[0] for line in told[1:]),
        ]

    def test_packs_alone_are_valid_too(self, here: Here) -> None:
        (here.folder / "packs").mkdir()
        here.write("packs/mine.yaml", "version: 1\npolicy: mine\nrules: {transport: {}}\n")
        ended = here("validate", "packs")
        assert (0, "packs alone: valid\n") == (ended.code, ended.out)


class TestRules:
    def test_every_rule_has_a_place_in_the_table(self, here: Here) -> None:
        shown = here("rules").out
        assert [name for name, rule in rules.catalog().items() if f"{name}  {rule.default_title}" not in shown] == []

    def test_named_ones_are_told_of_in_full(self, here: Here) -> None:
        shown = here("rules", "volume", "writers").out
        assert shown.index("rule  volume") < shown.index("rule  writers")

    def test_machines_get_json(self, here: Here) -> None:
        told = json.loads(here("rules", "--format", "json").out)
        assert [*rules.catalog(), *(f"logging/{name}" for name in checks.catalog())] == [rule["name"] for rule in told]
        (one,) = json.loads(here("rules", "writers", "--format", "json").out)
        assert ("critical", ["principal", "operation"], True) == (one["severity"], one["subject"], one["splits_by_outcome"])


def test_the_schema_is_printed_as_json(here: Here) -> None:
    ended = here("schema")
    assert (0, schema()) == (ended.code, json.loads(ended.out))


class TestExplain:
    def test_several_things_are_told_one_after_the_other(self, here: Here) -> None:
        shown = here("explain", "AccessDenied", "writers").out
        assert 0 < shown.index("error code  AccessDenied") < shown.index("rule  writers")

    def test_a_log_line_may_come_from_standard_input_whatever_its_bytes(self, here: Here) -> None:
        stdin(here, CLEAN.replace(b"aws-cli", b"\xffaws\x1bcli"))
        ended = here("explain", "-")
        assert (0, True, False) == (ended.code, r"\xffaws\u{1b}cli" in ended.out, "\x1b" in ended.out)

    def test_the_place_of_a_record_is_explained_as_its_line_whatever_stands_there(self, here: Here) -> None:
        stdin(here, CLEAN)
        assert here("explain", "-").out == here("explain", "logs/clean.log:2").out
        assert "its time is missing or not as S3 writes it" in " ".join(here("explain", "logs/damaged.log:2").out.split())
        assert 2 == here("explain", "logs/clean.log:99").code

    @pytest.mark.parametrize(("content", "said"), [(b"\n \n", "holds no log line"), (b"x" * (1 << 20) + b"x", "holds more than 1 MiB")])
    def test_no_line_and_too_many_are_wrong_usage(self, here: Here, content: bytes, said: str) -> None:
        stdin(here, content)
        ended = here("explain", "-")
        assert (2, True) == (ended.code, f"s3guard: error: standard input {said}" in ended.err)

    def test_a_fingerprint_is_looked_up_in_a_saved_report(self, here: Here) -> None:
        here("check", "logs/stranger.log", "-o", "json:r.json")
        report = json.loads((here.folder / "r.json").read_bytes())
        (finding,) = [finding for result in report["results"] for finding in result["findings"]]
        ended = here("explain", finding["fingerprint"][:8], "--report", "r.json")
        assert (0, True) == (ended.code, finding["fingerprint"] in ended.out)
        assert 2 == here("explain", finding["fingerprint"][:8]).code
        assert 3 == here("explain", finding["fingerprint"][:8], "--report", "nowhere.json").code


class TestConvert:
    def test_a_saved_report_says_the_same_in_every_format(self, here: Here) -> None:
        straight = here("check", "logs/stranger.log", "-o", "json:r.json", "-o", "sarif").out
        assert straight == here("convert", "r.json", "-o", "sarif").out
        assert (here.folder / "r.json").read_text() == here("convert", "r.json", "-o", "json").out

    def test_it_judges_nothing_so_it_ends_with_0_where_all_was_written(self, here: Here) -> None:
        here("check", "logs/stranger.log", "-o", "json:r.json")
        assert 0 == here("convert", "r.json").code
        assert 3 == here("convert", "r.json", "-o", "csv:r.json/r.csv").code
        assert 3 == here("convert", "nowhere.json").code


class TestRecords:
    def test_every_column_is_there_in_its_order(self, here: Here) -> None:
        ended = here("records", "logs/clean.log")
        assert (0, "") == (ended.code, ended.err)
        assert [list(COLUMNS)] * 3 == [list(json.loads(line)) for line in ended.out.splitlines()]

    def test_what_no_row_tells_is_told_on_standard_error(self, here: Here) -> None:
        ended = here("records", "logs/ambiguous.log", "logs/damaged.log", "--max-unparsed", "50%")
        assert (0, 3) == (ended.code, len(ended.out.splitlines()))
        assert [
            "s3guard: warning: 1 line can be read in several ways: rows of status ambiguous",
            "s3guard: warning: 1 line could not be read as a record, and no row stands for it; --quarantine keeps them",
        ] == ended.err.splitlines()
        assert "" == here("records", "logs/ambiguous.log", "-q").err

    def test_what_could_not_be_read_ends_it_with_3_though_the_rest_is_written(self, here: Here) -> None:
        (here.folder / "logs" / "cut.gz").write_bytes(b"\x1f\x8b\x08")
        ended = here("records", "logs/cut.gz", "logs/clean.log", "-o", "r.csv", "--to", "csv")
        assert (3, 4) == (ended.code, len((here.folder / "r.csv").read_text().splitlines()))
        assert "s3guard: error: logs/cut.gz: not read to its end: " in ended.err
        damaged = here("records", "logs/damaged.log")
        assert (3, 1) == (damaged.code, len(damaged.out.splitlines()))
        assert "s3guard: error: 1 of 2 lines are no record: more than --max-unparsed\n" in damaged.err

    def test_nothing_to_write_is_4_unless_that_is_allowed(self, here: Here) -> None:
        assert 4 == here("records", "logs/empty.log").code
        assert 0 == here("records", "logs/empty.log", "--allow-empty").code

    def test_parquet_is_nothing_for_a_terminal(self, here: Here) -> None:
        here.patch.setattr("s3guard.cli.terminal.is_terminal", lambda _stream: True)
        ended = here("records", "logs/clean.log", "--to", "parquet", "--no-progress")
        assert (2, True) == (ended.code, "parquet is nothing to look at" in ended.err)

    def test_quarantined_lines_may_be_kept(self, here: Here) -> None:
        here("records", "logs/damaged.log", "--quarantine", "q.jsonl")
        assert 1 == len((here.folder / "q.jsonl").read_text().splitlines())


class TestState:
    def remembered(self, here: Here) -> None:
        for name in ("clean", "stranger"):
            here("check", f"logs/{name}.log", "--state", "state", "--as-of", "2019-02-07", "-q", "-o", "json:r.json")

    def test_only_what_is_new_fails(self, here: Here) -> None:
        command = ("check", "logs/stranger.log", "--state", "state", "--as-of", "2019-02-07")
        first, again = here(*command), here(*command)
        assert (1, 0) == (first.code, again.code)
        assert "user/eve" in again.out
        assert "of this run and of those before it in state" in " ".join(again.out.split())

    def test_a_report_that_was_not_written_was_reported_to_nobody(self, here: Here) -> None:
        command = ("check", "logs/stranger.log", "--state", "state", "--as-of", "2019-02-07", "-o")
        assert 1 == here(*command, "json:/dev/full").code
        assert 1 == here(*command, "json:r.json").code
        assert 0 == here(*command, "json:r.json").code

    def test_runs_and_the_hours_that_have_records_are_shown(self, here: Here) -> None:
        self.remembered(here)
        shown = here("state", "show", "state")
        assert 0 == shown.code
        assert "2 log objects were judged by 2 finished and 0 unfinished runs" in shown.out
        assert "  2019-02-06  #.......................  5 records" in shown.out

    def test_one_of_a_kind_is_told_in_the_singular(self, here: Here) -> None:
        assert 1 == here("check", "logs/stranger.log", "--state", "state", "--as-of", "2019-02-07").code
        assert "1 log object was judged by 1 finished and 0 unfinished runs" in here("state", "show", "state").out

    def test_a_state_that_is_not_whole_ends_with_3(self, here: Here) -> None:
        self.remembered(here)
        whole = here("state", "verify", "state")
        assert (0, True) == (whole.code, "4 entries of state are whole" in whole.out)
        (here.folder / "state" / "0000000002.s3guard").write_bytes(b"x")
        for action in ("show", "verify"):
            ended = here("state", action, "state")
            assert (3, True) == (ended.code, "entry 2 of the state in state is not one of s3guard's" in ended.err)

    @pytest.mark.parametrize("action", ["show", "verify"])
    def test_a_place_without_a_state_is_no_whole_one(self, action: str, here: Here) -> None:
        for place in ("typo", "logs"):
            ended = here("state", action, place)
            assert (2, "") == (ended.code, ended.out)
            assert f"{place}: there is no state" in ended.err

    def test_a_state_is_compacted_and_says_the_same_as_before(self, here: Here) -> None:
        self.remembered(here)
        before = here("state", "show", "state").out
        ended = here("state", "compact", "state")
        assert (0, "4 entries of state joined: 4 parts now stand for all that was judged.\n") == (ended.code, ended.out)
        assert (0, before) == (here("state", "show", "state").code, here("state", "show", "state").out)
        assert "Nothing was written to state since it was compacted last.\n" == here("state", "compact", "state").out
        whole = here("state", "verify", "state")
        assert 0 == whole.code
        assert "5 entries of state are whole" in whole.out
        assert "The first 4 were compacted: 4 parts in their place and 2 records of runs were compared" in whole.out
        assert 0 == here("check", "logs/stranger.log", "--state", "state", "--as-of", "2019-02-07").code

    def test_what_is_pruned_is_told_before_and_after(self, here: Here) -> None:
        self.remembered(here)
        prune = ("state", "prune", "state", "--as-of", "2019-04-01")
        gone = "5 log records that were counted, 2 log objects that had no younger one, and the records of 0 runs"
        would = here(*prune, "--keep", "30d", "--dry-run")
        assert (0, "") == (would.code, would.err)
        assert f"Before 2019-03-02T00:00Z, this would go from state: {gone}. Nothing was changed.\n" == would.out
        assert "  2019-02-06  #.......................  5 records" in here("state", "show", "state").out
        did = here(*prune, "--before", "2019-03-02")
        assert (0, f"Before 2019-03-02T00:00Z, this went from state: {gone}.\n") == (did.code, did.out)
        shown = here("state", "show", "state").out
        assert "What was older than 2019-03-02T00:00Z was pruned" in shown
        assert "2019-02-06  #" not in shown
        assert "What was older than 2019-03-02T00:00Z was pruned.\n" in here("state", "verify", "state").out
        later = here("check", "logs/stranger.log", "--state", "state", "--as-of", "2019-02-07")
        assert (3, True) == (later.code, "what was known of records before 2019-03-02T00:00Z was pruned" in " ".join(later.out.split()))

    def test_who_prunes_what_the_next_check_reports_is_warned(self, here: Here) -> None:
        self.remembered(here)
        ended = here("state", "prune", "state", "--as-of", "2019-02-07", "--keep", "1d")
        assert (0, True) == (ended.code, "a check reports the last 30 days unless --since says otherwise" in ended.err)

    @pytest.mark.parametrize(
        ("arguments", "complaint"),
        [
            (("prune", "state"), "say what goes, by one of --before 2026-01-01 and --keep 400d"),
            (("prune", "state", "--keep", "1d", "--before", "2019-01-01"), "say what goes, by one of"),
            (
                ("prune", "state", "--keep", "2019-01-01"),
                "--keep: '2019-01-01' is not a duration; write a number and one of ms, s, m, h, d",
            ),
            (("prune", "state", "--keep", "9999999d"), "--keep: '9999999d' is longer ago than the calendar goes"),
            (("prune", "state", "--keep", "soon"), "--keep: 'soon' is not a duration"),
            (("prune", "state", "--before", "2019-02-08", "--as-of", "2019-02-07"), "--before: 2019-02-08T00:00:00Z lies ahead of --as-of"),
            (("compact", "state", "--keep", "1d"), "--keep belongs to s3guard state prune, not to compact"),
            (("show", "state", "--dry-run"), "--dry-run belongs to s3guard state prune, not to show"),
            (("compact", "typo"), "typo: there is no state"),
        ],
    )
    def test_what_cannot_be_pruned_is_wrong_usage(self, here: Here, arguments: tuple[str, ...], complaint: str) -> None:
        self.remembered(here)
        ended = here("state", *arguments)
        assert (2, True) == (ended.code, complaint in " ".join(ended.err.split())), ended.err

    def test_a_setting_of_how_long_to_keep_is_for_prune_alone(self, here: Here) -> None:
        self.remembered(here)
        here.write("s3guard.toml", 'keep = "30d"\n')
        assert 0 == here("state", "show", "state").code
        ended = here("state", "prune", "state", "--as-of", "2019-04-01", S3GUARD_DRY_RUN="true")
        assert (0, True) == (ended.code, "this would go from state" in ended.out)

    def test_a_state_in_s3_that_is_refused_ends_with_3(self, here: Here) -> None:
        with shelf.served(shelf.Shelf({}), "audit") as address, proxied(address) as proxy:
            access.reached(here.patch, proxy.url.removeprefix("http://"))
            check = ("check", "logs/clean.log", "--state", "s3://audit/state", "--as-of", "2019-02-07")
            assert 0 == here(*check).code
            proxy.plan = lambda asked: DENIED if asked.is_listing else None
            for command in (check, *(("state", action, "s3://audit/state") for action in ("show", "verify", "compact"))):
                ended = here(*command)
                assert (3, True) == (ended.code, "could not list the state in s3://audit/state/: " in ended.err)
            proxy.plan = lambda _: None
            assert 0 == here("state", "verify", "s3://audit/state").code

    @pytest.mark.parametrize("action", ["show", "verify", "compact", "prune"])
    def test_a_state_in_s3_is_reached_as_the_flags_say(self, action: str, here: Here) -> None:
        from s3guard.aws import Access
        from s3guard.state.store import Store, opened

        asked: list[tuple[str, Access | None]] = []

        def opening(uri: str, access: Access | None = None) -> Store:
            asked.append((uri, access))
            return opened("state")

        self.remembered(here)
        here.patch.setattr("s3guard.state.opened", opening)
        flags = ("--profile", "p", "--region", "r", "--role-arn", "a", "--endpoint-url", "http://u")
        more = ("--before", "2018-01-01", "--as-of", "2019-02-07") if action == "prune" else ()
        assert 0 == here("state", action, "s3://audit/state", *flags, *more).code
        assert [("s3://audit/state", Access("p", "r", "a", "http://u"))] == asked

    @pytest.mark.parametrize("arguments", [(), ("shwo", "state"), ("show",)])
    def test_what_is_asked_has_to_be_said(self, here: Here, arguments: tuple[str, ...]) -> None:
        assert 2 == here("state", *arguments).code
