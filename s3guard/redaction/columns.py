"""What each column of a record may tell of a person: which kind of redaction replaces it, and in which domain its pseudonyms are made."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Final

KINDS: Final = ("ip", "requester", "key", "user_agent")
"""What may be redacted: addresses, requesters with their accounts, object keys, user agents."""

DOMAINS: Final[dict[str, tuple[str, str]]] = {
    "remote_ip": ("ip", "ip"),
    "network": ("ip", "network"),
    "requester": ("requester", "requester"),
    "principal": ("requester", "requester"),
    "bucket_owner": ("requester", "requester"),
    "account": ("requester", "account"),
    "access_point_arn": ("requester", "access_point"),
    "key": ("key", "key"),
    "key_logged": ("key", "key"),
    "user_agent": ("user_agent", "user_agent"),
}
"""Column to the kind that it is of and the domain of its pseudonyms. One domain: equal values have equal pseudonyms, so a user is the same
one as `requester` and as `principal`, and an owner who asks himself is seen to be one. An address tells nothing of its network, nor a
session of its role or account, but by standing beside them."""

CLIENT: Final = ("request_uri", "referer", "version_id", "host_header", "extra")
"""Columns in which clients write what they please (a URI holds the key, and who signed it), each a domain of its own: replaced as a whole
whatever is redacted."""

HARMLESS: Final = frozenset(
    {
        "bucket",
        "time",
        "request_id",
        "operation",
        "http_status",
        "error_code",
        "bytes_sent",
        "object_size",
        "total_time",
        "turn_around_time",
        "host_id",
        "signature_version",
        "cipher_suite",
        "authentication_type",
        "tls_version",
        "acl_required",
        "source_region",
        "object",
        "line",
        "operation_class",
        "outcome",
        "principal_type",
        "fields",
        "status",
        "unknown",
    }
)
"""Columns that S3 or s3guard writes and that are shown as they are."""

SCRUBBED: Final = ("key", "key_logged", "user_agent")
"""Columns of clients that are shown where they are not asked for, less what in them looks like a kind that is."""

LINE: Final = "line"
"""The domain of whole log lines."""


def domain_of(column: str, kinds: AbstractSet[str], settled: AbstractSet[str] = frozenset()) -> str | None:
    """The domain in which a column's values get their pseudonyms; None for one that is shown, and for one that holds pseudonyms already."""
    if column in CLIENT:
        return column if kinds and not settled else None
    kind, domain = DOMAINS.get(column, ("", ""))
    return domain if kind in kinds else None
