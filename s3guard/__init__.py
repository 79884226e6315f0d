"""s3guard judges Amazon S3 server access logs against declarative per-bucket policies."""

from __future__ import annotations

__version__ = "0.1.0"
