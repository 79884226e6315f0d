"""The patterns, held against an oracle that reads requesters one by one, in plain Python."""

from __future__ import annotations

import pickle
import re
import time
from collections.abc import Callable, Sequence

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from s3guard import principals

ACCOUNT = "111122223333"
OWNER = "0123456789abcdef" * 4
OTHER_OWNER = "fedcba9876543210" * 4
OAI = "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity "
NAME_CHARACTERS = "abcXYZ019_+=,.@-"


# --- the oracle: slow, and as the documentation says it


def parts_of(requester: str) -> tuple[str, str, str, str, str] | None:
    """Partition, service, account, kind, rest."""
    head, *fields = requester.split(":", 5)
    if head != "arn" or len(fields) != 5 or "/" not in fields[4]:
        return None
    partition, service, region, account, resource = fields
    kind, _, rest = resource.partition("/")
    well_formed = re.fullmatch("aws(-[a-z]+)*", partition) and not region and re.fullmatch("[0-9]{12}", account)
    return (partition, service, account, kind, rest) if well_formed else None


def entity_of(requester: str) -> tuple[str, str, str, str, str] | None:
    """Type, partition, account, path and name of a role's session (with its role's name), a user or a federated user."""
    parts = parts_of(requester)
    if parts is None:
        return None
    partition, service, account, kind, rest = parts
    if (service, kind) == ("sts", "assumed-role"):
        role, slash, session = rest.partition("/")
        return ("role", partition, account, role, session) if role and ":" not in role and slash and session else None
    if (service, kind) == ("iam", "user"):
        path, slash, name = rest.rpartition("/")
        return ("user", partition, account, path + slash, name) if name and ":" not in name else None
    if (service, kind) == ("sts", "federated-user") and rest and "/" not in rest and ":" not in rest:
        return "federated-user", partition, account, "", rest
    return None


def like(pattern: str, text: str) -> bool:
    """`*` stands for any characters but `:` and `/`; alone it wants one."""
    if not pattern:
        return not text
    if not pattern.strip("*"):
        return bool(text) and not set(":/") & set(text)
    return grows(pattern, text)


def grows(pattern: str, text: str) -> bool:
    if not pattern:
        return not text
    if pattern[0] != "*":
        return bool(text) and text[0] == pattern[0] and grows(pattern[1:], text[1:])
    return grows(pattern[1:], text) or (bool(text) and text[0] not in ":/" and grows(pattern, text[1:]))


def matches(pattern: str, requester: str | None, owner: str | None) -> bool:
    if requester is None:
        return False
    form, _, rest = pattern.partition(":")
    by_form: dict[str, Callable[[], bool]] = {
        "authenticated": lambda: True,
        "canonical": lambda: requester == (owner if rest == "owner" else rest),
        "service": lambda: requester.startswith("svc:") and like(rest, requester[4:]),
        "oai": lambda: requester == OAI + rest,
        "account": lambda: account_matches(rest, requester),
        "arn": lambda: arn_matches(pattern, requester),
    }
    return by_form[form]()


def account_matches(wanted: str, requester: str) -> bool:
    entity = entity_of(requester)
    return entity is not None and f"{entity[1]}:{entity[2]}" == (wanted if ":" in wanted else f"aws:{wanted}")


def arn_matches(pattern: str, requester: str) -> bool:
    entity, wanted = entity_of(requester), parts_of(pattern)
    assert wanted is not None
    if entity is None or (entity[1], entity[2]) != (wanted[0], wanted[2]):
        return False
    kind, _, _, first, second = entity
    if wanted[3] == "role":
        return kind == "role" and like(wanted[4].rpartition("/")[2], first)
    if wanted[3] == "assumed-role":
        role, _, session = wanted[4].partition("/")
        return kind == "role" and role == first and like(session, second)
    path, slash, name = wanted[4].rpartition("/")
    return kind == wanted[3] and path + slash == first and like(name, second)


# --- requesters and patterns


# mostly one partition and one account, so that names decide
partitions = st.sampled_from(["aws", "aws", "aws", "aws", "aws-cn", "aws-us-gov", "aws-iso-b"])
accounts = st.sampled_from([ACCOUNT, ACCOUNT, ACCOUNT, "012345678901", "999999999999"])
names = st.one_of(st.sampled_from(["a", "b", "ab", "a-b", "A", "a.b", "a+b", "batch-1"]), st.text(NAME_CHARACTERS, min_size=1, max_size=6))
paths = st.sampled_from(["", "team/", "team/a/", "te:am/", 'q"/', "*/", "a//"])
sessions = st.one_of(names, st.text(NAME_CHARACTERS, min_size=2, max_size=64))
honest = st.one_of(
    st.builds("arn:{}:sts::{}:assumed-role/{}/{}".format, partitions, accounts, names, sessions),
    st.builds("arn:{}:iam::{}:user/{}{}".format, partitions, accounts, paths, names),
    st.builds("arn:{}:sts::{}:federated-user/{}".format, partitions, accounts, names),
    st.sampled_from([OWNER, OTHER_OWNER, "AmazonS3", "svc:delivery.logs.amazonaws.com", "svc:cloudfront.amazonaws.com", f"{OAI}E1ABC"]),
)
mischief = st.sampled_from(
    ["\n", "\r", "\x00", "\u2028", "\u0660", "é", "/", ":", "*", " ", '"', "$", "^", "\\", "arn:", "", "A", "\U0001f600"]
)


@st.composite
def hostile(draw: st.DrawFn) -> str:
    """An honest requester with something put in, taken out, or put at an end."""
    text = draw(honest)
    start = draw(st.integers(0, len(text)))
    stop = draw(st.integers(start, min(len(text), start + 3)))
    return text[:start] + draw(mischief) + text[stop:]


requesters = st.one_of(st.none(), honest, hostile(), st.text())
wild_names = st.one_of(names, st.sampled_from(["*", "**", "a*", "*b", "a*b", "*-*", "batch-*", "a*b*c", "*.", "a.*", "*+b"]))
patterns = st.one_of(
    st.builds("arn:{}:iam::{}:role/{}{}".format, partitions, accounts, st.sampled_from(["", "p/", "p/q/"]), wild_names),
    st.builds("arn:{}:sts::{}:assumed-role/{}/{}".format, partitions, accounts, names, wild_names),
    st.builds("arn:{}:iam::{}:user/{}{}".format, partitions, accounts, st.sampled_from(["", "team/", "team/a/", "te:am/"]), wild_names),
    st.builds("arn:{}:sts::{}:federated-user/{}".format, partitions, accounts, wild_names),
    st.builds("account:{}".format, accounts),
    st.builds("account:{}:{}".format, partitions, accounts),
    st.sampled_from([f"canonical:{OWNER}", f"canonical:{OTHER_OWNER}", "canonical:owner", "oai:E1ABC", "authenticated"]),
    st.sampled_from(["service:delivery.logs.amazonaws.com", "service:*", "service:*.amazonaws.com", "service:cloud*"]),
)


def matched(wanted: Sequence[str], asked: Sequence[str | None], owner: str | None = None) -> list[bool]:
    """What the compiled patterns say, with the owner compared as the caller does it."""
    matcher = principals.compile(wanted)
    frame = pl.DataFrame({"requester": asked}, schema={"requester": pl.String})
    found = frame.select(matcher.expr.alias("found"))["found"]
    assert found.dtype == pl.Boolean
    assert found.null_count() == 0
    return [hit or (matcher.owner and requester is not None and requester == owner) for hit, requester in zip(found, asked, strict=True)]


def column(expr: pl.Expr, asked: Sequence[str | None], name: str = "requester") -> list[str | None]:
    return pl.DataFrame({name: asked}, schema={name: pl.String}).select(expr.alias("answer"))["answer"].to_list()


# --- laws


@given(st.lists(patterns, max_size=8), st.lists(requesters, max_size=12), st.sampled_from([None, OWNER]))
@example(
    [f"arn:aws:iam::{ACCOUNT}:role/*"], [f"arn:aws:sts::{ACCOUNT}:assumed-role/a/s\n", f"arn:aws:sts::{ACCOUNT}:assumed-role/a\n/s"], None
)
@example([f"arn:aws:iam::{ACCOUNT}:user/*"], [f"arn:aws:iam::{ACCOUNT}:user/", f"arn:aws:iam::{ACCOUNT}:user/a\n"], None)
def test_the_expression_says_what_the_oracle_says(wanted: list[str], asked: list[str | None], owner: str | None) -> None:
    expected = [any(matches(pattern, requester, owner) for pattern in wanted) for requester in asked]
    assert expected == matched(wanted, asked, owner)


@given(st.lists(patterns, max_size=5), patterns, st.lists(requesters, max_size=12))
def test_another_pattern_never_takes_a_match_away(wanted: list[str], more: str, asked: list[str | None]) -> None:
    before, after = matched(wanted, asked, OWNER), matched([*wanted, more], asked, OWNER)
    assert all(then or not now for now, then in zip(before, after, strict=True))


@given(
    st.lists(patterns, max_size=6).flatmap(lambda some: st.tuples(st.just(some), st.permutations(some))), st.lists(requesters, max_size=8)
)
def test_the_order_of_patterns_does_not_matter(orders: tuple[list[str], list[str]], asked: list[str | None]) -> None:
    assert matched(orders[0], asked) == matched(orders[1], asked)


@given(st.lists(requesters, max_size=12))
def test_an_account_matches_exactly_its_roles_users_and_federated_users(asked: list[str | None]) -> None:
    types, accounts_of = column(principals.principal_type_expr(), asked), column(principals.account_expr(), asked)
    expected = [
        kind in ("role", "user", "federated-user") and account == ACCOUNT and str(requester).startswith("arn:aws:")
        for kind, account, requester in zip(types, accounts_of, asked, strict=True)
    ]
    assert expected == matched([f"account:{ACCOUNT}"], asked)


@given(st.lists(requesters, max_size=12))
def test_the_principal_is_the_role_of_a_session_and_else_the_requester(asked: list[str | None]) -> None:
    expected = []
    for requester in asked:
        entity = None if requester is None else entity_of(requester)
        expected.append(f"arn:{entity[1]}:iam::{entity[2]}:role/{entity[3]}" if entity and entity[0] == "role" else requester)
    assert expected == column(principals.principal_expr(), asked)


@given(st.lists(requesters, max_size=12))
def test_every_requester_has_one_type(asked: list[str | None]) -> None:
    found = column(principals.principal_type_expr(), asked)
    assert set(found) <= set(principals.PRINCIPAL_TYPES)
    for requester, kind in zip(asked, found, strict=True):
        entity = None if requester is None else entity_of(requester)
        assert (requester is None) is (kind == "anonymous")
        assert (entity[0] if entity else None) == (kind if kind in ("role", "user", "federated-user") else None)


@given(patterns.filter(lambda pattern: "assumed-role" not in pattern), st.lists(honest, max_size=12))
def test_a_pattern_over_whole_principals_says_of_the_stand_in_what_it_says_of_the_requester(wanted: str, asked: list[str]) -> None:
    stand_ins = column(principals.stand_in_expr(), column(principals.principal_expr(), asked), "principal")
    assert matched([wanted], asked, OWNER) == matched([wanted], stand_ins, OWNER)


# --- the table, row by row


SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/ingest/i-0abc"


@pytest.mark.parametrize(
    ("pattern", "requester", "expected"),
    [
        (f"arn:aws:iam::{ACCOUNT}:role/ingest", SESSION, True),
        (f"arn:aws:iam::{ACCOUNT}:role/service/path/ingest", SESSION, True),
        (f"arn:aws:iam::{ACCOUNT}:role/in*", SESSION, True),
        (f"arn:aws:iam::{ACCOUNT}:role/ing", SESSION, False),
        (f"arn:aws:iam::{ACCOUNT}:role/ingest", f"arn:aws:sts::{ACCOUNT}:assumed-role/ingest-2/s", False),
        (f"arn:aws:iam::{ACCOUNT}:role/ingest", f"arn:aws:sts::{ACCOUNT}:assumed-role/x/ingest", False),
        (f"arn:aws:iam::{ACCOUNT}:role/ingest", f"arn:aws:iam::{ACCOUNT}:role/ingest", False),
        (f"arn:aws:iam::{ACCOUNT}:role/ingest", f"arn:aws:sts::{ACCOUNT}:assumed-role/ingest", False),
        (f"arn:aws:iam::{ACCOUNT}:role/ingest", f"arn:aws:sts::{ACCOUNT}:assumed-role/ingest/", False),
        (f"arn:aws:iam::{ACCOUNT}:role/ingest", f"arn:aws:iam::{ACCOUNT}:user/ingest", False),
        (f"arn:aws:iam::{ACCOUNT}:role/ingest", f"arn:aws-cn:sts::{ACCOUNT}:assumed-role/ingest/s", False),
        (f"arn:aws:iam::{ACCOUNT}:role/INGEST", SESSION, False),
        (f"arn:aws:iam::{ACCOUNT}:role/a.b", f"arn:aws:sts::{ACCOUNT}:assumed-role/axb/s", False),
        (f"arn:aws:iam::{ACCOUNT}:role/a.*", f"arn:aws:sts::{ACCOUNT}:assumed-role/axb/s", False),
        (f"arn:aws:iam::{ACCOUNT}:role/a+*", f"arn:aws:sts::{ACCOUNT}:assumed-role/aab/s", False),
        (f"arn:aws:iam::{ACCOUNT}:role/a+", f"arn:aws:sts::{ACCOUNT}:assumed-role/aa/s", False),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/ingest/i-0abc", SESSION, True),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/ingest/i-*", SESSION, True),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/ingest/*", SESSION, True),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/ingest/i-0", SESSION, False),
        (f"arn:aws:iam::{ACCOUNT}:user/batch-*", f"arn:aws:iam::{ACCOUNT}:user/batch-7", True),
        (f"arn:aws:iam::{ACCOUNT}:user/batch-*", f"arn:aws:iam::{ACCOUNT}:user/batch-7/root", False),
        (f"arn:aws:iam::{ACCOUNT}:user/batch-*", f"arn:aws:iam::{ACCOUNT}:user/team/batch-7", False),
        (f"arn:aws:iam::{ACCOUNT}:user/team/batch-*", f"arn:aws:iam::{ACCOUNT}:user/team/batch-7", True),
        (f"arn:aws:sts::{ACCOUNT}:federated-user/bob", f"arn:aws:sts::{ACCOUNT}:federated-user/bob", True),
        (f"arn:aws:sts::{ACCOUNT}:federated-user/bob", f"arn:aws:iam::{ACCOUNT}:user/bob", False),
        (f"account:{ACCOUNT}", SESSION, True),
        (f"account:{ACCOUNT}", f"arn:aws:iam::{ACCOUNT}:root", False),
        (f"account:{ACCOUNT}", SESSION.replace("arn:aws:", "arn:aws-cn:"), False),
        (f"account:aws-cn:{ACCOUNT}", SESSION.replace("arn:aws:", "arn:aws-cn:"), True),
        (f"account:{ACCOUNT}", f"prefix {SESSION}", False),
        (f"canonical:{OWNER}", OWNER, True),
        (f"canonical:{OWNER}", OWNER.upper(), False),
        ("service:delivery.logs.amazonaws.com", "svc:delivery.logs.amazonaws.com", True),
        ("service:delivery.logs.amazonaws.com", "svc:deliveryXlogs.amazonaws.com", False),
        ("oai:E2EXAMPLE1ABCD", f"{OAI}E2EXAMPLE1ABCD", True),
        ("oai:E2EXAMPLE1ABCD", f"{OAI}E2EXAMPLE1ABCDE", False),
        ("authenticated", "anything", True),
        ("authenticated", "", True),
        ("authenticated", None, False),
    ],
)
def test_the_table_of_patterns_holds(pattern: str, requester: str | None, *, expected: bool) -> None:
    assert [expected] == matched([pattern], [requester])


def test_the_owner_is_left_to_the_caller_and_said_so() -> None:
    matcher = principals.compile(["canonical:owner"])
    assert matcher.owner
    assert [False] == pl.DataFrame({"requester": [OWNER]}).select(matcher.expr)["requester"].to_list()
    assert not principals.compile([f"canonical:{OWNER}"]).owner


def test_no_patterns_match_nobody_and_nothing_is_a_column_of_its_height() -> None:
    assert [False, False, False] == matched([], [None, "a", OWNER])
    assert matched([], []) == []
    assert matched(["authenticated"], []) == []


@pytest.mark.parametrize(
    ("requester", "kind", "account"),
    [
        (None, "anonymous", None),
        (SESSION, "role", ACCOUNT),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/{'a' * 64}/{NAME_CHARACTERS}", "role", ACCOUNT),
        (f"arn:aws-us-gov:iam::{ACCOUNT}:user/path/bob@example.org", "user", ACCOUNT),
        (f"arn:aws:sts::{ACCOUNT}:federated-user/bob", "federated-user", ACCOUNT),
        (OWNER, "canonical", None),
        ("svc:cloudtrail.amazonaws.com", "service", None),
        (f"{OAI}E1ABC", "oai", None),
        ("AmazonS3", "s3", None),
        (f"arn:aws:iam::{ACCOUNT}:root", "other", ACCOUNT),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/only-a-role", "other", ACCOUNT),
        (f"arn:aws:iam::{ACCOUNT}0:user/bob", "other", None),
        (f"{SESSION}\n", "role", ACCOUNT),
        (f"\n{SESSION}", "other", None),
        (ACCOUNT, "other", None),
        ("Anonymous", "other", None),
        (f"{OWNER}\n", "other", None),
        ("AmazonS3\n", "other", None),
        ("", "other", None),
    ],
)
def test_a_requester_has_a_type_and_an_account(requester: str | None, kind: str, account: str | None) -> None:
    assert [kind] == column(principals.principal_type_expr(), [requester])
    assert [account] == column(principals.account_expr(), [requester])


# --- what is wrong, and what to write instead


@pytest.mark.parametrize(
    ("pattern", "advice"),
    [
        ("", "an empty pattern"),
        ("*", "write `authenticated`"),
        ("-", "use the rule `anonymous`"),
        ("anonymous", "use the rule `anonymous`"),
        (ACCOUNT, f"account:{ACCOUNT}"),
        ("1111-2222-3333", f"account:{ACCOUNT}"),
        ("account:1111-2222-3333", "without dashes: 111122223333"),
        ("account:11112222333", "12 digits, 11112222333 has 11"),
        ("account:", "write its 12 digits"),
        ("account:owner", "write its 12 digits"),
        ("account:*", "write `authenticated`"),
        (f"account::{ACCOUNT}", "is not a partition"),
        (f"account:china:{ACCOUNT}", "is not a partition"),
        ("account:١١١١٢٢٢٢٣٣٣٣", "write its 12 digits"),
        (OWNER, f"canonical:{OWNER}"),
        (f"canonical:{OWNER.upper()}", f"canonical:{OWNER}"),
        ("canonical:0123", "64 hexadecimal digits"),
        ("canonical:*", "64 hexadecimal digits"),
        ("owner", "canonical:owner"),
        ("AmazonS3", "leave it out"),
        ("svc:cloudtrail.amazonaws.com", "service:cloudtrail.amazonaws.com"),
        ("cloudtrail.amazonaws.com", "service:cloudtrail.amazonaws.com"),
        ("service:", "not the name of a service"),
        ("service:a/b", "not the name of a service"),
        ("E2EXAMPLE1ABCD", "oai:E2EXAMPLE1ABCD"),
        ("oai:*", "write one in full"),
        (f"{OAI}E1ABC", "oai:E"),
        ("AROAABCDEFGHIJKLMNOPQ", "write the ARN"),
        ("@ingest", "named under `principals`"),
        ("role/ingest", "a whole ARN"),
        ("acount:111122223333", "did you mean account:111122223333?"),
        ("Service:x", "did you mean service:x?"),
        ("autenticated", "did you mean authenticated?"),
        ("nonsense", "write an ARN"),
        (f" account:{ACCOUNT}", "spaces around the pattern"),
        ("arn:aws", "an incomplete ARN"),
        ("arn:aws:s3:::bucket", "is no requester"),
        (f"arn:aws:iam:us-east-1:{ACCOUNT}:user/a", f"write arn:aws:iam::{ACCOUNT}:user/a"),
        (f"arn:Aws:iam::{ACCOUNT}:user/a", "is not a partition"),
        ("arn:aws:iam::*:role/ingest", "write its 12 digits"),
        (f"arn:aws:iam::{ACCOUNT}:*", f"account:{ACCOUNT}"),
        (f"arn:aws:iam::{ACCOUNT}:root", "canonical user id"),
        (f"arn:aws:iam::{ACCOUNT}:group/admins", "write its users"),
        (f"arn:aws:iam::{ACCOUNT}:policy/admins", "no kind of requester"),
        (f"arn:aws:sts::{ACCOUNT}:role/ingest", f"arn:aws:iam::{ACCOUNT}:role/ingest"),
        (f"arn:aws:iam::{ACCOUNT}:assumed-role/a/b", f"arn:aws:sts::{ACCOUNT}:assumed-role/a/b"),
        (f"arn:aws:iam::{ACCOUNT}:role/*/ingest", "never crosses `/`"),
        (f"arn:aws:iam::{ACCOUNT}:user/team-*/bob", "never crosses `/`"),
        (f"arn:aws:iam::{ACCOUNT}:user/te am/bob", "does not allow"),
        (f"arn:aws:iam::{ACCOUNT}:user/", "name is missing"),
        (f"arn:aws:iam::{ACCOUNT}:role", "name is missing"),
        (f"arn:aws:iam::{ACCOUNT}:role/a?", "the only wildcard is `*`"),
        (f"arn:aws:iam::{ACCOUNT}:role/é", "cannot stand in a role's name"),
        (f"arn:aws:iam::{ACCOUNT}:role/a\n", "spaces around"),
        (f"arn:aws:iam::{ACCOUNT}:role/a\nb", "cannot stand in a role's name"),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/ingest", f"arn:aws:iam::{ACCOUNT}:role/ingest"),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/*/deploy", "chosen by its caller"),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/in*/deploy", f"arn:aws:iam::{ACCOUNT}:role/in*"),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/a/b/c", "cannot stand in a session's name"),
        (f"arn:aws:sts::{ACCOUNT}:federated-user/a/b", "cannot stand in a federated user's name"),
        ("account:" + "1" * 3000, "the longest one is 2048"),
    ],
)
def test_a_malformed_pattern_says_what_to_write_instead(pattern: str, advice: str) -> None:
    with pytest.raises(ValueError, match=re.escape(advice)):
        principals.check(pattern)
    with pytest.raises(ValueError, match=re.escape(advice)):
        principals.compile(["authenticated", pattern])


@given(st.one_of(st.text(), hostile(), patterns.map(lambda pattern: pattern + "\n"), patterns))
def test_a_pattern_is_either_compiled_or_refused_in_words(pattern: str) -> None:
    refusal = "none"
    try:
        principals.check(pattern)
    except ValueError as fault:
        refusal = str(fault)
    else:
        matched([pattern], ["a", None])
    assert refusal


def test_a_matcher_is_equal_by_its_patterns_and_survives_pickle() -> None:
    matcher = principals.compile([f"arn:aws:iam::{ACCOUNT}:role/in*", "canonical:owner"])
    again = pickle.loads(pickle.dumps(matcher))  # noqa: S301 - just written
    assert matcher == again == principals.compile(matcher.patterns)
    assert again.expr.meta.eq(matcher.expr)


def test_thousands_of_patterns_over_a_hundred_thousand_requesters_take_no_more_than_seconds() -> None:
    literal = [f"arn:aws:iam::{ACCOUNT}:role/service-{number}" for number in range(3000)]
    wild = [f"arn:aws:iam::{ACCOUNT}:user/batch-{number}-*-x*" for number in range(2000)]
    asked = [f"arn:aws:sts::{ACCOUNT}:assumed-role/service-{number % 6000}/s-{number}" for number in range(50_000)]
    asked += [f"arn:aws:iam::{ACCOUNT}:user/batch-{number % 4000}-{number}-xy" for number in range(50_000)]
    started = time.perf_counter()
    found = matched([*literal, *wild], asked)
    assert sum(number % 6000 < 3000 for number in range(50_000)) == sum(found[:50_000])
    assert sum(number % 4000 < 2000 for number in range(50_000)) == sum(found[50_000:])
    assert time.perf_counter() - started < 30
