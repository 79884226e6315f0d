"""``s3guard evidence keygen``: a pair of keys, one that signs and one that verifies."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from s3guard.cli import choices, ending, options, signing, terminal
from s3guard.model import UsageError
from s3guard.text import ci_safe, shown

ORDER = 1
EXAMPLES = """
s3guard evidence keygen -o signer
s3guard evidence keygen -o signer --passphrase-file words
"""


def keygen(
    context: typer.Context,
    *,
    # NOTE: the setting `output` is a list of reports, and this is none of them.
    name: Annotated[
        Path | None,
        options.flag("-o", "--output", takes="NAME", panel=options.WRITTEN, says="Where: NAME.pem, which signs, and NAME.pub.pem."),
    ] = None,
    passphrase_file: signing.PassphraseFile = None,
    verbose: options.Trace = False,  # noqa: ARG001 - whoever runs the verb looks at it
) -> int:
    """Make a pair of Ed25519 keys: `NAME.pem` signs, and only you may read it; `NAME.pub.pem` verifies, and is for everybody.

    A passphrase, 12 characters or more, locks the private key. Nothing is ever written over. Give the public key to your auditor by
    another way than the packs: a key that comes with a pack proves nothing.
    """
    if name is None or not name.name:
        raise UsageError("where to? As in: s3guard evidence keygen -o signer, which writes signer.pem and signer.pub.pem")
    from s3guard.attest import keys

    made = keys.generate(name, keys.passphrase(passphrase_file, choices.of(context).environ))
    where = ci_safe(shown(str(name)))
    terminal.put(
        [
            f"{where}.pem      signs: keep it to yourself\n",
            f"{where}.pub.pem  verifies: give it to whoever is to trust what you sign\n",
            f"key {made.keyid}\n",
        ]
    )
    return ending.CLEAN
