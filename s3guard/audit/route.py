"""The way that a source's logs take to their bucket: as whom, under which key, from where."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from s3guard.audit.bucket_policy import Statement
from s3guard.audit.case import Answer, Case, Verdict
from s3guard.audit.condition import Context, Missing
from s3guard.audit.facts import Fact, NotKnownError, Unknown, Value
from s3guard.audit.graph import SERVICE, Edge, Graph
from s3guard.audit.likeness import DIGIT, Tokens, text
from s3guard.audit.permission import Request, Who, open_conditions
from s3guard.audit.rows import Bucket


def _shape(written: str) -> Tokens:
    return tuple(DIGIT if char == "?" else char for char in written)


NAME: Final = _shape("????-??-??-??-??-??-????????????????")
"""The end of every log object's key: the time, to the second, and an id."""
_DAY: Final = _shape("????/??/??/")
_ABSENT: Final = (
    *("aws:sourcevpce", "aws:sourcevpc", "aws:vpcsourceip", "aws:principalarn", "aws:principalaccount"),
    *("aws:principalorgid", "aws:principalorgpaths", "aws:principaltag/"),
)
"""Condition keys that a request of a service principal does not have."""


@dataclass(frozen=True, slots=True)
class Route:
    """How one source's log objects come to one bucket."""

    source: str | None
    """None: any source, of a log bucket to which nobody that was looked at logs."""
    key: Tokens
    """Of its log objects: what is not known of them is a symbol."""
    request: Request
    """The PutObject that S3 makes for it."""
    doubts: tuple[str, ...]
    """Why parts of it are not known."""

    @property
    def about(self) -> dict[str, str]:
        """What a finding about it is about."""
        return {} if self.source is None else {"source": self.source}


@dataclass(slots=True)
class _Asked:
    doubts: list[str] = field(default_factory=list)

    def of(self, fact: Fact[str], otherwise: str) -> str:
        if isinstance(fact, Value):
            return fact.value
        self.doubts.append(fact.reason if isinstance(fact, Unknown) else "it is not there")
        return otherwise


def routes(case: Case) -> tuple[Route, ...]:
    """The ways to a log bucket: one a source, or that of any source where there is none."""
    if not case.sources:
        key = text("${any key}")
        return (Route(None, key, _request(case.bucket, key, {}, case.graph), ()),)
    return tuple(of_edge(edge, case.bucket, case.graph) for edge in case.sources)


def of_edge(edge: Edge, target: Bucket, graph: Graph) -> Route:
    """The way of one source's logs."""
    asked = _Asked()
    key = key_of(edge, asked.doubts)
    source = edge.source
    account = source.account
    partition = partition_of(source, graph)
    if source.kind == "table":
        region = asked.of(source.region, "${the region}")
        arn = f"arn:{partition}:s3tables:{region}:{account or '${the account}'}:bucket/{source.name}"
    else:
        arn = f"arn:{partition}:s3:::{source.name}"
    known: dict[str, tuple[str, ...]] = {"aws:sourcearn": (arn,)}
    if account is not None:
        known["aws:sourceaccount"] = (account,)
    return Route(source.name, key, _request(target, key, known, graph), tuple(asked.doubts))


def key_of(edge: Edge, doubts: list[str] | None = None) -> Tokens:
    """The key of a source's log objects, symbols for what is not known; why goes to `doubts`.

    ``prefix`` + ``YYYY-mm-DD-HH-MM-SS-ID``, or partitioned ``prefix`` + ``account/region/bucket/YYYY/mm/DD/`` and the same name; nothing
    puts a slash between. https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html
    """
    asked = _Asked([] if doubts is None else doubts)
    prefix = text(asked.of(edge.logging.target_prefix, f"${{prefix of {edge.source.name}}}"))
    form = edge.logging.target_object_key_format
    if isinstance(form, Unknown):
        asked.doubts.append(form.reason)
        return (*prefix, *text("${the path}"), *NAME)
    if not isinstance(form, Value) or form.value.format == "SimplePrefix":
        return (*prefix, *NAME)
    # NOTE: sources of one log bucket are of one Region (or SAL-003 fails), so a Region that is not known is the same for all of them.
    region = asked.of(edge.source.region, "${the region}")
    return (*prefix, *text(f"{edge.source.account or '${the account}'}/{region}/{edge.source.name}/"), *_DAY, *NAME)


def _request(target: Bucket, key: Tokens, known: dict[str, tuple[str, ...]], graph: Graph) -> Request:
    context: dict[str, tuple[str, ...] | Missing] = dict.fromkeys(_ABSENT, Missing.ABSENT)
    context |= {
        "aws:securetransport": ("true",),
        "aws:principalisawsservice": ("true",),
        "aws:principalservicename": (SERVICE,),
        "aws:principalservicenameslist": (SERVICE,),
    }
    if target.account is not None:
        context |= {"aws:resourceaccount": (target.account,), "s3:resourceaccount": (target.account,)}
    resource = (*text(f"arn:{partition_of(target, graph)}:s3:::{target.name}/"), *key)
    whole: Context = context | known
    return Request(Who("Service", SERVICE), text("s3:PutObject"), resource, whole)


def partition_of(bucket: Bucket, graph: Graph) -> str:
    """The partition that a bucket is in."""
    account = graph.account(bucket)
    return "aws" if account is None else account.partition


def listed(names: Iterable[str]) -> str:
    """Names in a sentence."""
    return ", ".join(dict.fromkeys(names))


def whose(sources: Iterable[str | None]) -> str:
    """Whose logs, in a sentence: ``logs of app and 2 more``."""
    named = sorted({source for source in sources if source is not None})
    if not named:
        return "logs"
    return f"logs of {named[0]} and {len(named) - 1} more" if len(named) > 1 else f"logs of {named[0]}"


def undecided(route: Route, statements: Iterable[Statement]) -> str:
    """Why nobody can tell whether statements are about a route."""
    asked = tuple(statements)
    names = listed(statement.name for statement in asked)
    conditions = open_conditions(asked, route.request.context)
    if conditions:
        return f"whether statement {names} applies depends on {listed(condition.key for condition in conditions)}"
    if route.doubts:
        return f"whether statement {names} applies depends on what could not be looked at: {listed(route.doubts)}"
    return f"statement {names} is about some log objects only, or about names that are not known yet"


def gathered(ways: Iterable[Route], judge: Callable[[Route], Iterable[Verdict]]) -> Iterator[Verdict]:
    """What is said of each route, once for all of which the same is said; what is wrong tells whose logs it is about.

    For what does not hang on the source itself: a lifecycle rule is one finding, however many sources it meets.
    """
    found: dict[tuple[Answer, str, tuple[tuple[str, str], ...]], list[str | None]] = {}
    for route in ways:
        try:
            for verdict in judge(route):
                found.setdefault((verdict.answer, verdict.reason, tuple(verdict.about.items())), []).append(route.source)
        except NotKnownError as error:
            found.setdefault((Answer.UNKNOWN, str(error), ()), []).append(route.source)
    for (answer, reason, about), sources in found.items():
        tells = answer in (Answer.FAIL, Answer.WARN)
        yield Verdict(answer, f"{reason} ({whose(sources)})" if tells else reason, dict(about))
