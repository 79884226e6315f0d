"""The facts of the buckets of a plan: of their own resources, of the blocks of ``aws_s3_bucket``, and of what AWS does by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from s3guard.audit.facts import Absent, Fact, NotKnownError, Origin, Unknown, Value
from s3guard.audit.fresh import is_public, new_bucket
from s3guard.audit.rows import Logging, ObjectLock, Versioning
from s3guard.audit.terraform import settings
from s3guard.audit.terraform.documents import Documents
from s3guard.audit.terraform.joined import LOGGING, POLICY, TIERING, Joins
from s3guard.audit.terraform.places import Places
from s3guard.audit.terraform.plan import Plan, Resource
from s3guard.audit.terraform.providers import Providers
from s3guard.audit.unsettled import Block, Pending, Tree, fact

_INLINE: Final = {
    "acl": "acl",
    "encryption": "server_side_encryption_configuration",
    "lifecycle": "lifecycle_rule",
    "logging": "logging",
    "object_lock": "object_lock_configuration",
    "payer": "request_payer",
    "policy": "policy",
    "versioning": "versioning",
}
"""Facts with the attribute of aws_s3_bucket that says them too."""
_LEFT: Final[dict[str, Callable[[Fact[Any], Origin], Fact[Any]]]] = {
    **dict.fromkeys(("logging", "policy", "lifecycle", "intelligent_tiering", "encryption", "payer"), lambda usual, _origin: usual),
    "object_ownership": lambda _usual, origin: Absent("", origin),
    "public_access_block": lambda _usual, origin: Absent("", origin),
    "versioning": lambda _usual, origin: Value(Versioning("Suspended"), origin),
}
"""What is left where the resource that said a fact is destroyed, from what a new bucket has."""
_UNSAID: Final = "the bucket is there already, and the plan does not say it"


class Buckets:
    """The buckets of one plan."""

    def __init__(self, plan: Plan, joins: Joins, places: Places, providers: Providers) -> None:
        """Nothing is looked at before it is asked for."""
        self._plan = plan
        self._joins = joins
        self._places = places
        self._documents = Documents(plan, joins, places, providers)

    def origin(self, resource: Resource) -> Origin:
        """Where a resource says what it says."""
        return Origin(resource.address, self._places.of(resource))

    def facts_of(self, bucket: Resource) -> dict[str, Fact[Any]]:
        """All facts of a bucket but its Region."""
        found = new_bucket(self.origin(bucket))
        for name in found:
            if name not in ("exists", "policy_is_public"):
                found[name] = self._fact(name, bucket, found[name])
        if isinstance(found["object_lock"], Absent | Unknown):
            found["object_lock"] = self._flagged_lock(bucket, found["object_lock"])
        if isinstance(found["object_lock"], Value) and isinstance(found["versioning"], Absent):
            # NOTE: Object Lock switches versioning on by itself, and nobody can switch it off.
            found["versioning"] = Value(Versioning("Enabled"), found["object_lock"].origin)
        found["policy_is_public"] = is_public(found["policy"])
        return found

    def _fact(self, name: str, bucket: Resource, usual: Fact[Any]) -> Fact[Any]:
        own = self._joins.of(name, bucket)
        doubts = self._joins.doubts(name, bucket)
        if name == "intelligent_tiering" and own and not doubts:
            told = [self._own(one) for one in own]
            unknown = next((one for one in told if isinstance(one, Unknown)), None)
            return unknown or Value(tuple(one.value for one in told if isinstance(one, Value)), self.origin(own[0]))
        if len(own) > 1:
            return Unknown(f"{' and '.join(one.address for one in own)} both say it", origin=self.origin(own[1]))
        if own and name != "intelligent_tiering":
            return self._own(own[0])
        if doubts:
            reason = f"the bucket that {doubts[0].address} is about is known after apply"
            return Unknown(reason, origin=self.origin(doubts[0]))
        if self._plan.is_partial:
            return Unknown("the plan is not complete, as Terraform says in it", origin=self.origin(bucket))
        gone = None if bucket.is_new else self._joins.gone(name, bucket)
        if gone is not None and gone.is_forgotten:
            return Unknown(f"Terraform forgets {gone.address}, and does not say what it leaves", origin=self.origin(bucket))
        if gone is not None and name in _LEFT:
            # NOTE: what the bucket's own attributes say was read before it is taken away.
            return _LEFT[name](usual, self.origin(bucket))
        return self._inline(name, bucket, usual)

    def _own(self, resource: Resource) -> Fact[Any]:
        """What a resource about one bucket says."""
        block, origin = Block(resource.values, resource.address), self.origin(resource)
        if resource.type == LOGGING:
            return fact(lambda: self._logging(resource, block, ("target_bucket",)), origin)
        if resource.type == POLICY:
            return fact(lambda: self._documents.text(resource, ("policy",), resource.values.get("policy")), origin)
        if resource.type == TIERING:
            return fact(lambda: settings.tiering(block), origin)
        return fact(lambda: settings.OWN[resource.type][1](block), origin)

    def _logging(self, resource: Resource, said: Block, path: tuple[str | int, ...]) -> Logging:
        origin = self.origin(resource)
        return Logging(
            fact(lambda: self._joins.named(resource, path, said.values.get("target_bucket")), origin),
            fact(lambda: said.text("target_prefix") or "", origin),
            fact(lambda: settings.key_format(said), origin),
            fact(lambda: settings.target_grants(said), origin),
        )

    def _inline(self, name: str, bucket: Resource, usual: Fact[Any]) -> Fact[Any]:
        """What the bucket's own attributes say, where no resource of its own does."""
        attribute = _INLINE.get(name)
        value = None if attribute is None else bucket.values.get(attribute)
        origin = self.origin(bucket)
        if attribute is None or (attribute not in bucket.values and not bucket.is_new):
            return usual if bucket.is_new else Unknown(_UNSAID, origin=origin)
        if isinstance(value, Pending) and bucket.is_new and not self._is_written(bucket, attribute):
            # NOTE: since version 4 of the provider these are computed: that they are open says nothing of the bucket.
            return self._inline_grants(bucket, usual) if name == "acl" else usual
        if value in (None, "", []) and name != "acl":
            return Absent("", origin) if not bucket.is_new else usual
        found = fact(lambda: self._read(name, bucket, value), origin)
        if isinstance(found, Absent) and name == "acl":
            return usual if bucket.is_new else Unknown(_UNSAID, origin=origin)
        return found

    def _inline_grants(self, bucket: Resource, usual: Fact[Any]) -> Fact[Any]:
        grants = bucket.values.get("grant")
        if not grants or (isinstance(grants, Pending) and not self._is_written(bucket, "grant")):
            return usual
        return fact(lambda: settings.inline_acl(Block({"grant": grants}, bucket.address)), self.origin(bucket))

    def _is_written(self, bucket: Resource, attribute: str) -> bool:
        configured = self._plan.configured(bucket)
        return configured is None or attribute in (configured.get("expressions") or {})

    def _read(self, name: str, bucket: Resource, value: Tree) -> object:
        block = Block(bucket.values, bucket.address)
        if name == "logging":
            return self._logging(bucket, block.needed_block("logging"), ("logging", 0, "target_bucket"))
        if name == "policy":
            return self._documents.text(bucket, ("policy",), value)
        read = _READERS.get(name)
        if read is None:
            raise NotKnownError(_UNSAID)
        return read(block)

    def _flagged_lock(self, bucket: Resource, usual: Fact[Any]) -> Fact[Any]:
        """``object_lock_enabled`` of the bucket, which no configuration of a default retention need follow."""
        value = bucket.values.get("object_lock_enabled")
        if isinstance(value, Pending) and not self._is_written(bucket, "object_lock_enabled"):
            return usual
        origin = self.origin(bucket)
        flag = fact(lambda: Block(bucket.values, bucket.address).flag("object_lock_enabled"), origin)
        if isinstance(flag, Unknown) or isinstance(usual, Unknown):
            return flag if isinstance(flag, Unknown) else usual
        return Value(ObjectLock(), origin) if isinstance(flag, Value) and flag.value else usual


_READERS: Final[dict[str, Callable[[Block], object]]] = {
    "acl": settings.inline_acl,
    "encryption": lambda said: settings.encryption(said.needed_block("server_side_encryption_configuration")),
    "lifecycle": lambda said: settings.inline_lifecycle(said.blocks("lifecycle_rule")),
    "object_lock": lambda said: settings.object_lock(said.needed_block("object_lock_configuration")),
    "payer": lambda said: said.text("request_payer"),
    "versioning": lambda said: settings.inline_versioning(said.needed_block("versioning")),
}
"""Facts that an attribute of aws_s3_bucket says."""
