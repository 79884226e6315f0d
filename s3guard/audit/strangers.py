"""Who a bucket policy lets at the logs: each principal of each Allow, and what it may do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from s3guard.audit.bucket_policy import ANYBODY, Statement
from s3guard.audit.condition import Context, Missing
from s3guard.audit.graph import SERVICE
from s3guard.audit.likeness import Tokens, text
from s3guard.audit.permission import Request, Who, account_of, applies, concerns, has_action, has_resource, is_account, is_aimed

READING: Final = ("s3:GetObject", "s3:GetObjectVersion")
"""What shows the text of logs."""
HARMING: Final = (
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:PutLifecycleConfiguration",
    "s3:PutBucketPolicy",
    "s3:DeleteBucketPolicy",
    "s3:PutBucketAcl",
    "s3:PutObjectAcl",
    "s3:PutBucketOwnershipControls",
    "s3:PutBucketVersioning",
    "s3:PutBucketPublicAccessBlock",
)
"""What makes logs go, or opens the bucket."""
WRITING: Final = ("s3:PutObject",)
"""What forges logs, and overwrites them."""
_ON_BUCKET: Final = frozenset(action for action in HARMING if "Object" not in action)
_NARROWING: Final = ("aws:principalaccount", "aws:principalarn")


@dataclass(frozen=True, slots=True)
class Access:
    """What one statement lets one principal do."""

    statement: Statement
    who: Who
    actions: tuple[str, ...]
    """Of those that were asked about."""
    open: tuple[str, ...]
    """Denies of which nobody can tell whether they take it away again."""

    @property
    def is_narrowed(self) -> bool:
        """Whether the statement is about everybody, and only its conditions leave this principal."""
        return (self.who.kind, self.who.name) not in (self.statement.principals or ())

    @property
    def name(self) -> str:
        """The principal, in a sentence."""
        return "everybody" if self.who.kind == "*" else self.who.name


def accesses(policy: Sequence[Statement], arn: str, actions: Sequence[str]) -> Iterator[Access]:
    """What each Allow gives to each of its principals and no Deny surely takes away."""
    for statement in policy:
        if statement.effect == "Allow":
            for who in principals(statement):
                if (who.kind, who.name) != ("Service", SERVICE):
                    yield from _access(policy, statement, who, arn, actions)


def _access(policy: Sequence[Statement], statement: Statement, who: Who, arn: str, actions: Sequence[str]) -> Iterator[Access]:
    given: list[str] = []
    doubts: list[str] = []
    for action in actions:
        request = Request(who, text(action), _resource(arn, action), _context(who))
        if has_action(statement, request.action) is False or has_resource(statement, request.resource) is False:
            continue
        if applies(statement, request) is False:
            continue
        denies = [one for one in policy if one.effect == "Deny"]
        if any(applies(one, request) for one in denies):
            continue
        given.append(action)
        doubts += [one.name for one in denies if _may_take_away(one, request)]
    if given:
        yield Access(statement, who, tuple(given), tuple(dict.fromkeys(doubts)))


def _may_take_away(statement: Statement, request: Request) -> bool:
    """Whether a Deny may take it from whoever asks altogether: one about some principals or some objects leaves the rest."""
    if applies(statement, request) is not None:
        return False
    return is_aimed(statement, request) is True or (statement.not_principals is not None and concerns(statement, request.who) is None)


def _resource(arn: str, action: str) -> Tokens:
    return text(arn) if action in _ON_BUCKET else text(f"{arn}/${{any key}}")


def _context(who: Who) -> Context:
    known: dict[str, tuple[str, ...] | Missing] = {"aws:securetransport": ("true",)}
    if who.kind == "AWS":
        known["aws:principalisawsservice"] = ("false",)
        account = account_of(who.name)
        if account is not None:
            known["aws:principalaccount"] = (account,)
        if not is_account(who.name) and "*" not in who.name:
            known["aws:principalarn"] = (who.name,)
    return known


def principals(statement: Statement) -> tuple[Who, ...]:
    """Whom a statement is about; of everybody, those that its conditions on ``aws:PrincipalAccount`` and ``aws:PrincipalArn`` leave."""
    found: list[Who] = []
    for kind, name in statement.principals or (ANYBODY,):
        if (kind, name) in (ANYBODY, ("AWS", "*")):
            found += _narrowed(statement) or [Who("*")]
        else:
            found.append(Who(kind, name))  # type: ignore[arg-type] # a statement has no other kinds
    return tuple(dict.fromkeys(found))


def _narrowed(statement: Statement) -> list[Who]:
    for condition in statement.conditions:
        operator = condition.operator
        if condition.key.lower() in _NARROWING and operator in ("StringEquals", "StringLike", "ArnEquals", "ArnLike"):
            return [Who("*") if value == "*" else Who("AWS", value) for value in condition.values]
    return []
