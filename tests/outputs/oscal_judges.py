"""What other people's tools say of OSCAL assessment results: trestle's models, and the metaschema of NIST as `oscal` carries it."""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from pathlib import Path
from unittest import mock

from oscal import OSCAL
from oscal.oscal_support import configure_support
from trestle.oscal.assessment_results import Model

# NOTE: left alone, it unpacks 160 MB of its own into ./support of whatever folder the tests run in.
_FOLDER = Path(tempfile.mkdtemp(prefix="oscal-"))
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)
configure_support(db_path=str(_FOLDER / "support.db"))


def faults(text: str) -> list[str]:
    """Everything that is wrong with a document, by any judge."""
    found: list[str] = []
    try:
        Model.model_validate(json.loads(text))
    except ValueError as error:
        found.append(f"trestle: {error}")
    # NOTE: it would look for what is imported, a policy here, and ask the network about versions; neither is the document's fault.
    with mock.patch.object(OSCAL, "resolve_imports"):
        content = OSCAL.loads(text)
    if not content.is_valid:
        found.append(f"oscal: {content.validation_status}: {content.validation_errors}")
    return found
