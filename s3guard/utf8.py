"""The bytes of a policy file as text: UTF-8, bounded, and without characters that hide or move others."""

from __future__ import annotations

import codecs
import re

from s3guard.problems import Place, Problems

MAX_BYTES = 1 << 20
"""Largest file, in bytes: looked at before anything is parsed."""
# NOTE: what YAML does not take as printable, the separators that editors and YAML 1.1 count differently as line ends, a BOM within
# the text, and the BiDi controls that let a reviewer read another policy than the one that holds (CVE-2021-42574).
_REFUSED = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


def decoded(content: bytes, file: str, problems: Problems) -> str | None:
    """The text of a file's bytes without a BOM; None where it cannot be one, which is added to `problems` with its place."""
    if len(content) > MAX_BYTES:
        problems.add(Place(file), f"the file is larger than {MAX_BYTES >> 20} MiB")
        return None
    content = content.removeprefix(codecs.BOM_UTF8)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        place = _place_of(content[: error.start].decode("utf-8"), file)
        problems.add(place, f"byte 0x{content[error.start]:02x} is not UTF-8: save the file as UTF-8")
        return None
    refused = _REFUSED.search(text)
    if refused:
        place = _place_of(text[: refused.start()], file)
        problems.add(place, f"character U+{ord(refused[0]):04X} may not stand in a policy; in double quotes write it as an escape")
        return None
    return text


def _place_of(before: str, file: str) -> Place:
    lines = re.split("\r\n|\r|\n", before)
    return Place(file, len(lines), len(lines[-1]) + 1)
