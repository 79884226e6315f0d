"""The rule `transport`: how connections are encrypted."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import polars as pl
from pydantic import BeforeValidator, WithJsonSchema

from s3guard.columns import Columns, any_glob
from s3guard.model import Severity
from s3guard.rules import RecordRule
from s3guard.written import AnyGlobs, choice, plain_text

_VERSIONS: Final = ("1.0", "1.1", "1.2", "1.3")

TlsVersion = Annotated[
    Literal["1.0", "1.1", "1.2", "1.3"],
    choice("a TLS version", _VERSIONS),
    BeforeValidator(plain_text),
    WithJsonSchema({"enum": [*_VERSIONS, *map(float, _VERSIONS)]}),
]
"""A TLS version by its number."""


class Transport(RecordRule):
    """Clients connect over TLS, of a version and with ciphers that are good enough.

    The frameworks ask for encryption in transit; the access log proves it, request by request. It also shows who still comes
    over plain HTTP before a bucket policy with `aws:SecureTransport` locks him out.

    ## What breaks it

    A client request over plain HTTP, with a TLS version older than `min_tls`, or with a cipher that matches
    `deny_ciphers`.

    ## Subject

    `principal, tls_version`; the version is null for plain HTTP. Findings are split by outcome: what S3 served is high by
    default, what it refused is low.

    ## Fields

    * `min_tls` (default 1.2): the oldest version that is good enough: 1.0, 1.1, 1.2 or 1.3.
    * `deny_ciphers` (default none): globs over the cipher's name as the log has it, such as `*-CBC-*` or `AES128-*`.

    ## How it counts

    Each record by itself. The columns for TLS came in 2019: older lines say nothing about it, are counted as unjudged, and are
    never taken for plain HTTP. Requests without a remote IP are not looked at.

    ## What to do

    Find the client (principal, user agent in the samples) and bring its SDK or TLS library up to date. Then close the door
    with `aws:SecureTransport` and `s3:TlsVersion` in the bucket policy. Whatever went over plain HTTP, credentials in
    query strings included, should count as read by others.

    Example:
    ```yaml
    version: 1
    policy: cardholder-data
    buckets: [card-archive]
    rules:
      transport:
        min_tls: "1.2"
        deny_ciphers: ["*-CBC-*", "DES-*", "RC4-*"]
    ```
    """

    kind = "transport"
    default_severity = Severity.HIGH
    default_group_by = ("principal", "tls_version")
    default_title = "Clients connect with good TLS only"
    breach = "not protected in transit as it should be"
    default_help = (
        "A client used plain HTTP, an old version of TLS or a denied cipher. Bring the client's SDK or TLS library up to date, then "
        "enforce it with aws:SecureTransport and s3:TlsVersion in the bucket policy. Treat what went over plain HTTP as read by "
        "others."
    )

    min_tls: TlsVersion = "1.2"
    """The oldest version of TLS that is good enough."""
    deny_ciphers: AnyGlobs = ()
    """Globs over the names of ciphers that are not good enough."""

    def trusts(self) -> str | None:
        """That TLS of before 1.2 is good enough."""
        return f"it takes TLS {self.min_tls}" if self.min_tls < "1.2" else None

    def looks(self, columns: Columns) -> pl.Expr:
        """Client requests."""
        return columns.client_requests()

    def unjudged(self, columns: Columns) -> pl.Expr:
        """Lines of before 2019, which have no TLS columns."""
        return ~columns.has("tls_version")

    def breaks(self, columns: Columns) -> pl.Expr:
        """Plain HTTP, a TLS version that is older than `min_tls` or unheard of, or a denied cipher."""
        weak = columns.tail("tls_version", ("older", self.min_tls), self._is_weak)
        if not self.deny_ciphers:
            return weak
        return weak | columns.tail("cipher_suite", self.deny_ciphers, lambda names: any_glob(names, self.deny_ciphers))

    def _is_weak(self, versions: pl.Series) -> pl.Series:
        strong = [f"tlsv{version}" for version in ("1.0", "1.1", "1.2", "1.3") if version >= self.min_tls]
        # NOTE: older pages of AWS write TLSv1 for 1.0.
        return ~versions.str.to_lowercase().is_in(strong + (["tlsv1"] if self.min_tls == "1.0" else [])).fill_null(value=False)
