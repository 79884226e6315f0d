"""Where paths in reports begin: the root of the git repository, else the working directory."""

from __future__ import annotations

import os
from pathlib import Path


def git_root(start: Path) -> Path | None:
    """The nearest folder at or above `start` that holds ``.git`` (a folder, or a file in a worktree); None outside a repository."""
    folder = start.resolve()
    return next((parent for parent in (folder, *folder.parents) if os.path.lexists(parent / ".git")), None)


def report_root(start: Path) -> Path:
    """The folder that paths in reports are relative to: the git root of `start`, else `start` itself."""
    return git_root(start) or start.resolve()


def shown_path(path: Path, root: Path) -> str:
    """`path` as reports name it: relative to `root` with ``/`` between the parts, absolute where it lies outside."""
    # NOTE: absolute() and not resolve(): a link within the repository keeps the name that its users know.
    absolute = Path(os.path.normpath(path.absolute()))
    for base in (root, root.resolve()):
        if absolute.is_relative_to(base):
            return absolute.relative_to(base).as_posix()
    return absolute.as_posix()
