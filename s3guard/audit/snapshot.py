"""Facts as a JSON file, to be judged offline and again: the same rows, with a version."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from s3guard.audit.facts import Value
from s3guard.audit.rows import Facts
from s3guard.model import UnableError, UsageError
from s3guard.text import shown

if TYPE_CHECKING:
    from pydantic import TypeAdapter

SCHEMA: Final = "s3guard/facts/1"
"""Name and version of the shape; another version is another shape."""


def dump(facts: Facts) -> bytes:
    """The facts as JSON, one bucket a line, the same bytes for the same facts."""
    adapter = _adapter()
    tree = adapter.dump_python(facts, mode="json")
    buckets = tree.pop("buckets")
    head = json.dumps({"schema": SCHEMA, **tree}, indent=None)
    rows = ",\n".join(json.dumps(bucket) for bucket in buckets)
    return f'{head[:-1]}, "buckets": [\n{rows}\n]}}\n'.encode()


def read(path: Path) -> Facts:
    """The facts of a file; UnableError where it cannot be read, UsageError where it is no snapshot, of another version, or damaged."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnableError(f"could not read the snapshot {path}: {error.strerror or error}") from error
    return parse(content, str(path))


def parse(content: bytes, name: str) -> Facts:
    """As `read`, from a file's bytes; `name` stands in errors."""
    from pydantic import ValidationError

    try:
        tree = json.loads(content)
        schema = tree.pop("schema")
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise UsageError(f"{name} is not a snapshot of s3guard") from error
    if schema != SCHEMA:
        raise UsageError(f"{name} holds {str(schema)[:80]!r}; this version of s3guard reads {SCHEMA!r}")
    try:
        found = _adapter().validate_json(json.dumps(tree), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{name} is damaged: {where}: {first['msg']}") from error
    damage = _damage(found)
    if damage is not None:
        raise UsageError(f"{name} is damaged: {damage}")
    return found


def _damage(facts: Facts) -> str | None:
    """What no audit writes, and checks could not stand; None where there is nothing of it."""
    if any(moment.tzinfo is None for moment in _moments(facts)):
        return "a time has no offset from UTC"
    names = Counter(bucket.name for bucket in facts.buckets if bucket.kind != "table")
    twice = next((name for name, count in names.items() if count > 1), None)
    return None if twice is None else f"the bucket {shown(twice)} stands in it twice"


def _moments(facts: Facts) -> Iterator[datetime]:
    yield facts.taken
    for bucket in facts.buckets:
        if isinstance(bucket.delivered, Value):
            yield from (moment for moment in (bucket.delivered.value.newest, bucket.delivered.value.looked_from) if moment is not None)
        if isinstance(bucket.canary, Value):
            yield from (one.asked for one in bucket.canary.value)


@cache
def _adapter() -> TypeAdapter[Facts]:
    from pydantic import TypeAdapter

    return TypeAdapter(Facts)
