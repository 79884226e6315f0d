"""Every shape of a notification tells the same objects, and nothing that a stranger writes is more than a fault."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard.notifications import Created, Notice, notice
from tests import notices

KEYS = st.one_of(
    st.sampled_from(("2026-10-01-00-00-00-0123456789ABCDEF", "phi/a b+c%20d", "phi/ü ✓/=&?#", "a//b", " ", "\x00\n\x1b[2J", "%", "+")),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=40).filter(lambda key: len(key.encode()) <= 1024),
)
CREATED = st.builds(
    Created,
    bucket=st.sampled_from(("logs", "org-access-logs", "a.b")),
    key=KEYS,
    size=st.one_of(st.none(), st.integers(0, 1 << 50)),
    etag=st.one_of(st.none(), st.sampled_from(('"d41d8cd98f00b204e9800998ecf8427e"', '"abc-2"'))),
    version=st.one_of(st.none(), st.just("096fKKXTRTtl3on89fVO.nfljtsv6qko")),
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.sampled_from(("aws:s3", "aws.s3", "ObjectCreated:Put"))),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                (
                    *("Records", "eventSource", "eventName", "s3", "bucket", "object", "key", "name", "size", "eTag", "etag", "versionId"),
                    *("Type", "Message", "source", "detail-type", "detail", "Event", "Service", "TopicArn"),
                )
            ),
            inner,
            max_size=6,
        ),
    ),
    max_leaves=20,
)


@given(st.lists(CREATED, min_size=1, max_size=4, unique=True), st.integers(0, 3))
def test_objects_are_told_the_same_with_and_without_envelopes(objects: list[Created], envelopes: int) -> None:
    for body, expected in ((notices.direct(*objects), objects), (notices.bridged(objects[0]), objects[:1])):
        for _ in range(envelopes):
            body = notices.enveloped(body)  # noqa: PLW2901 - one in the other
        assert Notice(tuple(expected)) == notice(body)


@given(st.one_of(st.text(), JSON.map(json.dumps)))
def test_nothing_that_is_written_raises_and_what_is_told_is_a_name(body: str) -> None:
    told = notice(body)
    assert told.created or told.idle or told.faults
    for created in told.created:
        assert created.bucket is not None
        assert 1 <= len(created.key.encode()) <= 1024


@given(CREATED, JSON)
def test_what_is_understood_is_told_beside_what_is_not(created: Created, noise: Any) -> None:
    told = notice(json.dumps({"Records": [noise, notices.record(created)]}))
    assert created in told.created
    assert 2 == len(told.created) + told.idle + len(told.faults)


OBJECT = Created("logs", "k", 1, '"e"')


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (notices.tried(), Notice(idle=1)),
        (notices.enveloped(notices.tried()), Notice(idle=1)),
        (notices.direct(OBJECT, name="ObjectRemoved:Delete"), Notice(idle=1)),
        (notices.direct(OBJECT, name="ObjectTagging:Put"), Notice(idle=1)),
        (notices.direct(OBJECT, name="ObjectRestore:Post"), Notice(idle=1)),
        (notices.direct(OBJECT, name="ObjectRestore:Completed"), Notice((OBJECT,))),
        (notices.direct(OBJECT, name="s3:ObjectCreated:CompleteMultipartUpload"), Notice((OBJECT,))),
        (notices.direct(OBJECT, OBJECT), Notice((OBJECT,))),
        (notices.bridged(OBJECT, "Object Deleted"), Notice(idle=1)),
        (notices.bridged(OBJECT, "Object Restore Completed"), Notice((OBJECT,))),
        (notices.direct(), Notice(faults=("it tells of nothing",))),
        ("", Notice(faults=("it is no JSON",))),
        ("[" * 100_000, Notice(faults=("it is no JSON",))),
        ("9" * 10_000, Notice(faults=("it is no JSON",))),
        ("[]", Notice(faults=("it is no JSON object",))),
        ("{}", Notice(faults=("it is no notification of S3",))),
        ('{"Records": [3]}', Notice(faults=("it is no notification of S3",))),
        (
            json.dumps({"Type": "SubscriptionConfirmation", "TopicArn": "arn", "Token": "t", "SubscribeURL": "https://x"}),
            Notice(faults=("it asks to confirm a subscription of SNS, which is for people to do",)),
        ),
        (
            notices.enveloped(notices.enveloped(notices.enveloped(notices.enveloped(notices.direct(OBJECT))))),
            Notice(faults=("it is an envelope in too many envelopes",)),
        ),
    ],
    ids=range(19),
)
def test_what_creates_nothing_is_told_apart_from_what_is_not_understood(body: str, expected: Notice) -> None:
    assert expected == notice(body)


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"key": ""}, "the key of its object is empty, or longer than a key can be"),
        ({"key": "k" * 1025}, "the key of its object is empty, or longer than a key can be"),
        ({"key": "%ff"}, "the key of its object is no UTF-8"),
        ({"key": "\ud800"}, "a text in it is none that could be written"),
        ({"key": 3}, "'key' is missing in it"),
        ({"size": -1}, "the size of its object is no number of bytes"),
        ({"size": True}, "the size of its object is no number of bytes"),
        ({"size": 1.5}, "the size of its object is no number of bytes"),
        ({"size": 1 << 63}, "the size of its object is no number of bytes"),
        ({"eTag": ["e"]}, "the ETag or the version of its object is no text"),
    ],
    ids=str,
)
def test_an_object_that_cannot_be_is_a_fault_that_quotes_nothing(changed: dict[str, object], fault: str) -> None:
    told = notices.record(OBJECT)
    told["s3"]["object"] |= changed
    assert Notice(faults=(fault,)) == notice(json.dumps({"Records": [told]}))
