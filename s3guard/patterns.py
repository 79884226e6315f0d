"""One principal pattern, read: what it asks of a requester, or what is wrong with it and what to write instead.

The forms and their meaning stand in `s3guard.principals`; the characters are those that IAM allows in names and paths.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import Final

import polars as pl

PARTITION: Final = r"aws(?:-[a-z]+)*"
"""Regular expression of the name of a partition of AWS."""

_MAX_LENGTH: Final = 2048
_OAI_PREFIX: Final = "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity "


@dataclass(frozen=True, slots=True)
class Term:
    """What one pattern asks of a requester."""

    part: str
    """``requester``, ``role`` or ``account``: that part of it equals a value; ``regex``; ``owner``; ``authenticated``."""
    values: tuple[str, ...] = ()


def term(pattern: str) -> Term:
    """What the pattern asks; ValueError for a malformed one, which says what is wrong and what to write instead."""
    if not pattern:
        raise ValueError("an empty pattern; write a principal, or `authenticated` for anyone who is signed in")
    if len(pattern) > _MAX_LENGTH:
        raise ValueError(f"a pattern of {len(pattern)} characters; the longest one is {_MAX_LENGTH}")
    if pattern != pattern.strip():
        raise ValueError(f"spaces around the pattern; write {pattern.strip()!r}")
    if pattern == "authenticated":
        return Term("authenticated")
    prefix, colon, rest = pattern.partition(":")
    reader = _READERS.get(prefix) if colon else None
    if reader is None:
        raise ValueError(_hint(pattern))
    return reader(rest)


def _account(rest: str) -> Term:
    partition, account = rest.rsplit(":", 1) if ":" in rest else ("aws", rest)
    if "*" in rest:
        raise ValueError("an account is written in full; write `authenticated` for anyone who is signed in")
    _check_partition(partition)
    _check_account(account)
    return Term("account", tuple(f"arn:{partition}:{service}::{account}" for service in ("iam", "sts")))


def _canonical(rest: str) -> Term:
    if rest == "owner":
        return Term("owner")
    if re.fullmatch(r"[0-9a-f]{64}", rest):
        return Term("requester", (rest,))
    if re.fullmatch(r"[0-9a-fA-F]{64}", rest):
        raise ValueError(f"a canonical user id is logged in lower case; write canonical:{rest.lower()}")
    raise ValueError(f"a canonical user id is 64 hexadecimal digits, this has {len(rest)} characters; or write canonical:owner")


def _service(rest: str) -> Term:
    if not re.fullmatch(r"[A-Za-z0-9._*-]+", rest):
        raise ValueError(f"{rest!r} is not the name of a service; write one such as service:delivery.logs.amazonaws.com")
    return _named("svc:", rest)


def _oai(rest: str) -> Term:
    if not re.fullmatch(r"[A-Za-z0-9]+", rest):
        raise ValueError(f"{rest!r} is not the id of an origin access identity; write one in full, such as oai:E2EXAMPLE1ABCD")
    return Term("requester", (_OAI_PREFIX + rest,))


def _arn(rest: str) -> Term:
    shape = re.fullmatch(r"([^:]*):([^:]*):([^:]*):([^:]*):(.*)", rest, re.DOTALL)
    if shape is None:
        raise ValueError(f"an incomplete ARN; {_ARN_FORMS}")
    partition, service, region, account, resource = shape.groups()
    if service == "iam" and account == "cloudfront":
        raise ValueError("an origin access identity is written by its id: oai:E…")
    if service not in ("iam", "sts"):
        raise ValueError(f"an ARN of {service or 'no service'!r} is no requester; {_ARN_FORMS}")
    if region:
        raise ValueError(f"IAM and STS have no region in their ARNs; write arn:{partition}:{service}::{account}:{resource}")
    _check_partition(partition)
    _check_account(account)
    kind, _, path_and_name = resource.partition("/")
    reader = _RESOURCES.get((service, kind))
    if reader is None:
        raise ValueError(_resource_hint(partition, service, account, resource))
    return reader(f"arn:{partition}:", account, path_and_name)


def _role(arn: str, account: str, path_and_name: str) -> Term:
    name = _name(path_and_name, "role")
    stem = f"{arn}sts::{account}:assumed-role/"
    if "*" in name:
        return Term("regex", (f"{pl.escape_regex(stem)}{_wild(name)}/.+",))
    return Term("role", (stem + name,))


def _session(arn: str, account: str, path_and_name: str) -> Term:
    role, slash, session = path_and_name.partition("/")
    as_role = f"{arn}iam::{account}:role/{role or 'NAME'}"
    if not slash or not session:
        raise ValueError(f"a session is ROLE/SESSION; write {as_role} for every session of the role")
    if "*" in role:
        raise ValueError(
            f"a session name is chosen by its caller, so the role before it is written in full; write {as_role} for every session"
        )
    _check_name(role, "role")
    _check_name(session, "session")
    return _named(f"{arn}sts::{account}:assumed-role/{role}/", session)


def _user(arn: str, account: str, path_and_name: str) -> Term:
    name = _name(path_and_name, "user")
    return _named(f"{arn}iam::{account}:user/{path_and_name.removesuffix(name)}", name)


def _federated(arn: str, account: str, path_and_name: str) -> Term:
    _check_name(path_and_name, "federated user")
    return _named(f"{arn}sts::{account}:federated-user/", path_and_name)


_ARN_FORMS: Final = (
    "write arn:aws:iam::111122223333:role/NAME, arn:aws:iam::111122223333:user/NAME, "
    "arn:aws:sts::111122223333:assumed-role/NAME/SESSION or arn:aws:sts::111122223333:federated-user/NAME"
)
_READERS: Final = {"account": _account, "canonical": _canonical, "service": _service, "oai": _oai, "arn": _arn}
_RESOURCES: Final = {
    ("iam", "role"): _role,
    ("iam", "user"): _user,
    ("sts", "assumed-role"): _session,
    ("sts", "federated-user"): _federated,
}


def _named(stem: str, name: str) -> Term:
    if "*" in name:
        return Term("regex", (pl.escape_regex(stem) + _wild(name),))
    return Term("requester", (stem + name,))


def _wild(name: str) -> str:
    if not name.strip("*"):
        return "[^:/]+"
    return "[^:/]*".join(pl.escape_regex(part) for part in re.split(r"\*+", name))


def _name(path_and_name: str, noun: str) -> str:
    path, _, name = path_and_name.rpartition("/")
    if "*" in path:
        raise ValueError(f"`*` stands in the {noun}'s name and never crosses `/`; write the path in full")
    if not re.fullmatch(r"[\x21-\x7e]*", path):
        raise ValueError(f"a character in the {noun}'s path that IAM does not allow")
    _check_name(name, noun)
    return name


def _check_name(name: str, noun: str) -> None:
    if not name:
        raise ValueError(f"the {noun}'s name is missing")
    wrong = re.search(r"[^A-Za-z0-9_+=,.@*-]", name)
    if wrong:
        advice = "; the only wildcard is `*`" if wrong[0] in "?[]{}" else ""
        raise ValueError(f"{wrong[0]!r} cannot stand in a {noun}'s name{advice}")


def _check_partition(partition: str) -> None:
    if not re.fullmatch(PARTITION, partition):
        raise ValueError(f"{partition!r} is not a partition; write aws, aws-cn or aws-us-gov")


def _check_account(account: str) -> None:
    if re.fullmatch(r"[0-9]{12}", account):
        return
    digits = account.replace("-", "")
    if re.fullmatch(r"[0-9]{12}", digits):
        raise ValueError(f"an account id is written without dashes: {digits}")
    if re.fullmatch(r"[0-9]+", account):
        raise ValueError(f"an account id has 12 digits, {account} has {len(account)} (leading zeros count)")
    raise ValueError(f"{account!r} is not an account id; write its 12 digits")


def _resource_hint(partition: str, service: str, account: str, resource: str) -> str:
    kind, _, name = resource.partition("/")
    if kind == "root":
        return f"an account's root is logged by its canonical user id: write canonical:64-hex; or account:{account} for users and roles"
    if kind == "group":
        return "a group makes no requests; write its users"
    for other, known in _RESOURCES:
        if kind == known and service != other:
            return f"{kind!r} belongs to {other}; write arn:{partition}:{other}::{account}:{kind}/{name or 'NAME'}"
    if kind == "*":
        return f"`*` does not cross `/`; write account:{account} for everyone of the account"
    return f"{kind!r} is no kind of requester; {_ARN_FORMS}"


def _hint(pattern: str) -> str:
    """What was probably meant by a pattern of no known form."""
    guesses = (
        (r"\*", "`*` alone is no pattern; write `authenticated` for anyone who is signed in"),
        (r"-|[Aa]nonymous", "an unauthenticated requester matches no pattern; use the rule `anonymous`"),
        (r"[0-9]{12}", f"an account is written account:{pattern}"),
        (r"[0-9]{4}-[0-9]{4}-[0-9]{4}", f"an account is written account:{pattern.replace('-', '')}"),
        (r"[0-9a-fA-F]{64}", f"a canonical user id is written canonical:{pattern.lower()}"),
        (r"owner", "the bucket's owner is written canonical:owner"),
        (r"AmazonS3", "what S3 does by itself is judged by no rule that takes principals; leave it out"),
        (r"svc:.*", f"a service is written service:{pattern.removeprefix('svc:')}"),
        (r"[a-z0-9.-]+\.amazonaws\.com(?:\.cn)?", f"a service is written service:{pattern}"),
        (r"E[A-Z0-9]{10,14}", f"an origin access identity is written oai:{pattern}"),
        (r"A[A-Z]{3}[A-Z0-9]{16,17}", "the log has no unique ids such as AIDA… or AROA…; write the ARN"),
        (r"@.*", "a named list stands alone, and is named under `principals`"),
        (r"(?:user|role|assumed-role|federated-user)/.*", f"a principal is a whole ARN; {_ARN_FORMS}"),
    )
    for regex, advice in guesses:
        if re.fullmatch(regex, pattern, re.DOTALL):
            return advice
    word, colon, rest = pattern.partition(":")
    near = difflib.get_close_matches(word.lower(), [*_READERS, "authenticated"], n=1)
    meant = f"; did you mean {near[0]}{colon if near[0] != 'authenticated' else ''}{rest}?" if near else ""
    return f"{pattern[:80]!r} is no principal{meant or '; write an ARN, account:, canonical:, service:, oai: or authenticated'}"
