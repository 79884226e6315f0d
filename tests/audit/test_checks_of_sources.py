"""The checks of sources and accounts, each in its cases: pass, fail, unknown, not applicable, and its traps."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from s3guard.audit.case import AccountCase, Answer, Case, Verdict
from s3guard.audit.checks import catalog
from s3guard.audit.expected import Expected
from s3guard.audit.facts import Absent, Unknown, Value
from s3guard.audit.graph import Graph
from s3guard.audit.rows import (
    Account,
    Bucket,
    Canary,
    Delivered,
    EventSelector,
    FieldSelector,
    Grant,
    KeyFormat,
    LogDelivery,
    Logging,
    Trail,
)
from s3guard.model import Severity
from tests.audit.rowmaking import NOW, account, bucket, facts, logs_to

DENIED = Unknown("GetX was denied (AccessDenied); grant s3:GetX", "s3:GetX")
PARTITIONED = KeyFormat("PartitionedPrefix", "EventTime")
PASS, FAIL, WARN, UNKNOWN, NA = Answer.PASS, Answer.FAIL, Answer.WARN, Answer.UNKNOWN, Answer.NOT_APPLICABLE


def verdicts(check: str, row: Bucket, *others: Bucket, owner: Account | None = None, **expected: Any) -> tuple[Verdict, ...]:
    rows = facts(row, *others, accounts=(owner or account(),), source=expected.pop("source", "live"))
    graph = Graph(rows)
    return catalog()[check].verdicts(Case(row, graph.account(row), graph, Expected("p", **expected), NOW))


def gravest(found: tuple[Verdict, ...]) -> Answer:
    return max((verdict.answer for verdict in found), key=list(Answer).index)


def says(check: str, row: Bucket, *others: Bucket, owner: Account | None = None, **expected: Any) -> Answer:
    return gravest(verdicts(check, row, *others, owner=owner, **expected))


OFF, ON = bucket("app"), bucket("app", logging=logs_to("logs"))
LOGS = bucket("logs")
BLIND = bucket("app", logging=DENIED)


class TestOfAll:
    @pytest.mark.parametrize("check", [name for name in catalog() if name <= "SAL-009" and name != "SAL-001"])
    def test_where_logging_is_off_nothing_more_is_asked(self, check: str) -> None:
        assert NA is says(check, OFF)

    @pytest.mark.parametrize("check", [name for name in catalog() if name <= "SAL-009"])
    def test_where_logging_is_unknown_all_is_unknown_with_the_reason(self, check: str) -> None:
        (verdict,) = verdicts(check, BLIND, LOGS)
        assert (UNKNOWN, DENIED.reason) == (verdict.answer, verdict.reason)

    @pytest.mark.parametrize("check", [name for name in catalog() if name <= "SAL-009"])
    def test_a_directory_bucket_has_none(self, check: str) -> None:
        assert NA is says(check, bucket("d--x-s3", kind="directory", logging=Absent()))

    @pytest.mark.parametrize("kind", ["directory", "table"])
    def test_what_is_no_question_of_other_buckets_is_said_with_the_check_that_is(self, kind: Any) -> None:
        row = bucket("x", kind=kind, logging=DENIED, table_logging=Absent())
        reasons = {verdicts(check, row)[0].reason for check in catalog() if "SAL-002" <= check <= "SAL-009"}
        assert {f"{'SAL-011' if kind == 'directory' else 'SAL-012'} is about {kind} buckets"} == reasons


class TestEnabled:
    def test_on_passes_and_off_fails(self) -> None:
        assert [PASS, FAIL] == [says("SAL-001", ON, LOGS), says("SAL-001", OFF)]

    def test_a_log_bucket_is_exempt_with_the_reason(self) -> None:
        (verdict,) = verdicts("SAL-001", LOGS, ON)
        assert (NA, "log sink: app logs to it; Security Hub S3.9, S3.15 and S3.17 fail for a log bucket by design") == (
            verdict.answer,
            verdict.reason,
        )

    def test_cloudwatch_logs_is_asked_for_before_it_is_said(self) -> None:
        mine = account(log_deliveries=Value((LogDelivery("arn:aws:s3:::app", "arn:aws:logs:…", "CWL"),)))
        others = account(log_deliveries=Value((LogDelivery("arn:aws:s3:::app2", "arn:aws:logs:…", "CWL"),)))
        answers = [says("SAL-001", OFF, owner=owner) for owner in (mine, others, account(log_deliveries=DENIED))]
        assert [PASS, FAIL, UNKNOWN] == answers

    @pytest.mark.parametrize("fact", ["policy", "acl"])
    def test_who_could_not_see_whether_it_is_a_log_bucket_does_not_say_so(self, fact: str) -> None:
        assert UNKNOWN is says("SAL-001", bucket("app", **{fact: DENIED}))
        assert PASS is says("SAL-001", bucket("app", logging=logs_to("logs"), **{fact: DENIED}))


class TestTarget:
    @pytest.mark.parametrize(
        ("exists", "answer"), [(Value(value=True), PASS), (Value(value=False), FAIL), (DENIED, UNKNOWN)], ids=["there", "gone", "denied"]
    )
    def test_the_log_bucket_is_there(self, exists: Any, answer: Answer) -> None:
        assert answer is says("SAL-002", ON, bucket("logs", exists=exists))

    def test_one_that_nobody_looked_at_is_unknown(self) -> None:
        assert [UNKNOWN, UNKNOWN, UNKNOWN] == [says(check, ON) for check in ("SAL-002", "SAL-003", "SAL-004")]

    @pytest.mark.parametrize(
        ("target", "answer"),
        [
            (bucket("logs"), PASS),
            (bucket("logs", region=Value("eu-west-1")), FAIL),
            (bucket("logs", region=DENIED), UNKNOWN),
            (bucket("logs", account="444455556666"), FAIL),
            (bucket("logs", account=None), FAIL),
            (bucket("logs", exists=Value(value=False)), NA),
            (bucket("logs", region=Value("${var.region}")), UNKNOWN),
        ],
        ids=["same", "another Region", "a Region denied", "another account", "in no list", "gone", "a symbol"],
    )
    def test_account_and_region_are_the_same(self, target: Bucket, answer: Answer) -> None:
        assert answer is says("SAL-003", ON, target)

    def test_whose_it_is_nobody_knows_before_a_template_is_applied(self) -> None:
        symbol = bucket("logs", account="${data.aws_caller_identity.logs.account_id}")
        assert [UNKNOWN, UNKNOWN] == [says("SAL-003", ON, row, source="template") for row in (symbol, bucket("logs", account=None))]

    def test_whose_it_is_nobody_knows_where_the_list_was_denied(self) -> None:
        assert UNKNOWN is says("SAL-003", ON, bucket("logs", account=None), owner=account(buckets=DENIED))


class TestCircles:
    def test_a_bucket_that_logs_to_itself_is_high(self) -> None:
        (verdict,) = verdicts("SAL-004", bucket("app", logging=logs_to("app")))
        assert (FAIL, Severity.HIGH) == (verdict.answer, verdict.severity)

    @pytest.mark.parametrize(
        ("onward", "answer"),
        [(Absent(), PASS), (logs_to("app"), FAIL), (logs_to("third"), WARN), (logs_to("logs"), FAIL), (DENIED, UNKNOWN)],
        ids=["ends", "comes back", "goes on", "stays", "denied"],
    )
    def test_the_way_of_logs_ends_at_the_log_bucket(self, onward: Any, answer: Answer) -> None:
        assert answer is says("SAL-004", ON, bucket("logs", logging=onward), bucket("third"))

    def test_one_that_is_gone_has_no_logging(self) -> None:
        assert NA is says("SAL-004", ON, bucket("logs", exists=Value(value=False)))


class TestPrefix:
    @pytest.mark.parametrize(
        ("prefix", "other", "answer"),
        [
            ("app/", None, PASS),
            ("", None, WARN),
            ("", "x/", FAIL),
            ("app", None, WARN),
            ("app/", "app-prod/", PASS),
            ("app", "app-prod/", FAIL),
            ("app/", "app/", FAIL),
            ("app/x/", "app/", FAIL),
        ],
    )
    def test_each_source_has_one_of_its_own(self, prefix: str, other: str | None, answer: Answer) -> None:
        row = bucket("app", logging=logs_to("logs", prefix))
        others = [] if other is None else [bucket("other", logging=logs_to("logs", other))]
        assert answer is says("SAL-005", row, LOGS, *others)

    def test_partitioned_keys_keep_sources_apart(self) -> None:
        row = bucket("app", logging=logs_to("logs", "x/", PARTITIONED))
        assert PASS is says("SAL-005", row, bucket("other", logging=logs_to("logs", "x/", PARTITIONED)))
        assert FAIL is says("SAL-005", row, bucket("other", logging=logs_to("logs", "x/")))

    @pytest.mark.parametrize(
        ("asked", "answer"),
        [
            ({"target_bucket": "logs", "target_prefix": "{bucket}/"}, PASS),
            ({"target_bucket": "others"}, FAIL),
            ({"target_prefix": "{account}/{region}/{bucket}/"}, FAIL),
        ],
    )
    def test_target_and_prefix_are_the_policys(self, asked: dict[str, Any], answer: Answer) -> None:
        assert answer is says("SAL-005", ON, LOGS, **asked)

    def test_what_a_template_does_not_know_yet_is_neither_right_nor_wrong(self) -> None:
        row = bucket("${App}", logging=logs_to("${Logs}", "${App}/"))
        wanted: tuple[dict[str, Any], ...] = (
            {"target_bucket": "logs"},
            {"target_prefix": "app/"},
            {"target_bucket": "${Logs}", "target_prefix": "{bucket}/"},
        )
        assert [UNKNOWN, UNKNOWN, PASS] == [says("SAL-005", row, source="template", **one) for one in wanted]


class TestKeyFormat:
    @pytest.mark.parametrize(
        ("form", "asked", "answer"),
        [
            (KeyFormat(), "any", PASS),
            (KeyFormat(), "simple", PASS),
            (KeyFormat(), "partitioned", WARN),
            (PARTITIONED, "partitioned", PASS),
            (PARTITIONED, "simple", WARN),
        ],
    )
    def test_it_is_the_policys(self, form: KeyFormat, asked: str, answer: Answer) -> None:
        assert answer is says("SAL-006", bucket("app", logging=logs_to("logs", None, form)), LOGS, key_format=asked)


class TestGrants:
    @pytest.mark.parametrize(
        ("grant", "answer", "severity"),
        [
            (Grant("READ", uri="http://acs.amazonaws.com/groups/global/AllUsers"), FAIL, Severity.CRITICAL),
            (Grant("READ", uri="http://acs.amazonaws.com/groups/global/AuthenticatedUsers"), FAIL, Severity.CRITICAL),
            (Grant("READ", email_address="ann@example.org"), WARN, None),
            (Grant("READ", id="a" * 64), WARN, None),
            (Grant("READ", id="b" * 64), PASS, None),
        ],
    )
    def test_nobody_but_readers_is_granted_log_objects(self, grant: Grant, answer: Answer, severity: Severity | None) -> None:
        logging = Value(Logging(Value("logs"), Value("app/"), Value(KeyFormat()), Value((grant,))))
        found = verdicts(
            "SAL-007", bucket("app", logging=logging), bucket("logs", object_ownership=Absent()), readers=(f"canonical:{'b' * 64}",)
        )
        assert (answer, severity) == (found[0].answer, found[0].severity)

    def test_with_acls_switched_off_nothing_is_delivered(self) -> None:
        logging = Value(Logging(Value("logs"), Value("app/"), Value(KeyFormat()), Value((Grant("READ", id="a" * 64),))))
        row = bucket("app", logging=logging)
        assert [FAIL, UNKNOWN] == [says("SAL-007", row, LOGS), says("SAL-007", row, bucket("logs", object_ownership=DENIED))]
        assert UNKNOWN is says("SAL-007", row)


def arrived(hours: float | None, *, is_complete: bool = True) -> Value[Delivered]:
    at = None if hours is None else NOW - timedelta(hours=hours)
    return Value(Delivered(at, None if at is None else "k", NOW - timedelta(days=30), is_complete))


def asked(*hours: int, found: bool = False, searched: bool = True) -> Value[tuple[Canary, ...]]:
    return Value(tuple(Canary(NOW - timedelta(hours=one), found, searched) for one in hours))


class TestFreshness:
    @pytest.mark.parametrize(
        ("delivered", "canary", "answer"),
        [
            (arrived(24), Absent(), PASS),
            (arrived(24.1), Absent(), WARN),
            (arrived(48), Absent(), WARN),
            (arrived(49), Absent(), UNKNOWN),
            (arrived(49), asked(48), FAIL),
            (arrived(49), asked(50), UNKNOWN),
            (arrived(49), asked(24), UNKNOWN),
            (arrived(49), DENIED, UNKNOWN),
            (arrived(None), Absent(), UNKNOWN),
            (arrived(None), asked(100), FAIL),
            (arrived(None, is_complete=False), asked(100), UNKNOWN),
            (arrived(1), DENIED, PASS),
            (DENIED, asked(100), UNKNOWN),
        ],
    )
    def test_the_newest_log_object_is_new(self, delivered: Any, canary: Any, answer: Answer) -> None:
        assert answer is says("SAL-008", bucket("app", logging=logs_to("logs"), delivered=delivered, canary=canary), LOGS)

    def test_the_policy_says_how_new(self) -> None:
        row = bucket("app", logging=logs_to("logs"), delivered=arrived(70))
        assert PASS is says("SAL-008", row, LOGS, freshness=timedelta(days=3))

    @pytest.mark.parametrize("check", ["SAL-008", "SAL-009"])
    def test_a_template_has_no_deliveries(self, check: str) -> None:
        assert NA is says(check, ON, LOGS, source="template")


class TestCanary:
    @pytest.mark.parametrize(
        ("canary", "answer"),
        [
            (Absent(), NA),
            (asked(24), NA),
            (asked(24, found=True), PASS),
            (asked(72), WARN),
            (asked(24, 48, 72, 96), FAIL),
            (asked(72, 96), WARN),
            (Value((*asked(24).value, *asked(48, found=True).value)), PASS),
            (Value((*asked(72).value, *asked(96, found=True).value)), WARN),
            (asked(72, searched=False), UNKNOWN),
            (DENIED, UNKNOWN),
        ],
    )
    def test_earlier_requests_are_in_the_log(self, canary: Any, answer: Answer) -> None:
        assert answer is says("SAL-009", bucket("app", logging=logs_to("logs"), canary=canary), LOGS)


def of_account(check: str, *rows: Bucket, covered: tuple[str, ...] = (), owner: Account | None = None, **said: Any) -> tuple[Verdict, ...]:
    owner = owner or account()
    graph = Graph(facts(*rows, accounts=(owner,)))
    expected = Expected("p")
    held = {row.name: (expected,) if row.name in covered else () for row in rows}
    case = AccountCase(owner, graph, (expected,), held, said.get("excluded", {}), said.get("expired", {}), NOW, said.get("unending", ()))
    return catalog()[check].verdicts(case)


class TestCoverage:
    def test_each_bucket_is_covered_or_excluded(self) -> None:
        rows = [bucket(name) for name in ("covered", "excluded", "late", "free")]
        found = of_account(
            "SAL-010", *rows, covered=("covered",), excluded={"excluded": "scratch"}, expired={"late": "was to go (until 2026-01-01)"}
        )
        assert ["late", "free"] == [verdict.about["bucket"] for verdict in found if verdict.answer is FAIL]

    def test_who_names_a_bucket_without_a_name_nobody_knows(self) -> None:
        assert UNKNOWN is gravest(of_account("SAL-010", bucket("${aws_s3_bucket.app}")))

    def test_without_the_list_nobody_knows(self) -> None:
        assert UNKNOWN is gravest(of_account("SAL-010", bucket("a"), covered=("a",), owner=account(buckets=DENIED)))

    def test_who_is_excluded_for_ever_is_told_and_fails_no_build(self) -> None:
        rows = (bucket("scratch"), bucket("elb"))
        (verdict, _) = of_account("SAL-010", *rows, excluded={"scratch": "tmp", "elb": "tmp"}, unending=("elb",))
        assert (WARN, {"bucket": "elb"}) == (verdict.answer, verdict.about)

    def test_a_row_that_is_missing_is_no_bucket_that_is_covered(self) -> None:
        assert UNKNOWN is gravest(of_account("SAL-010", bucket("a"), covered=("a",), owner=account(buckets=Value(2))))

    def test_a_target_in_another_account_is_none_of_ours(self) -> None:
        assert PASS is gravest(of_account("SAL-010", bucket("x", account=None), bucket("y", account="444455556666")))


def trail(*selectors: EventSelector, **more: Any) -> Trail:
    usual: dict[str, Any] = {
        "home_region": "us-east-1",
        "s3_bucket_name": "trails",
        "is_multi_region": True,
        "is_logging": Value(value=True),
    }
    usual |= {"selectors": Value(selectors), "advanced": Value(())}
    return Trail("arn:trail", **{**usual, **more})


def advanced(*fields: FieldSelector, kind: str = "AWS::S3::Object") -> Trail:
    every = (FieldSelector("eventCategory", ("Data",)), FieldSelector("resources.type", (kind,)), *fields)
    return trail(advanced=Value((every,)))


ARN = "resources.ARN"


class TestRecorded:
    @pytest.mark.parametrize(
        ("one", "answer"),
        [
            (trail(EventSelector("All", ("arn:aws:s3",))), PASS),
            (trail(EventSelector("All", ("arn:aws:s3:::",))), PASS),
            (trail(EventSelector("All", ("arn:aws:s3:::app/",))), PASS),
            (trail(EventSelector("All", ("arn:aws:s3:::app/private",))), FAIL),
            (trail(EventSelector("All", ("arn:aws:s3:::application/",))), FAIL),
            (trail(EventSelector("WriteOnly", ("arn:aws:s3",))), FAIL),
            (trail(EventSelector("WriteOnly", ("arn:aws:s3",)), EventSelector("ReadOnly", ("arn:aws:s3:::app/",))), PASS),
            (trail(EventSelector("All", ("arn:aws:s3",)), is_logging=Value(value=False)), FAIL),
            (trail(EventSelector("All", ("arn:aws:s3",)), is_logging=DENIED), UNKNOWN),
            (trail(EventSelector("All", ("arn:aws:s3",)), is_multi_region=False, home_region="eu-west-1"), FAIL),
            (trail(selectors=DENIED), UNKNOWN),
            (advanced(), PASS),
            (advanced(kind="AWS::Lambda::Function"), FAIL),
            (advanced(FieldSelector("readOnly", ("true",))), FAIL),
            (advanced(FieldSelector(ARN, starts_with=("arn:aws:s3:::app/",))), PASS),
            (advanced(FieldSelector(ARN, starts_with=("arn:aws:s3:::a",))), PASS),
            (advanced(FieldSelector(ARN, starts_with=("arn:aws:s3:::other/",))), FAIL),
            (advanced(FieldSelector(ARN, starts_with=("arn:aws:s3:::app/x",))), FAIL),
            (advanced(FieldSelector(ARN, not_starts_with=("arn:aws:s3:::other/",))), PASS),
            (advanced(FieldSelector(ARN, not_starts_with=("arn:aws:s3:::app/",))), FAIL),
            (advanced(FieldSelector(ARN, not_starts_with=("arn:aws:s3:::app/x/",))), FAIL),
            (advanced(FieldSelector("eventName", ("DeleteObject",))), FAIL),
            (advanced(FieldSelector(ARN, ("arn:aws:s3:::app/one",))), FAIL),
        ],
    )
    def test_every_read_and_write_of_the_bucket_counts(self, one: Trail, answer: Answer) -> None:
        assert answer is says("SAL-030", OFF, owner=account(trails=Value((one,))))

    def test_one_that_records_is_enough_whatever_the_others_hide(self) -> None:
        owner = account(trails=Value((trail(selectors=DENIED), advanced())), event_data_stores=DENIED)
        assert [PASS, UNKNOWN] == [says("SAL-030", OFF, owner=one) for one in (owner, account(event_data_stores=DENIED))]

    def test_of_special_buckets_and_of_those_in_no_account_that_was_looked_at_it_is_not_said(self) -> None:
        assert [NA, UNKNOWN] == [says("SAL-030", row) for row in (bucket("d--x-s3", kind="directory"), bucket("app", account=None))]

    def test_what_is_logged_needs_no_other_record_and_a_log_bucket_is_warned_of(self) -> None:
        assert [NA, WARN] == [says("SAL-030", ON, LOGS), says("SAL-030", LOGS, ON)]


class TestSpecialBuckets:
    def test_a_directory_bucket_needs_cloudtrail(self) -> None:
        row = bucket("d--x-s3", kind="directory")
        express = account(trails=Value((advanced(kind="AWS::S3Express::Object"),)))
        assert [FAIL, PASS] == [gravest(of_account("SAL-011", row, owner=owner)) for owner in (account(), express)]
        assert [NA, UNKNOWN] == [gravest(of_account("SAL-011", owner=owner)) for owner in (account(), account(directory_buckets=DENIED))]

    @pytest.mark.parametrize(
        ("start", "answer"),
        [
            ("arn:aws:s3express:us-east-1:111122223333:bucket/d--x-s3/", PASS),
            ("arn:aws:s3express:us-east-1:111122223333:bucket/d--x-s3/x", FAIL),
            ("arn:aws:s3:::d--x-s3/", FAIL),
        ],
    )
    def test_a_directory_bucket_is_named_by_its_own_kind_of_arn(self, start: str, answer: Answer) -> None:
        only = advanced(FieldSelector(ARN, starts_with=(start,)), kind="AWS::S3Express::Object")
        assert answer is gravest(of_account("SAL-011", bucket("d--x-s3", kind="directory"), owner=account(trails=Value((only,)))))

    def test_what_is_excluded_does_not_apply(self) -> None:
        rows = {"SAL-011": bucket("d--x-s3", kind="directory"), "SAL-012": bucket("t", kind="table", table_logging=Absent())}
        assert [NA, NA] == [gravest(of_account(check, row, excluded={row.name: "scratch"})) for check, row in rows.items()]

    def test_of_a_list_that_is_not_whole_the_rest_is_unknown(self) -> None:
        express = account(trails=Value((advanced(kind="AWS::S3Express::Object"),)), directory_buckets=DENIED, table_buckets=DENIED)
        rows = {"SAL-011": bucket("d--x-s3", kind="directory"), "SAL-012": bucket("t", kind="table", table_logging=logs_to("logs"))}
        assert [UNKNOWN, UNKNOWN] == [gravest(of_account(check, row, owner=express)) for check, row in rows.items()]

    def test_a_table_bucket_logs(self) -> None:
        rows = [bucket("t", kind="table", table_logging=fact) for fact in (logs_to("logs"), Absent(), DENIED)]
        assert [PASS, FAIL, UNKNOWN] == [gravest(of_account("SAL-012", row)) for row in rows]
        assert [NA, UNKNOWN] == [gravest(of_account("SAL-012", owner=owner)) for owner in (account(), account(table_buckets=DENIED))]

    @pytest.mark.parametrize(
        ("logging", "answer"), [(logs_to("logs"), PASS), (Absent(), FAIL), (DENIED, UNKNOWN)], ids=["on", "off", "denied"]
    )
    def test_the_bucket_of_a_trail_logs(self, logging: Any, answer: Answer) -> None:
        owner = account(trails=Value((trail(),)))
        assert answer is gravest(of_account("SAL-035", bucket("trails", logging=logging), owner=owner))

    def test_a_trail_of_another_account_is_judged_there(self) -> None:
        assert [NA, UNKNOWN] == [gravest(of_account("SAL-035", owner=account(trails=one))) for one in (Value((trail(),)), DENIED)]


def test_every_check_has_a_page_that_says_what_why_and_what_to_do() -> None:
    for check in catalog().values():
        assert check.title
        for section in ("What", "Why", "Source", "CLI", "Terraform"):
            assert check.section(section), (check.id, section)


def test_every_fact_that_a_check_needs_is_one_of_a_row() -> None:
    known = {"": set(Bucket.__dataclass_fields__), "account": set(Account.__dataclass_fields__)}
    known |= {"target": known[""], "source": known[""]}
    for check in catalog().values():
        for need in check.needs:
            scope, _, name = need.rpartition(".")
            of_row = known["account"] if check.about.value == "account" and not scope else known[scope]
            assert name in of_row, (check.id, need)


class TestTemplates:
    def test_what_an_account_has_beside_a_template_is_not_asked_of_it(self) -> None:
        blind = account(trails=DENIED, event_data_stores=DENIED, directory_buckets=DENIED, table_buckets=DENIED)
        assert NA is says("SAL-030", OFF, owner=blind, source="template")
        rows = facts(OFF, accounts=(blind,), source="template")
        case = AccountCase(blind, Graph(rows), (), {}, {}, {}, NOW)
        assert [NA, NA, NA] == [gravest(catalog()[name].verdicts(case)) for name in ("SAL-011", "SAL-012", "SAL-035")]

    def test_a_trail_of_the_template_counts(self) -> None:
        owner = account(trails=Value((trail(EventSelector("All", ("arn:aws:s3",))),)), event_data_stores=DENIED)
        assert PASS is says("SAL-030", OFF, owner=owner, source="template")


class TestWhatDidNotReadAsItIs:
    """What once read as clean."""

    @pytest.mark.parametrize(
        "statement",
        [
            {"Effect": "Deny", "Principal": {"Service": "logging.s3.amazonaws.com"}, "Action": "s3:*", "Resource": "*"},
            {"Sid": "logging.s3.amazonaws.com", "Effect": "Deny", "Principal": "*", "Action": "s3:DeleteBucket", "Resource": "*"},
        ],
        ids=["a Deny", "a Sid"],
    )
    def test_a_policy_that_only_mentions_the_log_delivery_exempts_nothing_from_logging(self, statement: dict[str, Any]) -> None:
        row = bucket("app", policy=Value(json.dumps({"Statement": [statement]})))
        assert (FAIL, FAIL) == (says("SAL-001", row), says("SAL-030", row))

    def test_logs_of_later_than_the_moment_that_is_judged_prove_nothing(self) -> None:
        later = bucket("app", logging=logs_to("logs"), delivered=Value(Delivered(NOW + timedelta(days=2), "app/x", NOW)))
        soon = bucket("app", logging=logs_to("logs"), delivered=Value(Delivered(NOW + timedelta(minutes=2), "app/x", NOW)))
        assert (UNKNOWN, PASS) == (says("SAL-008", later, bucket("logs")), says("SAL-008", soon, bucket("logs")))

    def test_a_bucket_of_a_trail_is_not_said_to_be_elsewhere_where_the_list_was_denied(self) -> None:
        trail = Trail(
            "arn:t", "us-east-1", "trails", is_multi_region=True, is_logging=Value(value=True), selectors=Value(()), advanced=Value(())
        )
        blind, seeing = account(buckets=DENIED, trails=Value((trail,))), account(trails=Value((trail,)))
        assert (UNKNOWN, NA) == tuple(_of_account("SAL-035", one) for one in (blind, seeing))

    def test_a_template_without_buckets_proves_nothing_about_buckets(self) -> None:
        assert NA is _of_account("SAL-010", account(buckets=Value(0)), source="template")
        assert UNKNOWN is _of_account("SAL-010", account(buckets=DENIED), source="template")

    def test_a_table_bucket_does_not_take_the_place_of_a_bucket_of_its_name(self) -> None:
        table = bucket("logs", kind="table", table_logging=Absent())
        assert bucket("logs") == Graph(facts(ON, bucket("logs"), table)).bucket("logs")


def _of_account(check: str, row: Account, source: Any = "live") -> Answer:
    graph = Graph(facts(accounts=(row,), source=source))
    return gravest(catalog()[check].verdicts(AccountCase(row, graph, (), {}, {}, {}, NOW)))
