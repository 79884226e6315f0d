"""What is known about one thing: its value, that it is not there, or that nobody could look and why.

"Could not look" never reads as "clean": a check that needs a fact takes it through `known`, which raises `NotKnownError` where it is
unknown, and so the check is undetermined. Nothing else has to be done for that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Literal, TypeAlias, TypeVar

from s3guard.model import Location

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a fact comes from."""

    call: str
    """The call of AWS's API (``GetBucketLogging``), or the resource of a template (``aws_s3_bucket_logging.logs``)."""
    location: Location | None = None
    """Of the resource in a template, where it is known; None for what a live account answered."""


@dataclass(frozen=True, slots=True)
class Value(Generic[T_co]):
    """A fact that is known."""

    value: T_co
    origin: Origin | None = None
    state: Literal["value"] = "value"


@dataclass(frozen=True, slots=True)
class Absent:
    """What is surely not configured: AWS said so with the code that its API has for it, or a complete template does not have it."""

    code: str = ""
    """``NoSuchBucketPolicy``; empty where a body without the key says it (GetBucketLogging), or a template without the resource."""
    origin: Origin | None = None
    state: Literal["absent"] = "absent"


@dataclass(frozen=True, slots=True)
class Unknown:
    """What could not be looked at."""

    reason: str
    """A clause for people, without a full stop: ``GetBucketPolicy was denied (AccessDenied); grant s3:GetBucketPolicy``."""
    denied: str | None = None
    """The IAM action that was missing, where that is why."""
    origin: Origin | None = None
    state: Literal["unknown"] = "unknown"


Fact: TypeAlias = Value[T_co] | Absent | Unknown
"""A fact of the row of a bucket or an account."""


class NotKnownError(Exception):
    """A check cannot be decided; the text is the reason, a clause for people."""


def known(fact: Fact[T_co]) -> T_co | None:
    """The value, None where it is surely absent; NotKnownError where nobody could look."""
    if isinstance(fact, Unknown):
        raise NotKnownError(fact.reason)
    return fact.value if isinstance(fact, Value) else None


def given(fact: Fact[T_co], what: str) -> T_co:
    """As `known`, for a fact that AWS always has: that `what` is absent says nothing, so it is NotKnownError too."""
    found = known(fact)
    if found is None:
        raise NotKnownError(f"{what} is not there, where AWS always says one")
    return found


def is_symbolic(text: str | None) -> bool:
    """Whether a text holds a ``${…}`` that stands for a value that a template will only know once it is deployed.

    Two texts that are the same are equal, whatever their symbols become; of two that differ and one of which is symbolic nobody knows.
    """
    return text is not None and "${" in text


def is_same(one: str, other: str) -> bool | None:
    """Whether two texts are equal; None where a symbol keeps that open."""
    if one == other:
        return True
    return None if is_symbolic(one) or is_symbolic(other) else False
