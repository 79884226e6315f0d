"""The accounts of an organisation, each entered by a role of one name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from s3guard.audit.asking import ask
from s3guard.audit.facts import Unknown, Value
from s3guard.aws import Access, Account
from s3guard.model import UnableError, UsageError


def entries(accesses: Sequence[Access], role: str) -> tuple[Access, ...]:
    """One way in for every active account of the organisation; UnableError where the list is denied, since nobody knows what is missing.

    The account that asks is entered as it is.
    """
    if len(accesses) != 1 or accesses[0].role_arn is not None:
        raise UsageError("--organization-role enters accounts with the credentials that are found; leave out --role-arn")
    access = accesses[0]
    session = Account(access)
    session.frozen()
    who = ask(
        lambda: session.client("sts", session.region).get_caller_identity(),
        "GetCallerIdentity",
        "sts:GetCallerIdentity",
        lambda answer: (str(answer["Account"]), str(answer["Arn"]).split(":")[1]),
    )
    listed = ask(
        lambda: _pages(session), "ListAccounts", "organizations:ListAccounts", lambda pages: [one for page in pages for one in page]
    )
    for fact in (who, listed):
        if isinstance(fact, Unknown):
            raise UnableError(f"--organization-role: {fact.reason}")
    assert isinstance(who, Value)  # noqa: S101 - neither is ever absent
    assert isinstance(listed, Value)  # noqa: S101 - see above
    own, partition = who.value
    return tuple(access if one == own else replace(access, role_arn=f"arn:{partition}:iam::{one}:role/{role}") for one in listed.value)


def _pages(session: Account) -> list[list[str]]:
    client: Any = session.client("organizations", session.region)
    pages = client.get_paginator("list_accounts").paginate()
    return [[one["Id"] for one in page["Accounts"] if one.get("Status", one.get("State")) == "ACTIVE"] for page in pages]
