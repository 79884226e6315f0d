"""Pseudonyms: the same for the same value under one key, others under another and in another domain, and no column is forgotten."""

from __future__ import annotations

import ipaddress
import random

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3guard.model import Redacted, UsageError
from s3guard.records import COLUMNS, SCHEMA
from s3guard.redaction import KINDS, NOTHING, Key, Redaction, kinds_of
from s3guard.redaction.columns import CLIENT, DOMAINS, HARMLESS
from s3guard.redaction.series import redacted
from s3guard.tables import safe
from s3guard.text import shown

ONE = Key.of(b"9f2d7ac41be8563097fd1e6a48b0c35d", "one")
OTHER = Key.of(b"0c35d9f2d7ac41be8563097fd1e6a48b", "other")
ALL = Redaction(kinds=frozenset(KINDS), key=ONE)
ANOTHER = Redaction(kinds=frozenset(KINDS), key=OTHER)
HIDDEN = sorted({*DOMAINS, *CLIENT})
VALUES = st.text(min_size=1, max_size=40)
NAMING = st.lists(
    st.sampled_from(
        (
            *(
                "203.0.113.7",
                "2001:db8::7",
                "ip-203-0-113-7",
                "EC2-203-0-113-7",
                "%2E",
                "203%2E0.113.7",
                "::ffff:1.2.3.4",
                "10.0.0.0/8",
                "7",
            ),
            *(
                "arn:aws:iam::111122223333:user/ann",
                "111122223333",
                "c0ffee" * 10 + "c0ff",
                "AKIAIOSFODNN7EXAMPLE",
                "arn%3Aaws%3Aiam%3A%3A1",
            ),
            *("/", " ", "a", "-", ".", "&x-t=", "?Signature=", "%", ":"),
        )
    ),
    max_size=5,
).map("".join)


def only(*kinds: str) -> Redaction:
    return Redaction(kinds=frozenset(kinds), key=ONE)


def test_every_text_of_a_record_is_hidden_or_said_to_be_harmless() -> None:
    assert set(COLUMNS) == {*DOMAINS, *CLIENT} ^ HARMLESS
    assert all(SCHEMA[name] == pl.String for name in HIDDEN)


@given(st.sampled_from(HIDDEN), VALUES)
def test_a_value_is_the_same_under_one_key_and_another_under_another(column: str, value: str) -> None:
    told = ALL.value(column, value)
    assert told == ALL.value(column, value)
    assert told != ANOTHER.value(column, value)
    assert told.partition(":")[0] in {domain for _, domain in DOMAINS.values()} | set(CLIENT)
    assert len(told.partition(":")[2]) == 20


@given(VALUES)
def test_one_value_in_two_domains_has_two_pseudonyms(value: str) -> None:
    domains = {DOMAINS[column][1] if column in DOMAINS else column for column in HIDDEN}
    assert len(domains) == len({ALL.value(column, value).partition(":")[2] for column in HIDDEN})


def test_different_values_have_different_pseudonyms() -> None:
    rng = random.Random(7)
    addresses = {str(ipaddress.IPv4Address(rng.getrandbits(32))) for _ in range(50_000)}
    assert len(addresses) == len({ALL.value("remote_ip", address) for address in addresses})


def test_a_person_is_the_same_one_in_every_column_of_requesters() -> None:
    user = "arn:aws:iam::111122223333:user/eve"
    told = {ALL.value(column, user) for column in ("requester", "principal", "bucket_owner")} | {ALL.text(user)}
    assert 1 == len(told)
    assert ALL.text(f"User: {user} is not authorized") == f"User: {told.pop()} is not authorized"


def test_nothing_of_a_network_or_an_account_is_left() -> None:
    near = [ALL.value("remote_ip", f"203.0.113.{host}") for host in range(256)]
    assert len({told.partition(":")[2][:3] for told in near}) > 100
    assert ALL.value("network", "203.0.113.0/24").startswith("network:")


@pytest.mark.parametrize("kind", KINDS)
def test_only_what_is_asked_for_is_hidden_and_what_clients_write_beside_it(kind: str) -> None:
    told = {column: only(kind).value(column, "a value") for column in HIDDEN}
    assert {column for column, value in told.items() if value != "a value"} == {
        column for column in HIDDEN if column in CLIENT or DOMAINS[column][0] == kind
    }


@pytest.mark.parametrize("column", ["key", "key_logged", "user_agent"])
@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *(("ip", "home/203.0.113.7/x"), ("ip", "ec2-203-0-113-7.example"), ("ip", "a 2001:db8::7 b"), ("ip", "a%2F203%2E0%2E113%2E7")),
        *(("ip", "2001%253Adb8%253A%253A7"), ("requester", "by arn:aws:sts::111122223333:assumed-role/x/ann+1@example.org.")),
        *(("requester", "X-Amz-Credential=AKIAIOSFODNN7EXAMPLE/2026"), ("requester", "AWSLogs/111122223333/x")),
        ("requester", "arn%3Aaws%3Aiam%3A%3A111122223333%3Auser%2Fann"),
        *(("ip", "203.0.113.7_access.log"), ("ip", "log_203.0.113.7.txt"), ("ip", "v203.0.113.7x"), ("ip", "1.203.0.113.7.5")),
        *(("ip", "2001:db8::7.dat"), ("ip", "client:2001:db8::7"), ("ip", "2001:db8:0:0:0:0:0:7:443"), ("ip", "/::ffff:203.0.113.7]")),
        *(("ip", "2001:db8::203.0.113.7z"), ("requester", "111122223333_CloudTrail_eu-west-1"), ("requester", "acct-111122223333.7z")),
        *(("requester", "ARN:AWS:IAM::111122223333:user/ann"), ("requester", "1111AAAA" * 8)),
    ],
)
def test_what_is_shown_of_a_client_names_nobody_that_is_asked_for(column: str, kind: str, text: str) -> None:
    told = only(kind).value(column, text)
    for needle in ("203", "113", "db8", "ann", "1111", "2222", "AKIA", "IOSFODNN7"):
        assert needle not in told


@pytest.mark.parametrize(
    "text",
    [
        *("aws-cli/2.1.2.3", "2026-10-01T10:00:00Z", "10:00:00", "a :: b", "arn:aws:s3:::b", "arn:aws:s3:::cafe"),
        *("arn:aws:iam::aws:policy/ReadOnly", "Feed::Fetcher", "std::string", "06/Feb/2019:00:00:38", "1.2.3"),
        "2026-11-22-10-00-00-0123456789ABCDEF",
    ],
)
def test_what_only_looks_like_a_person_stays(text: str) -> None:
    assert text == ALL.text(text, is_agent=True)


@given(st.sampled_from([name for name in COLUMNS if SCHEMA[name] == pl.String]), st.lists(st.one_of(st.none(), VALUES, NAMING), max_size=6))
def test_a_column_is_redacted_as_its_values_are(column: str, values: list[str | None]) -> None:
    for redaction in (ALL, only("ip"), only("requester"), only("key"), NOTHING, NOTHING.masking(["x-t"])):
        # NOTE: what every run masks is masked where columns are made safe.
        told = safe(redacted(redaction, column, pl.Series(column, values, pl.String)))
        assert told.to_list() == [None if value is None else shown(redaction.value(column, value)) for value in values]


def test_values_that_differ_in_a_credential_are_one() -> None:
    uris = [f"GET /k?X-Amz-Signature={secret}&x-t={secret} HTTP/1.1" for secret in ("a" * 64, "b" * 64)]
    assert 1 == len({ALL.masking(["x-t"]).value("request_uri", uri) for uri in uris})


def test_kinds_are_read_from_lists_and_all_and_none() -> None:
    assert frozenset({"ip", "key"}) == kinds_of(["ip,key"]) == kinds_of(["ip", " key "])
    assert frozenset(KINDS) == kinds_of(["all"]) == kinds_of(["ip", "all"])
    assert frozenset() == kinds_of([]) == kinds_of(["none"])


@pytest.mark.parametrize(
    ("written", "said"), [("ips", "did you mean ip?"), ("", "is not ip"), ("none,ip", "none stands alone"), ("IP", "is not ip")]
)
def test_an_unknown_kind_is_refused(written: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        kinds_of([written])


def test_there_is_no_redaction_without_a_key() -> None:
    with pytest.raises(
        UsageError, match=r"--redact needs a key, in a file .* or in S3GUARD_REDACT_KEY; make one with: openssl rand -hex 32"
    ):
        Redaction(kinds=frozenset({"ip"}))


def test_fingerprints_of_a_redacted_report_are_known_under_its_key_alone() -> None:
    raw = "ab" * 32
    told = Redacted(KINDS, ONE.id)
    prints = ALL.fingerprints([raw])
    assert raw not in prints
    for redaction in (ALL, Redaction(key=ONE)):
        known = redaction.known(prints, told, "b.json")
        assert raw in known
        assert "cd" * 32 not in known
    assert raw in NOTHING.known(frozenset({raw}), None, "b.json")
    with pytest.raises(UsageError, match=f"^b.json is redacted, and its findings can be told again only with its key, {ONE.id}"):
        NOTHING.known(prints, told, "b.json")
    with pytest.raises(UsageError, match=f"^b.json is redacted with the key {ONE.id}, and the key that was given is {OTHER.id}"):
        ANOTHER.known(prints, told, "b.json")
