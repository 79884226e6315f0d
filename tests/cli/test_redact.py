"""How redaction is asked for: by flags, variables and settings, with a key that no command line holds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from s3guard.audit import snapshot
from s3guard.audit.facts import Value
from tests.audit import rowmaking
from tests.cli.project import Here

KEY = "9f2d7ac41be8563097fd1e6a48b0c35d"
OTHER = "0c35d9f2d7ac41be8563097fd1e6a48b"
CHECK = ("check", "logs/stranger.log", "-o", "json", "-q")
EVE = "arn:aws:iam::111122223333:user/eve"


def subject(out: str) -> str:
    """Who the one finding is about."""
    (finding,) = (one for result in json.loads(out)["results"] for one in result["findings"])
    return str(finding["subject"]["principal"])


def test_a_key_comes_from_a_file_a_variable_or_a_file_of_the_settings(here: Here) -> None:
    here.write("k", f"{KEY}\n")
    here.write("other", OTHER)
    told = {
        subject(here(*CHECK, "--redact", "all", "--redact-key-file", "k").out),
        subject(here(*CHECK, "--redact", "ip,requester", S3GUARD_REDACT_KEY=KEY).out),
        subject(here(*CHECK, S3GUARD_REDACT="requester", S3GUARD_REDACT_KEY_FILE="k").out),
        subject(here(*CHECK, "--redact", "all", "--redact-key-file", "k", S3GUARD_REDACT_KEY=OTHER).out),
    }
    here.write("s3guard.toml", 'redact = ["all"]\nredact-key-file = "k"\n')
    told.add(subject(here(*CHECK).out))
    assert 1 == len(told)
    assert EVE not in told
    others = {subject(here(*CHECK, S3GUARD_REDACT_KEY=OTHER).out), subject(here(*CHECK, "--redact-key-file", "other").out)}
    assert 1 == len(others)
    assert told != others
    assert EVE == subject(here(*CHECK, "--redact", "none").out)


def test_two_keys_of_the_environment_are_one_too_many(here: Here) -> None:
    here.write("k", KEY)
    ended = here(*CHECK, "--redact", "all", S3GUARD_REDACT_KEY=KEY, S3GUARD_REDACT_KEY_FILE="k")
    assert (2, "") == (ended.code, ended.out)
    assert "both give a key; which one is meant?" in ended.err


@pytest.mark.parametrize("verb", [("check", "logs"), ("records", "logs"), ("explain", "AccessDenied"), ("convert", "r.json"), ("audit",)])
@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({}, "--redact needs a key, in a file (--redact-key-file FILE) or in S3GUARD_REDACT_KEY; make one with: openssl rand -hex 32"),
        ({"S3GUARD_REDACT_KEY": "secret"}, "environment variable S3GUARD_REDACT_KEY: a key has 32 characters or more, and this one has 6"),
        ({"S3GUARD_REDACT_KEY": "secret" * 9}, "environment variable S3GUARD_REDACT_KEY: this key repeats itself and could be guessed"),
    ],
)
def test_without_a_good_key_nothing_is_read_or_written(here: Here, verb: tuple[str, ...], environ: dict[str, str], said: str) -> None:
    ended = here(*verb, "--redact", "all", **environ)
    assert (2, "") == (ended.code, ended.out)
    assert ended.err.startswith(f"s3guard: error: {said}")
    assert "secretsecret" not in ended.err


def test_a_key_has_no_place_on_the_command_line_or_in_the_settings(here: Here) -> None:
    ended = here("check", "logs", f"--redact-key={KEY}")
    assert 2 == ended.code
    assert "no such option: --redact-key; did you mean --redact-key-file" in ended.err
    here.write("s3guard.toml", f'redact-key = "{KEY}"\n')
    again = here("check", "logs")
    assert 2 == again.code
    assert "did you mean redact-key-file" in again.err
    assert KEY not in ended.err + again.err


def test_a_key_in_the_environment_is_no_flag_that_nobody_knows(here: Here) -> None:
    assert "" == here("check", "logs/clean.log", "-o", "json", S3GUARD_REDACT_KEY=KEY).err.replace(
        "s3guard: PASS: all 2 checks passed; exit code 0: no new finding at or above medium\n", ""
    )


def test_a_baseline_is_known_by_the_key_that_it_was_redacted_with(here: Here) -> None:
    here("check", "logs/stranger.log", "-o", "json:raw.json")
    here("check", "logs/stranger.log", "-o", "json:told.json", "--redact", "all", S3GUARD_REDACT_KEY=KEY)
    for name in ("raw.json", "told.json"):
        assert 0 == here(*CHECK, "--baseline", name, "--redact", "all", S3GUARD_REDACT_KEY=KEY).code
        assert 0 == here(*CHECK, "--baseline", name, S3GUARD_REDACT_KEY=KEY).code
    assert 0 == here(*CHECK, "--baseline", "raw.json").code
    without = here(*CHECK, "--baseline", "told.json")
    other = here(*CHECK, "--baseline", "told.json", S3GUARD_REDACT_KEY=OTHER)
    assert [2, 2] == [without.code, other.code]
    assert "--baseline told.json is redacted, and its findings can be told again only with its key" in without.err
    assert "under another key the same person is somebody else" in other.err


def test_what_is_given_true_names_is_not_done_redacted(here: Here) -> None:
    for flags in (("--fix-snippets",), ("--save-snapshot", "facts.json")):
        ended = here("audit", *flags, "--redact", "requester", S3GUARD_REDACT_KEY=KEY)
        assert (2, "") == (ended.code, ended.out)
        assert "these need the true names" in ended.err


def test_an_audit_names_no_principal_that_is_redacted(here: Here) -> None:
    person = "arn:aws:iam::444455556666:user/plantedperson"
    statement = {"Effect": "Allow", "Principal": {"AWS": person}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::logs/*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    logs = rowmaking.bucket("logs", policy=Value(document))
    facts = rowmaking.facts(rowmaking.bucket("examplebucket", logging=rowmaking.logs_to("logs")), logs)
    (here.folder / "facts.json").write_bytes(snapshot.dump(facts))
    arguments = ("audit", "--snapshot", "facts.json", "-o", "json", "--as-of", "2026-10-02T00:00:00Z", "-v")
    raw = here(*arguments)
    told = here(*arguments, "--redact", "all", S3GUARD_REDACT_KEY=KEY)
    assert raw.code == told.code
    for needle in ("plantedperson", "444455556666"):
        assert needle in raw.out
        assert needle not in told.out + told.err
    assert rowmaking.ACCOUNT not in told.out


def test_policies_with_faults_may_mask_anything_so_no_record_is_written(here: Here) -> None:
    here.write("policies/p.yaml", "version: 1\npolicy: p\nbuckets: [b]\nmask: [token]\nrules: {writers: {allow: []}}\n")
    for arguments in (("records", "logs"), ("explain", "logs/clean.log:1")):
        ended = here(*arguments)
        assert (2, "") == (ended.code, ended.out)
        assert "what the policies mask is not known, for they have faults, so nothing was written" in ended.err
        assert "policies/p.yaml:4:8: 'token' is no parameter of a client's own" in ended.err
    assert 0 == here("explain", "AccessDenied").code


def test_a_policy_file_in_capitals_masks_records_as_any_other(here: Here) -> None:
    here.write("policies/LOUD.YAML", "version: 1\npolicy: loud\nbuckets: [b]\nmask: [token]\nrules: {writers: {allow: []}}\n")
    assert "policies/LOUD.YAML:4:8: 'token' is no parameter of a client's own" in here("records", "logs").err


def test_an_error_tells_of_nobody_who_is_redacted(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    from s3guard import check

    def fail(*_: object) -> None:
        raise ValueError(f"could not read {EVE}")

    monkeypatch.setattr(check, "judged", fail)
    ended = here("check", "logs", "-v", "--redact", "requester", S3GUARD_REDACT_KEY=KEY)
    assert 3 == ended.code
    assert "internal error, nothing is concluded: ValueError (" in ended.err
    assert "eve" not in ended.err.replace(str(Path(__file__).parent), "")
    assert EVE in here("check", "logs").err


def test_credentials_are_masked_in_errors_too(here: Here) -> None:
    ended = here("check", "logs/no-such?X-Amz-Signature=TOPSECRET")
    assert 2 == ended.code
    assert "TOPSECRET" not in ended.err
