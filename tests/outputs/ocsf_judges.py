"""What other people's tools say of OCSF events: the schema of a version, as its makers' server has it, and prowler's models."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import jsonschema_rs
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema
from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding
from py_ocsf_models.events.findings.detection_finding import DetectionFinding

VERSIONS = ("1.5.0", "1.8.0")
CLASSES = {2003: ("compliance_finding", ComplianceFinding), 2004: ("detection_finding", DetectionFinding)}


@cache
def validator(version: str, class_uid: int) -> Any:
    """The schema of a class; unknown keys are faults."""
    return jsonschema_rs.validator_for(OcsfJsonSchemaEmbedded(get_ocsf_schema(version)).get_class_schema(CLASSES[class_uid][0], ["cloud"]))


def faults(line: str) -> list[str]:
    """Everything that is wrong with an event, by any judge."""
    event = json.loads(line)
    class_uid = event.get("class_uid")
    if class_uid not in CLASSES:
        return [f"class_uid: {class_uid}"]
    found = [f"{version}: {error}" for version in VERSIONS for error in validator(version, class_uid).iter_errors(event)]
    try:
        CLASSES[class_uid][1].model_validate(event)
    except ValueError as error:
        found.append(f"prowler: {error}")
    return found
