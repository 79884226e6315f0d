"""What is around every page: its head with the content policy, the sign beside a verdict, the list of contents."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from importlib import resources
from typing import Final

from s3guard.markup import Markup, element, joined
from s3guard.outputs.html.parts import Section

_SIGNS: Final = {
    "pass": "M7 12.5l3.4 3.4L17.5 8.6",
    "fail": "M8 8l8 8M16 8l-8 8",
    "undetermined": "M9.2 9.6a2.9 2.9 0 1 1 4.2 2.6c-1 .5-1.4 1.1-1.4 2.1M12 17.2v.1",
    "idle": "M7.5 12h9",
}
"""What stands in the circle beside the verdict."""


def whole(title: str, kind: str, body: Markup, more: str = "") -> str:
    """The page: one file that needs no network and may run nothing; `kind` is how it is coloured, one of those of `sign`.

    `more` is style that the page has besides that of all pages.
    """
    style = resources.files("s3guard.outputs.html").joinpath("style.css").read_text(encoding="utf-8").replace("\r\n", "\n")
    style += more
    head = joined([*_meta(style), element("title", title), Markup(f"<style>{style}</style>\n")])
    page = element("html", element("head", head), element("body", body, class_=kind), lang="en")
    return f"<!DOCTYPE html>\n{page}"


def sign(kind: str) -> Markup:
    """The sign beside a verdict: ``pass``, ``fail``, ``undetermined`` or ``idle``."""
    drawn = (element("circle", cx=12, cy=12, r=11), element("path", d=_SIGNS[kind]))
    return element("svg", *drawn, class_="sign", viewBox="0 0 24 24", width=64, height=64, aria_hidden="true")


def content(sections: Sequence[Section], label: str) -> Markup:
    """All sections, and a list of them beside."""
    links = (
        element("li", element("a", one.short, element("span", one.note) if one.note else None, href=f"#{one.name}")) for one in sections
    )
    nav = element("nav", element("ul", *links), aria_label=label)
    return element("div", nav, element("main", *(one.markup for one in sections)), class_="wide page")


def _meta(style: str) -> Iterator[Markup]:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    yield element("meta", charset="utf-8")
    # NOTE: as markup of ours, for an escaped quote is no quote to whoever reads the file without a parser.
    yield element("meta", http_equiv="Content-Security-Policy", content=Markup(policy))
    yield element("meta", name="viewport", content="width=device-width, initial-scale=1")
    yield element("meta", name="color-scheme", content="light dark")
    yield element("meta", name="referrer", content="no-referrer")
