"""The accounts of an organisation."""

from __future__ import annotations

import json

import pytest

from s3guard.audit.organization import entries
from s3guard.aws import Access
from s3guard.model import UnableError, UsageError
from tests.audit.cloud import ACCOUNT, Cloud, answered

JSON = {"content-type": "application/x-amz-json-1.1"}


def test_every_active_account_is_entered_by_the_role_and_the_own_as_it_is(cloud: Cloud) -> None:
    accounts = [
        {"Id": ACCOUNT, "Status": "ACTIVE"},
        {"Id": "444455556666", "Status": "ACTIVE"},
        {"Id": "777788889999", "Status": "SUSPENDED"},
    ]
    access = Access(region="us-east-1")
    with cloud.planted("ListAccounts", answered(200, json.dumps({"Accounts": accounts}), **JSON)):
        found = entries([access], "auditor")
    assert (access, Access(region="us-east-1", role_arn="arn:aws:iam::444455556666:role/auditor")) == found


def test_a_list_that_is_denied_leaves_nobody_out_in_silence(cloud: Cloud) -> None:
    denied = answered(400, json.dumps({"__type": "AccessDeniedException", "message": "no"}), **JSON)
    with (
        cloud.planted("ListAccounts", denied),
        pytest.raises(UnableError, match=r"--organization-role: ListAccounts was denied .*grant organizations:ListAccounts"),
    ):
        entries([Access()], "auditor")


def test_roles_and_an_organisation_are_not_both_given() -> None:
    with pytest.raises(UsageError, match="leave out --role-arn"):
        entries([Access(role_arn="arn:aws:iam::444455556666:role/x")], "auditor")
