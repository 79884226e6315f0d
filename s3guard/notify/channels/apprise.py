"""Chats, pagers and all else that apprise knows: Slack, Teams, Discord, PagerDuty, Opsgenie, Telegram and more than a hundred others.

Its URLs are those of https://github.com/caronc/apprise/wiki: ``slack://TokenA/TokenB/TokenC``. Takes ``pip install 's3guard[notify]'``.
What is told is plain text; what a chat would take for a mention, a link or markup in a value of a log is spelled out.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from s3guard.model import Severity, UnableError
from s3guard.notify.address import Address, identity
from s3guard.notify.channels import ANSWER, OTHERS, Means
from s3guard.notify.message import Message, chat
from s3guard.text import shown

if TYPE_CHECKING:
    from apprise import Apprise

SCHEMES = (OTHERS,)
_LOGGERS: Final = ("apprise", "urllib3")


@dataclass(frozen=True, slots=True)
class Service:
    """A service that apprise tells."""

    address: Address
    _apprise: Apprise = field(repr=False)

    @property
    def label(self) -> str:
        """The kind of service: of the rest nobody knows which part is a secret."""
        return f"{self.address.scheme}://"

    @property
    def id(self) -> str:
        """By all of the URL."""
        return identity("apprise", self.address.text)

    def send(self, message: Message) -> None:
        """Tell the service, once: apprise waits seconds between two messages."""
        from apprise import NotifyFormat, NotifyType

        urgent = message.severity is not None and message.severity.at_least(Severity.HIGH)
        kind = NotifyType.FAILURE if urgent else NotifyType.WARNING if message.news.items or message.news.began else NotifyType.INFO
        with _heard() as said:
            is_told = self._apprise.notify(
                body=message.text(chat), title=message.subject, notify_type=kind, body_format=NotifyFormat.TEXT, interpret_escapes=False
            )
        if not is_told:
            reason = shown(self.address.masked(" ".join(said[-1].split())))[:200] if said else "the service did not take it"
            raise UnableError(reason)  # NOTE: no LaterError: apprise tries again by itself where its URL says so (retry=)


def opened(address: Address, means: Means) -> Service:  # noqa: ARG001 - as every channel is opened
    """The service of a URL; UsageError where apprise is missing, or knows no such service."""
    if find_spec("apprise") is None:
        from s3guard.notify.channels import schemes

        raise address.fault(
            f"{', '.join(f'{one}://' for one in schemes())} are there by themselves; "
            "all others take the package apprise: pip install 's3guard[notify]'"
        )
    from apprise import Apprise, AppriseAsset

    # NOTE: what is told is told to nobody else, and text of a log is no template.
    asset = AppriseAsset(app_id="s3guard", app_desc="s3guard", http_redirects=False, allow_templates=False, service_timeout=ANSWER * 2)
    service = Apprise(asset=asset)
    with _heard(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NOTE: of the hundred plugins that are loaded now, some always use what will be no more.
        is_known = service.add(address.text)
    if not is_known:
        raise address.fault("apprise knows no such service, or not with such an address; see https://github.com/caronc/apprise/wiki")
    return Service(address, service)


@contextmanager
def _heard() -> Iterator[list[str]]:
    """What apprise says inside, which nobody else hears: it may name what is secret."""
    said: list[str] = []

    class Heard(logging.Handler):
        """Keeps what is said."""

        def emit(self, record: logging.LogRecord) -> None:
            """Warnings and errors."""
            said.append(record.getMessage())

    loggers, handler = [logging.getLogger(name) for name in _LOGGERS], Heard(logging.WARNING)
    before = [logger.propagate for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.propagate = False
    try:
        yield said
    except Exception as error:  # noqa: BLE001 - a plugin of somebody else's may raise anything, and say the address in it
        raise UnableError(f"apprise failed ({type(error).__name__})") from None
    finally:
        for logger, propagate in zip(loggers, before, strict=True):
            logger.removeHandler(handler)
            logger.propagate = propagate
