"""Policies as read from files, before anything they extend is added: each document checked for its own shape."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from s3guard import documents, utf8
from s3guard.declaration import Declaration
from s3guard.nodes import Listing, Mapping, Node, Plain, Scalar, kind_of, plain
from s3guard.problems import Place, Problems, did_you_mean, one_of, quoted
from s3guard.repository import shown_path
from s3guard.wording import report

PACKS: Final = "packs"
"""The name of a folder whose policies are there to be extended: they need no buckets."""
_SUFFIXES: Final = (".yaml", ".yml")


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """One document of a policy file."""

    path: Path
    file: str
    """As reports name it."""
    sha256: str
    """Of the file's bytes, hex."""
    node: Mapping
    declaration: Declaration | None
    """What the document says but for its rules and named lists; None where that has faults."""
    in_packs: bool
    """Whether it lies in a folder of packs."""

    @property
    def name(self) -> str | None:
        """The policy's name; None where it has none."""
        return _text(self.node.values.get("policy"))

    @property
    def is_pack(self) -> bool:
        """Whether the document names no buckets."""
        return "buckets" not in self.node.values

    @property
    def place(self) -> Place:
        """Where the policy's name stands, else where the document begins."""
        return self.node.place_of("policy")

    def texts(self, key: str) -> tuple[Scalar, ...]:
        """The texts of a key that takes one or a list; anything else is left out."""
        value = self.node.values.get(key)
        items = value.items if isinstance(value, Listing) else (value,)
        return tuple(item for item in items if isinstance(item, Scalar) and item.text)


def _text(node: Node | None) -> str | None:
    return node.text if isinstance(node, Scalar) else None


class Library:
    """Every policy file of a run, each read once."""

    def __init__(self, root: Path, problems: Problems) -> None:
        """`root` is the folder that reports name paths relative to."""
        self._root = root
        self._problems = problems
        self._drafts: dict[Path, tuple[Draft, ...]] = {}
        self._packs: dict[str, Draft] | None = None

    def read(self, path: Path) -> tuple[Draft, ...]:
        """The documents of one file; what is wrong with it is added to the problems."""
        real = _real(path)
        if real not in self._drafts:
            self._drafts[real] = self._read(path, shown_path(path, self._root))
        return self._drafts[real]

    def pack(self, name: str, place: Place) -> Draft | None:
        """The shipped pack of that name (its file's stem or the policy's name); where there is none, that is a problem at `place`."""
        packs = self._shipped()
        if name not in packs:
            stems = sorted({draft.path.stem for draft in packs.values()})
            hint = did_you_mean(name, packs) or (f"; packs are {one_of(stems)}" if stems else "")
            self._problems.add(place, f"no shipped pack is named {quoted(name)}{hint} (a file is written with its ending, .yaml)")
        return packs.get(name)

    def _shipped(self) -> dict[str, Draft]:
        if self._packs is None:
            drafts = [draft for path in sorted(shipped_packs().glob("*.yaml")) for draft in self.read(path)]
            by_name = {draft.name: draft for draft in drafts if draft.name}
            self._packs = by_name | {draft.path.stem: draft for draft in drafts}
        return self._packs

    def _read(self, path: Path, file: str) -> tuple[Draft, ...]:
        try:
            with path.open("rb") as stream:
                content = stream.read(utf8.MAX_BYTES + 1)
        except OSError as error:
            self._problems.add(Place(file, 0, 0), f"the file cannot be read: {error.strerror}")
            return ()
        digest = hashlib.sha256(content).hexdigest()
        found = []
        for node in documents.read(content, file, self._problems):
            if isinstance(node, Mapping):
                declaration = _declared(node, self._problems)
                found.append(Draft(path, file, digest, node, declaration, _real(path).parent.name == PACKS))
            else:
                self._problems.add(node.place, f"a policy is a mapping, not {kind_of(node)}")
        return tuple(found)


def _declared(node: Mapping, problems: Problems) -> Declaration | None:
    """The document's declaration without its rules, and with any item in the place of a "@name" of a named list.

    What rules and names mean depends on what is extended.
    """
    written = {key: plain(value) for key, value in node.values.items()}
    if isinstance(node.values.get("rules"), Mapping):
        written["rules"] = {}
    for section, any_item in (("principals", "authenticated"), ("networks", "192.0.2.0/24")):
        written[section] = _named(written.get(section, {}), any_item)
    logging = written.get("logging")
    if isinstance(logging, dict) and "readers" in logging:
        written["logging"] = {**logging, "readers": _named(logging["readers"], "authenticated")}
    try:
        return Declaration.model_validate(written)
    except ValidationError as error:
        report(error, Declaration, node, node.place, problems)
        return None


def _named(lists: Plain, any_item: str) -> Plain:
    """Named lists with `any_item` for every "@name"."""
    if isinstance(lists, str) and lists.startswith("@"):
        return any_item
    if isinstance(lists, list):
        return [_named(item, any_item) for item in lists]
    return {name: _named(value, any_item) for name, value in lists.items()} if isinstance(lists, dict) else lists


def shipped_packs() -> Path:
    """The folder of the packs that s3guard ships: in the installed package, else in the checkout."""
    packaged = _package() / PACKS
    return packaged if packaged.is_dir() else packaged.parent.parent / "policies" / PACKS


def is_installed(path: Path) -> bool:
    """Whether a file came with the installed package: no file of its user's, though an environment may lie in their repository."""
    return path.is_relative_to(_package())


def _package() -> Path:
    return Path(str(resources.files("s3guard")))


def policy_files(paths: Sequence[Path], root: Path, problems: Problems) -> tuple[Path, ...]:
    """The policy files among files and folders, each once: a file as it is, of a folder all ``*.yaml`` and ``*.yml``, any case and depth.

    A path that is not there, or a folder that holds none, is a problem.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        place = Place(shown_path(path, root), 0, 0)
        if path.is_dir():
            inside = sorted(_walk(path, root, problems))
            if not inside:
                problems.add(place, "the folder holds no policy file (*.yaml, *.yml)")
            found |= {_real(file): file for file in inside if _real(file) not in found}
        elif path.exists():
            found.setdefault(_real(path), path)
        else:
            problems.add(place, f"no such file or folder{_meant(path)}")
    return tuple(found.values())


def _meant(path: Path) -> str:
    """What the user may have meant by a path that is not there."""
    try:
        beside = [one.name for one in path.parent.iterdir()]
    except OSError:
        return ""
    return did_you_mean(path.name, beside, most=1)


def _real(path: Path) -> Path:
    """Where a path leads to, links followed."""
    # NOTE: not resolve(), which raises for a link to itself in Python before 3.13.
    return Path(os.path.realpath(path))


def _leads_to_policies(link: Path, folder: Path) -> bool:
    """Whether a link leads to policy files, or may, that lie neither in the folder nor around it."""
    there, here = _real(link), _real(folder)
    if there.is_relative_to(here) or here.is_relative_to(there):
        return False
    # NOTE: what cannot be looked into may hold some.
    unseen: list[OSError] = []
    found = any(name.lower().endswith(_SUFFIXES) for _, _, files in os.walk(there, onerror=unseen.append) for name in files)
    return found or bool(unseen)


def _walk(folder: Path, root: Path, problems: Problems) -> Iterator[Path]:
    def denied(error: OSError) -> None:
        problems.add(Place(shown_path(Path(error.filename), root), 0, 0), f"the folder cannot be read: {error.strerror}")

    # NOTE: links to folders are not followed: they may lead in circles, or out of the repository.
    for parent, folders, files in os.walk(folder, onerror=denied):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for link in (Path(parent) / name for name in folders):
            if link.is_symlink() and _leads_to_policies(link, folder):
                problems.add(
                    Place(shown_path(link, root), 0, 0), "a link to a folder is not followed; give the folder itself with --policy"
                )
        yield from (Path(parent) / name for name in files if name.lower().endswith(_SUFFIXES) and not name.startswith("."))
