"""The bytes of a file that people write as text: UTF-8, bounded, and without characters that hide or move others."""

from __future__ import annotations

import codecs
import re
from itertools import islice

from s3guard.problems import LIMIT, Place, Problems

MAX_BYTES = 1 << 20
"""Largest file, in bytes: looked at before anything is parsed."""
# NOTE: what YAML does not take as printable, the separators that editors and YAML 1.1 count differently as line ends, a BOM within
# the text, and the BiDi controls that let a reviewer read another policy than the one that holds (CVE-2021-42574).
_REFUSED = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


def decoded(content: bytes, file: str, problems: Problems, what: str = "policy") -> str | None:
    """The text of a file's bytes without a BOM; whatever may not stand in it is added to `problems` with its place.

    Such a character is U+FFFD in the text, so that what else is wrong with the file is known as well. None where there is no text: it is
    too large, no text at all (a NUL is in it), or more may not stand in it than anybody reads about. `what` is what the file should be.
    """
    if len(content) > MAX_BYTES:
        problems.add(Place(file), f"the file is larger than {MAX_BYTES >> 20} MiB")
        return None
    text = content.removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogateescape")
    is_text = "\0" not in text
    refused = list(islice(_REFUSED.finditer(text), LIMIT + 1 if is_text else 1))
    for found in refused:
        problems.add(_place_of(text[: found.start()], file), _why(found[0], what))
    return _REFUSED.sub("\ufffd", text) if is_text and len(refused) <= LIMIT else None


def _why(character: str, what: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # NOTE: how `surrogateescape` writes a byte that is not UTF-8
        return f"byte 0x{code - 0xDC00:02x} is not UTF-8: save the file as UTF-8"
    return f"character U+{code:04X} may not stand in a {what}; in double quotes write it as an escape"


def _place_of(before: str, file: str) -> Place:
    lines = re.split("\r\n|\r|\n", before)
    return Place(file, len(lines), len(lines[-1]) + 1)
