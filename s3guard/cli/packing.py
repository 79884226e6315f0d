"""An evidence pack, as flags ask for it: where it goes, who signs it, where else it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from s3guard.aws import Access
from s3guard.cli import ending, options, signing, storing
from s3guard.model import UsageError
from s3guard.text import shown

if TYPE_CHECKING:
    from s3guard.check import Judged
    from s3guard.evidence.lines import Lines
    from s3guard.evidence.material import Material
    from s3guard.evidence.pack import Packed
    from s3guard.evidence.signing import Seal

Evidence = Annotated[
    Path | None,
    options.flag("--evidence", takes="FILE", panel=options.WRITTEN, says="An evidence pack of the run: see s3guard evidence pack."),
]


Signed = tuple[str | None, Path | None, str | None]
"""Who signs: the key, the file of its passphrase, the authority that stamps the time."""
Stored = tuple[str | None, str | None, str, bool]
"""Where else it is kept: the address, the time, the mode of the lock, and whether a bucket without locks will do."""


@dataclass(frozen=True, slots=True)
class Packer:
    """Writes the pack that was asked for."""

    context: typer.Context
    file: Path
    seal: Seal | None
    stored: Stored
    access: Access
    loud: bool
    lines: Lines
    """Takes the lines that are no record while the run judges."""

    def pack(self, material: Material) -> Packed:
        """Write the pack, and keep it where that is asked for; UnableError where either cannot be done."""
        from s3guard.evidence.pack import pack

        store, retain, mode, allow_unlocked = self.stored
        lock = None
        if store is not None:
            # NOTE: what is wrong with it is told before anything is written.
            names = [name for one in material.policies for name in one.frameworks]
            lock = storing.lock(self.context, retain, mode, names, allow_unlocked=allow_unlocked)
        done = pack(self.file, material, self.seal)
        self._tell(f"{shown(str(self.file))}: {len(done.manifest.files) + 1} files, {self._signed()}")
        if store is not None and lock is not None:
            self._tell(storing.stored(self.file, store, lock, self.access))
        return done

    def finish(self, done: Judged) -> None:
        """Write the pack of a run, and then that the run came to its end; UnableError where either cannot be written."""
        from s3guard.evidence.material import of_run

        self.pack(of_run(done, self.lines))
        done.finish()

    def _signed(self) -> str:
        return "not signed" if self.seal is None else f"signed with the key {self.seal.signer.keyid}"

    def _tell(self, text: str) -> None:
        if self.loud:
            ending.tell(text)


def packer(context: typer.Context, file: Path | None, signed: Signed, stored: Stored, access: Access, *, loud: bool) -> Packer | None:
    """What writes the pack that flags ask for; None where none is. UsageError for a key that is none, and for flags that say nothing."""
    key, passphrase_file, timestamp = signed
    store, retain, lock_mode, allow_unlocked = stored
    for name, given in (("key", key), ("timestamp", timestamp), ("store", store)):
        if file is None and given is not None:
            raise UsageError(f"--{name} is about an evidence pack: give --evidence FILE as well")
    if timestamp is not None and key is None:
        raise UsageError("--timestamp stamps a signature: give --key as well")
    if store is None and (retain is not None or allow_unlocked):
        raise UsageError("--retain and --allow-unlocked say how a pack is kept: give --store as well")
    if file is None:
        return None
    if store is not None:
        storing.look(context, store, retain, lock_mode, file.name)
    _spare(file)
    from s3guard.evidence.lines import Lines

    seal = None if key is None else signing.seal(context, key, passphrase_file, timestamp, access)
    return Packer(context, file, seal, stored, access, loud, Lines())


def _spare(file: Path) -> None:
    """UsageError where a pack would be written over what is no pack: a key given in its place could never be had again."""
    from s3guard.evidence.archive import BEGINS

    try:
        with file.open("rb") if file.is_file() else BytesIO() as stream:
            begun = stream.read(len(BEGINS))
    except OSError:
        return  # NOTE: whoever writes it says why that cannot be done.
    if begun and begun != BEGINS:
        raise UsageError(f"{shown(str(file))}: this is there already and is no evidence pack, so it is not written over; give another name")
