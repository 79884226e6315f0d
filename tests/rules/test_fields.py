"""The fields that all rules share, and what a wrong one is told."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from pydantic import ValidationError

from s3guard.model import Control, Severity
from s3guard.records import COLUMNS, OPERATION_CLASSES, operations
from s3guard.rules import catalog

RULES = catalog()


def rule(kind: str, **written: object) -> Any:
    return RULES[kind].model_validate(written)


def complaint(kind: str, **written: object) -> str:
    """The messages of the errors that a rule makes of what was written."""
    with pytest.raises(ValidationError) as caught:
        rule(kind, **written)
    return "\n".join(error["msg"].removeprefix("Value error, ") for error in caught.value.errors())


def place(kind: str, **written: object) -> tuple[int | str, ...]:
    with pytest.raises(ValidationError) as caught:
        rule(kind, **written)
    (error,) = caught.value.errors()
    return error["loc"]


def test_a_list_of_one_may_be_written_as_its_item() -> None:
    written = rule("anonymous", keys="a/*", operations="read", group_by="remote_ip", outcome="served", except_keys="b")
    assert (written.keys, written.operations, written.group_by) == (("a/*",), ("read",), ("remote_ip",))
    assert (written.outcome, written.except_keys) == (("served",), ("b",))


def test_what_is_not_written_is_the_rules_own() -> None:
    plain = rule("anonymous")
    assert (plain.subject, plain.effective_severity) == (("remote_ip", "operation_class"), Severity.HIGH)
    assert (plain.effective_title, plain.effective_help, plain.name) == (plain.default_title, plain.default_help, "anonymous")
    assert (plain.attempt_severity, plain.enabled, plain.controls) == (Severity.LOW, True, ())
    assert (rule("latency", total_time={"p99": "1s"}).effective_operations, plain.effective_operations) == (("read", "write"), ())


def test_what_is_written_goes_before_the_rules_own() -> None:
    written = rule("anonymous", id="public", title="T", help="H", severity="info", group_by=[], enabled="true")
    assert (written.subject, written.effective_severity) == ((), Severity.INFO)
    assert (written.effective_title, written.effective_help, written.name) == ("T", "H", "anonymous/public")


def test_controls_are_written_by_framework() -> None:
    written = rule("anonymous", controls={"hipaa": ["164.312(b)", "164.312(d)"], "pci-dss-4.0.1": "10.2.1", "acme": "S3-1"})
    expected = [("hipaa", "164.312(b)"), ("hipaa", "164.312(d)"), ("pci-dss-4.0.1", "10.2.1"), ("acme", "S3-1")]
    assert [(control.framework, control.control) for control in written.controls] == expected
    assert rule("anonymous", controls=(Control("hipaa", "x"),)).controls == (Control("hipaa", "x"),)


@pytest.mark.parametrize("name", [*OPERATION_CLASSES, *operations(), "REST.PUT.*", "*", "REST.GET.OBJECT?*"])
def test_classes_names_and_globs_are_operations(name: str) -> None:
    assert rule("anonymous", operations=[name]).operations == (name,)


@pytest.mark.parametrize("name", COLUMNS)
def test_every_column_may_group(name: str) -> None:
    assert rule("anonymous", group_by=[name]).subject == (name,)


def test_any_sql_condition_narrows() -> None:
    assert rule("anonymous", where="http_status = 200").where == "http_status = 200"


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"severity": "hihg"}, "'hihg' is not a severity; did you mean high?"),
        ({"severity": "bad"}, "'bad' is not a severity; write info, low, medium, high or critical"),
        ({"severity": ["low"]}, "\"['low']\" is not a severity; write info, low, medium, high or critical"),
        ({"attempt_severity": None}, "nothing is written here; write a value or remove the key"),
        ({"id": "bulk download!"}, "'bulk download!' is not an id: letters, digits, '.', '_' and '-', at most 64; write bulk-download"),
        ({"id": "☃"}, "'☃' is not an id: letters, digits, '.', '_' and '-', at most 64"),
        ({"title": " "}, "nothing is written where a text belongs"),
        ({"title": ["a"]}, "a list is not a text"),
        ({"help": {"a": "b"}}, "a mapping is not a text"),
        ({"keys": []}, "an empty list of globs selects nothing; remove the key or name some"),
        ({"keys": ""}, "nothing is written where globs belong; write one or a list"),
        ({"keys": {"a": "b"}}, "a mapping is not a list of globs; write [a, b]"),
        ({"keys": [None]}, "nothing is written where a text belongs"),
        ({"operations": "raed"}, "'raed' is not an operation; did you mean read?"),
        ({"operations": "rest.get.object"}, "'rest.get.object' is not an operation; did you mean REST.GET.OBJECT or REST.PUT.OBJECT?"),
        (
            {"operations": "REST.PUT.OBJCT"},
            (
                "'REST.PUT.OBJCT' is not a known operation (for one newer than this s3guard write a glob such as REST.PUT.OBJCT*)"
                "; did you mean REST.PUT.OBJECT or REST.POST.OBJECT?"
            ),
        ),
        ({"operations": "rest.put.*"}, "'rest.put.*' matches no operation: they are written in capitals; write REST.PUT.*"),
        (
            {"operations": "#1"},
            (
                "'#1' is not an operation; write a class (acl, config, delete, lifecycle, list, logging, metadata, other, policy, read, "
                "restore, tagging, write, unknown), a name or a glob such as REST.PUT.*"
            ),
        ),
        ({"group_by": "prinzipal"}, "'prinzipal' is not a column of a record; did you mean principal?"),
        ({"group_by": "#1"}, "'#1' is not a column of a record; write one such as principal, operation or remote_ip"),
        ({"group_by": ["key", "key"]}, "'key' is named twice"),
        ({"outcome": "denied"}, "'denied' is not an outcome; write served, refused or failed"),
        ({"outcome": "refusd"}, "'refusd' is not an outcome; did you mean refused?"),
        ({"controls": ["164.312(b)"]}, 'controls are written by framework, such as {hipaa: ["164.312(b)"]}'),
        ({"controls": {"hippa": "164.312(b)"}}, "'hippa' is not a framework; did you mean hipaa?"),
        ({"controls": {"PCI DSS": "10.1"}}, "'PCI DSS' is not a framework; did you mean pci-dss?"),
        ({"controls": {"Ours!": "10.1"}}, "'Ours!' is not a framework; write a name in small letters such as hipaa"),
        ({"enabled": "no"}, "'no' is not true or false; write false"),
        ({"maximum": "3"}, "Extra inputs are not permitted"),
    ],
)
def test_a_wrong_common_field_is_told_what_was_meant(written: dict[str, Any], message: str) -> None:
    assert complaint("anonymous", **written) == message


def test_a_wrong_condition_is_an_error() -> None:
    assert place("anonymous", where="count(*) > 1") == ("where",)


def test_an_error_in_a_list_names_the_item() -> None:
    assert place("requesters", allow=["account:111122223333", "nobody:1"]) == ("allow", 1)
    assert place("networks", allow=["10.0.0.0/8", "10.0.0.0/40"]) == ("allow", 1)


FULL: dict[str, dict[str, Any]] = {
    "requesters": {"allow": ["account:111122223333"], "controls": {"hipaa": "164.312(b)"}, "severity": "low", "outcome": "served"},
    "networks": {"allow": ["10.0.0.0/8", "2001:db8::1"]},
    "errors": {"codes": ["4xx", "SlowDown"], "max_share": "0.1%", "per": "30m", "min_requests": "7"},
    "latency": {"turn_around_time": {"p99.9": "250ms", "more_than_usual": "2.5"}, "per": "1h"},
    "schedule": {"days": "sat-mon", "hours": ["22:00-06:00"], "time_zone": "Europe/Berlin"},
    "volume": {"bytes": "50GiB", "requests": "3", "per": "1h"},
    "custom": {"measure": "p99(total_time)", "max": "250ms", "per": "1h", "group_by": ["key"]},
    "anomalies": {"of": "bytes", "sensitivity": "2.5"},
}


@pytest.mark.parametrize("kind", FULL)
def test_a_rule_survives_pickle_and_is_a_value(kind: str) -> None:
    written = rule(kind, **FULL[kind])
    assert pickle.loads(pickle.dumps(written)) == written  # noqa: S301 - our own bytes
    assert hash(written) == hash(rule(kind, **FULL[kind]))
    with pytest.raises(ValidationError, match="frozen"):
        written.enabled = False


@pytest.mark.parametrize("kind", FULL)
def test_a_rule_survives_being_written_as_json(kind: str) -> None:
    written = rule(kind, **FULL[kind])
    assert rule(kind, **written.model_dump(mode="json", by_alias=True, exclude_none=True)) == written


@pytest.mark.parametrize("kind", FULL)
def test_values_that_are_typed_already_are_taken_as_they_are(kind: str) -> None:
    written = rule(kind, **FULL[kind])
    typed = {name: getattr(written, name) for name in written.model_fields_set}
    assert rule(kind, **typed) == written


def test_every_rule_is_found_by_its_file() -> None:
    assert list(RULES) == sorted(RULES)
    assert [found.kind for found in RULES.values()] == list(RULES)


def test_a_file_whose_rule_has_another_name_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RULES["volume"], "kind", "bulk")
    with pytest.raises(TypeError, match=r"s3guard\.rules\.volume should hold one rule with kind = 'volume', and holds \['Volume'\]"):
        catalog()
