"""Who a requester is, and which patterns match it, by splitting strings."""

from __future__ import annotations

import re

OAI = "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity "


def parts(arn: str) -> tuple[str, str, str, str] | None:
    """Partition, service, account and resource of an IAM or STS ARN."""
    pieces = arn.split(":", 5)
    if len(pieces) != 6 or pieces[0] != "arn" or pieces[2] not in {"iam", "sts"} or pieces[3] != "":
        return None
    return pieces[1], pieces[2], pieces[4], pieces[5]


def principal_type(requester: str | None) -> str:  # noqa: PLR0911 - a case a line
    """What kind of principal a requester is."""
    if requester is None:
        return "anonymous"
    if requester == "AmazonS3":
        return "s3"
    if requester.startswith("svc:"):
        return "service"
    if requester.startswith(OAI):
        return "oai"
    if re.fullmatch("[0-9a-f]{64}", requester):
        return "canonical"
    found = parts(requester)
    if found is not None:
        _, service, account, resource = found
        digits = re.fullmatch("[0-9]{12}", account) is not None
        if digits and service == "iam" and resource.startswith("user/"):
            return "user"
        if digits and service == "sts" and resource.startswith("federated-user/"):
            return "federated-user"
        if digits and service == "sts" and re.match("assumed-role/[^/]+/.", resource):
            return "role"
    return "other"


def principal(requester: str | None) -> str | None:
    """The role for every session of a role, else the requester."""
    if requester is None or principal_type(requester) != "role":
        return requester
    partition, _, account, resource = parts(requester) or ("", "", "", "")
    return f"arn:{partition}:iam::{account}:role/{resource.split('/')[1]}"


def account(requester: str | None) -> str | None:
    """The twelve digits of the account in a requester's ARN."""
    found = parts(requester) if requester is not None else None
    return found[2] if found is not None and re.fullmatch("[0-9]{12}", found[2]) else None


def star(pattern: str, value: str) -> bool:
    """Whether a name matches; `*` never crosses `:` or `/`."""
    return re.fullmatch("[^:/]*".join(re.escape(piece) for piece in pattern.split("*")), value) is not None


def matches(pattern: str, requester: str | None, bucket_owner: str | None) -> bool:
    """Whether a policy's principal pattern matches the requester of a record of that bucket owner."""
    if requester is None:
        return False
    if pattern == "authenticated":
        return True
    if pattern.startswith("account:"):
        return matches_account(pattern, requester)
    if pattern == "canonical:owner":
        return requester == bucket_owner
    if pattern.startswith("canonical:"):
        return requester == pattern.removeprefix("canonical:")
    if pattern.startswith("service:"):
        return requester.startswith("svc:") and star(pattern.removeprefix("service:"), requester.removeprefix("svc:"))
    if pattern.startswith("oai:"):
        return requester == OAI + pattern.removeprefix("oai:")
    return matches_arn(pattern, requester)


def matches_account(pattern: str, requester: str) -> bool:
    """`account:ACCT` and `account:PARTITION:ACCT`: any user, role or federated user of it."""
    names = pattern.split(":")[1:]
    partition, wanted = names if len(names) == 2 else ("aws", names[0])
    found = parts(requester)
    if found is None or principal_type(requester) not in {"user", "role", "federated-user"}:
        return False
    return (found[0], found[2]) == (partition, wanted)


def matches_arn(pattern: str, requester: str) -> bool:
    """The ARN patterns: a role (its path ignored), one session, a user, a federated user."""
    wanted, found = parts(pattern), parts(requester)
    if wanted is None or found is None or (wanted[0], wanted[2]) != (found[0], found[2]):
        return False
    kind = principal_type(requester)
    resource, actual = wanted[3], found[3]
    if wanted[1] == "iam" and resource.startswith("role/"):
        return kind == "role" and star(resource.split("/")[-1], actual.split("/")[1])
    if wanted[1] == "sts" and resource.startswith("assumed-role/"):
        if kind != "role":
            return False
        _, role, session = resource.split("/", 2)
        _, actual_role, actual_session = actual.split("/", 2)
        return star(role, actual_role) and star(session, actual_session)
    if wanted[1] == "sts" and resource.startswith("federated-user/"):
        return kind == "federated-user" and star(resource.split("/", 1)[1], actual.split("/", 1)[1])
    if wanted[1] == "iam" and resource.startswith("user/"):
        path, _, name = resource.rpartition("/")
        actual_path, _, actual_name = actual.rpartition("/")
        return kind == "user" and path == actual_path and star(name, actual_name)
    return False
