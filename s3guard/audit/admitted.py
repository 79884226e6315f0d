"""Who may read the logs by the policy: its `readers`, compared with the principals of bucket policies and ACLs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from s3guard.audit.permission import Who, account_of
from s3guard.patterns import PARTITION, Term, term

_ROLE: Final = re.compile(rf"arn:({PARTITION}):iam::([0-9]{{12}}):role/(?:.*/)?([^:/]+)")
_ACCOUNT: Final = re.compile(r"[0-9]{12}")


def is_admitted(patterns: Sequence[str] | None, who: Who, owner_id: str | None = None) -> bool:
    """Whether one of the patterns admits a principal; ``authenticated`` admits whoever is named. None admits nobody."""
    return any(_matches(term(one), who, owner_id) for one in patterns or ())


def _matches(asked: Term, who: Who, owner_id: str | None) -> bool:
    requester = _as_logged(who)
    if who.kind == "*":
        return False
    match asked.part:
        case "authenticated":
            return True
        case "owner":
            return owner_id is not None and who.name == owner_id
        case "account":
            return _account_stem(who) in asked.values or any(requester.startswith(f"{stem}:") for stem in asked.values)
        case "role":
            return any(requester.startswith(f"{stem}/") for stem in asked.values)
        case "regex":
            return any(re.fullmatch(regex, requester, re.DOTALL) for regex in asked.values)
    return requester in asked.values


def _as_logged(who: Who) -> str:
    """A principal as logs would write its requests; a role as a session of a name that no pattern spells."""
    if who.kind == "Service":
        return f"svc:{who.name}"
    role = _ROLE.fullmatch(who.name)
    return f"arn:{role[1]}:sts::{role[2]}:assumed-role/{role[3]}/ " if role else who.name


def _account_stem(who: Who) -> str | None:
    """``arn:aws:iam::111122223333`` where the principal is that account as a whole."""
    if _ACCOUNT.fullmatch(who.name):
        return f"arn:aws:iam::{who.name}"
    account = account_of(who.name)
    return who.name.removesuffix(":root") if account is not None and who.name.endswith(f":{account}:root") else None
