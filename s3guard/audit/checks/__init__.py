"""The checks on the logging configuration, one a file, found by their names.

A check is a module ``sal_001.py`` of this folder:

* the first paragraph of its docstring is the title, which says what is true when it passes; the whole docstring is its page, with the
  sections ``## What``, ``## Why``, ``## Source``, ``## CLI`` and ``## Terraform`` (and ``## Not seen`` where it cannot see something),
* ``SEVERITY``, how much a FAIL matters, ``ABOUT``, which rows it is asked about, ``NEEDS``, the names of the facts that it may look at,
* ``check(case)``, which yields one `Verdict` or several; it is handed a `Case`, or an `AccountCase` where it is about accounts.

Of its verdicts the gravest counts. A fact that is unknown, taken through `s3guard.audit.facts.known`, ends the check with UNKNOWN and the
fact's reason; what it yielded before stands.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from s3guard.audit.case import About, AccountCase, Answer, Case, Verdict
from s3guard.audit.facts import NotKnownError
from s3guard.model import Severity


@dataclass(frozen=True, slots=True)
class Check:
    """One check."""

    id: str
    """``SAL-001``."""
    title: str
    """What is true when it passes."""
    page: str
    """Its documentation, Markdown."""
    severity: Severity
    about: About
    needs: tuple[str, ...]
    """Names of facts: of `Bucket`, or of `Account` as ``account.trails``, or of the target's row as ``target.exists``."""
    _check: Callable[[Any], Iterator[Verdict]]

    def verdicts(self, case: Case | AccountCase) -> tuple[Verdict, ...]:
        """What it says, at least one verdict."""
        found: list[Verdict] = []
        try:
            for verdict in self._check(case):
                found.append(verdict)  # noqa: PERF402 - one by one, so that what was yielded before an unknown fact stands
        except NotKnownError as error:
            found.append(Verdict(Answer.UNKNOWN, str(error)))
        return tuple(found) or (Verdict(Answer.PASS, ""),)

    @property
    def help(self) -> str:
        """What it is for and what to do, a plain paragraph: text of s3guard, never of a bucket."""
        # NOTE: the page is Markdown; in a sentence of a report one backtick is enough.
        told = " ".join(f"{self.section('What')}\n{self.section('Why')}".replace("``", "`").split())
        return f"{told} s3guard audit --fix-snippets --rule {self.id} prints what would mend it."

    def section(self, name: str) -> str:
        """The text of a section of the page, ``CLI``; empty where there is none."""
        found = re.search(rf"^## {re.escape(name)}\n(.*?)(?=^## |\Z)", self.page, re.MULTILINE | re.DOTALL)
        return found[1].strip("\n") if found else ""


def catalog() -> dict[str, Check]:
    """Every check by its id, in order."""
    stems = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name.startswith("sal_"))
    return {check.id: check for check in map(_check_of, stems)}


def _check_of(stem: str) -> Check:
    module = importlib.import_module(f"{__name__}.{stem}")
    page = inspect.cleandoc(module.__doc__ or "")
    title = " ".join(page.split("\n\n")[0].split()).rstrip(".")
    return Check(stem.upper().replace("_", "-"), title, page, module.SEVERITY, module.ABOUT, tuple(module.NEEDS), module.check)
