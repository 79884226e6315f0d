"""Where a resource of a plan stands in its Terraform sources, and what they hold: a plan itself names no lines."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

from s3guard.audit.terraform.cursor import BrokenError
from s3guard.audit.terraform.hcl import parse
from s3guard.audit.terraform.plan import Plan, Resource, names
from s3guard.audit.terraform.syntax import Body
from s3guard.model import Location
from s3guard.repository import report_root, shown_path

_BLOCK: Final = re.compile(r'^[ \t]*(resource|data)[ \t]+"([^"\n]+)"[ \t]+"([^"\n]+)"', re.MULTILINE)
_MAX_BYTES: Final = 1 << 20
_MOST: Final = 500
"""Files of one folder that are looked at."""
_MODULES: Final = Path(".terraform", "modules", "modules.json")


class Places:
    """The places of one plan's resources."""

    def __init__(self, plan: Plan, path: Path | None) -> None:
        """Sources are looked for beside the plan, else in the working directory, else at the root of the repository."""
        self._plan = plan
        self._shown = report_root(Path.cwd())
        beside = [] if path is None else [path.absolute().parent, Path.cwd(), self._shown]
        self._root = next((folder for folder in beside if any(folder.glob("*.tf"))), None)
        self._blocks: dict[Path, dict[str, Location]] = {}
        self._bodies: dict[Path, Body] = {}
        self._folders: dict[tuple[str, ...], Path | None] = {}
        self._installed: dict[str, str] | None = None

    def of(self, resource: Resource) -> Location:
        """The resource's block; the plan where its sources are not there."""
        folder = self._folder(names(resource.scope))
        found = None if folder is None else self._found(folder).get(resource.base)
        return found or Location(self._plan.name, 1)

    def body(self, module: tuple[str, ...]) -> Body:
        """All that the sources of a module hold; nothing where they are not there, or one of them cannot be read."""
        folder = self._folder(module)
        if folder is None:
            return Body()
        if folder not in self._bodies:
            self._bodies[folder] = _read(folder)
        return self._bodies[folder]

    def _folder(self, module: tuple[str, ...]) -> Path | None:
        """The folder of a module's sources."""
        if not module or self._root is None:
            return self._root
        if module not in self._folders:
            above, own = self._folder(module[:-1]), self._plan.modules.get(module[:-1])
            call = None if own is None else own.calls.get(module[-1])
            source = call.get("source") if isinstance(call, dict) else None
            if isinstance(source, str) and source.startswith(("./", "../")) and above is not None:
                self._folders[module] = above / source
            else:
                installed = self._modules().get(".".join(module))
                self._folders[module] = None if installed is None else self._root / installed
        return self._folders[module]

    def _modules(self) -> dict[str, str]:
        """Where ``terraform init`` put modules, by their names."""
        if self._installed is None:
            self._installed = {}
            if self._root is not None:
                self._installed = _manifest(self._root / _MODULES)
        return self._installed

    def _found(self, folder: Path) -> dict[str, Location]:
        if folder not in self._blocks:
            self._blocks[folder] = {}
            for file in sorted(folder.glob("*.tf"))[:_MOST]:
                for base, line in _blocks(file):
                    self._blocks[folder].setdefault(base, Location(shown_path(file, self._shown), line))
        return self._blocks[folder]


def _read(folder: Path) -> Body:
    """What the files of a folder hold together; nothing where one is not understood, since it may change what others say."""
    found = Body()
    for file in sorted(folder.glob("*.tf"))[:_MOST]:
        try:
            text = file.read_bytes()[: _MAX_BYTES + 1]
            body = parse(text.decode()) if len(text) <= _MAX_BYTES else None
        except (OSError, UnicodeDecodeError, BrokenError):
            body = None
        if body is None:
            return Body()
        found.blocks += body.blocks
    return found


def _blocks(file: Path) -> list[tuple[str, int]]:
    """The blocks of a file with their lines; none of one that cannot be read, whose resources then stand at the plan."""
    try:
        if not file.is_file() or file.stat().st_size > _MAX_BYTES:
            return []
        text = file.read_text("utf-8", "replace")
    except OSError:
        return []
    found: list[tuple[str, int]] = []
    line, at = 1, 0
    for block in _BLOCK.finditer(text):
        start = block.start(1)
        line, at = line + text.count("\n", at, start), start
        found.append((f"{'data.' if block[1] == 'data' else ''}{block[2]}.{block[3]}", line))
    return found


def _manifest(file: Path) -> dict[str, str]:
    """The folders of ``.terraform/modules/modules.json``; none where it cannot be read."""
    try:
        told: Any = json.loads(file.read_bytes()[:_MAX_BYTES])
        return {str(one["Key"]): str(one["Dir"]) for one in told["Modules"]}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}
