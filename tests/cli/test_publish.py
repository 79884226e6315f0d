"""``s3guard publish``: findings of saved reports in Security Hub, and what the exit code says of it."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from s3guard import hub
from tests.cli.conftest import here as here  # noqa: PLC0414 - a fixture
from tests.cli.project import Here
from tests.s3.access import alone

REGION = "eu-central-1"
ACCOUNT = "123456789012"
"""Moto's."""
AT = ("--as-of", "2026-10-02", "-o", "json:report.json", "-q")


@pytest.fixture
def account(here: Here) -> Iterator[Any]:
    """Security Hub of an account, switched on."""
    alone(here.patch)
    for name, value in (("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "x")):
        here.patch.setenv(name, value)
    with mock_aws():
        client = boto3.client("securityhub", REGION)
        client.enable_security_hub()
        yield client


def found(client: Any) -> list[dict[str, Any]]:
    """What moto holds, by title."""
    return sorted(client.get_findings()["Findings"], key=lambda one: str(one["Title"]))


def test_a_saved_report_is_sent_to_the_callers_own_account(here: Here, account: Any) -> None:
    here("check", "logs/stranger.log", *AT)
    ended = here("publish", "security-hub", "report.json", "--region", REGION)
    told = f"Security Hub, account {ACCOUNT}, {REGION}: 3 findings sent, 0 archived, 0 refused.\n"
    assert (0, told, "") == (ended.code, ended.out, ended.err)
    held = found(account)
    assert 3 == len(held)
    assert {ACCOUNT} == {one["AwsAccountId"] for one in held}
    assert {f"arn:aws:securityhub:{REGION}:{ACCOUNT}:product/{ACCOUNT}/default"} == {one["ProductArn"] for one in held}


def test_what_is_gone_is_archived(here: Here, account: Any) -> None:
    here("check", "logs/stranger.log", *AT)
    here("publish", "security-hub", "report.json", "--region", REGION)
    here("check", "logs/clean.log", *AT)
    ended = here("publish", "security-hub", "report.json", "--region", REGION)
    assert (0, ", 1 archived, 0 refused.") == (ended.code, ended.out.strip()[-24:])


def test_a_report_comes_through_a_pipe_and_a_dry_run_sends_nothing(here: Here, account: Any) -> None:
    report = here("check", "logs/stranger.log", "--as-of", "2026-10-02", "-o", "json").out
    here.patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(report.encode())))
    ended = here("publish", "security-hub", "--dry-run", AWS_REGION=REGION)
    assert (0, [], True) == (ended.code, found(account), "3 findings would be sent, 0 would be archived" in ended.out)


def test_what_is_redacted_leaves_nobody(here: Here, account: Any) -> None:
    here("check", "logs/stranger.log", *AT)
    key = {"S3GUARD_REDACT_KEY": "9f2d7ac41be8563097fd1e6a48b0c35d"}
    assert 0 == here("publish", "security-hub", "report.json", "--region", REGION, "--redact", "all", **key).code
    assert "user/eve" not in json.dumps(found(account), default=str)


def test_what_is_refused_ends_with_3_and_is_told(here: Here, account: Any) -> None:
    here("check", "logs/stranger.log", *AT)
    refused = [f"{number}: InvalidInput: \x1b[2J" for number in range(30)]
    here.patch.setattr(hub, "publish", lambda *_, **__: hub.Published(refused=refused))
    ended = here("publish", "security-hub", "report.json", "--region", REGION)
    assert (3, 21) == (ended.code, len(ended.err.splitlines()))
    assert "\x1b" not in ended.err
    assert "s3guard: error: 10 more" in ended.err
    assert "30 refused" in ended.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "where to? As in: s3guard publish security-hub"),
        (("securityhub", "report.json"), "did you mean security-hub?"),
        (("security-hub", "-", "-"), "standard input can be read once"),
        (("security-hub", "report.json", "--account", "1", "--region", REGION), "twelve digits"),
        (("security-hub", "report.json", "--account", ACCOUNT), "give --region,"),
    ],
)
def test_wrong_usage_ends_with_2(here: Here, account: Any, arguments: tuple[str, ...], said: str) -> None:
    here("check", "logs/clean.log", *AT)
    ended = here("publish", *arguments)
    assert 2 == ended.code
    assert said in ended.err


def test_asff_without_an_account_is_refused_before_anything_is_judged(here: Here) -> None:
    ended = here("check", "logs/clean.log", "-o", "asff", "-o", "json:report.json")
    assert (2, "", False) == (ended.code, ended.out, (here.folder / "report.json").exists())
    assert "give --account and --region" in ended.err
    assert 0 == here("check", "logs/clean.log", "-o", "asff", "--account", ACCOUNT, AWS_REGION=REGION).code
    assert 0 == here("check", "logs/clean.log", "-o", "asff", S3GUARD_ACCOUNT=ACCOUNT, S3GUARD_REGION=REGION).code
