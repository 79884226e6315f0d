"""The compliance frameworks, a YAML file each: which control what of s3guard gives evidence for, how strong, and who says so.

The file's name is the framework's: ``hipaa.yaml``, or name and version, ``pci-dss-4.0.1.yaml``. Another file is another framework, and
nothing else is to be changed. The plain name (``pci-dss``) stands for the newest version that is shipped.

Names are read off the folder; a file is read when somebody asks for what is in it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from s3guard.model import UsageError
from s3guard.problems import Problems, did_you_mean, one_of, quoted

if TYPE_CHECKING:
    # NOTE: pydantic's models are built where a framework is read, which a run without one never does.
    from s3guard.frameworks.shape import Framework

FOLDER: Final = Path(__file__).parent
_VERSION: Final = re.compile(r"-(r[0-9]+|v?[0-9]+(?:\.[0-9]+)+|(?:19|20)[0-9]{2})\Z")
"""At the end of a file's name: a revision (``r5``), a version with dots (``4.0.1``) or a year (``2022``); ``800-53`` is none."""


def ids() -> tuple[str, ...]:
    """Every framework with its version, as files are named, sorted by name and then from the oldest version to the newest."""
    return _ids(FOLDER)


@cache
def _ids(folder: Path) -> tuple[str, ...]:
    stems = [file.removesuffix(".yaml") for file in os.listdir(folder) if file.endswith(".yaml")]  # noqa: PTH208 - a Path each is slower
    return tuple(sorted(stems, key=lambda stem: (plain(stem), _number(stem))))


def names() -> tuple[str, ...]:
    """The plain names, without versions, sorted."""
    return tuple(dict.fromkeys(plain(one) for one in ids()))


def plain(name: str) -> str:
    """The name of a framework without its version: ``pci-dss`` of ``pci-dss-4.0.1``."""
    return _VERSION.sub("", name)


def _number(name: str) -> tuple[int, ...]:
    found = _VERSION.search(name)
    return tuple(map(int, re.findall("[0-9]+", found[1]))) if found else ()


def resolved(name: str) -> str | None:
    """The id that a name stands for: the newest version of a plain one, a pinned one itself; None for what is not shipped."""
    return next((one for one in reversed(ids()) if name in (one, plain(one))), None)


def checked(name: str) -> str:
    """The same name; ValueError that says what was meant, or which versions there are, where no framework is shipped under it."""
    if resolved(name) is not None:
        return name
    versions = [one for one in ids() if plain(one) == plain(name)]
    if versions:
        raise ValueError(f"{quoted(name)} is not a version that this s3guard has; write {one_of([plain(name), *versions])}")
    raise ValueError(f"{quoted(name)} is not a framework{did_you_mean(name, (*names(), *ids())) or f'; write {one_of(names())}'}")


def matching(wanted: Iterable[str]) -> frozenset[str]:
    """The ids that names ask for: of a plain one all versions, of a pinned one that one. ValueError as `checked` says."""
    asked = {checked(name) for name in wanted}
    return frozenset(one for one in ids() if one in asked or plain(one) in asked)


def load(name: str) -> Framework:
    """The framework of a name or id; UsageError for one that is not shipped, or whose file is damaged, with every fault."""
    try:
        found = resolved(checked(name))
    except ValueError as error:
        raise UsageError(str(error)) from error
    assert found is not None  # noqa: S101 - `checked` has told otherwise
    return _load(FOLDER / f"{found}.yaml")


@cache
def _load(path: Path) -> Framework:
    return parsed(path.read_bytes(), path.stem, path.name)


def parsed(content: bytes, stem: str, file: str) -> Framework:
    """The framework in a file's bytes; UsageError with every fault, each behind `file`."""
    from pydantic import ValidationError

    from s3guard import documents
    from s3guard.frameworks.shape import Framework
    from s3guard.nodes import find
    from s3guard.nodes import plain as values

    problems = Problems()
    (node, *more) = documents.read(content, file, problems, what="framework") or (None,)
    if node is not None and not more and not problems:
        try:
            return Framework.model_validate(values(node), context=stem)
        except ValidationError as error:
            for one in error.errors():
                _, place = find(node, one["loc"])
                problems.add(place, f"{'.'.join(map(str, one['loc']))}: {one['msg'].removeprefix('Value error, ')}")
    told = [str(problem) for problem in problems] or [f"{file}: a framework is one document"]
    raise UsageError("\n".join(told))
