"""Whether a bucket policy lets a request through: yes, no, or undecidable, as IAM weighs a resource's policy.

What it cannot see, and so does not weigh:

* service control policies, resource control policies and VPC endpoint policies, which can deny what a bucket policy allows;
* identity policies, permission boundaries and session policies of users and roles; access points and their policies; access grants;
* the key policy of a KMS key that the bucket's default encryption names;
* the values of numbers, dates and addresses in conditions: they leave a statement open unless their key is surely absent;
* policy variables (``${aws:PrincipalAccount}``), which stand for any text;
* regional names beside ``logging.s3.amazonaws.com`` in ``aws:PrincipalServiceNamesList``;
* whether AWS itself reads a rule as its documentation does: the vectors of the tests are our reading of it, not AWS's answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from s3guard.audit.bucket_policy import ANYBODY, Condition, Statement
from s3guard.audit.condition import Context, holds
from s3guard.audit.facts import is_symbolic
from s3guard.audit.likeness import Tokens, lowered, matches, pattern
from s3guard.audit.tristate import Tri, all_of, any_of, opposite


@dataclass(frozen=True, slots=True)
class Who:
    """Who asks."""

    kind: Literal["Service", "AWS", "CanonicalUser", "Federated", "*"]
    """As a policy's Principal calls it; ``*``: anybody at all, so that a statement about some of them is undecided."""
    name: str = "*"


@dataclass(frozen=True, slots=True)
class Request:
    """One request, or a family of which not every character is known."""

    who: Who
    action: Tokens
    resource: Tokens
    context: Context


@dataclass(frozen=True, slots=True)
class Decision:
    """What a policy says of a request."""

    is_allowed: Tri
    """False: explicitly denied, or allowed by nothing; None: undecidable."""
    allows: tuple[Statement, ...]
    denies: tuple[Statement, ...]
    may_allow: tuple[Statement, ...]
    """Statements of which nobody can tell whether they apply."""
    may_deny: tuple[Statement, ...]


def decide(policy: Sequence[Statement], request: Request) -> Decision:
    """An explicit Deny wins, then an Allow, else nothing allows it."""
    said = [(statement, applies(statement, request)) for statement in policy]

    def those(effect: str, found: Tri) -> tuple[Statement, ...]:
        return tuple(statement for statement, one in said if statement.effect == effect and one is found)

    denied = any_of(found for statement, found in said if statement.effect == "Deny")
    allowed = any_of(found for statement, found in said if statement.effect == "Allow")
    is_allowed = all_of((allowed, opposite(denied)))
    return Decision(is_allowed, those("Allow", found=True), those("Deny", found=True), those("Allow", None), those("Deny", None))


def applies(statement: Statement, request: Request) -> Tri:
    """Whether a statement speaks about the request."""
    aimed = is_aimed(statement, request)
    return aimed if aimed is False else all_of((aimed, *(holds(condition, request.context) for condition in statement.conditions)))


def is_aimed(statement: Statement, request: Request) -> Tri:
    """As `applies`, without its conditions."""
    return all_of((concerns(statement, request.who), has_action(statement, request.action), has_resource(statement, request.resource)))


def concerns(statement: Statement, who: Who) -> Tri:
    """Whether a statement speaks about whoever asks."""
    if statement.principals is not None:
        return any_of(_is(one, who) for one in statement.principals)
    return opposite(any_of(_is(one, who) for one in statement.not_principals or ()))


def _is(named: tuple[str, str], who: Who) -> Tri:
    kind, name = named
    # NOTE: IAM takes "*" and {"AWS": "*"} for the same, services included.
    if named in (ANYBODY, ("AWS", "*")):
        return True
    if who.kind == "*":
        return None
    if kind != who.kind:
        return False
    if name == who.name or (kind == "AWS" and _is_of_account(name, who.name)):
        return True
    return None if name == "*" or is_symbolic(name) or is_symbolic(who.name) else False


def _is_of_account(name: str, who: str) -> bool:
    """Whether a principal stands for the whole account that somebody is of."""
    return is_account(name) and account_of(name) == account_of(who)


def is_account(name: str) -> bool:
    """Whether a principal stands for an account as a whole: ``111122223333`` or its root's ARN."""
    account = account_of(name)
    return account is not None and (name == account or name.endswith(f":{account}:root"))


def account_of(name: str) -> str | None:
    """The account in an ARN of IAM or STS, or an account's number itself; None where there is none."""
    if ":" not in name or name.startswith("${"):
        return name if name.isdigit() or is_symbolic(name) else None
    # NOTE: symbols such as ${AWS::AccountId} hold colons, so an ARN is cut at its own first four and its last one.
    parts = name.split(":", 4)
    return parts[4].rpartition(":")[0] or None if len(parts) == 5 and parts[0] == "arn" else None


def has_action(statement: Statement, action: Tokens) -> Tri:
    """Whether a statement is about an action; letters' case does not matter."""
    if statement.actions is not None:
        return any_of(matches(lowered(pattern(one)), lowered(action)) for one in statement.actions)
    return opposite(any_of(matches(lowered(pattern(one)), lowered(action)) for one in statement.not_actions or ()))


def has_resource(statement: Statement, resource: Tokens) -> Tri:
    """Whether a statement is about a resource."""
    if statement.resources is not None:
        return any_of(matches(pattern(one), resource) for one in statement.resources)
    return opposite(any_of(matches(pattern(one), resource) for one in statement.not_resources or ()))


def open_conditions(statements: Iterable[Statement], context: Context) -> tuple[Condition, ...]:
    """The conditions of statements that leave them undecided."""
    return tuple(condition for statement in statements for condition in statement.conditions if holds(condition, context) is None)
