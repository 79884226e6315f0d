"""The facts of the account that a CloudFormation template is deployed to: its trails, and deliveries by CloudWatch Logs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, Final, TypeVar

from s3guard.audit.accounts import LOG_TYPE
from s3guard.audit.cloudformation.conditions import Doubt
from s3guard.audit.cloudformation.intrinsics import Resolver
from s3guard.audit.cloudformation.template import Resource
from s3guard.audit.facts import Fact, NotKnownError, Origin, Unknown, Value
from s3guard.audit.rows import EventSelector, FieldSelector, LogDelivery, Trail
from s3guard.audit.unsettled import Block, fact

T = TypeVar("T")
TRAIL: Final = "AWS::CloudTrail::Trail"
STORE: Final = "AWS::CloudTrail::EventDataStore"
_REGION: Final = "${AWS::Region}"
_OPERATORS: Final = ("Equals", "StartsWith", "EndsWith", "NotEquals", "NotStartsWith", "NotEndsWith")


def facts_of(resolver: Resolver, resources: Sequence[Resource]) -> dict[str, Fact[Any]]:
    """The facts that the template says; trails only where it makes one, since others may be there."""
    found: dict[str, Fact[Any]] = {"log_deliveries": _log_deliveries(resolver, resources)}
    for key, kind, read in (("trails", TRAIL, _trail), ("event_data_stores", STORE, _store)):
        if any(one.type == kind for one in resources):
            found[key] = _all(partial(_made, resolver, resources, kind, read), kind)
    return found


def _all(read: Callable[[], Iterable[T]], call: str) -> Fact[tuple[T, ...]]:
    try:
        return Value(tuple(read()), Origin(call))
    except NotKnownError as error:
        return Unknown(str(error))


def _made(resolver: Resolver, resources: Sequence[Resource], kind: str, read: Callable[[Resolver, Resource], T]) -> Iterator[T]:
    for one in resources:
        if one.type == kind and resolver.condition(one.condition) is not False:
            holds = resolver.condition(one.condition)
            if isinstance(holds, Doubt):
                raise NotKnownError(f"whether {one.id} is made: {holds.reason}")
            yield read(resolver, one)


def _trail(resolver: Resolver, resource: Resource) -> Trail:
    block, origin = resolver.block(resource), Origin(resource.id, resource.location)
    return Trail(
        arn=resolver.attribute(resource.id, "Arn"),
        home_region=_REGION,
        s3_bucket_name=block.needed("S3BucketName", symbolic=True),
        is_multi_region=block.flag("IsMultiRegionTrail"),
        is_logging=fact(lambda: block.flag("IsLogging"), origin),
        selectors=fact(lambda: tuple(_classic(block)), origin),
        advanced=fact(lambda: _advanced(block), origin),
    )


def _classic(block: Block) -> Iterator[EventSelector]:
    for one in block.blocks("EventSelectors"):
        data = [said for said in one.blocks("DataResources") if said.needed("Type") == "AWS::S3::Object"]
        arns = tuple(arn for said in data for arn in said.texts("Values", symbolic=True))
        if arns:
            yield EventSelector(one.text("ReadWriteType") or "All", arns)


def _advanced(block: Block) -> tuple[tuple[FieldSelector, ...], ...]:
    return tuple(tuple(map(_field, one.blocks("FieldSelectors"))) for one in block.blocks("AdvancedEventSelectors"))


def _field(said: Block) -> FieldSelector:
    return FieldSelector(said.needed("Field"), *(said.texts(name, symbolic=True) for name in _OPERATORS))


def _store(resolver: Resolver, resource: Resource) -> Trail:
    block, origin = resolver.block(resource), Origin(resource.id, resource.location)
    return Trail(
        arn=resolver.attribute(resource.id, "EventDataStoreArn"),
        home_region=_REGION,
        s3_bucket_name=None,
        is_multi_region=block.flag("MultiRegionEnabled", default=True),
        is_logging=fact(lambda: block.flag("IngestionEnabled", default=True), origin),
        selectors=Value((), origin),
        advanced=fact(lambda: _advanced(block), origin),
    )


def _log_deliveries(resolver: Resolver, resources: Sequence[Resource]) -> Fact[tuple[LogDelivery, ...]]:
    """Deliveries of S3's access logs: their source, their destination, and what joins the two."""

    def read() -> Iterator[LogDelivery]:
        sources = dict(_made(resolver, resources, "AWS::Logs::DeliverySource", _source))
        kinds = dict(_made(resolver, resources, "AWS::Logs::DeliveryDestination", _destination))
        for source, destination in _made(resolver, resources, "AWS::Logs::Delivery", _delivery):
            arn = sources.get(source)
            if arn is not None:
                yield LogDelivery(arn, destination, kinds.get(destination, "of a kind that is not in the template"))

    return _all(read, "AWS::Logs::Delivery")


def _source(resolver: Resolver, resource: Resource) -> tuple[str, str | None]:
    """Its name, and the bucket whose access logs it is; None for other logs."""
    block = resolver.block(resource)
    is_ours = block.text("LogType") == LOG_TYPE
    name = block.needed("Name", symbolic=True)
    return name, block.needed("ResourceArn", symbolic=True) if is_ours else None


def _destination(resolver: Resolver, resource: Resource) -> tuple[str, str]:
    """Its ARN and its kind."""
    block = resolver.block(resource)
    return resolver.attribute(resource.id, "Arn"), block.text("DeliveryDestinationType") or _kind(block)


def _kind(block: Block) -> str:
    service = (block.text("DestinationResourceArn", symbolic=True) or "").split(":")[2:3]
    return {"logs": "CWL", "s3": "S3", "firehose": "FH"}.get("".join(service), "of a kind that is not in the template")


def _delivery(resolver: Resolver, resource: Resource) -> tuple[str, str]:
    """The name of its source, and the ARN of its destination."""
    block = resolver.block(resource)
    return block.needed("DeliverySourceName", symbolic=True), block.needed("DeliveryDestinationArn", symbolic=True)
