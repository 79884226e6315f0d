"""A topic of Amazon SNS: e-mail, SMS, queues, functions and whoever else subscribed.

``sns://arn:aws:sns:eu-west-1:111122223333:alerts``. Mailboxes are sent plain text, phones the subject alone, and queues, functions and all
others the JSON of `s3guard.notify.payload`. Attributes that subscriptions may filter by: ``severity`` (the highest that is new or worse,
else ``none``), ``new``, ``worsened``, ``resolved`` and ``unjudged`` (counts). It takes ``sns:Publish`` on the topic, and
``kms:GenerateDataKey`` and ``kms:Decrypt`` where the topic is encrypted.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from typing import Any, Final

from s3guard.aws import Account, told
from s3guard.model import UnableError
from s3guard.notify.address import Address, identity
from s3guard.notify.channels import LaterError, Means
from s3guard.notify.message import Message
from s3guard.notify.model import What
from s3guard.notify.payload import ROOM, payload

SCHEMES = ("sns",)
LIMIT: Final = 256 << 10
"""Bytes of a message, https://docs.aws.amazon.com/sns/latest/api/API_Publish.html."""
ROOMS: Final = (ROOM, ROOM // 2, ROOM // 8)
"""Bytes of the findings in JSON, from which as much is taken as fits beside the text."""
_ARN: Final = re.compile(r"arn:aws[a-z-]{0,20}:sns:([a-z0-9-]{1,30}):[0-9]{12}:[A-Za-z0-9_-]{1,256}(?:\.fifo)?")
_LATER: Final = re.compile(r"Throttl|Limit|Internal|Unavailable|Timeout")


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic, reached with the run's own credentials."""

    arn: str
    means: Means

    @property
    def label(self) -> str:
        """The topic."""
        return self.arn

    @property
    def id(self) -> str:
        """By the topic."""
        return identity("sns", self.arn)

    def send(self, message: Message) -> None:
        """Publish the message."""
        from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

        match = _ARN.fullmatch(self.arn)
        assert match is not None  # noqa: S101 - `opened` has looked
        try:
            # NOTE: the topic says its Region; --endpoint-url says where S3 is.
            client = Account(replace(self.means.access, region=match[1])).client("sns")
            client.publish(**self.request(message))
        except ClientError as error:
            code, said = told(error)
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            kind = LaterError if status >= 500 or _LATER.search(code) else UnableError
            raise kind(f"SNS answered {code}: {' '.join(said.split())[:300]}") from None
        except HTTPClientError as error:
            raise LaterError(f"no answer: {error}") from None
        except BotoCoreError as error:
            raise UnableError(" ".join(str(error).split())) from None

    def request(self, message: Message) -> dict[str, Any]:
        """What SNS is asked to publish: a subject without a log's text, and a body for each kind of subscriber.

        https://docs.aws.amazon.com/sns/latest/dg/sns-send-custom-platform-specific-payloads-mobile-devices.html
        """
        asked: dict[str, Any] = {"TopicArn": self.arn, "Subject": message.subject, "Message": _body(message), "MessageStructure": "json"}
        counts = {what.value: message.news.count(what) for what in What} | {"unjudged": len(message.news.began)}
        attributes = {name: {"DataType": "Number", "StringValue": str(count)} for name, count in counts.items()}
        severity = "none" if message.severity is None else message.severity.value
        asked["MessageAttributes"] = {"severity": {"DataType": "String", "StringValue": severity}, **attributes}
        if self.arn.endswith(".fifo"):
            asked |= {"MessageGroupId": "s3guard", "MessageDeduplicationId": hashlib.sha256(message.id.encode()).hexdigest()}
        return asked


def _body(message: Message) -> str:
    """As much as SNS takes: of JSON, which is of one shape whatever it leaves out, and of text."""
    for room, text in (*((room, message.text()) for room in ROOMS), (ROOMS[-1], message.subject)):
        bodies = {"default": payload(message, room).decode(), "email": text, "sms": message.subject}
        body = json.dumps(bodies, ensure_ascii=False)
        if len(body.encode()) <= LIMIT:
            return body
    raise AssertionError


def opened(address: Address, means: Means) -> Topic:
    """The topic of a URL; UsageError for what names none."""
    arn = address.text.partition("://")[2]
    if not _ARN.fullmatch(arn):
        raise address.fault("the ARN of a topic is expected, as in sns://arn:aws:sns:eu-west-1:111122223333:alerts")
    return Topic(arn, means)
