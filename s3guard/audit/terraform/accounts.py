"""The facts of the accounts of a plan: their trails, deliveries by CloudWatch Logs, and the block of public access."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, Final, TypeVar

from s3guard.audit.accounts import LOG_TYPE
from s3guard.audit.facts import Fact, NotKnownError, Origin, Unknown, Value
from s3guard.audit.rows import EventSelector, FieldSelector, LogDelivery, Trail
from s3guard.audit.terraform import settings
from s3guard.audit.terraform.joined import Joins
from s3guard.audit.terraform.plan import Resource
from s3guard.audit.unsettled import Block, Pending, fact, symbol

T = TypeVar("T")
TRAIL: Final = "aws_cloudtrail"
STORE: Final = "aws_cloudtrail_event_data_store"
PUBLIC: Final = "aws_s3_account_public_access_block"
_DELIVERY: Final = "aws_cloudwatch_log_delivery"
_OPERATORS: Final = ("equals", "starts_with", "ends_with", "not_equals", "not_starts_with", "not_ends_with")


def facts_of(
    resources: Sequence[Resource], joins: Joins, origin: Callable[[Resource], Origin], region: Callable[[Resource], Fact[str]]
) -> dict[str, Fact[Any]]:
    """The facts that the resources of one account say; trails only where there is one, since others may be there."""
    found: dict[str, Fact[Any]] = {"log_deliveries": _all(lambda: _deliveries(resources, joins), _DELIVERY)}
    trails = [one for one in resources if one.type == TRAIL]
    if trails:
        found["trails"] = _all(lambda: (_trail(one, joins, origin(one), region(one)) for one in trails), TRAIL)
    stores = [one for one in resources if one.type == STORE]
    if stores:
        found["event_data_stores"] = _all(lambda: (_store(one, origin(one), region(one)) for one in stores), STORE)
    for one in resources:
        if one.type == PUBLIC:
            found["public_access_block"] = fact(partial(settings.public_access_block, Block(one.values, one.address)), origin(one))
    return found


def _all(read: Callable[[], Iterable[T]], call: str) -> Fact[tuple[T, ...]]:
    try:
        return Value(tuple(read()), Origin(call))
    except NotKnownError as error:
        return Unknown(str(error))


def _trail(resource: Resource, joins: Joins, origin: Origin, region: Fact[str]) -> Trail:
    block = Block(resource.values, resource.address)
    return Trail(
        arn=_arn(resource),
        home_region=region.value if isinstance(region, Value) else None,
        s3_bucket_name=joins.named(resource, ("s3_bucket_name",), resource.values.get("s3_bucket_name")),
        is_multi_region=block.flag("is_multi_region_trail"),
        is_logging=fact(lambda: block.flag("enable_logging", default=True), origin),
        selectors=fact(lambda: tuple(_classic(block)), origin),
        advanced=fact(lambda: _advanced(block), origin),
    )


def _arn(resource: Resource) -> str:
    found = resource.values.get("arn")
    return found if isinstance(found, str) and found else symbol(f"{resource.address}.arn")


def _classic(block: Block) -> Iterator[EventSelector]:
    for one in block.blocks("event_selector"):
        data = [said for said in one.blocks("data_resource") if said.needed("type") == "AWS::S3::Object"]
        arns = tuple(arn for said in data for arn in said.texts("values"))
        if arns:
            yield EventSelector(one.text("read_write_type") or "All", arns)


def _advanced(block: Block) -> tuple[tuple[FieldSelector, ...], ...]:
    return tuple(tuple(map(_field, one.blocks("field_selector"))) for one in block.blocks("advanced_event_selector"))


def _field(said: Block) -> FieldSelector:
    return FieldSelector(said.needed("field"), *(said.texts(name) for name in _OPERATORS))


def _store(resource: Resource, origin: Origin, region: Fact[str]) -> Trail:
    block = Block(resource.values, resource.address)
    return Trail(
        arn=_arn(resource),
        home_region=region.value if isinstance(region, Value) else None,
        s3_bucket_name=None,
        is_multi_region=block.flag("multi_region_enabled", default=True),
        is_logging=Value(value=True, origin=origin),
        selectors=Value((), origin),
        advanced=fact(lambda: _advanced(block), origin),
    )


def _deliveries(resources: Sequence[Resource], joins: Joins) -> Iterator[LogDelivery]:
    """Deliveries of S3's access logs: their source, their destination, and what joins the two."""
    sources: dict[str, str] = {}
    for one in resources:
        block = Block(one.values, one.address)
        if one.type == f"{_DELIVERY}_source" and block.text("log_type") == LOG_TYPE:
            sources[block.needed("name")] = _bucket_arn(one, joins)
    for one in resources:
        block = Block(one.values, one.address)
        if one.type == _DELIVERY and sources and block.needed("delivery_source_name") in sources:
            arn = one.values.get("delivery_destination_arn")
            kind = _kind(arn, resources)
            destination = symbol(f"{one.address}.delivery_destination_arn") if isinstance(arn, Pending) else str(arn)
            yield LogDelivery(sources[block.needed("delivery_source_name")], destination, kind)


def _bucket_arn(resource: Resource, joins: Joins) -> str:
    """The ARN of the bucket whose access logs are delivered."""
    found = resource.values.get("resource_arn")
    return found if isinstance(found, str) else joins.arn(resource, ("resource_arn",), found)


def _kind(arn: object, resources: Sequence[Resource]) -> str:
    """What a destination is; of one that is open, what all of the plan are."""
    there = [one.values for one in resources if one.type == f"{_DELIVERY}_destination"]
    found = [one.get("delivery_destination_type") for one in there if isinstance(arn, Pending) or one.get("arn") == arn]
    kinds = {one for one in found if isinstance(one, str)}
    return next(iter(kinds)) if len(kinds) == 1 and len(found) == len(there) else "of a kind that is known after apply"
