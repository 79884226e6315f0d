"""Values that grant access, masked wherever in a text they stand: those of S3's own parameters, and of others that a project names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

MASK: Final = "***"
"""What stands where a credential stood."""

NAMES: Final = (
    "X-Amz-Security-Token",
    "X-Amz-S3session-Token",  # of S3 Express One Zone: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateSession.html
    "Server-Side-Encryption-Customer-Key",  # SSE-C: the key itself, also of the source of a copy
    "AWSAccessKeyId",
    "Signature",  # and so X-Amz-Signature
)
"""Parameters and headers whose values are always masked."""

_ESCAPE: Final = r"(?<!\\)\\{1,15}(?:u00|x|u\{)"
"""What begins an escape of JSON, of a shell or of `s3guard.text.visible`. NOTE: at the first of its backslashes, or time is quadratic."""
_PARAMETER: Final = re.compile(r"x-[A-Za-z0-9._~*?-]{1,200}", re.IGNORECASE)
_MEANT: Final = re.compile(r"[?&]?([A-Za-z0-9._~*-]{1,200})=?")


def named(name: str) -> str:
    """The name of a parameter as `Masks` takes it, ``x-user-token`` or a glob of it; ValueError with what was probably meant for any other.

    S3 ignores parameters that begin with ``x-`` and writes them to the log as they came
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html, *Custom access log information*).
    """
    if _PARAMETER.fullmatch(name):
        return name.lower()
    meant = _MEANT.fullmatch(name)
    known = "" if meant is None else meant[1] if meant[1].lower().startswith("x-") else f"x-{meant[1].lstrip('.-_')}"
    hint = (
        f"; did you mean {known}?"
        if known and _PARAMETER.fullmatch(known)
        else "; write one such as x-user-token, or a glob such as x-user-*"
    )
    raise ValueError(f"{name[:100]!r} is no parameter of a client's own: S3 takes those that begin with x-{hint}")


def _spelled(text: str) -> str:
    r"""A pattern for `text` in any case, each character plain, in percent to any depth, or as JSON, a shell or HTML writes it.

    So a ``=`` is also ``%3D``, ``%253D``, ``\u003d``, ``\x3d``, ``&#61;`` and ``&#x3d;``.
    """
    return "".join(map(_character, text))


def _character(character: str) -> str:
    codes = sorted({ord(character.lower()), ord(character.upper())})
    hexes = "|".join(f"{code:02x}" for code in codes)
    numbers = "|".join(map(str, codes))
    return rf"(?:{re.escape(character)}|%(?:25)*(?:{hexes})|{_ESCAPE}(?:{hexes})\}}?|&\#(?:0*(?:{numbers})|x0*(?:{hexes}));?)"


def _globbed(name: str) -> str:
    """The same for a name with ``*`` and ``?``, which stand for what names are made of."""
    one = r"(?:[A-Za-z0-9._~-]|%(?:25)*(?:2[de]|3[0-9]|[46][1-9a-f]|5[0-9af]|7[0-9ae]))"
    return "".join({"*": f"{one}{{0,100}}", "?": one}.get(character) or _character(character) for character in name)


_SPACE: Final = r"(?:[\s+]|%(?:25)*(?:20|09|0a|0d))"
_QUOTE: Final = r"(?:\\{0,8}[\"']|%(?:25)*2[27]|(?<!\\)\\{1,15}(?:u00|x)2[27]|&quot;|&\#0*3[49];)"
# NOTE: a value that was masked before stays as it is, and with it what a sentence of ours puts behind it.
_MASKED: Final = rf"(?!{_QUOTE}{{0,2}}\*\*\*(?:[\s,:;.)&\"'\\]|\Z))"
_FORMS: Final = ("plain", "nested", "pair", "quoted", "header")
"""How a name and its value may stand together, as groups of the pattern."""
_COLON: Final = r"(?::|%(?:25)*3a)"
_LIST: Final = rf"(?:(?:\[|%(?:25)*5b){_SPACE}{{0,8}}+)?"
_AND: Final = rf"{_ESCAPE}26|&"
# NOTE: a value ends at a space and at what separates parameters. Tabs, line breaks and what else no URL holds belong to it, or what stands
# behind them would show. A token in which every "+" was read as a space goes on behind it.
_END: Final = rf"(?:{_AND}|[;?\#\"' ])"
_GOES_ON: Final = r"(?: (?=[A-Za-z0-9+/]{20,}={0,2}(?:[ &\"']|\Z))[A-Za-z0-9+/]+={0,2})*"
# NOTE: nothing of what stands before a value is given back ("++"), or a mask would be taken for a part of one.
_EQUALS: Final = rf"(?:{_SPACE}{{1,8}}+={_SPACE}{{0,8}}+|=)"


def _forms(end: str, coded: str, goes_on: str, header: str) -> str:
    """How a name and its value may stand together, from behind the name on; the named groups, up to the value, are kept.

    `end` is what ends a value, `coded` the same in hex, `goes_on` what of it may stand behind a space. `header` is what a value must look
    like behind a colon, where prose may stand as well.
    """
    plain = rf"(?P<plain>{_EQUALS}|{_ESCAPE}3d\}}?+|&\#(?:0*61|x0*3d);?+|>){_MASKED}(?:(?!{end})[^<])+{goes_on}"
    # NOTE: a URL inside a URL: "=" and "&" are in percent, twice in a logged key. What is in percent once more belongs to the value.
    nested = rf"(?P<nested>(?P<depth>%(?:25)*)3d){_MASKED}(?:(?!(?P=depth)(?:{coded})|{end})[\s\S])+"
    pair = rf"(?P<pair>{_QUOTE}{_SPACE}{{0,8}}+{_COLON}{_SPACE}{{0,8}}+{_LIST}{_QUOTE}){_MASKED}(?:(?!{_QUOTE})[\s\S])+"
    # NOTE: no space is in such a value, for behind a quote that ends a field of a log the next field stands.
    quoted = rf"(?P<quoted>(?:{_EQUALS}|%(?:25)*3d){_QUOTE}{{1,2}}+|{_COLON}{_SPACE}{{0,8}}+{_QUOTE}{header}){_MASKED}(?:(?!{_QUOTE})\S)+"
    after_colon = rf"(?P<header>{_SPACE}{{0,4}}{_COLON}{_SPACE}{{0,8}}+){_MASKED}{header}(?:(?!{end})[^<,])+{goes_on}"
    return f"(?:{quoted}|{plain}|{nested}|{pair}|{after_colon})"


@lru_cache(maxsize=64)
def _pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    """What is masked: names of ours, of the project, and the header of the old signature."""
    ours = f"(?P<ours>{'|'.join(map(_spelled, NAMES))})" + _forms(_END, "26|3b|3f|23|20|22|27", _GOES_ON, "(?=[A-Za-z0-9+/=%._~-]{16})")
    old = r"(?P<old>\bAWS[ +])(?!\*\*\*)[A-Z0-9]{16,128}(?::|%3a)[A-Za-z0-9+/=%]{20,}"
    theirs = ""
    if names:
        # NOTE: "%26x-token": what stands before the name ends with digits of an escape.
        begin = r"(?:(?<![A-Za-z0-9_~.-])|(?<=26|3f|3b|20|22|27|2b|0a|0d))"
        body = re.sub(
            r"\(\?P<(plain|nested|pair|quoted|header|depth)>", r"(?P<\1_>", _forms(rf"(?:{_AND}|[\" ])", "26|20|22", "", "")
        ).replace("(?P=depth)", "(?P=depth_)")
        theirs = f"|{begin}(?P<theirs>{'|'.join(map(_globbed, names))}){body}"
    return re.compile(f"{ours}|{old}{theirs}", re.IGNORECASE)


_KEPT: Final = ("ours", "theirs", "old", *_FORMS, *(f"{form}_" for form in _FORMS))

SUSPECT: Final = r"%|\\|&#|(?i:signature|security-token|session-token|customer-key|awsaccesskeyid)|AWS[ +]"
"""Part of every text in which something is masked where no parameter is named; Rust's regular expressions take it as Python's do."""
_SUSPECT: Final = re.compile(SUSPECT)
_CODED: Final = re.compile(r"%(?:25)*([0-9a-f]{2})|\\{1,15}(?:u00|x|u\{)([0-9a-f]{2})\}?", re.IGNORECASE)
_NAME: Final = re.compile(
    r"(?:signature|security-token|session-token|customer-key|wsaccesskeyid)[\s+]{0,8}[=:>%\\&\"']|AWS[ +][A-Z0-9]{16}|&#", re.IGNORECASE
)
"""A name, and what stands between it and a value, however that is spelled: part of every text in which something of ours is masked.

NOTE: without its first letter where that is a hexadecimal digit, which an escape before it ("%2") would take for its own.
"""
_THEIRS: Final = re.compile(rf"{SUSPECT}|[xX]-")
_HEAD: Final = re.compile(rf"\A[^\s&\"']{{8,}}?(?={_AND}| HTTP/[0-9]|\" [0-9-]|\"?\Z)")


@dataclass(frozen=True, slots=True)
class Masks:
    """What is masked in texts: the values of `NAMES`, and of the parameters of these names."""

    names: tuple[str, ...] = ()
    """Names and globs, each as `named` gives it."""

    @classmethod
    def of(cls, names: Iterable[str]) -> Masks:
        """Those of names, each once; ValueError for one that is none."""
        return cls(tuple(sorted({named(name) for name in names})))

    def joined(self, names: Iterable[str]) -> Masks:
        """These and others."""
        return Masks.of((*self.names, *names))

    @property
    def suspect(self) -> str:
        """Part of every text that `apply` changes, as a regular expression for Rust."""
        return rf"{SUSPECT}|[xX]-" if self.names else SUSPECT

    def apply(self, text: str) -> str:
        """The text with every credential in it replaced by ``***``; twice is as once.

        Names are met in any case, in percent to any depth, as JSON escapes; in a query, a JSON object, a header or XML.
        """
        if not (_THEIRS if self.names else _SUSPECT).search(text) or not (self.names or _may_be_named(text)):
            return text
        return _pattern(self.names).sub(_masked, text)

    def apply_torn(self, text: str) -> str:
        """The same for a line that may begin within a value, whose name is lost: a head like the rest of a URL is masked."""
        masked = self.apply(text)
        return _HEAD.sub(MASK, masked) if not masked.startswith(MASK) else masked


MASKS: Final = Masks()
"""Those of every run."""


def _may_be_named(text: str) -> bool:
    """Whether one of `NAMES` may stand in a text, however it is spelled.

    NOTE: keys in percent are common. Read plain, nearly none of them holds a name, and so the long pattern need not even be compiled,
    for which a run waits 30 ms.
    """
    return _NAME.search(text) is not None or _NAME.search(_CODED.sub(_plain, text)) is not None


def _plain(match: re.Match[str]) -> str:
    return chr(int(match[1] or match[2], 16))


def _masked(match: re.Match[str]) -> str:
    groups = match.groupdict()
    return "".join(groups.get(name) or "" for name in _KEPT) + MASK


def mask_credentials(text: str) -> str:
    """The text with the values that grant access replaced by ``***``, wherever in it they stand: `Masks` of no further names.

    ``X-Amz-Credential`` stays: it names an access key and grants nothing.
    """
    return MASKS.apply(text)
