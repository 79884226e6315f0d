"""Whom a pack is believed from, as flags say it: public keys of those who sign, and certificates of authorities that stamp the time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from s3guard.cli import options

if TYPE_CHECKING:
    from s3guard.attest import Key
    from s3guard.attest.stamps import Roots

TsaRoots = Annotated[
    Path | None,
    options.flag("--tsa-roots", takes="FILE", panel=options.JUDGED, says="Certificates (PEM) of authorities whose time stamps you trust."),
]


def trust(keys: Sequence[Path] | None, tsa_roots: Path | None) -> tuple[list[Key], Roots]:
    """The public keys of these files and the certificates of that one; UsageError for a file that holds none."""
    from s3guard.attest import Key, stamps

    return [Key.read(path) for path in keys or ()], () if tsa_roots is None else stamps.roots(tsa_roots)
