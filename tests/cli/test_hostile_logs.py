"""Commands for CI systems in every field of a log: nothing that a run prints holds one that a runner would obey."""

from __future__ import annotations

from dataclasses import replace

import pytest

from s3guard import outputs
from s3guard.fields import CORE_NAMES, FIELD_NAMES
from s3guard.records import COLUMNS, SCHEMA
from tests import lines
from tests.cli.project import Here
from tests.outputs import runner
from tests.outputs.corpus import HOSTILE

COMMANDS = [text for text in HOSTILE.values() if runner.obeyed(text)]
ORDINARY = lines.record()
WHOLE = replace(ORDINARY, suffix=(*ORDINARY.suffix, *[b"-"] * (27 - 17 - len(ORDINARY.suffix))))
RULES = """\
version: 1
policy: p
buckets: ["*"]
rules:
  requesters: {allow: []}
  operations: {allow: []}
  user_agents: {allow: [nobody]}
  custom:
    - {id: all, group_by: [key, referer, request_uri, version_id, host_header, error_code, cipher_suite], max: 0}
"""


def holding(name: str, text: str) -> bytes:
    """A line with this text in one field, as it would be spelled there; most are records."""
    written = text.encode()
    token, at = written.replace(b" ", b"%20"), FIELD_NAMES.index(name)
    if name in ("request_uri", "referer", "user_agent"):
        record = replace(WHOLE, **{name: written})  # type: ignore[arg-type] # one of three fields of bytes
    elif name in CORE_NAMES:
        record = replace(WHOLE, core=tuple(token if name == other else core for other, core in zip(CORE_NAMES, WHOLE.core, strict=True)))
    elif at < len(WHOLE.prefix):
        record = replace(WHOLE, prefix=(*WHOLE.prefix[:at], token, *WHOLE.prefix[at + 1 :]))
    else:
        at -= len(FIELD_NAMES) - len(WHOLE.suffix)
        record = replace(WHOLE, suffix=(*WHOLE.suffix[:at], token, *WHOLE.suffix[at + 1 :]))
    return record.render() + b"\n"


@pytest.fixture
def hostile(here: Here) -> Here:
    """A project whose log holds every command in every field, and as a line of its own, in files that are named by some."""
    log = b"".join(holding(name, text) for name in FIELD_NAMES for text in COMMANDS)
    log += b"".join(f"{text}\n".encode() for text in COMMANDS)
    (here.folder / "logs" / "::error::a.log").write_bytes(log)
    (here.folder / "logs" / "##vso[x]a.log").write_bytes(log[:-5])
    here.write("policies/p.yaml", RULES)
    return here


def test_there_are_commands_of_every_kind() -> None:
    assert {"::error", "::set-o", "  ::war", "::stop-", "::add-p", "##[grou", "##vso[t", "##teamc"} <= {text[:7] for text in COMMANDS}


@pytest.mark.parametrize("name", outputs.names())
def test_no_report_on_standard_output_is_obeyed(hostile: Here, name: str) -> None:
    home = ("--account", "111122223333", "--region", "eu-west-1") if name == "asff" else ()
    ended = hostile("check", "logs", "-o", name, "--max-unparsed", "1", *home)
    assert (1, []) == (ended.code, runner.obeyed(ended.err))
    own = name == "github" and all(
        (command := runner.github(line)) and command.name in ("error", "warning", "notice") for line in ended.out.splitlines()
    )
    assert own or [] == runner.obeyed(ended.out)
    assert len(ended.out) > 1_000


@pytest.mark.parametrize("form", ["csv", "jsonl"])
@pytest.mark.parametrize("column", [None, *(name for name in COLUMNS if SCHEMA[name].is_(SCHEMA["key"]))])
def test_no_column_of_records_is_obeyed_wherever_it_stands(hostile: Here, form: str, column: str | None) -> None:
    chosen = [] if column is None else ["--columns", f"{column},request_uri" if column != "request_uri" else column]
    ended = hostile("records", "logs", "--to", form, "--max-unparsed", "1", *chosen)
    assert (0, []) == (ended.code, runner.obeyed(ended.err))
    assert [] == runner.obeyed(ended.out)
    assert len(ended.out) > 1_000


def test_no_explanation_is_obeyed(hostile: Here) -> None:
    shown = [holding(name, text).decode().rstrip("\n") for name in FIELD_NAMES for text in COMMANDS[:3]]
    ended = hostile("explain", *shown)
    assert (0, [], []) == (ended.code, runner.obeyed(ended.out), runner.obeyed(ended.err))


@pytest.mark.parametrize("text", COMMANDS)
def test_no_error_is_obeyed(here: Here, text: str) -> None:
    where = ("records", "logs", "--where", text)
    for arguments in (("check", text), ("check", "logs", "-p", text), ("validate", text, text), ("explain", text), where):
        ended = here(*arguments)
        assert (2, [], []) == (ended.code, runner.obeyed(ended.out), runner.obeyed(ended.err))


def test_no_policy_that_is_named_by_a_command_is_obeyed(here: Here) -> None:
    for number, text in enumerate(COMMANDS):
        here.write(f"policies/{text.replace('/', '')}{number}.yaml", "version: 2\nowner: '##vso[x]y'\n")
    ended = here("validate")
    assert (2, []) == (ended.code, runner.obeyed(ended.err))
    assert len(COMMANDS) * 2 < len(ended.err.splitlines())
