"""No check is without its cases: what makes each of them pass, fail, undetermined and not applicable, or why nothing does."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from s3guard.audit.case import About, AccountCase, Answer, Case
from s3guard.audit.checks import catalog
from s3guard.audit.expected import Expected
from s3guard.audit.facts import Absent, Unknown, Value
from s3guard.audit.graph import SERVICE, Graph
from s3guard.audit.rows import (
    Account,
    Bucket,
    Canary,
    Delivered,
    Encryption,
    EventSelector,
    Facts,
    FieldSelector,
    Grant,
    KeyFormat,
    Lifecycle,
    LifecycleRule,
    Logging,
    ObjectLock,
    PublicAccessBlock,
    Trail,
    Transition,
)
from s3guard.retained import Days
from tests.audit.rowmaking import ACCOUNT, NOW, account, bucket, facts, logs_to

DENIED = Unknown("GetX was denied (AccessDenied); grant s3:GetX", "s3:GetX")
PASS, FAIL, WARN, UNKNOWN, NA = Answer.PASS, Answer.FAIL, Answer.WARN, Answer.UNKNOWN, Answer.NOT_APPLICABLE


@dataclass(frozen=True)
class World:
    """Everything that is there; the first bucket is the one that is judged."""

    buckets: tuple[Bucket, ...]
    owner: Account
    expected: Expected
    covered: bool

    def facts(self) -> Facts:
        return facts(*self.buckets, accounts=(self.owner,))


def world(*buckets: Bucket, owner: Account | None = None, covered: bool = True, **expected: Any) -> World:
    return World(buckets, owner or account(), Expected("p", **expected), covered)


def policy_of(*statements: dict[str, Any]) -> Value[str]:
    return Value(json.dumps({"Statement": statements}))


def sink(**more: Any) -> tuple[Bucket, Bucket]:
    return bucket("logs", **more), bucket("app", logging=logs_to("logs"))


def on(**more: Any) -> Bucket:
    return bucket("app", logging=logs_to("logs"), **more)


GUARD = {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnLike": {"aws:SourceArn": "arn:aws:s3:::app"}}
ALLOW = {"Effect": "Allow", "Principal": {"Service": SERVICE}, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::logs/*"}
DENY = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": ["arn:aws:s3:::logs", "arn:aws:s3:::logs/*"]}
FOREIGN = {**ALLOW, "Principal": {"AWS": "444455556666"}, "Action": "s3:GetObject"}
OFF, LOGS, BLIND = bucket("app"), bucket("logs"), bucket("app", logging=DENIED)
GRANTED = Value(
    Logging(Value("logs"), Value("app/"), Value(KeyFormat()), Value((Grant("READ", "http://acs.amazonaws.com/groups/global/AllUsers"),)))
)
OPEN = PublicAccessBlock(*[False] * 4)
TRAIL = Trail("arn:t", "us-east-1", "trails", True, Value(value=True), Value((EventSelector("All", ("arn:aws:s3",)),)), Value(()))  # noqa: FBT003 - over all Regions
TRAILED = account(trails=Value((TRAIL,)))
OF_EXPRESS = (FieldSelector("eventCategory", ("Data",)), FieldSelector("resources.type", ("AWS::S3Express::Object",)))
EXPRESSLY = replace(TRAIL, selectors=Value(()), advanced=Value((OF_EXPRESS,)))
YEAR = Days(365, "the policy")
OLD = Value(Delivered(NOW - timedelta(days=9), "k", None))
EXPRESS, TABLE = bucket("d--x-s3", kind="directory"), bucket("t", kind="table", table_logging=logs_to("logs"))


def rules(**rule: Any) -> Value[Lifecycle]:
    return Value(Lifecycle((LifecycleRule("r", "Enabled", **rule),)))


def asked(hours: int, times: int, *, found: bool) -> Value[tuple[Canary, ...]]:
    return Value(tuple(Canary(NOW - timedelta(hours=hours + number), found) for number in range(times)))


NEVER = "Never: "
CASES: dict[str, dict[Answer, World | str]] = {
    "SAL-001": {PASS: world(on()), FAIL: world(OFF), UNKNOWN: world(BLIND), NA: world(*sink())},
    "SAL-002": {
        PASS: world(on(), LOGS),
        FAIL: world(on(), bucket("logs", exists=Value(value=False))),
        UNKNOWN: world(on(), bucket("logs", exists=DENIED)),
        NA: world(OFF),
    },
    "SAL-003": {
        PASS: world(on(), LOGS),
        FAIL: world(on(), bucket("logs", region=Value("eu-west-1"))),
        UNKNOWN: world(on(), bucket("logs", region=DENIED)),
        NA: world(OFF),
    },
    "SAL-004": {
        PASS: world(on(), LOGS),
        FAIL: world(bucket("app", logging=logs_to("app"))),
        UNKNOWN: world(on(), bucket("logs", logging=DENIED)),
        NA: world(OFF),
    },
    "SAL-005": {
        PASS: world(on(), LOGS),
        FAIL: world(on(), bucket("b", logging=logs_to("logs", "app/b/"))),
        UNKNOWN: world(bucket("app", logging=Value(Logging(Value("logs"), DENIED, Value(KeyFormat()), Value(()))))),
        NA: world(OFF),
    },
    "SAL-006": {
        PASS: world(on(), key_format="simple"),
        WARN: world(on(), key_format="partitioned"),
        FAIL: NEVER + "its severity is that of a warning",
        UNKNOWN: world(BLIND),
        NA: world(OFF),
    },
    "SAL-007": {PASS: world(on()), FAIL: world(bucket("app", logging=GRANTED), LOGS), UNKNOWN: world(BLIND), NA: world(OFF)},
    "SAL-008": {
        PASS: world(on(delivered=Value(Delivered(NOW, "k", None)))),
        FAIL: world(on(delivered=OLD, canary=asked(60, 1, found=False))),
        UNKNOWN: world(on(delivered=OLD)),
        NA: world(OFF),
    },
    "SAL-009": {
        PASS: world(on(canary=asked(60, 1, found=True))),
        FAIL: world(on(canary=asked(60, 3, found=False))),
        UNKNOWN: world(on(canary=DENIED)),
        NA: world(on()),
    },
    "SAL-010": {
        PASS: world(OFF),
        FAIL: world(OFF, covered=False),
        UNKNOWN: world(OFF, owner=account(buckets=DENIED)),
        NA: NEVER + "every account has buckets to be covered, or none that are not",
    },
    "SAL-011": {
        PASS: world(EXPRESS, owner=account(trails=Value((EXPRESSLY,)))),
        FAIL: world(EXPRESS),
        UNKNOWN: world(OFF, owner=account(directory_buckets=DENIED)),
        NA: world(OFF),
    },
    "SAL-012": {
        PASS: world(TABLE),
        FAIL: world(replace(TABLE, table_logging=Absent())),
        UNKNOWN: world(replace(TABLE, table_logging=DENIED)),
        NA: world(OFF),
    },
    "SAL-020": {
        PASS: world(*sink(policy=policy_of(ALLOW))),
        FAIL: world(*sink()),
        UNKNOWN: world(*sink(policy=DENIED)),
        NA: world(bucket("logs", policy=policy_of({**ALLOW, "Condition": GUARD}))),
    },
    "SAL-021": {
        PASS: world(*sink(policy=policy_of({**ALLOW, "Condition": GUARD}))),
        FAIL: world(*sink(policy=policy_of({**ALLOW, "Condition": {"StringEquals": {"aws:SourceAccount": "444455556666"}}}))),
        UNKNOWN: world(*sink(policy=DENIED)),
        NA: world(*sink()),
    },
    "SAL-022": {
        PASS: world(*sink()),
        FAIL: world(*sink(policy=policy_of(DENY))),
        UNKNOWN: world(*sink(policy=DENIED)),
        NA: world(bucket("logs", policy=policy_of({**DENY, "Condition": {"StringEquals": {"aws:SourceArn": "arn:aws:s3:::x"}}}))),
    },
    "SAL-023": {
        PASS: world(*sink(policy=policy_of(ALLOW))),
        FAIL: world(*sink(acl=Value(replace(LOGS.acl.value, grants=(Grant("WRITE", "http://acs.amazonaws.com/groups/s3/LogDelivery"),))))),  # type: ignore[union-attr] # known of every bucket here
        UNKNOWN: world(*sink(object_ownership=DENIED)),
        NA: world(*sink()),
    },
    "SAL-024": {
        PASS: world(*sink()),
        FAIL: world(*sink(payer=Value("Requester"))),
        UNKNOWN: world(*sink(payer=DENIED)),
        NA: NEVER + "every log bucket has a payer",
    },
    "SAL-025": {
        PASS: world(*sink()),
        FAIL: world(*sink(encryption=Value(Encryption("aws:kms")))),
        UNKNOWN: world(*sink(encryption=DENIED)),
        NA: NEVER + "every log bucket encrypts, or does not",
    },
    "SAL-026": {
        PASS: world(*sink()),
        FAIL: world(*sink(object_lock=Value(ObjectLock("COMPLIANCE", 1)))),
        UNKNOWN: world(*sink(object_lock=DENIED)),
        NA: NEVER + "every log bucket is locked, or is not",
    },
    "SAL-027": {
        PASS: world(*sink()),
        WARN: world(*sink(versioning=Absent())),
        FAIL: NEVER + "its severity is that of a warning",
        UNKNOWN: world(*sink(versioning=DENIED)),
        NA: NEVER + "every log bucket has versions, or has not",
    },
    "SAL-028": {
        PASS: world(*sink(), keep=YEAR, keep_firmly=YEAR),
        FAIL: world(*sink(lifecycle=rules(expiration_days=9), versioning=Absent()), keep=YEAR, keep_firmly=YEAR),
        UNKNOWN: world(*sink(lifecycle=DENIED), keep=YEAR, keep_firmly=YEAR),
        NA: world(*sink()),
    },
    "SAL-029": {
        PASS: world(*sink(), available=YEAR),
        FAIL: world(*sink(lifecycle=rules(transitions=(Transition("GLACIER", 9),))), available=YEAR),
        UNKNOWN: world(*sink(lifecycle=DENIED), available=YEAR),
        NA: world(*sink()),
    },
    "SAL-030": {PASS: world(OFF, owner=TRAILED), FAIL: world(OFF), UNKNOWN: world(OFF, owner=account(trails=DENIED)), NA: world(on())},
    "SAL-031": {
        PASS: world(*sink()),
        FAIL: world(*sink(public_access_block=Absent()), owner=account(public_access_block=Value(OPEN))),
        UNKNOWN: world(*sink(public_access_block=DENIED), owner=account(public_access_block=Value(OPEN))),
        NA: NEVER + "every log bucket can be made public, or cannot",
    },
    "SAL-032": {
        PASS: world(*sink(policy=policy_of({**DENY, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}))),
        FAIL: world(*sink()),
        UNKNOWN: world(*sink(policy=DENIED)),
        NA: NEVER + "every log bucket is reached over some transport",
    },
    "SAL-033": {
        PASS: world(*sink()),
        FAIL: world(*sink(policy=policy_of(FOREIGN))),
        UNKNOWN: world(*sink(policy=DENIED)),
        NA: NEVER + "every log bucket is read by somebody",
    },
    "SAL-034": {
        PASS: world(*sink()),
        WARN: world(*sink(top_level=Value(("photos/",)))),
        FAIL: NEVER + "its severity is that of a warning",
        UNKNOWN: world(*sink(top_level=DENIED)),
        NA: world(LOGS),
    },
    "SAL-035": {
        PASS: world(bucket("trails", logging=logs_to("logs")), owner=TRAILED),
        FAIL: world(bucket("trails"), owner=TRAILED),
        UNKNOWN: world(bucket("trails", logging=DENIED), owner=TRAILED),
        NA: world(OFF),
    },
}
WORLDS = [(check, answer, there) for check, answers in CASES.items() for answer, there in answers.items() if isinstance(there, World)]
IDS = [f"{check}: {answer.value}" for check, answer, _ in WORLDS]


def says(check: str, there: World) -> Answer:
    """The gravest answer of a check about a world."""
    one, graph = catalog()[check], Graph(there.facts())
    row = there.buckets[0]
    if one.about is About.ACCOUNT:
        held = {each.name: (there.expected,) if there.covered else () for each in there.buckets}
        found = one.verdicts(AccountCase(there.owner, graph, (there.expected,), held, {}, {}, NOW))
    else:
        found = one.verdicts(Case(row, graph.account(row), graph, there.expected, NOW, graph.sources(row.name)))
    return max((verdict.answer for verdict in found), key=list(Answer).index)


def test_no_check_is_without_its_cases() -> None:
    assert list(catalog()) == list(CASES)
    for check, answers in CASES.items():
        assert {PASS, FAIL, UNKNOWN, NA} <= set(answers), check


@pytest.mark.parametrize(("check", "answer", "there"), WORLDS, ids=IDS)
def test_a_check_answers_as_it_should(check: str, answer: Answer, there: World) -> None:
    assert answer is says(check, there)


def blinded(check: str, there: World) -> Iterator[tuple[str, World]]:
    """The world with each fact made unknown that the check does not say it needs: of the row that is judged, of others, of the account."""
    one = catalog()[check]
    needs = set(one.needs)
    for number, row in enumerate(there.buckets):
        mine = number == 0 and one.about is not About.ACCOUNT
        for name in _names(row):
            scopes = ("",) if mine else ("target.", "source.")
            if name not in _ALWAYS and not any(f"{scope}{name}" in needs for scope in scopes):
                blind: dict[str, Any] = {name: DENIED}
                rows = (*there.buckets[:number], replace(row, **blind), *there.buckets[number + 1 :])
                yield f"{row.name}.{name}", replace(there, buckets=rows)
    for name in _names(there.owner):
        if name not in needs and f"account.{name}" not in needs:
            blind = {name: DENIED}
            yield f"account.{name}", replace(there, owner=replace(there.owner, **blind))


_ALWAYS = {"logging", "table_logging", "exists"}
"""Facts that every audit asks for: who logs to whom."""


def _names(row: Bucket | Account) -> list[str]:
    return [one.name for one in fields(row) if isinstance(getattr(row, one.name), Value | Absent)]


@pytest.mark.parametrize(("check", "answer", "there"), WORLDS, ids=IDS)
def test_what_a_check_does_not_say_it_needs_changes_nothing(check: str, answer: Answer, there: World) -> None:
    assert {} == {name: found for name, other in blinded(check, there) if (found := says(check, other)) is not answer}


PLACEHOLDERS = {"bucket", "log-bucket", "prefix", "account", "region", "days", "name"}


@pytest.mark.parametrize("check", catalog())
def test_a_page_can_be_read_and_its_commands_can_be_copied(check: str) -> None:
    one = catalog()[check]
    assert not one.title.endswith(".")
    assert "\n" not in one.title
    for section in ("CLI", "Terraform"):
        lines = one.section(section).strip("\n").split("\n")
        assert all(not line or line.startswith("    ") for line in lines), section
        assert set(re.findall(r"<([a-z-]+)>", one.section(section))) <= PLACEHOLDERS
    assert [] == [command for command in _commands(one.section("CLI")) if not command.startswith(("aws ", "#", "s3guard "))]


def _commands(section: str) -> Iterator[str]:
    """The commands of a section: one goes on over the end of a line within quotes or behind a backslash."""
    command = ""
    for line in section.split("\n"):
        command = f"{command}\n{line}" if command else line.removeprefix("    ")
        if command.startswith("#") or (command.count("'") % 2 == 0 and not command.endswith("\\")):
            yield command
            command = ""


@pytest.mark.parametrize("check", catalog())
def test_a_check_is_one_short_function_with_its_promise(check: str) -> None:
    module = import_module(f"s3guard.audit.checks.{check.lower().replace('-', '_')}")
    assert inspect.getdoc(module.check)
    assert len(Path(inspect.getfile(module)).read_text(encoding="utf-8").split("\n")) <= 200
