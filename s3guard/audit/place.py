"""Where a finding stands in a template: the resource that says what the check looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from s3guard.audit.case import Case
from s3guard.audit.facts import Absent, Unknown, Value
from s3guard.model import Location


def place(needs: Sequence[str], case: Case) -> Location | None:
    """The place of the first fact of a check that has one, else of the bucket's resource; None of live accounts."""
    return next(_places(needs, case), case.bucket.location)


def _places(needs: Sequence[str], case: Case) -> Iterator[Location]:
    for need in needs:
        scope, _, name = need.rpartition(".")
        row = {"": case.bucket, "account": case.account}.get(scope)
        fact = getattr(row, name, None)
        if isinstance(fact, Value | Absent | Unknown) and fact.origin is not None and fact.origin.location is not None:
            yield fact.origin.location
