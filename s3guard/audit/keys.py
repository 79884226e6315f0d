"""How the keys of a source's log objects begin, and from where on they are named for some time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from s3guard.audit.facts import given, known
from s3guard.audit.rows import Bucket, KeyFormat, Logging

_NAME: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9]{2}-[0-9]{2}-[0-9]{2}-[0-9A-F]{16}"


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one source's log objects.

    ``prefix`` + ``YYYY-mm-DD-HH-MM-SS-ID``, or partitioned ``prefix`` + ``account/region/bucket/YYYY/mm/DD/`` and the same name. Times of
    partitions by event time are those of the day alone. https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html
    """

    prefix: str
    """All that is the same in all of them."""
    is_partitioned: bool

    def after(self, moment: datetime) -> str:
        """A key that no log object named for `moment` or later comes before."""
        utc = moment.astimezone(UTC)
        return self.prefix + (f"{utc:%Y/%m/%d/}" if self.is_partitioned else f"{utc:%Y-%m-%d-%H-%M-%S}")

    def matches(self, key: str) -> bool:
        """Whether a key is that of a log object of this source's prefix, and of none below it."""
        day = r"[0-9]{4}/[0-9]{2}/[0-9]{2}/" if self.is_partitioned else ""
        return re.fullmatch(re.escape(self.prefix) + day + _NAME, key) is not None


def keys_of(source: Bucket, logging: Logging) -> Keys:
    """The keys of a source's log objects; NotKnownError where a fact that they are made of is unknown."""
    prefix, form = known(logging.target_prefix) or "", known(logging.target_object_key_format) or KeyFormat()
    if form.format == "SimplePrefix":
        return Keys(prefix, is_partitioned=False)
    account = source.account or "unknown"
    return Keys(f"{prefix}{account}/{given(source.region, 'the Region')}/{source.name}/", is_partitioned=True)
