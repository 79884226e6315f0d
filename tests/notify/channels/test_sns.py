"""A topic of SNS, as those who subscribed see it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from s3guard.model import Status, UnableError, UsageError
from s3guard.notify.channels import Means, channel
from s3guard.notify.channels.sns import LIMIT, Topic
from s3guard.notify.message import Message
from tests.notify.sights import finding, message, result
from tests.outputs import reports
from tests.s3.access import alone

REGION = "eu-central-1"


@pytest.fixture
def sns(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of an empty account; the environment names another Region."""
    alone(monkeypatch)
    for name, value in (("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "x"), ("AWS_DEFAULT_REGION", "us-east-1")):
        monkeypatch.setenv(name, value)
    with mock_aws():
        yield boto3.client("sns", REGION)


def queue(sns: Any, arn: str) -> Any:
    """A queue that subscribed to a topic: what is in it."""
    sqs = boto3.client("sqs", REGION)
    fifo = {"FifoQueue": "true"} if arn.endswith(".fifo") else {}
    url = sqs.create_queue(QueueName="q.fifo" if fifo else "q", Attributes=fifo)["QueueUrl"]
    mine = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=mine)
    return lambda: [json.loads(one["Body"]) for one in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])]


def opened(arn: str) -> Topic:
    found = channel(f"sns://{arn}", Means({}))
    assert isinstance(found, Topic)
    return found


@pytest.mark.parametrize("name", ["alerts", "alerts.fifo"])
def test_a_queue_that_subscribed_is_sent_json_with_attributes_to_filter_by(name: str, sns: Any) -> None:
    fifo = {"FifoTopic": "true"} if name.endswith(".fifo") else {}
    arn = sns.create_topic(Name=name, Attributes=fifo)["TopicArn"]
    received = queue(sns, arn)
    opened(arn).send(message(reports.failing()))
    (one,) = received()
    told = json.loads(one["Message"])
    assert ("s3guard/notification/1", one["Subject"]) == (told["schema"], told["subject"])
    attributes = {name: value["Value"] for name, value in one["MessageAttributes"].items()}
    assert {"severity": "critical", "new": "5", "worsened": "0", "resolved": "0", "unjudged": "0"} == attributes


def fields(told: Message) -> dict[str, Any]:
    return opened("arn:aws:sns:eu-west-1:111122223333:alerts").request(told)


@pytest.mark.parametrize("kind", [*reports.SAMPLES, "flood"])
def test_what_is_published_is_what_sns_takes(kind: str) -> None:
    """NOTE: moto looks at the length of a subject alone, AWS at its characters, too."""
    asked = fields(message(getattr(reports, kind)(), details=True))
    assert 0 < len(asked["Subject"]) < 100
    assert asked["Subject"].isascii()
    assert asked["Subject"].isprintable()
    assert len(asked["Message"].encode()) <= LIMIT
    bodies = json.loads(asked["Message"])
    assert bodies["sms"] == asked["Subject"]
    assert bodies["email"].endswith("Run run-1, s3guard 1.2.3.\n") or "left out here" in bodies["email"]
    assert json.loads(bodies["default"])["subject"] == asked["Subject"]


def test_what_is_too_large_for_sns_is_less_of_the_same() -> None:
    long = [finding(subject={"principal": f"{number}{'𒀀' * 900}", "remote_ip": "𒀀" * 900}, message="𒀀" * 900) for number in range(200)]
    blind = [
        reports.result(rule=f"p/{number}", status=Status.UNDETERMINED, bucket=f"{number}{'𒀀' * 900}", reason="𒀀" * 900)
        for number in range(99)
    ]
    asked = fields(message(reports.report(result(*long), *blind), details=True))
    assert len(asked["Message"].encode()) <= LIMIT
    bodies = json.loads(asked["Message"])
    told = json.loads(bodies["default"])
    assert 200 == told["summary"]["new"] == len(told["findings"]) + told["omitted"]["findings"]
    assert 0 < len(told["findings"])


def test_a_topic_that_is_not_there_is_told(sns: Any) -> None:
    with pytest.raises(UnableError, match="SNS answered NotFound"):
        opened(f"arn:aws:sns:{REGION}:123456789012:nobody").send(message(reports.failing()))


def test_without_credentials_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    alone(monkeypatch)
    with pytest.raises(UsageError, match="no AWS credentials"):
        opened(f"arn:aws:sns:{REGION}:123456789012:alerts").send(message(reports.failing()))


@pytest.mark.parametrize(
    "arn", ["", "arn:aws:sqs:eu-west-1:111122223333:a", "arn:aws:sns:eu-west-1:1:a", "arn:aws:sns:eu-west-1:111122223333:a/b"]
)
def test_what_is_no_topic_is_wrong_usage(arn: str) -> None:
    with pytest.raises(UsageError, match="the ARN of a topic is expected"):
        opened(arn)


def test_a_topic_of_another_partition_is_one() -> None:
    assert "arn:aws-us-gov:sns:us-gov-west-1:111122223333:a" == opened("arn:aws-us-gov:sns:us-gov-west-1:111122223333:a").label
