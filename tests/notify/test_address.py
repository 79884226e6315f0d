"""Addresses are taken apart, and nothing of them is shown."""

from __future__ import annotations

import traceback

import pytest

from s3guard.model import UsageError
from s3guard.notify.address import address, identity
from s3guard.notify.channels import Means, channel

SECRET = "S3cr3tTok3n"
URLS = (
    f"https://u:{SECRET}@example.org/{SECRET}?x={SECRET}#{SECRET}",
    f"https://example.org:99999/{SECRET}#{SECRET}",
    f"https://[::1/{SECRET}",
    f"https:///{SECRET}",
    f"https://example.org/{SECRET}",
    f"https://example.org/#whsec_{SECRET}%21",
    f"smtp://u:{SECRET}@example.org",
    f"smtp://u:{SECRET}@example.org/?to={SECRET}",
    f"smtp://u:{SECRET}@example.org/?to=a@b.example&from={SECRET}%0d%0aBcc:x@y.example",
    f"smtp://{SECRET}@example.org/?to=a@b.example",
    f"smtp://u:{SECRET}@example.org:0x1/?to=a@b.example",
    f"smtp://u:{SECRET}@example.org/?password={SECRET}&to=a@b.example",
    f"smtp://u:{SECRET}@/?to=a@b.example",
    f"sns://{SECRET}",
    f"sns://arn:aws:sns:eu-west-1:111122223333:{SECRET}/x",
    f"nonsense://{SECRET}/{SECRET}",
    f"slack://{SECRET}",
    f"https://example.org/ {SECRET}#x",
    f"https://example.org/\x1b{SECRET}#x",
    f"{SECRET}",
    f"mailto:{SECRET}@example.org",
)


@pytest.mark.parametrize("url", URLS)
def test_an_address_that_is_none_is_refused_without_a_word_of_it(url: str) -> None:
    with pytest.raises(UsageError) as refused:
        channel(url, Means({}))
    assert SECRET not in str(refused.value)
    assert str(refused.value).startswith("--notify")
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or SECRET not in "".join(traceback.format_exception(refused.value))


def test_neither_an_address_nor_a_channel_shows_a_secret_when_it_is_printed() -> None:
    means = Means({"S3GUARD_NOTIFY_SECRET": SECRET})
    for url in (f"https://example.org/{SECRET}", f"smtp://u:{SECRET}@example.org/?to=a@b.example", f"json://u:{SECRET}@example.org/"):
        found = channel(url, means)
        assert SECRET not in repr(found) + repr(address(url)) + repr(means) + found.label


def test_what_others_say_is_masked_whatever_part_of_the_address_it_quotes() -> None:
    found = address("https://us%2Der:p%40ss@example.org/to%20ken/x?key=valu%2Be#frag")
    for said in ("example.org", "p%40ss", "p@ss", "to ken", "to%20ken", "valu+e", "valu%2Be", "frag", "us-er", found.text):
        assert f"no: {said}" != found.masked(f"no: {said}")
        assert "***" in found.masked(f"no: {said}")


def test_a_channel_has_the_same_name_when_its_password_changes_and_another_when_others_are_told() -> None:
    means = Means({"S3GUARD_NOTIFY_SECRET": "x"})
    same = ("smtp://a:b@h/?to=a@b.example,c@d.example", "smtps://c:d@other:99/?to=c@d.example&to=a@b.example")
    assert 1 == len({channel(url, means).id for url in same})
    assert 1 == len({channel(url, means).id for url in ("https://h/x", "https://h/x#other")})
    others = ("smtp://h/?to=a@b.example", "https://h/x", "https://h/y", "sns://arn:aws:sns:eu-west-1:111122223333:a", "json://h", "xml://h")
    assert len(others) == len({channel(url, means).id for url in others})
    assert 16 == len(identity("x"))
