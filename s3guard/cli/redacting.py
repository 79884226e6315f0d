"""What the command line, the environment, the settings file and the policies of a project say of what outputs keep to themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from s3guard.cli import choices
from s3guard.cli.options import POLICIES
from s3guard.model import UsageError

if TYPE_CHECKING:
    from s3guard.redaction import Key, Redaction

_MASKS: Final = re.compile(rb"\bmask\b|\bextends\b[^#]*\.ya?ml\b")
"""Part of every policy file that masks anything, or takes over from a file that might."""


def redaction(
    context: typer.Context, redact: Sequence[str] | None, key_file: Path | None, mask: Sequence[str] | None, *, policies: bool = False
) -> Redaction:
    """What is asked for; `choices.Choices.hide` does it to errors from then on.

    With `policies`, what the project's policies mask is masked by a verb, too, that asks nothing else of them. UsageError where there is
    no key or a weak one, for an unknown name, and where what policies mask cannot be known.
    """
    from s3guard.masks import Masks
    from s3guard.redaction import Redaction, kinds_of

    with choices.about(context, "mask"):
        masks = Masks.of(mask or ())
    kinds = kinds_of(redact or ())
    found = Redaction(masks, kinds, key(context, key_file))
    if policies:
        found = found.masking(_named(context))
    choices.of(context).hide = found.text
    return found


def key(context: typer.Context, file: Path | None) -> Key | None:
    """The key, if one is given: that of a file on the command line before that of the variable, and that before a file of the settings."""
    from s3guard.redaction.key import VARIABLE, Key

    written = choices.of(context).environ.get(VARIABLE)
    place = choices.place(context, "redact-key-file")
    if file is not None and written and place.startswith("environment"):
        raise UsageError(f"{VARIABLE} and S3GUARD_REDACT_KEY_FILE both give a key; which one is meant?")
    if file is not None and (place.startswith("--") or not written):
        return Key.read(file)
    return Key.of(written.encode("utf-8", "surrogateescape"), f"environment variable {VARIABLE}") if written else None


def _named(context: typer.Context) -> Iterator[str]:
    """The parameters that policies of the project mask."""
    setting = choices.of(context).settings.values.get("policy")
    paths = [Path(path) for path in setting.value] if setting is not None and isinstance(setting.value, tuple) else [Path(POLICIES)]
    paths = [path for path in paths if path.exists()]
    if not any(map(_may_mask, paths)):
        return  # NOTE: to read policies takes longer than to look whether they say the word.
    from s3guard import policy

    loaded, problems = policy.read(paths)
    if problems:
        raise UsageError(
            f"what the policies mask is not known, for they have faults, so nothing was written; s3guard validate tells all: {problems[0]}"
        )
    for one in loaded:
        yield from one.mask


def _may_mask(path: Path) -> bool:
    """Whether a policy file, or one of a folder, may say what is masked; one that cannot be read may."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.suffix.lower() in (".yaml", ".yml")]
    try:
        return any(_MASKS.search(file.read_bytes()) for file in files)
    except OSError:
        return True
