"""The facts of a Terraform plan or state (``terraform show -json``): of its buckets as they are once it is applied."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from s3guard.audit.facts import Unknown
from s3guard.audit.fresh import assembled, new_account, unseen
from s3guard.audit.rows import Account, Bucket, Facts
from s3guard.audit.terraform import accounts
from s3guard.audit.terraform.buckets import Buckets
from s3guard.audit.terraform.joined import Joins
from s3guard.audit.terraform.places import Places
from s3guard.audit.terraform.plan import Plan, Resource, load, parse
from s3guard.audit.terraform.providers import Providers
from s3guard.audit.unsettled import symbol

_OTHERS: Final = {"aws_s3_directory_bucket": ("directory", "bucket"), "aws_s3tables_table_bucket": ("table", "name")}
_OF_ACCOUNT: Final = ("aws_cloudtrail", "aws_cloudwatch_log_delivery", accounts.PUBLIC)
_UNREAD: Final = frozenset({"awscc_s3_bucket"})
"""Resources that make buckets too, and that are not read: whoever audits must see that something was not looked at."""
_NESTED: Final = frozenset(
    {
        *("aws_cloudformation_stack", "aws_cloudformation_stack_set", "awscc_cloudformation_stack"),
        *("aws_serverlessapplicationrepository_cloudformation_stack", "aws_servicecatalog_provisioned_product"),
    }
)
"""Resources that are templates of their own."""


def read(path: Path, name: str, taken: datetime) -> Facts:
    """The facts of a plan or a state; `name` is the file as reports show it.

    UnableError for a file that cannot be read, UsageError for one that is neither. What is known after apply is unknown with that reason,
    or a text with symbols (``${aws_s3_bucket.logs}``): see `s3guard.audit.facts.is_symbolic`.
    """
    return of_plan(load(path, name), taken, path)


def of_bytes(content: bytes, name: str, taken: datetime) -> Facts:
    """As `read`, from the bytes of a file, whose sources are not looked for."""
    return of_plan(parse(content, name), taken, None)


def of_plan(plan: Plan, taken: datetime, path: Path | None) -> Facts:
    """The facts of a plan that is taken apart already; sources are looked for beside `path`."""
    joins, places, providers = Joins(plan), Places(plan, path), Providers(plan)
    buckets = Buckets(plan, joins, places, providers)
    rows = [*_rows(joins, buckets, providers), *_others(plan, buckets, providers)]
    return assembled(rows, _accounts(plan, rows, joins, buckets, providers), taken, plan.name)


def _rows(joins: Joins, buckets: Buckets, providers: Providers) -> Iterator[Bucket]:
    for one in joins.buckets:
        origin = buckets.origin(one)
        facts: dict[str, Any] = buckets.facts_of(one)
        yield Bucket(joins.name(one), providers.account(one), location=origin.location, region=providers.region(one, origin), **facts)


def _others(plan: Plan, buckets: Buckets, providers: Providers) -> Iterator[Bucket]:
    """Buckets of other kinds, and those that cannot be read."""
    for one in plan.resources:
        if one.is_data or one.is_gone or one.type not in {*_OTHERS, *_UNREAD}:
            continue
        kind, attribute = _OTHERS.get(one.type, ("general", "bucket_name"))
        origin = buckets.origin(one)
        found = one.values.get(attribute)
        name = found if isinstance(found, str) and found else symbol(one.address)
        reason = f"s3guard does not read {one.type}" if one.type in _UNREAD else f"a plan does not show it of a {kind} bucket"
        region = providers.region(one, origin)
        yield unseen(name, reason, providers.account(one), kind=kind, location=origin.location, region=region)


def _accounts(plan: Plan, rows: list[Bucket], joins: Joins, buckets: Buckets, providers: Providers) -> Iterator[Account]:
    told: dict[str, list[Resource]] = {row.account: [] for row in rows if row.account is not None}
    for one in plan.resources:
        if not one.is_data and not one.is_gone and (one.type.startswith(_OF_ACCOUNT) or one.type in _NESTED):
            told.setdefault(providers.account(one), []).append(one)
    for name, resources in told.items():
        facts = accounts.facts_of(resources, joins, buckets.origin, lambda one: providers.region(one, buckets.origin(one)))
        if plan.is_partial:
            facts["buckets"] = Unknown("the plan is not complete, as Terraform says in it, so there may be others")
        nested = next((one.address for one in resources if one.type in _NESTED), None)
        if nested is not None:
            facts["buckets"] = Unknown(f"{nested} is a template of its own and may make others: audit that template by itself")
        yield new_account(name, rows, **facts)
