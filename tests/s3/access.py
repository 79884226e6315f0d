"""The environment in which the SDK reaches a server on loopback, and nothing of the machine's own."""

from __future__ import annotations

import os

import pytest


def reached(patch: pytest.MonkeyPatch, address: str) -> None:
    """Make S3 what listens at ``host:port``, with credentials that mean nothing."""
    alone(patch)
    patch.setenv("AWS_ENDPOINT_URL_S3", f"http://{address}")
    patch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    patch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI")
    patch.setenv("AWS_DEFAULT_REGION", "us-east-1")


def alone(patch: pytest.MonkeyPatch) -> None:
    """Hide whatever the machine says about AWS, and every proxy."""
    for name in list(os.environ):
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            patch.delenv(name)
    patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    patch.setenv("AWS_CONFIG_FILE", os.devnull)
    patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
