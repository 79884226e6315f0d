"""Which bucket of a plan a resource is about: by the bucket's name where that is known, else by what the configuration refers to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from s3guard.audit.facts import NotKnownError
from s3guard.audit.terraform.plan import APPLY, Plan, Resource
from s3guard.audit.terraform.references import References
from s3guard.audit.terraform.settings import OWN
from s3guard.audit.unsettled import Pending, symbol

BUCKET: Final = "aws_s3_bucket"
LOGGING: Final = "aws_s3_bucket_logging"
POLICY: Final = "aws_s3_bucket_policy"
TIERING: Final = "aws_s3_bucket_intelligent_tiering_configuration"
FACTS: Final = {LOGGING: "logging", POLICY: "policy", TIERING: "intelligent_tiering", **{kind: fact for kind, (fact, _) in OWN.items()}}
"""Types of resources about one bucket, with the fact that each says."""


class Joins:
    """Resources and their buckets."""

    def __init__(self, plan: Plan) -> None:
        """All of one plan."""
        self._plan = plan
        self.references: Final = References(plan, frozenset(FACTS) | {"data.aws_s3_bucket"})
        self.buckets: Final = tuple(one for one in plan.resources if one.type == BUCKET and not one.is_data and not one.is_gone)
        self._by_name = {name: one for one in self.buckets if isinstance(name := one.values.get("bucket"), str)}
        self._own: dict[tuple[str, str], list[Resource]] = {}
        self._doubts: dict[tuple[str, str | None], list[Resource]] = {}
        for one in plan.resources:
            if one.type in FACTS and not one.is_data and not one.is_gone:
                self._join(one, FACTS[one.type])
        gone = (one for one in plan.resources if one.type in FACTS and not one.is_data and one.is_gone)
        self._gone = {(FACTS[one.type], name): one for one in gone if isinstance(name := one.before.get("bucket"), str)}

    def _join(self, resource: Resource, fact: str) -> None:
        """To its bucket, to all that it may be of, or to any."""
        buckets = self._of(resource)
        if buckets is None:
            self._doubts.setdefault((fact, None), []).append(resource)
        elif len(buckets) == 1:
            self._own.setdefault((fact, buckets[0].address), []).append(resource)
        else:
            for bucket in buckets:
                self._doubts.setdefault((fact, bucket.address), []).append(resource)

    def of(self, fact: str, bucket: Resource) -> tuple[Resource, ...]:
        """The resources that say this fact of a bucket."""
        return tuple(self._own.get((fact, bucket.address), ()))

    def doubts(self, fact: str, bucket: Resource) -> tuple[Resource, ...]:
        """The resources that may say this fact of a bucket, or of another."""
        return tuple(one for where in (bucket.address, None) for one in self._doubts.get((fact, where), ()))

    def gone(self, fact: str, bucket: Resource) -> Resource | None:
        """The resource that said this fact of a bucket, and no longer will."""
        name = bucket.values.get("bucket")
        return self._gone.get((fact, name)) if isinstance(name, str) else None

    def name(self, bucket: Resource) -> str:
        """The name of a bucket, a symbol where it is not known."""
        found = bucket.values.get("bucket")
        return found if isinstance(found, str) and found else symbol(bucket.address)

    def named(self, resource: Resource, path: Sequence[str | int], value: object) -> str:
        """The name of the bucket that an attribute says; NotKnownError where nobody knows which."""
        if isinstance(value, str) and value:
            found = self._by_name.get(value)
            return value if found is None else self.name(found)
        if not isinstance(value, Pending):
            raise NotKnownError(f"{resource.address} names no bucket")
        there = self.references.instances(resource, path, BUCKET)
        if there is None or len(there) != 1:
            raise NotKnownError(value.reason)
        return self.name(there[0])

    def arn(self, resource: Resource, path: Sequence[str | int], value: object) -> str:
        """The ARN of the bucket that an attribute says; NotKnownError where nobody knows which."""
        there = self.references.instances(resource, path, BUCKET, frozenset({"arn"}))
        if there is None or len(there) != 1:
            raise NotKnownError(value.reason if isinstance(value, Pending) else f"{resource.address} names no bucket")
        return f"arn:aws:s3:::{self.name(there[0])}"

    def _of(self, resource: Resource) -> tuple[Resource, ...] | None:
        value = resource.values.get("bucket", APPLY)
        if isinstance(value, str):
            found = self._by_name.get(value)
            return () if found is None else (found,)
        return self.references.instances(resource, ("bucket",), BUCKET)
