"""The facts of one account, asked of AWS: what no single bucket tells."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Final

from s3guard.audit import answers
from s3guard.audit.asking import ask
from s3guard.audit.facts import Fact, Origin, Unknown, Value
from s3guard.audit.rows import EventSelector, FieldSelector, LogDelivery, PublicAccessBlock, Trail

LOG_TYPE: Final = "S3_SERVER_ACCESS_LOGS"
"""Of deliveries by CloudWatch Logs: https://docs.aws.amazon.com/AmazonS3/latest/userguide/sal-cw-enabling.html"""
_PAGES: Final = 1_000

Clients = Callable[[str, str | None], Any]
"""A client of a service, in a Region or in that of the user."""


def public_access_block(clients: Clients, account: str) -> Fact[PublicAccessBlock]:
    """The four switches of the account."""
    return ask(
        lambda: clients("s3control", None).get_public_access_block(AccountId=account),
        "GetPublicAccessBlock of the account",
        "s3:GetAccountPublicAccessBlock",
        answers.public_access_block,
        ("NoSuchPublicAccessBlockConfiguration",),
    )


def directory_buckets(clients: Clients, region: str) -> Fact[tuple[str, ...]]:
    """The names of a Region's directory buckets."""
    return _all(
        partial(_page, clients, "s3", region, "list_directory_buckets", "ContinuationToken"),
        "ListDirectoryBuckets",
        "s3express:ListAllMyDirectoryBuckets",
        lambda page: [one["Name"] for one in page.get("Buckets") or ()],
        "ContinuationToken",
    )


def table_buckets(clients: Clients, region: str) -> Fact[tuple[tuple[str, str], ...]]:
    """Name and ARN of a Region's table buckets."""
    return _all(
        partial(_page, clients, "s3tables", region, "list_table_buckets", "continuationToken"),
        "ListTableBuckets",
        "s3tables:ListTableBuckets",
        lambda page: [(one["name"], one["arn"]) for one in page["tableBuckets"]],
        "continuationToken",
    )


def log_deliveries(clients: Clients, regions: Iterable[str]) -> Fact[tuple[LogDelivery, ...]]:
    """The deliveries of access logs by CloudWatch Logs; unknown where one Region could not be asked."""
    found: list[LogDelivery] = []
    for region in regions:
        sources = _all(
            partial(_page, clients, "logs", region, "describe_delivery_sources", "nextToken"),
            "DescribeDeliverySources",
            "logs:DescribeDeliverySources",
            lambda page: [(one["name"], one["resourceArns"]) for one in page["deliverySources"] if one["logType"] == LOG_TYPE],
            "nextToken",
        )
        if isinstance(sources, Unknown):
            return _in(region, sources)
        arns = dict(sources.value) if isinstance(sources, Value) else {}
        if not arns:
            continue
        deliveries = _all(
            partial(_page, clients, "logs", region, "describe_deliveries", "nextToken"),
            "DescribeDeliveries",
            "logs:DescribeDeliveries",
            lambda page: [
                (one["deliverySourceName"], one["deliveryDestinationArn"], one["deliveryDestinationType"]) for one in page["deliveries"]
            ],
            "nextToken",
        )
        if isinstance(deliveries, Unknown):
            return _in(region, deliveries)
        for name, destination, kind in deliveries.value if isinstance(deliveries, Value) else ():
            found.extend(LogDelivery(arn, destination, kind) for arn in arns.get(name, ()))
    return Value(tuple(sorted(set(found), key=lambda one: (one.source_arn, one.destination_arn))), Origin("DescribeDeliveries"))


def trails(clients: Clients, regions: Iterable[str]) -> Fact[tuple[Trail, ...]]:
    """The trails of the Regions, each once; unknown where one Region could not be asked."""
    found: dict[str, Mapping[str, Any]] = {}
    for region in regions:
        there: Fact[Any] = ask(
            partial(_page, clients, "cloudtrail", region, "describe_trails", "", None),
            "DescribeTrails",
            "cloudtrail:DescribeTrails",
            lambda answer: [(one["TrailARN"], one) for one in answer["trailList"]],
        )
        if isinstance(there, Unknown):
            return _in(region, there)
        found |= dict(there.value) if isinstance(there, Value) else {}
    return Value(tuple(_trail(clients, arn, found[arn]) for arn in sorted(found)), Origin("DescribeTrails"))


def _trail(clients: Clients, arn: str, said: Mapping[str, Any]) -> Trail:
    home = said.get("HomeRegion")
    is_logging: Fact[bool] = ask(
        lambda: clients("cloudtrail", home).get_trail_status(Name=arn),
        "GetTrailStatus",
        "cloudtrail:GetTrailStatus",
        lambda answer: bool(answer["IsLogging"]),
    )
    selected: Fact[Any] = ask(
        lambda: clients("cloudtrail", home).get_event_selectors(TrailName=arn),
        "GetEventSelectors",
        "cloudtrail:GetEventSelectors",
        _selected,
    )
    classic, advanced = (selected, selected) if not isinstance(selected, Value) else map(Value, selected.value)
    return Trail(arn, home, said.get("S3BucketName"), bool(said.get("IsMultiRegionTrail")), is_logging, classic, advanced)


def _selected(answer: Mapping[str, Any]) -> tuple[tuple[EventSelector, ...], tuple[tuple[FieldSelector, ...], ...]]:
    # NOTE: a trail has selectors of one of the two kinds, so an answer with neither is none.
    classic, advanced = answer.get("EventSelectors"), answer.get("AdvancedEventSelectors")
    if classic is None and advanced is None:
        raise KeyError("EventSelectors")
    return tuple(_classic(classic or ())), answers.advanced(advanced or ())


def _classic(selectors: Iterable[Mapping[str, Any]]) -> Iterator[EventSelector]:
    for one in selectors:
        arns = [arn for data in one.get("DataResources") or () if data["Type"] == "AWS::S3::Object" for arn in data["Values"]]
        if arns:
            yield EventSelector(one.get("ReadWriteType") or "All", tuple(arns))


def event_data_stores(clients: Clients, regions: Iterable[str]) -> Fact[tuple[Trail, ...]]:
    """The event data stores of CloudTrail Lake in the Regions; unknown where one Region could not be asked."""
    found: list[Trail] = []
    for region in regions:
        listed = _all(
            partial(_page, clients, "cloudtrail", region, "list_event_data_stores", "NextToken"),
            "ListEventDataStores",
            "cloudtrail:ListEventDataStores",
            lambda page: [one["EventDataStoreArn"] for one in page["EventDataStores"]],
            "NextToken",
        )
        if isinstance(listed, Unknown):
            return _in(region, listed)
        found.extend(_store(clients, region, arn) for arn in (listed.value if isinstance(listed, Value) else ()))
    return Value(tuple(sorted(found, key=lambda one: one.arn)), Origin("ListEventDataStores"))


def _store(clients: Clients, region: str, arn: str) -> Trail:
    said: Fact[Any] = ask(
        lambda: clients("cloudtrail", region).get_event_data_store(EventDataStore=arn),
        "GetEventDataStore",
        "cloudtrail:GetEventDataStore",
        lambda answer: (
            answer["Status"] == "ENABLED",
            answers.advanced(answer["AdvancedEventSelectors"]),
            bool(answer.get("MultiRegionEnabled")),
        ),
    )
    if not isinstance(said, Value):
        return Trail(arn, region, None, is_multi_region=False, is_logging=said, selectors=Value(()), advanced=said)
    enabled, advanced, is_multi = said.value
    return Trail(arn, region, None, is_multi, Value(enabled), Value(()), Value(advanced))


def counted(facts: Collection[Fact[tuple[Any, ...]]]) -> Fact[int]:
    """How many there are in all Regions; unknown where one could not be asked."""
    for fact in facts:
        if isinstance(fact, Unknown):
            return fact
    return Value(sum(len(fact.value) for fact in facts if isinstance(fact, Value)))


def _in(region: str, unknown: Unknown) -> Unknown:
    return Unknown(f"{unknown.reason} (in {region})", unknown.denied, unknown.origin)


def _page(clients: Clients, service: str, region: str, method: str, name: str, token: str | None) -> Any:  # noqa: ANN401 - boto3's answer
    return getattr(clients(service, region), method)(**({} if token is None else {name: token}))


def _all(
    call: Callable[[str | None], Any], operation: str, action: str, read: Callable[[Any], list[Any]], token: str
) -> Fact[tuple[Any, ...]]:
    """What is on all pages."""

    def pages() -> list[Any]:
        found, following = [], None
        for _ in range(_PAGES):
            page = call(following)
            found.append(page)
            following = page.get(token) or None
            if following is None:
                break
        return found

    return ask(pages, operation, action, lambda told: tuple(one for page in told for one in read(page)))
