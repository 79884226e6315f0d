"""What holds for every channel, found by looking into the folder."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from s3guard.notify import channels
from s3guard.notify.channels import Means, channel

README = Path(__file__).parents[3] / "README.md"


@pytest.mark.parametrize("name", channels.names())
def test_a_channel_says_what_it_is_and_stands_in_the_readme(name: str) -> None:
    module = importlib.import_module(f"{channels.__name__}.{name}")
    first, *page = (module.__doc__ or "").strip().splitlines()
    assert first.endswith(".")
    assert page
    readme = README.read_text(encoding="utf-8")
    for scheme in module.SCHEMES:
        assert scheme == channels.OTHERS or f"`{scheme}://" in readme


def test_each_scheme_has_one_channel() -> None:
    known = [scheme for name in channels.names() for scheme in importlib.import_module(f"{channels.__name__}.{name}").SCHEMES]
    assert sorted(known) == sorted(set(known))
    assert channels.OTHERS in known


@pytest.mark.parametrize("url", ["https://h/#x", "smtp://h/?to=a@b.example", "sns://arn:aws:sns:eu-west-1:111122223333:alerts"])
def test_a_channel_is_opened_without_a_connection_and_without_anything_heavy(url: str) -> None:
    code = f"""
import socket, sys
def refuse(*_): raise AssertionError
socket.socket.connect = refuse
from s3guard.notify.channels import Means, channel
channel({url!r}, Means({{}}))
assert not {{"apprise", "botocore", "polars", "requests"}} & set(sys.modules), sorted(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_schemes_are_taken_in_any_case() -> None:
    assert "webhook https://h" == channel("HTTPS://h/#x", Means({})).label
