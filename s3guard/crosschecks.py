"""Cross-checks between the fields of many proved records at once: what is odd is counted, and changes no verdict."""

from __future__ import annotations

from typing import Final

import polars as pl

from s3guard.records import COLUMN_BITS
from s3guard.suffix import tail_columns
from s3guard.vocabulary import Lookup, Vocabulary

_IS_ANONYMOUS, _IS_S3, _IS_ROUTED, _IS_UNSIGNED = 1, 2, 4, 8
_NO_SIGNATURE, _NO_AUTHENTICATION, _NO_CIPHER, _NO_TLS = 1, 2, 4, 8

_COMPARED: Final = {
    "requester-authentication": ("requester", "authentication_type"),
    "signature-authentication": ("signature_version", "authentication_type"),
    "tls-cipher": ("tls_version", "cipher_suite"),
    "status-error-code": ("http_status", "error_code"),
    "method-operation": ("request_uri", "operation"),
    "turn-around-time": ("turn_around_time", "total_time"),
    "remote-ip": ("remote_ip", "requester"),
}
"""What each check compares."""


class Checks:
    """The cross-checks of `s3guard.fields.CHECKS` over many proved rows; a test holds the two against each other."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        methods = vocabulary["method"]
        self._dashes = {name: Lookup(vocabulary[name], lambda values: values == "-") for name in ("remote_ip", "error_code")}
        self._quoted = Lookup(methods, lambda values: values.is_in(["-", '"-"']))
        self._requester = Lookup(vocabulary["requester"], _requester_bits)
        self._tail = Lookup(vocabulary["tail"], _tail_bits)
        self._verbs = Lookup(vocabulary["operation"], lambda values: methods.encode(_verbs(values)))

    def count(self, rows: pl.DataFrame, carried: str | None = None) -> dict[str, int]:
        """How many rows break each check; kinds without any are left out.

        `carried` names a column of bits (`records.COLUMN_BITS`): a check holds of rows alone that carry all that it compares.
        """
        who, tail = self._requester.of("requester"), self._tail.of("tail")
        status, has_error = pl.col("http_status"), ~self._dashes["error_code"].of("error_code")
        unauthenticated = tail & _NO_AUTHENTICATION != 0
        broken = {
            "requester-authentication": (tail < 16) & (who & _IS_S3 == 0) & ((who & _IS_ANONYMOUS != 0) != unauthenticated),
            "signature-authentication": (tail & _NO_SIGNATURE != 0) != unauthenticated,
            "tls-cipher": (tail & _NO_TLS != 0) != (tail & _NO_CIPHER != 0),
            "status-error-code": ((status < 300) | (status == 304) | (status >= 400)) & ((status >= 400) != has_error),
            "method-operation": (pl.col("method") != self._verbs.of("operation")) & ~self._quoted.of("method"),
            "turn-around-time": pl.col("turn_around_time") > pl.col("total_time"),
            "remote-ip": self._dashes["remote_ip"].of("remote_ip") & (who & _IS_ROUTED == 0),
        }
        if carried is not None:
            for kind, names in _COMPARED.items():
                bits = sum(COLUMN_BITS[name] for name in names)
                broken[kind] &= pl.col(carried).and_(bits) == bits
        counts = rows.select(check.sum().alias(kind) for kind, check in broken.items()).row(0, named=True)
        return {kind: count for kind, count in counts.items() if count}


def _requester_bits(values: pl.Series) -> pl.Series:
    anonymous, s3 = values == "-", values == "AmazonS3"
    routed = s3 | values.str.starts_with("svc:") | values.str.contains(":assumed-role/", literal=True)
    return anonymous.cast(pl.UInt8) * _IS_ANONYMOUS + s3.cast(pl.UInt8) * _IS_S3 + routed.cast(pl.UInt8) * _IS_ROUTED


def _tail_bits(values: pl.Series) -> pl.Series:
    """Which of signature version, authentication type, cipher and TLS version are absent; 16 where the line has no such fields."""
    fields = tail_columns(values)
    bits = (
        pl.col("signature_version").is_null().cast(pl.UInt8) * _NO_SIGNATURE
        + pl.col("authentication_type").is_null().cast(pl.UInt8) * _NO_AUTHENTICATION
        + pl.col("cipher_suite").is_null().cast(pl.UInt8) * _NO_CIPHER
        + pl.col("tls_version").is_null().cast(pl.UInt8) * _NO_TLS
    )
    return fields.select(bits + pl.when(pl.col("fields") < 24).then(16).otherwise(0).cast(pl.UInt8)).to_series()


def _verbs(operations: pl.Series) -> pl.Series:
    """The first token of the request line that an operation implies, null where it implies none."""
    verb = operations.str.extract(r"^(?:REST|WEBSITE)\.([A-Z0-9]+)\.")
    return '"' + verb.replace("COPY", "PUT")
