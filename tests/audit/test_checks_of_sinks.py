"""The checks of log buckets, each in its cases: pass, fail, unknown, not applicable, and its traps."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from s3guard.audit.case import Answer, Case, Verdict
from s3guard.audit.checks import catalog
from s3guard.audit.expected import Expected
from s3guard.audit.facts import Absent, Unknown, Value
from s3guard.audit.graph import LOG_DELIVERY, Graph
from s3guard.audit.rows import (
    Account,
    Acl,
    Bucket,
    Delivered,
    Encryption,
    Grant,
    IntelligentTiering,
    KeyFormat,
    Lifecycle,
    LifecycleRule,
    Logging,
    ObjectLock,
    PublicAccessBlock,
    Transition,
    Versioning,
)
from s3guard.model import Severity
from s3guard.retained import Days, of_policy
from tests.audit.rowmaking import ACCOUNT, ALL, NOW, account, bucket, facts, logs_to, policy

DENIED = Unknown("GetX was denied (AccessDenied); grant s3:GetX", "s3:GetX")
PARTITIONED = KeyFormat("PartitionedPrefix", "EventTime")
PASS, FAIL, WARN, UNKNOWN, NA = Answer.PASS, Answer.FAIL, Answer.WARN, Answer.UNKNOWN, Answer.NOT_APPLICABLE
APP = bucket("app", logging=logs_to("logs"))
OWNER = "0" * 64
STRANGER = "f" * 64
OTHERS = "444455556666"


def verdicts(check: str, sink: Bucket, *sources: Bucket, owner: Account | None = None, **expected: Any) -> tuple[Verdict, ...]:
    kind = expected.pop("source", "live")
    graph = Graph(facts(sink, *sources, accounts=(owner or account(),), source=kind))
    wanted = expected.pop("wanted", None) or Expected("p", **expected)
    return catalog()[check].verdicts(Case(sink, graph.account(sink), graph, wanted, NOW, graph.sources(sink.name)))


def says(check: str, sink: Bucket, *sources: Bucket, **more: Any) -> Answer:
    """The gravest answer about a log bucket, of ``app`` unless other sources are given."""
    return max((verdict.answer for verdict in verdicts(check, sink, *(sources or (APP,)), **more)), key=list(Answer).index)


def logs(**more: Any) -> Bucket:
    return bucket("logs", **more)


def written(*statements: dict[str, Any]) -> Value[str]:
    return Value(json.dumps({"Version": "2012-10-17", "Statement": statements}))


def deliver(resource: str = "arn:aws:s3:::logs/*", **more: Any) -> dict[str, Any]:
    service = {"Service": "logging.s3.amazonaws.com"}
    return {"Sid": "Logs", "Effect": "Allow", "Principal": service, "Action": "s3:PutObject", "Resource": resource, **more}


def deny(principal: Any = "*", action: Any = "s3:*", resource: Any = "*", **condition: Any) -> dict[str, Any]:
    found = {"Sid": "No", "Effect": "Deny", "Principal": principal, "Action": action, "Resource": resource}
    return {**found, **({"Condition": condition} if condition else {})}


def allow(principal: Any, action: Any = "s3:GetObject", resource: Any = "arn:aws:s3:::logs/*", **condition: Any) -> dict[str, Any]:
    return {**deny(principal, action, resource, **condition), "Sid": "Read", "Effect": "Allow"}


def grants(*permissions: str, uri: str = LOG_DELIVERY) -> Value[Acl]:
    own = Grant("FULL_CONTROL", id=OWNER)
    return Value(Acl(OWNER, (own, *(Grant(permission, uri=uri) for permission in permissions))))


GUARDS = {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnLike": {"aws:SourceArn": "arn:aws:s3:::app"}}
BY_ADDRESS = deny(NotIpAddress={"aws:SourceIp": "192.0.2.0/24"})
VPCE = deny(StringNotEquals={"aws:SourceVpce": "vpce-1"})
WRITER = {"object_ownership": Value("ObjectWriter")}
LEGACY = {**WRITER, "acl": grants("WRITE", "READ_ACP")}
BLIND_SOURCE = bucket("app", logging=Value(Logging(Value("logs"), DENIED, Value(KeyFormat()), Value(()))))

DELIVERY: list[tuple[str, dict[str, Any], Answer]] = [
    ("the policy allows", {"policy": written(deliver())}, PASS),
    ("and the ACL is not asked for", {"policy": written(deliver()), "acl": DENIED, "object_ownership": DENIED}, PASS),
    ("nothing allows", {}, FAIL),
    ("the policy allows another prefix", {"policy": written(deliver("arn:aws:s3:::logs/other/*"))}, FAIL),
    ("the policy denies", {"policy": written(deliver(), VPCE)}, FAIL),
    ("the policy may deny", {"policy": written(deliver(), BY_ADDRESS)}, UNKNOWN),
    ("nothing allows and something may deny", {"policy": written(BY_ADDRESS)}, FAIL),
    ("the policy may allow", {"policy": written(deliver("arn:aws:s3:::logs/app/2026*"))}, UNKNOWN),
    ("the policy is not known", {"policy": DENIED}, UNKNOWN),
    ("and then the ACL decides nothing, since the policy may deny", {"policy": DENIED, **LEGACY}, UNKNOWN),
    ("the policy is no policy", {"policy": Value("{}")}, UNKNOWN),
    ("the ACL allows", LEGACY, WARN),
    ("the ACL allows by FULL_CONTROL", {**WRITER, "acl": grants("FULL_CONTROL")}, WARN),
    ("in a bucket of before 2023", {"object_ownership": Absent(), "acl": grants("WRITE", "READ_ACP")}, WARN),
    ("the ACL allows half of it", {**WRITER, "acl": grants("WRITE")}, FAIL),
    ("the ACL allows the other half", {**WRITER, "acl": grants("READ_ACP")}, FAIL),
    ("ACLs are switched off", {"acl": grants("WRITE", "READ_ACP")}, FAIL),
    ("the ACL allows and the policy denies", {**LEGACY, "policy": written(VPCE)}, FAIL),
    ("the ACL allows and the policy may deny", {**LEGACY, "policy": written(BY_ADDRESS)}, UNKNOWN),
    ("the ACL is not known", {"acl": DENIED}, UNKNOWN),
    ("ownership is not known", {"acl": grants("WRITE", "READ_ACP"), "object_ownership": DENIED}, UNKNOWN),
    ("ownership does not matter without grants", {"object_ownership": DENIED}, FAIL),
]


class TestDelivery:
    @pytest.mark.parametrize(("row", "answer"), [case[1:] for case in DELIVERY], ids=[case[0] for case in DELIVERY])
    def test_s3_may_deliver(self, row: dict[str, Any], answer: Answer) -> None:
        assert answer is says("SAL-020", logs(**row))

    def test_each_source_is_judged_by_its_own_keys(self) -> None:
        sources = (APP, bucket("web", logging=logs_to("logs", "web/")), bucket("db", logging=logs_to("logs", "db/", PARTITIONED)))
        found = verdicts("SAL-020", logs(policy=written(deliver("arn:aws:s3:::logs/app/*"), deliver("arn:aws:s3:::logs/db/1*"))), *sources)
        assert {"": PASS, "web": FAIL} == {verdict.about.get("source", ""): verdict.answer for verdict in found}
        assert "Nothing lets S3 deliver logs of web" in next(verdict.reason for verdict in found if verdict.answer is FAIL)

    def test_a_prefix_that_is_not_known_matters_only_where_the_policy_asks_for_one(self) -> None:
        assert PASS is says("SAL-020", logs(policy=written(deliver())), BLIND_SOURCE)
        (verdict,) = verdicts("SAL-020", logs(policy=written(deliver("arn:aws:s3:::logs/app/*"))), BLIND_SOURCE)
        assert (UNKNOWN, {"source": "app"}) == (verdict.answer, verdict.about)
        assert DENIED.reason in verdict.reason

    def test_a_region_that_is_not_known_matters_only_where_the_policy_asks_for_one(self) -> None:
        source = bucket("app", logging=logs_to("logs", "", PARTITIONED), region=DENIED)
        rows = [logs(policy=written(deliver(f"arn:aws:s3:::logs/{path}*"))) for path in ("", f"{ACCOUNT}/", f"{ACCOUNT}/us-east-1/")]
        assert [PASS, PASS, UNKNOWN] == [says("SAL-020", row, source) for row in rows]

    def test_a_key_format_that_is_not_known_matters_only_where_the_policy_asks_for_one(self) -> None:
        source = bucket("app", logging=Value(Logging(Value("logs"), Value("app/"), DENIED, Value(()))))
        rows = [logs(policy=written(deliver(f"arn:aws:s3:::logs/app/{path}*"))) for path in ("", "2")]
        assert [PASS, UNKNOWN] == [says("SAL-020", row, source) for row in rows]

    def test_an_account_that_is_not_known_matters_only_where_the_policy_asks_for_one(self) -> None:
        stranger, plain = bucket("app", account=None, logging=logs_to("logs")), logs(account=None, policy=written(deliver()))
        guarded = logs(policy=written(deliver(Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}})))
        assert [PASS, UNKNOWN] == [says("SAL-020", row, stranger) for row in (plain, guarded)]

    def test_of_what_depends_on_who_logs_nothing_is_said_while_nobody_does(self) -> None:
        guarded = logs(policy=written(deliver(Condition=GUARDS)))
        assert [NA, PASS] == [verdicts("SAL-020", row)[0].answer for row in (guarded, logs(policy=written(deliver())))]
        assert [NA, PASS] == [verdicts("SAL-022", row)[0].answer for row in (logs(policy=written(BY_ADDRESS)), guarded)]
        assert FAIL is verdicts("SAL-022", logs(policy=written(VPCE)))[0].answer

    def test_names_of_templates_are_equal_where_they_are_the_same(self) -> None:
        source = bucket("${App}", account="${AWS::AccountId}", logging=logs_to("${Logs}"))
        condition = {"StringEquals": {"aws:SourceAccount": "${AWS::AccountId}"}, "ArnLike": {"aws:SourceArn": "arn:aws:s3:::${App}"}}
        mine, other = (
            bucket("${Logs}", policy=written(deliver(f"arn:${{AWS::Partition}}:s3:::${{{name}}}/*", Condition=condition)))
            for name in ("Logs", "Other")
        )
        assert [PASS, UNKNOWN] == [says("SAL-020", row, source, source="template") for row in (mine, other)]
        assert PASS is says("SAL-021", mine, source, source="template")

    def test_a_table_bucket_is_named_by_its_own_kind_of_arn(self) -> None:
        table = bucket("tables", kind="table", logging=Absent(), table_logging=logs_to("logs", "t/", PARTITIONED))
        condition = {"ArnLike": {"aws:SourceArn": f"arn:aws:s3tables:us-east-1:{ACCOUNT}:bucket/tables"}}
        assert PASS is says("SAL-020", logs(policy=written(deliver(Condition=condition))), table)


class TestDeputy:
    @pytest.mark.parametrize(
        ("condition", "answer"),
        [
            (GUARDS, PASS),
            ({"StringEquals": {"aws:SourceAccount": ACCOUNT, "AWS:sourcearn": "arn:aws:s3:::app"}}, PASS),
            ({}, WARN),
            ({"StringEquals": {"aws:SourceAccount": ACCOUNT}}, WARN),
            ({"ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}}, WARN),
            ({"StringNotEquals": {"aws:SourceAccount": OTHERS}, "ArnLike": GUARDS["ArnLike"]}, WARN),
            ({**GUARDS, "StringEquals": {"aws:SourceAccount": OTHERS}}, FAIL),
            ({**GUARDS, "ArnLike": {"aws:SourceArn": ["arn:aws:s3:::web", "arn:aws:s3:::db"]}}, FAIL),
            ({"StringEquals": {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": "arn:aws:s3:::*"}}, FAIL),
            ({**GUARDS, "ArnLike": {"aws:SourceArn": "arn:aws:s3:::${var.app}"}}, UNKNOWN),
        ],
        ids=[
            *("both", "both of any case", "neither", "account alone", "ARN alone", "negated", "other account", "other sources"),
            *("StringEquals never matches a wildcard", "a symbol"),
        ],
    )
    def test_s3_is_admitted_for_the_sources_alone(self, condition: dict[str, Any], answer: Answer) -> None:
        assert answer is says("SAL-021", logs(policy=written(deliver(Condition=condition))))

    @pytest.mark.parametrize(
        ("operator", "accounts", "answer"),
        [
            ("StringEquals", [ACCOUNT, OTHERS], WARN),
            ("StringLike", [ACCOUNT, OTHERS], WARN),
            ("StringLike", [f"{ACCOUNT[:-1]}?"], WARN),
            ("StringLike", ["1*"], WARN),
            ("StringEquals", [ACCOUNT, ACCOUNT], PASS),
            ("StringEquals", [ACCOUNT, "${Partner}"], UNKNOWN),
        ],
        ids=["and another", "and another, alike", "all but a digit", "all that begin so", "twice", "and a parameter"],
    )
    def test_an_account_that_is_not_the_own_makes_the_guard_none(self, operator: str, accounts: list[str], answer: Answer) -> None:
        guards = {operator: {"aws:SourceAccount": accounts}, "ArnLike": GUARDS["ArnLike"]}
        assert answer is says("SAL-021", logs(policy=written(deliver(Condition=guards))))

    def test_of_two_guards_that_hold_together_the_narrower_counts(self) -> None:
        guards = {**GUARDS, "StringLike": {"aws:SourceAccount": [ACCOUNT, OTHERS]}}
        assert PASS is says("SAL-021", logs(policy=written(deliver(Condition=guards))))

    def test_what_admits_nobody_needs_no_condition(self) -> None:
        assert [NA, NA, UNKNOWN] == [says("SAL-021", logs(**row)) for row in ({}, {"policy": written(VPCE)}, {"policy": DENIED})]

    def test_of_two_statements_one_may_be_for_each_source(self) -> None:
        web = bucket("web", logging=logs_to("logs", "web/"))
        both = [deliver(Sid=name, Condition={**GUARDS, "ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{name}"}}) for name in ("app", "web")]
        assert PASS is says("SAL-021", logs(policy=written(*both)), APP, web)
        assert FAIL is says("SAL-021", logs(policy=written(both[0])), APP, web)


class TestDenies:
    @pytest.mark.parametrize(
        ("statements", "answer"),
        [
            ([], PASS),
            ([deliver()], PASS),
            ([deliver(), deny(Bool={"aws:SecureTransport": "false"})], PASS),
            ([VPCE], FAIL),
            ([{**VPCE, "Condition": {**VPCE["Condition"], "Bool": {"aws:PrincipalIsAWSService": "false"}}}], PASS),
            ([deny(StringNotEquals={"aws:PrincipalOrgID": "o-1"})], FAIL),
            ([{"Effect": "Deny", "NotPrincipal": {"AWS": ACCOUNT}, "Action": "s3:*", "Resource": "*"}], FAIL),
            ([deny({"Service": "logging.s3.amazonaws.com"})], FAIL),
            ([deny(resource="arn:aws:s3:::logs/web/*")], PASS),
            ([BY_ADDRESS], UNKNOWN),
            ([deny(StringNotEquals={"s3:x-amz-server-side-encryption": "AES256"})], UNKNOWN),
        ],
    )
    def test_no_deny_hits_the_delivery(self, statements: list[dict[str, Any]], answer: Answer) -> None:
        assert answer is says("SAL-022", logs(policy=written(*statements) if statements else Absent()))

    def test_where_the_policy_is_not_known_nor_is_this(self) -> None:
        assert UNKNOWN is says("SAL-022", logs(policy=DENIED))

    def test_a_statement_is_one_finding_whatever_it_stops(self) -> None:
        web = bucket("web", logging=logs_to("logs", "web/"))
        (verdict,) = verdicts("SAL-022", logs(policy=written({**VPCE, "Sid": ""})), APP, web)
        assert {"statement": "#1"} == verdict.about
        assert verdict.reason.endswith("denies S3 to deliver logs of app and 1 more")


class TestOwnership:
    @pytest.mark.parametrize(
        ("row", "answer"),
        [
            ({"acl": grants("WRITE", "READ_ACP")}, FAIL),
            ({"acl": grants("WRITE", "READ_ACP"), "policy": written(deliver())}, PASS),
            ({"policy": written(deliver()), "acl": DENIED}, PASS),
            (LEGACY, PASS),
            ({"object_ownership": Absent("OwnershipControlsNotFoundError"), "acl": grants("WRITE", "READ_ACP")}, PASS),
            ({"object_ownership": Value("BucketOwnerPreferred"), "policy": DENIED}, PASS),
            ({}, NA),
            ({"object_ownership": DENIED}, UNKNOWN),
            ({"policy": DENIED}, UNKNOWN),
            ({"acl": DENIED}, UNKNOWN),
        ],
    )
    def test_delivery_does_not_hang_on_an_acl_that_is_off(self, row: dict[str, Any], answer: Answer) -> None:
        assert answer is says("SAL-023", logs(**row))


class TestBlockers:
    @pytest.mark.parametrize(
        ("payer", "answer"),
        [(Value("BucketOwner"), PASS), (Value("Requester"), FAIL), (DENIED, UNKNOWN), (Absent(), UNKNOWN), (Value("Bank"), UNKNOWN)],
    )
    def test_the_owner_pays(self, payer: Any, answer: Answer) -> None:
        assert answer is says("SAL-024", logs(payer=payer))

    @pytest.mark.parametrize(
        ("encryption", "answer"),
        [
            (Value(Encryption("AES256")), PASS),
            (Absent("ServerSideEncryptionConfigurationNotFoundError"), PASS),
            (Value(Encryption("aws:kms", "key")), FAIL),
            (Value(Encryption("aws:kms:dsse")), FAIL),
            (Value(Encryption("aws:fsx")), UNKNOWN),
            (DENIED, UNKNOWN),
        ],
    )
    def test_encryption_is_that_of_s3(self, encryption: Any, answer: Answer) -> None:
        assert answer is says("SAL-025", logs(encryption=encryption))

    @pytest.mark.parametrize(("age", "answer"), [(timedelta(hours=2), WARN), (timedelta(hours=30), FAIL), (None, FAIL)])
    def test_a_kms_key_is_a_warning_where_logs_arrive_in_spite_of_it(self, age: timedelta | None, answer: Answer) -> None:
        newest = None if age is None else NOW - age
        source = bucket("app", logging=logs_to("logs"), delivered=Value(Delivered(newest, None, None)))
        assert answer is says("SAL-025", logs(encryption=Value(Encryption("aws:kms"))), source)

    def test_whether_they_arrive_must_be_known_of_every_source(self) -> None:
        sink = logs(encryption=Value(Encryption("aws:kms")))
        fresh = bucket("a", logging=logs_to("logs"), delivered=Value(Delivered(NOW, None, None)))
        blind = bucket("b", logging=logs_to("logs"), delivered=DENIED)
        assert [UNKNOWN, FAIL] == [says("SAL-025", sink, fresh, other) for other in (blind, bucket("b", logging=logs_to("logs")))]
        assert FAIL is says("SAL-025", sink, fresh, source="template")
        assert FAIL is verdicts("SAL-025", sink)[0].answer

    @pytest.mark.parametrize(
        ("lock", "answer", "severity"),
        [
            (Absent("ObjectLockConfigurationNotFoundError"), PASS, None),
            (Value(ObjectLock("COMPLIANCE", 365)), FAIL, None),
            (Value(ObjectLock("GOVERNANCE", years=1)), FAIL, None),
            (Value(ObjectLock()), FAIL, Severity.MEDIUM),
            (DENIED, UNKNOWN, None),
        ],
    )
    def test_objects_are_not_locked(self, lock: Any, answer: Answer, severity: Severity | None) -> None:
        (verdict,) = verdicts("SAL-026", logs(object_lock=lock), APP)
        assert (answer, severity) == (verdict.answer, verdict.severity)

    @pytest.mark.parametrize("check", ["SAL-025", "SAL-026"])
    def test_what_security_hub_asks_to_the_contrary_is_told(self, check: str) -> None:
        sink = logs(encryption=Value(Encryption("aws:kms")), object_lock=Value(ObjectLock()))
        (verdict,) = verdicts(check, sink, APP)
        assert "Security Hub S3.1" in verdict.reason
        assert "Security Hub S3.1" in catalog()[check].section("Why")


class TestVersions:
    @pytest.mark.parametrize(
        ("versioning", "answer"),
        [
            (Value(Versioning("Enabled")), PASS),
            (Value(Versioning("Enabled", "Enabled")), PASS),
            (Absent(), WARN),
            (Value(Versioning("Suspended")), WARN),
            (DENIED, UNKNOWN),
        ],
    )
    def test_versions_are_kept(self, versioning: Any, answer: Answer) -> None:
        assert answer is says("SAL-027", logs(versioning=versioning))

    def test_mfa_delete_and_a_lifecycle_that_is_needed_contradict_each_other(self) -> None:
        found = verdicts("SAL-027", logs(versioning=Value(Versioning("Enabled", "Enabled"))), APP, keep_at_most=Days(400, "the policy"))
        assert [{"what": "mfa-delete"}] == [verdict.about for verdict in found if verdict.answer is WARN]


def rule(days: int | None = None, prefix: str = "", **more: Any) -> LifecycleRule:
    return LifecycleRule(**{"id": f"r{days}{prefix}", "status": "Enabled", "prefix": prefix, "expiration_days": days, **more})


def lives(*rules: LifecycleRule, **more: Any) -> Value[Lifecycle]:
    return Value(Lifecycle(rules, **more))


YEAR: dict[str, Any] = {"keep": Days(365, "the policy"), "keep_firmly": Days(365, "the policy")}
OFF = {"versioning": Absent()}
KEPT: list[tuple[str, dict[str, Any], Answer]] = [
    ("no lifecycle at all", {"lifecycle": Absent("NoSuchLifecycleConfiguration")}, PASS),
    ("long enough", {"lifecycle": lives(rule(365)), **OFF}, PASS),
    ("a day too short", {"lifecycle": lives(rule(364)), **OFF}, FAIL),
    ("the shorter of two wins", {"lifecycle": lives(rule(400), rule(30, "app/")), **OFF}, FAIL),
    ("a rule that is disabled", {"lifecycle": lives(rule(30, status="Disabled")), **OFF}, PASS),
    ("a rule for tags, which logs do not have", {"lifecycle": lives(rule(30, tags=(("a", "b"),))), **OFF}, PASS),
    ("a rule of another prefix", {"lifecycle": lives(rule(30, "web/")), **OFF}, PASS),
    ("a rule of a prefix that begins alike", {"lifecycle": lives(rule(30, "ap")), **OFF}, FAIL),
    ("a rule of some of the keys", {"lifecycle": lives(rule(30, "app/2026-")), **OFF}, FAIL),
    ("a rule below the prefix where no log object lies", {"lifecycle": lives(rule(30, "app/archive/")), **OFF}, PASS),
    ("a rule of large objects", {"lifecycle": lives(rule(30, object_size_greater_than=1 << 20)), **OFF}, FAIL),
    ("a rule of small objects", {"lifecycle": lives(rule(30, object_size_less_than=1 << 20)), **OFF}, FAIL),
    ("a fixed day", {"lifecycle": lives(rule(None, expiration_date="2030-01-01T00:00:00Z"))}, FAIL),
    ("a fixed day for another prefix", {"lifecycle": lives(rule(None, "web/", expiration_date="2030-01-01T00:00:00Z"))}, PASS),
    ("delete markers alone", {"lifecycle": lives(rule(None, expired_object_delete_marker=True))}, PASS),
    ("noncurrent versions alone", {"lifecycle": lives(rule(None, noncurrent_days=1))}, PASS),
    ("versions that live on for ever are hidden", {"lifecycle": lives(rule(30))}, WARN),
    ("versions that live on long enough are hidden", {"lifecycle": lives(rule(30, noncurrent_days=335))}, WARN),
    ("versions that do not", {"lifecycle": lives(rule(30, noncurrent_days=334))}, FAIL),
    ("by two rules", {"lifecycle": lives(rule(30), rule(None, "app/", noncurrent_days=7))}, FAIL),
    ("of which the newest is kept", {"lifecycle": lives(rule(30, noncurrent_days=7, newer_noncurrent_versions=1))}, WARN),
    ("suspended versioning helps nothing", {"lifecycle": lives(rule(30)), "versioning": Value(Versioning("Suspended"))}, FAIL),
    ("versioning is not asked for where it does not matter", {"lifecycle": lives(rule(365)), "versioning": DENIED}, PASS),
    ("versioning is not known", {"lifecycle": lives(rule(30)), "versioning": DENIED}, UNKNOWN),
    ("the lifecycle is not known", {"lifecycle": DENIED}, UNKNOWN),
]


class TestRetention:
    @pytest.mark.parametrize(("row", "answer"), [case[1:] for case in KEPT], ids=[case[0] for case in KEPT])
    def test_logs_are_kept(self, row: dict[str, Any], answer: Answer) -> None:
        assert answer is says("SAL-028", logs(**row), **YEAR)

    def test_a_partitioned_key_lies_below_account_and_region(self) -> None:
        source = bucket("app", logging=logs_to("logs", "", PARTITIONED))
        lies = [f"{ACCOUNT}/us-east-1/app/2026/", f"{ACCOUNT}/eu-west-1/", "2026-"]
        answers = [says("SAL-028", logs(lifecycle=lives(rule(30, prefix)), **OFF), source, **YEAR) for prefix in lies]
        assert [FAIL, PASS, PASS] == answers

    def test_where_nobody_asks_for_anything_it_does_not_apply(self) -> None:
        assert NA is says("SAL-028", logs(lifecycle=DENIED))

    def test_a_prefix_that_is_not_known_matters_only_where_a_rule_asks_for_one(self) -> None:
        answers = [says("SAL-028", logs(lifecycle=lives(one), **OFF), BLIND_SOURCE, **YEAR) for one in (rule(30), rule(30, "a"), rule(400))]
        assert [FAIL, UNKNOWN, PASS] == answers

    def test_a_log_bucket_without_sources_is_judged_by_the_rules_for_every_key(self) -> None:
        found = [verdicts("SAL-028", logs(lifecycle=lives(one), **OFF), **YEAR)[0].answer for one in (rule(30), rule(30, "a"), rule(400))]
        assert [FAIL, UNKNOWN, PASS] == found

    def test_a_rule_is_one_finding_for_all_its_sources(self) -> None:
        sources = [bucket(f"b{number}", logging=logs_to("logs", f"b{number}/")) for number in range(3)]
        (verdict,) = verdicts("SAL-028", logs(lifecycle=lives(rule(30)), **OFF), *sources, **YEAR)
        assert {"rule": "r30"} == verdict.about
        assert "Rule r30 deletes logs after 30 days, and the policy asks for 365 (logs of b0 and 2 more)" == verdict.reason

    def test_a_rule_that_a_template_gives_no_id_is_told_so(self) -> None:
        (verdict,) = verdicts(
            "SAL-028", logs(lifecycle=lives(replace(rule(30), id="")), **OFF), bucket("b", logging=logs_to("logs", "b/")), **YEAR
        )
        assert str(verdict.reason).startswith("Rule without an id deletes logs after 30 days")

    def test_six_years_of_hipaa_are_advice_and_hide_no_duty(self) -> None:
        both = of_policy(policy(frameworks=("hipaa", "pci-dss-4.0.1")))
        hipaa = of_policy(policy(frameworks=("hipaa",)))
        answers = [
            [says("SAL-028", logs(lifecycle=lives(rule(days)), **OFF), wanted=wanted) for days in (100, 400, 2190)]
            for wanted in (hipaa, both)
        ]
        assert [[WARN, WARN, PASS], [FAIL, WARN, PASS]] == answers

    @pytest.mark.parametrize(
        ("row", "answer"),
        [
            ({"lifecycle": lives(rule(400)), **OFF}, PASS),
            ({"lifecycle": lives(rule(401)), **OFF}, FAIL),
            ({"lifecycle": Absent()}, FAIL),
            ({"lifecycle": lives(rule(400, "app/2026-")), **OFF}, FAIL),
            ({"lifecycle": lives(rule(400, object_size_greater_than=1000)), **OFF}, FAIL),
            ({"lifecycle": lives(rule(400, object_size_less_than=1000), rule(400, object_size_greater_than=999)), **OFF}, FAIL),
            ({"lifecycle": lives(rule(None, expiration_date="2030-01-01"))}, FAIL),
            ({"lifecycle": lives(rule(400))}, FAIL),
            ({"lifecycle": lives(rule(300, noncurrent_days=100))}, PASS),
            ({"lifecycle": lives(rule(300, noncurrent_days=101))}, FAIL),
            ({"lifecycle": lives(rule(400)), "versioning": Value(Versioning("Suspended"))}, FAIL),
            ({"lifecycle": lives(rule(400)), "versioning": DENIED}, UNKNOWN),
        ],
    )
    def test_logs_are_gone_by_their_maximum(self, row: dict[str, Any], answer: Answer) -> None:
        assert answer is says("SAL-028", logs(**row), keep_at_most=Days(400, "the policy"))

    def test_a_maximum_below_a_minimum_is_a_contradiction_and_not_chosen_between(self) -> None:
        (verdict,) = verdicts("SAL-028", logs(lifecycle=DENIED), APP, **YEAR, keep_at_most=Days(90, "gdpr"))
        assert (FAIL, {"what": "conflict"}) == (verdict.answer, verdict.about)
        assert "decide which of the two holds" in verdict.reason

    def test_gdpr_wants_a_maximum_to_be_stated(self) -> None:
        assert WARN is says("SAL-028", logs(), wanted=of_policy(policy(frameworks=("gdpr",))))


def moves(storage_class: str, days: int | None = 1, prefix: str = "", **more: Any) -> LifecycleRule:
    return rule(None, prefix, id="m", transitions=(Transition(storage_class, days),), **more)


def tiers(days: int, **more: Any) -> Value[tuple[IntelligentTiering, ...]]:
    usual: dict[str, Any] = {"id": "t", "status": "Enabled", "prefix": "", "tags": (), "tierings": (("ARCHIVE_ACCESS", days),)}
    return Value((IntelligentTiering(**{**usual, **more}),))


QUARTER: dict[str, Any] = {"available": Days(90, "pci-dss 10.5.1")}
MOVED = lives(moves("INTELLIGENT_TIERING"))
AVAILABLE: list[tuple[str, dict[str, Any], Answer]] = [
    ("no lifecycle at all", {"lifecycle": Absent()}, PASS),
    ("after 90 days", {"lifecycle": lives(moves("GLACIER", 90))}, PASS),
    ("after 89 days", {"lifecycle": lives(moves("GLACIER", 89))}, FAIL),
    ("deep", {"lifecycle": lives(moves("DEEP_ARCHIVE", 30))}, FAIL),
    ("at once", {"lifecycle": lives(moves("GLACIER", None))}, FAIL),
    ("on a fixed day", {"lifecycle": lives(rule(None, transitions=(Transition("GLACIER", date="2027-01-01"),)))}, FAIL),
    ("where it is read at once", {"lifecycle": lives(moves("GLACIER_IR"), moves("STANDARD_IA"))}, PASS),
    ("for another prefix", {"lifecycle": lives(moves("GLACIER", 1, "web/"))}, PASS),
    ("by a rule that is disabled", {"lifecycle": lives(moves("GLACIER", status="Disabled"))}, PASS),
    ("by a rule for tags", {"lifecycle": lives(moves("GLACIER", tags=(("a", "b"),)))}, PASS),
    ("to a class that nobody knows", {"lifecycle": lives(moves("GLACIER_2030"))}, UNKNOWN),
    ("to one that nobody knows, later", {"lifecycle": lives(moves("GLACIER_2030", 90))}, PASS),
    ("deleted before", {"lifecycle": lives(rule(30))}, FAIL),
    ("tiers without a rule that moves there", {"intelligent_tiering": tiers(30)}, PASS),
    ("a rule without tiers", {"lifecycle": MOVED}, PASS),
    ("tiers too soon", {"lifecycle": MOVED, "intelligent_tiering": tiers(89)}, FAIL),
    ("tiers in time", {"lifecycle": MOVED, "intelligent_tiering": tiers(90)}, PASS),
    ("tiers of another prefix", {"lifecycle": MOVED, "intelligent_tiering": tiers(30, prefix="web/")}, PASS),
    ("tiers for tags", {"lifecycle": MOVED, "intelligent_tiering": tiers(30, tags=(("a", "b"),))}, PASS),
    ("tiers that are disabled", {"lifecycle": MOVED, "intelligent_tiering": tiers(30, status="Disabled")}, PASS),
    ("tiers are not asked for where nothing moves there", {"intelligent_tiering": DENIED}, PASS),
    ("tiers are not known", {"lifecycle": MOVED, "intelligent_tiering": DENIED}, UNKNOWN),
    ("the lifecycle is not known", {"lifecycle": DENIED}, UNKNOWN),
]


class TestAvailable:
    @pytest.mark.parametrize(("row", "answer"), [case[1:] for case in AVAILABLE], ids=[case[0] for case in AVAILABLE])
    def test_logs_are_read_at_once(self, row: dict[str, Any], answer: Answer) -> None:
        assert answer is says("SAL-029", logs(**row), **QUARTER)

    def test_where_nobody_asks_for_it_it_does_not_apply(self) -> None:
        assert NA is says("SAL-029", logs(lifecycle=DENIED))

    @pytest.mark.parametrize(
        ("lifecycle", "is_told"),
        [
            (lives(moves("GLACIER")), True),
            (lives(moves("GLACIER"), transition_default_minimum_object_size="varies_by_storage_class"), False),
            (lives(moves("GLACIER", object_size_greater_than=0)), False),
        ],
    )
    def test_that_small_log_objects_stay_is_told(self, lifecycle: Any, *, is_told: bool) -> None:
        (found,) = (one for one in verdicts("SAL-029", logs(lifecycle=lifecycle), APP, **QUARTER) if one.answer is FAIL)
        assert is_told is ("no effect on log objects of less than 128 KiB" in found.reason)


NONE = PublicAccessBlock(*[False] * 4)
HALF = PublicAccessBlock(block_public_acls=True, ignore_public_acls=True, block_public_policy=False, restrict_public_buckets=False)
REST = PublicAccessBlock(block_public_acls=False, ignore_public_acls=False, block_public_policy=True, restrict_public_buckets=True)


class TestPublicAccess:
    @pytest.mark.parametrize(
        ("own", "accounts", "answer"),
        [
            (Value(ALL), Value(NONE), PASS),
            (Absent(), Value(ALL), PASS),
            (Value(HALF), Value(REST), PASS),
            (Value(ALL), DENIED, PASS),
            (DENIED, Value(ALL), PASS),
            (Absent("NoSuchPublicAccessBlockConfiguration"), Absent("NoSuchPublicAccessBlockConfiguration"), FAIL),
            (Value(HALF), Value(HALF), FAIL),
            (Value(HALF), DENIED, UNKNOWN),
            (DENIED, Value(HALF), UNKNOWN),
            (DENIED, DENIED, UNKNOWN),
        ],
    )
    def test_each_switch_is_on_at_one_level(self, own: Any, accounts: Any, answer: Answer) -> None:
        assert answer is says("SAL-031", logs(public_access_block=own), owner=account(public_access_block=accounts))

    def test_the_switches_that_are_off_are_named(self) -> None:
        (verdict,) = verdicts("SAL-031", logs(public_access_block=Value(HALF)), APP, owner=account(public_access_block=Absent()))
        assert (
            "Public access is not blocked: BlockPublicPolicy, RestrictPublicBuckets are off at the bucket and its account" == verdict.reason
        )

    def test_of_a_bucket_in_no_account_that_was_looked_at_half_is_unknown(self) -> None:
        rows = [logs(account=None, public_access_block=Value(block)) for block in (ALL, HALF)]
        assert [PASS, UNKNOWN] == [says("SAL-031", row) for row in rows]


CLEAR = {"Bool": {"aws:SecureTransport": "false"}}
BOTH = ["arn:aws:s3:::logs", "arn:aws:s3:::logs/*"]
TLS: list[tuple[str, list[dict[str, Any]], Answer]] = [
    ("everybody, everything", [deny(resource=BOTH, **CLEAR)], PASS),
    ("every AWS principal is everybody", [deny({"AWS": "*"}, "*", "*", **CLEAR)], PASS),
    ("a list of it", [deny({"AWS": ["*"]}, ["s3:*"], BOTH, **CLEAR)], PASS),
    ("a JSON boolean", [deny(resource=BOTH, Bool={"aws:securetransport": False})], PASS),
    ("BoolIfExists", [deny(resource=BOTH, BoolIfExists={"aws:SecureTransport": ["false"]})], PASS),
    ("two statements, one each", [deny(resource=BOTH[0], **CLEAR), deny(resource=BOTH[1], **CLEAR)], PASS),
    ("beside others", [deliver(), BY_ADDRESS, deny(resource=BOTH, **CLEAR)], PASS),
    ("the objects alone", [deny(resource=BOTH[1], **CLEAR)], WARN),
    ("the bucket alone", [deny(resource=BOTH[0], **CLEAR)], WARN),
    ("some actions", [deny(action="s3:PutObject", resource=BOTH, **CLEAR)], WARN),
    ("some principals", [deny({"AWS": ACCOUNT}, resource=BOTH, **CLEAR)], WARN),
    ("all but one", [{"Effect": "Deny", "NotPrincipal": {"AWS": ACCOUNT}, "Action": "s3:*", "Resource": BOTH, "Condition": CLEAR}], WARN),
    ("under a further condition", [deny(resource=BOTH, **CLEAR, StringEquals={"aws:SourceVpce": "x"})], WARN),
    ("the wrong way round", [deny(resource=BOTH, Bool={"aws:SecureTransport": "true"})], FAIL),
    ("an Allow over TLS denies nothing", [allow("*", Bool={"aws:SecureTransport": "true"})], FAIL),
    ("another Deny", [BY_ADDRESS], FAIL),
    ("resources that only deployment settles", [deny(resource=["${known after apply}"], **CLEAR)], UNKNOWN),
    ("a path of it that does", [deny(resource=["arn:aws:s3:::logs", "arn:aws:s3:::logs/${path}"], **CLEAR)], UNKNOWN),
]


class TestTls:
    @pytest.mark.parametrize(("statements", "answer"), [case[1:] for case in TLS], ids=[case[0] for case in TLS])
    def test_requests_in_the_clear_are_denied(self, statements: list[dict[str, Any]], answer: Answer) -> None:
        assert answer is says("SAL-032", logs(policy=written(*statements)))

    def test_without_a_policy_they_are_not_and_with_an_unknown_one_nobody_knows(self) -> None:
        assert [FAIL, UNKNOWN] == [says("SAL-032", logs(policy=fact)) for fact in (Absent("NoSuchBucketPolicy"), DENIED)]

    def test_what_it_leaves_out_is_told(self) -> None:
        (verdict,) = verdicts("SAL-032", logs(policy=written(deny({"AWS": ACCOUNT}, "s3:Get*", BOTH[1], **CLEAR))), APP)
        assert "Statement No denies requests in the clear only in part: not for everybody, not for every action, not on the bucket" == (
            verdict.reason
        )


ROLE = f"arn:aws:iam::{OTHERS}:role/path/siem"
OWN = f"arn:aws:iam::{ACCOUNT}:role/app"
READERS: list[tuple[str, list[dict[str, Any]], tuple[str, ...], Answer]] = [
    ("nobody", [deliver()], (), PASS),
    ("the account", [allow({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "s3:*")], (), PASS),
    ("the account by its number", [allow({"AWS": ACCOUNT}, "s3:*")], (), PASS),
    ("a role of the account", [allow({"AWS": OWN})], (), PASS),
    ("another account", [allow({"AWS": f"arn:aws:iam::{OTHERS}:root"})], (), FAIL),
    ("which is a reader", [allow({"AWS": OTHERS})], (f"account:{OTHERS}",), PASS),
    ("whose root is a reader", [allow({"AWS": f"arn:aws:iam::{OTHERS}:root"})], (f"account:{OTHERS}",), PASS),
    ("a role of another account", [allow({"AWS": ROLE}, "s3:Get*")], (), FAIL),
    ("which is a reader by name", [allow({"AWS": ROLE})], (f"arn:aws:iam::{OTHERS}:role/siem",), PASS),
    ("which is a reader by a pattern", [allow({"AWS": ROLE})], (f"arn:aws:iam::{OTHERS}:role/s*",), PASS),
    ("of which another is a reader", [allow({"AWS": ROLE})], (f"arn:aws:iam::{OTHERS}:role/other",), FAIL),
    ("a service", [allow({"Service": "cloudfront.amazonaws.com"})], (), FAIL),
    ("a service that is a reader", [allow({"Service": "athena.amazonaws.com"})], ("service:athena.amazonaws.com",), PASS),
    ("a canonical user", [allow({"CanonicalUser": STRANGER})], (), FAIL),
    ("a canonical user that is a reader", [allow({"CanonicalUser": STRANGER})], (f"canonical:{STRANGER}",), PASS),
    ("a role that was deleted", [allow({"AWS": "AROAEXAMPLE"})], (), FAIL),
    ("everybody", [allow("*")], ("authenticated",), FAIL),
    ("everybody of the account", [allow("*", StringEquals={"aws:PrincipalAccount": ACCOUNT})], (), PASS),
    ("everybody of another", [allow("*", StringEquals={"aws:PrincipalAccount": OTHERS})], (), FAIL),
    ("everybody by a role's name", [allow({"AWS": "*"}, ArnLike={"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"})], (), PASS),
    ("everybody of the organisation", [allow("*", StringEquals={"aws:PrincipalOrgID": "o-1"})], (), FAIL),
    ("all but one", [{"Effect": "Allow", "NotPrincipal": {"AWS": OWN}, "Action": "*", "Resource": "*"}], (), FAIL),
    ("everybody, and denied again", [allow("*"), deny(action="s3:GetObject*")], (), PASS),
    ("everybody, and some denied", [allow("*"), deny({"AWS": OTHERS})], (), FAIL),
    ("another account, denied again", [allow({"AWS": ROLE}), deny({"AWS": f"arn:aws:iam::{OTHERS}:root"})], (), PASS),
    ("a Deny of requests in the clear changes nothing", [allow({"AWS": ROLE}), deny(**CLEAR)], (), FAIL),
    ("a Deny that may take it away", [allow({"AWS": ROLE}), BY_ADDRESS], (), UNKNOWN),
    ("a Deny of other accounts", [allow({"AWS": ROLE}), deny(StringNotEquals={"aws:PrincipalAccount": ACCOUNT})], (), PASS),
    ("a Deny of some logs leaves the rest", [allow({"AWS": ROLE}), deny(resource="arn:aws:s3:::logs/secret/*")], (), FAIL),
    ("who lists reads no log", [allow({"AWS": ROLE}, "s3:ListBucket", "arn:aws:s3:::logs")], (), PASS),
    ("who writes reads no log", [allow({"Service": "delivery.logs.amazonaws.com"}, "s3:PutObject")], (), PASS),
    ("the bucket's ARN holds no log", [allow({"AWS": ROLE}, "s3:GetObject", "arn:aws:s3:::logs")], (), PASS),
    ("a role of the account may delete", [allow({"AWS": OWN}, "s3:DeleteObject")], (), FAIL),
    ("or its versions", [allow({"AWS": OWN}, "s3:DeleteObjectV*")], (), FAIL),
    ("or change the lifecycle", [allow({"AWS": OWN}, "s3:PutLifecycleConfiguration", "arn:aws:s3:::logs")], (), FAIL),
    ("or the policy", [allow({"AWS": OWN}, "s3:PutBucketPolicy", "*")], (), FAIL),
    ("a reader may not", [allow({"AWS": ROLE}, ["s3:GetObject", "s3:DeleteObject"])], (f"account:{OTHERS}",), FAIL),
    ("unless it is denied", [allow({"AWS": OWN}, "s3:DeleteObject"), deny(action="s3:Delete*")], (), PASS),
    ("or may be denied", [allow({"AWS": OWN}, "s3:DeleteObject"), deny(NumericGreaterThan={"aws:MultiFactorAuthAge": "9"})], (), UNKNOWN),
]
EVERYBODY = "http://acs.amazonaws.com/groups/global/AllUsers"
IGNORED: dict[str, Any] = {"public_access_block": Value(HALF)}
SEEN: dict[str, Any] = {"public_access_block": Value(NONE)}
GRANTED: list[tuple[str, dict[str, Any], Answer]] = [
    ("the owner", {**WRITER, "acl": grants()}, PASS),
    ("the log delivery", LEGACY, PASS),
    ("everybody", {**WRITER, **SEEN, "acl": grants("READ", uri=EVERYBODY)}, FAIL),
    ("every AWS user", {**WRITER, **SEEN, "acl": grants("READ", uri=EVERYBODY.replace("All", "Authenticated"))}, FAIL),
    ("everybody, ignored", {**WRITER, **IGNORED, "acl": grants("READ", uri=EVERYBODY)}, WARN),
    ("everybody, perhaps ignored", {**WRITER, "public_access_block": DENIED, "acl": grants("READ", uri=EVERYBODY)}, UNKNOWN),
    ("everybody, ignored by the account", {**WRITER, **SEEN, "acl": grants("READ", uri=EVERYBODY), "accounts": Value(ALL)}, WARN),
    ("everybody, perhaps ignored by the account", {**WRITER, **SEEN, "acl": grants("READ", uri=EVERYBODY), "accounts": DENIED}, UNKNOWN),
    ("everybody, ignored by the bucket", {**WRITER, **IGNORED, "acl": grants("READ", uri=EVERYBODY), "accounts": DENIED}, WARN),
    ("everybody, with ACLs off", {**SEEN, "acl": grants("READ", uri=EVERYBODY)}, PASS),
    ("a stranger", {**WRITER, "acl": Value(Acl(OWNER, (Grant("READ", id=STRANGER),)))}, FAIL),
    ("a stranger who may see the ACL", {**WRITER, "acl": Value(Acl(OWNER, (Grant("READ_ACP", id=STRANGER),)))}, PASS),
    ("a stranger of a template", {**WRITER, "acl": Value(Acl(None, (Grant("READ", id=STRANGER),)))}, UNKNOWN),
    ("an address", {**WRITER, "acl": Value(Acl(OWNER, (Grant("WRITE", email_address="a@example.org"),)))}, FAIL),
    ("not known", {**WRITER, "acl": DENIED}, UNKNOWN),
    ("not known, with ACLs off", {"acl": DENIED}, PASS),
    ("ownership not known, with grants", {"object_ownership": DENIED, "acl": grants("READ", uri=EVERYBODY)}, UNKNOWN),
    ("ownership not known, without", {"object_ownership": DENIED}, PASS),
    ("the policy not known", {"policy": DENIED}, UNKNOWN),
]


class TestReaders:
    @pytest.mark.parametrize(("statements", "readers", "answer"), [case[1:] for case in READERS], ids=[case[0] for case in READERS])
    def test_the_bucket_policy_lets_nobody_else_at_the_logs(
        self, statements: list[dict[str, Any]], readers: tuple[str, ...], answer: Answer
    ) -> None:
        sink = logs(policy=written(*statements), policy_is_public=Value(value=False))
        assert answer is says("SAL-033", sink, readers=readers or None)

    @pytest.mark.parametrize(("row", "answer"), [case[1:] for case in GRANTED], ids=[case[0] for case in GRANTED])
    def test_the_acl_lets_nobody_else_at_the_logs(self, row: dict[str, Any], answer: Answer) -> None:
        mine = account(public_access_block=row.get("accounts", Absent()))
        assert answer is says("SAL-033", logs(**{name: fact for name, fact in row.items() if name != "accounts"}), owner=mine)

    def test_a_grant_to_a_reader_is_none_to_a_stranger(self) -> None:
        found = {
            permission: says(
                "SAL-033", logs(**WRITER, acl=Value(Acl(OWNER, (Grant(permission, id=STRANGER),)))), readers=(f"canonical:{STRANGER}",)
            )
            for permission in ("READ", "WRITE")
        }
        assert {"READ": PASS, "WRITE": FAIL} == found

    def test_what_aws_calls_public_is_critical_and_asked_only_where_anybody_is_let_in(self) -> None:
        opened = written(allow("*", "s3:ListBucket", "arn:aws:s3:::logs"))
        (public, _) = verdicts("SAL-033", logs(policy=opened, policy_is_public=Value(value=True)), APP)
        assert (FAIL, Severity.CRITICAL, {"what": "public"}) == (public.answer, public.severity, public.about)
        answers = [says("SAL-033", logs(policy=text, policy_is_public=DENIED)) for text in (opened, written(deliver()))]
        assert [UNKNOWN, PASS] == answers
        assert PASS is says("SAL-033", logs(policy=opened, policy_is_public=DENIED), source="template")

    @pytest.mark.parametrize("action", ["s3:GetObject", "s3:DeleteObject"])
    def test_of_a_log_bucket_in_no_account_nobody_knows_which_is_its_own(self, action: str) -> None:
        assert UNKNOWN is says("SAL-033", logs(account=None, policy=written(allow({"AWS": ACCOUNT}, action))))

    def test_an_allow_whose_condition_never_holds_gives_nothing(self) -> None:
        assert PASS is says("SAL-033", logs(policy=written(allow({"AWS": ROLE}, **CLEAR))))

    def test_an_account_of_a_template_is_its_own_where_the_symbol_is_the_same(self) -> None:
        own, other = (written(allow({"AWS": f"arn:aws:iam::{name}:root"})) for name in ("${AWS::AccountId}", "${Other}"))
        answers = [says("SAL-033", logs(account="${AWS::AccountId}", policy=text), source="template") for text in (own, other)]
        assert [PASS, UNKNOWN] == answers


class TestDedicated:
    @pytest.mark.parametrize(
        ("names", "answer"),
        [
            ((), PASS),
            (("app/",), PASS),
            (("AWSLogs/", "app/"), PASS),
            (("app/", "photos/"), WARN),
            (("app/", "readme.txt"), WARN),
        ],
    )
    def test_only_logs_lie_there(self, names: tuple[str, ...], answer: Answer) -> None:
        assert answer is says("SAL-034", logs(top_level=Value(names)))

    def test_keys_of_every_form_are_logs(self) -> None:
        sources = [
            bucket("a", logging=logs_to("logs", "")),
            bucket("b", logging=logs_to("logs", "b-")),
            bucket("c", logging=logs_to("logs", "", PARTITIONED)),
            bucket("d", logging=logs_to("logs", "x/y/")),
        ]
        name = "2026-10-01-10-20-30-0123456789ABCDEF"
        assert PASS is says("SAL-034", logs(top_level=Value((name, f"b-{name}", f"{ACCOUNT}/", "x/"))), *sources)
        assert WARN is says("SAL-034", logs(top_level=Value((f"c-{name}",))), *sources)
        assert WARN is says("SAL-034", logs(top_level=Value((name.lower(),))), *sources)

    def test_objects_without_a_prefix_are_one_finding(self) -> None:
        found = verdicts("SAL-034", logs(top_level=Value(("a.txt", "b.txt", "c/", "d/"))), APP)
        assert [{"prefix": "c/"}, {"prefix": "d/"}, {"prefix": ""}] == [verdict.about for verdict in found]

    def test_whose_logs_nobody_knows_may_be_anybodys(self) -> None:
        blind = bucket("blind", logging=DENIED)
        (verdict,) = verdicts("SAL-034", logs(top_level=Value(("app/", "blind/"))), APP, blind)
        assert UNKNOWN is verdict.answer
        assert "depends on whether blind logs to it: GetX was denied" in verdict.reason
        assert PASS is says("SAL-034", logs(top_level=Value(("app/",))), APP, blind)

    def test_where_nobody_could_look_it_is_unknown_and_where_nobody_logs_it_does_not_apply(self) -> None:
        assert UNKNOWN is says("SAL-034", logs(top_level=DENIED))
        assert NA is verdicts("SAL-034", logs(top_level=DENIED))[0].answer
        assert NA is says("SAL-034", logs(top_level=DENIED), source="template")


class TestWhatDidNotReadAsItIs:
    """What once read as clean, or as a wrong fault."""

    @pytest.mark.parametrize("operator", ["stringNotEquals", "StringNotMatches", "ForAllValues:Newer", "bool"])
    def test_of_an_operator_that_iam_does_not_know_nobody_can_tell(self, operator: str) -> None:
        sink = logs(policy=written(deliver(), deny(**{operator: {"aws:SourceVpce": "vpce-1"}})))
        assert (UNKNOWN, UNKNOWN) == (says("SAL-020", sink), says("SAL-022", sink))

    @pytest.mark.parametrize(
        "text",
        [
            f'{{"Statement": [{json.dumps(deny())}], "Statement": [{json.dumps(deliver())}]}}',
            json.dumps({"Statement": [{**deliver(), "condition": {"Bool": {"aws:SecureTransport": "false"}}}]}),
        ],
        ids=["a key twice", "an element that IAM does not know"],
    )
    def test_a_policy_that_may_be_read_in_two_ways_is_not_read(self, text: str) -> None:
        assert (UNKNOWN, UNKNOWN) == (says("SAL-020", logs(policy=Value(text))), says("SAL-022", logs(policy=Value(text))))

    @pytest.mark.parametrize(("value", "answer"), [("*", WARN), ("**", WARN), ([ACCOUNT, "*"], WARN), (ACCOUNT, PASS)])
    def test_a_guard_that_any_account_meets_guards_nothing(self, value: Any, answer: Answer) -> None:
        guards = {"StringLike": {"aws:SourceAccount": value}, "ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}}
        assert answer is says("SAL-021", logs(policy=written(deliver(Condition=guards))))

    def test_a_rule_that_deletes_on_a_day_leaves_nothing_to_read_at_once(self) -> None:
        dated = Lifecycle((LifecycleRule("day", "Enabled", expiration_date="2026-11-01"),))
        assert FAIL is says("SAL-029", logs(lifecycle=Value(dated)), available=Days(90, "the policy"))

    @pytest.mark.parametrize("principal", ["*", {"AWS": "*"}])
    def test_everybody_of_the_account_may_not_delete_logs(self, principal: Any) -> None:
        own = {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}
        assert FAIL is says("SAL-033", logs(policy=written(allow(principal, "s3:DeleteObject", **own))))
        assert PASS is says("SAL-033", logs(policy=written(allow({"AWS": ACCOUNT}, "s3:DeleteObject"))))

    @pytest.mark.parametrize(
        ("principal", "resource", "answer"),
        [
            ({"AWS": OTHERS}, "arn:aws:s3:::logs/*", FAIL),
            ("*", "arn:aws:s3:::logs/app/*", FAIL),
            ({"AWS": OTHERS}, "arn:aws:s3:::logs/AWSLogs/*", PASS),
            ({"Service": "cloudtrail.amazonaws.com"}, "arn:aws:s3:::logs/*", PASS),
            ({"AWS": f"arn:aws:iam::{ACCOUNT}:role/replica"}, "arn:aws:s3:::logs/*", PASS),
        ],
        ids=["another account", "everybody", "beside the logs", "a service", "the own account"],
    )
    def test_nobody_outside_the_account_writes_over_logs(self, principal: Any, resource: str, answer: Answer) -> None:
        assert answer is says("SAL-033", logs(policy=written(allow(principal, "s3:PutObject", resource))))

    def test_whoever_is_let_open_the_bucket_is_told(self) -> None:
        assert FAIL is says("SAL-033", logs(policy=written(allow({"AWS": OTHERS}, "s3:PutBucketAcl", "arn:aws:s3:::logs"))))

    def test_a_first_level_that_was_not_listed_to_its_end_does_not_pass(self) -> None:
        names = ("app/",) * 10_000
        assert (UNKNOWN, PASS) == (says("SAL-034", logs(top_level=Value(names))), says("SAL-034", logs(top_level=Value(("app/",)))))
