"""Delivers messages: all channels at a time, each again and again for a while, none for longer than there is time."""

from __future__ import annotations

import queue
import random
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from s3guard.model import S3GuardError
from s3guard.notify.channels import Channel, LaterError
from s3guard.notify.message import Message

K = TypeVar("K")

TRIES: Final = 5
"""Times that a channel is tried that may work in a moment."""
FIRST: Final = 0.5
"""Seconds between the first two tries at most; each pause is twice the one before, and of random length from half of that on."""

_LENGTH: Final = 500
"""Characters of what a channel said of its failure."""

Ended = tuple[bool, str | None]
"""Whether a channel took its message, and what is to be said of that."""


def deliver(parcels: Mapping[K, tuple[Channel, Message]], seconds: float, then: Callable[[K, bool, str | None], None]) -> None:
    """Send each message, and say by `then`, in this thread and as soon as it is known, whether its channel took it, and what it said.

    Returns after `seconds` at the latest; what was not taken by then is not told. Where it is interrupted, nobody knows of the rest.
    """
    end = time.monotonic() + seconds
    ended: queue.SimpleQueue[tuple[K, Ended]] = queue.SimpleQueue()

    def carry(key: K, channel: Channel, message: Message) -> None:
        ended.put((key, _carried(channel, message, end)))

    for key, parcel in parcels.items():
        # NOTE: daemons: a server that sends a byte now and then keeps its thread, and nobody waits for that.
        threading.Thread(target=carry, args=(key, *parcel), name="s3guard-notify", daemon=True).start()
    left = set(parcels)
    while left:
        try:
            key, (is_told, said) = ended.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            break
        left.remove(key)
        then(key, is_told, said)
    for key in left:
        then(key, False, f"no answer within {seconds:.0f} s")  # noqa: FBT003 - as its type says


def _carried(channel: Channel, message: Message, end: float) -> Ended:
    pause = FIRST
    for left in reversed(range(TRIES)):
        try:
            return True, channel.send(message)
        except LaterError as error:
            wait = max(error.after, pause * random.uniform(0.5, 1))  # noqa: S311 - no secret
            if not left or time.monotonic() + wait >= end:
                return False, _said(error)
        except S3GuardError as error:
            return False, _said(error)
        except BaseException as error:  # noqa: BLE001 - whatever a channel fails of is told, and changes no verdict; its text may hold the URL
            return False, f"failed inside ({type(error).__name__})"
        time.sleep(wait)
        pause *= 2
    raise AssertionError


def _said(error: S3GuardError) -> str:
    """What a channel says, which may be text of a server: one line of it, as it is."""
    return " ".join(str(error).split())[:_LENGTH]
