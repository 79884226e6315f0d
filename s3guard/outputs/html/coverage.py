"""What was looked at, by bucket and hour, and what could not be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from s3guard import continuity
from s3guard.charts.svg import strip
from s3guard.fields import WARNINGS
from s3guard.markup import Markup, element, joined, value
from s3guard.model import BucketCoverage, Coverage, Report, RunCoverage
from s3guard.outputs import CLAIMS
from s3guard.outputs.html.parts import Section, chip, count_of, folded, table
from s3guard.text import shorten
from s3guard.verdict import moment

BUCKETS: Final = 40
"""Buckets with a strip, the most silent first."""
ROWS: Final = 200
"""Rows of the other tables."""
CELLS: Final = 360
"""Cells of a strip."""


def is_audit(report: Report) -> bool:
    """Whether the report is about the configuration alone."""
    return bool(report.results) and not report.coverage.objects and not any(result.is_of_records for result in report.results)


def section(report: Report) -> Section:
    """The section."""
    if is_audit(report):
        buckets = sorted({result.bucket for result in report.results if result.bucket is not None})
        told = f"No log was read: this is about how {count_of(len(buckets), 'bucket')} {_is(len(buckets))} set up to log."
        named = folded(count_of(len(buckets), "bucket"), element("p", *_between(element("bdi", name) for name in buckets[:ROWS])))
        return Section.of("coverage", "What was covered", _lead(told), named if buckets else None, *_notes(report), short="Coverage")
    coverage = report.coverage
    parts = [*_strips(coverage), *_blind(coverage), *_listed(coverage), *_runs(report.run.judged), *_notes(report)]
    return Section.of("coverage", "What was covered, and what was not", *parts, short="Coverage")


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _lead(text: str) -> Markup:
    return element("p", text, class_="lead")


def _between(names: Iterator[Markup]) -> Iterator[str]:
    for at, name in enumerate(names):
        yield from (", ", name) if at else (name,)


def _notes(report: Report) -> Iterator[Markup]:
    """The report's own notes, each a paragraph."""
    notes = [note for note in report.notes if note not in CLAIMS]
    if notes:
        yield element("div", *(element("p", note) for note in notes[:ROWS]), class_="notes")


def _strips(coverage: Coverage) -> Iterator[Markup]:
    """In which hours there are records of each bucket."""
    yield _lead(_looked(coverage))
    buckets = continuity.quietest(coverage.buckets)
    if buckets:
        key = (element("span", class_=f"key heat-{level}") for level in range(1, 6))
        yield element("p", element("span", class_="key empty"), " no record ", *key, " more", class_="keys", aria_hidden="true")
        yield element("ul", *(_bucket(number, bucket) for number, bucket in enumerate(buckets[:BUCKETS])), class_="buckets")
    if len(buckets) > BUCKETS:
        rest = ([value(one.bucket), f"{one.records:,}", value(continuity.sentence(one))] for one in buckets[BUCKETS : BUCKETS + ROWS])
        left = len(buckets) - BUCKETS - ROWS
        yield folded(
            f"{count_of(len(buckets) - BUCKETS, 'more bucket')}, less silent"
            + (f"; of {left:,} the json output tells" if left > 0 else ""),
            table("More buckets", ["Bucket", "#Records", "Hours"], rest),
        )


def _looked(coverage: Coverage) -> str:
    if not coverage.objects:
        return "No log object was looked at."
    seen_in = continuity.of_all(coverage.buckets)
    return f"{count_of(coverage.records, 'record')} {_is(coverage.records)} what {count_of(coverage.objects, 'log object')} held. {seen_in}"


def _bucket(number: int, bucket: BucketCoverage) -> Markup:
    since, until, counts, cell = continuity.cells(bucket.hours, bucket.gaps, CELLS)
    drawing = strip(counts, f"Records of {shorten(bucket.bucket, 100)} over time: {continuity.hours(bucket)}", f"strip-{number}")
    ends = (f"{moment(since)[:16]} UTC", f"a cell is {_cell(cell)}", f"{moment(until)[:16]} UTC")
    # NOTE: a heading of nothing is none, and strangers may name a bucket so.
    name = element("h3", value(bucket.bucket, 200) if bucket.bucket.strip() else joined(["a bucket named '", value(bucket.bucket), "'"]))
    judged = None if bucket.policies else chip("no policy", "undetermined")
    told = element("span", f"{count_of(bucket.records, 'record')} in {continuity.hours(bucket)}", class_="soft")
    scale = element("div", *(element("span", end) for end in ends), class_="ends")
    return element("li", element("div", name, judged, told, class_="head"), drawing, scale, *_gaps(bucket), *_expected(bucket))


def _cell(seconds: int) -> str:
    hours, days = seconds // 3_600, seconds // 86_400
    return count_of(days, "day") if seconds % 86_400 == 0 else count_of(hours, "hour")


def _gaps(bucket: BucketCoverage) -> Iterator[Markup]:
    if bucket.gaps:
        first, *others = sorted(bucket.gaps, key=lambda gap: (gap.since - gap.until, gap.since))
        yield element("p", f"Longest time without a record: {continuity.silence(first)} UTC.", class_="gap")
        if others:
            rows = ([continuity.silence(gap).partition(" from ")[0], moment(gap.since), moment(gap.until)] for gap in others)
            yield folded(
                f"{count_of(len(others), 'shorter one')}", table("Times without a record", ["Lasting", "From, UTC", "To, UTC"], rows)
            )


def _expected(bucket: BucketCoverage) -> Iterator[Markup]:
    for one in bucket.expected:
        told = f" expects {continuity.expectation(one)}"
        yield element("p", chip(one.status.value), " ", element("span", value(one.rule), class_="rule"), told, class_="expected")


def _blind(coverage: Coverage) -> Iterator[Markup]:
    """What was not judged, or not for certain; told where there is nothing of it, too."""
    unnamed = [bucket for bucket in coverage.buckets if not bucket.policies]
    tiles = (
        (len(coverage.unreadable), "log object", "unreadable", "not read to the end: what was not read is not judged"),
        (coverage.quarantined, "line", "quarantined", "no record, and judged by no rule; --quarantine FILE writes them out"),
        (
            coverage.ambiguous,
            "line",
            "ambiguous",
            "judged by the reading that is worst for the requester; --quarantine FILE writes them out",
        ),
        (len(unnamed), "bucket", "without a policy", "with records that nothing judged"),
    )
    yield element("h3", "What could not be judged, or not for certain")
    yield element("ul", *(_tile(*tile) for tile in tiles), class_="tiles")
    if coverage.unreadable:
        unread = ([value(one.object), value(one.reason)] for one in coverage.unreadable[:ROWS])
        yield _bounded("Log objects that were not read to their end", ["Log object", "Why"], unread, len(coverage.unreadable))
    if unnamed:
        nameless = ([value(one.bucket), f"{one.records:,}"] for one in unnamed[:ROWS])
        yield _bounded("Buckets without a policy", ["Bucket", "#Records"], nameless, len(unnamed))
    if coverage.warnings:
        told = sorted(coverage.warnings.items())
        kinds = ([value(kind), f"{count:,}", WARNINGS.get(kind, "")] for kind, count in told[:ROWS])
        yield _bounded("Warnings, which change no verdict", ["Kind", "#Records", "What it says"], kinds, len(told))


def _tile(count: int, noun: str, kind: str, words: str) -> Markup:
    number = element("b", f"{count:,}")
    title = element("span", f"{noun if count == 1 else noun + 's'} {kind}")
    return element("li", number, title, element("small", words) if count else None, class_="some" if count else "none")


def _bounded(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]], count: int) -> Markup:
    left = f"; the first {ROWS} of them here, all in the json output" if count > ROWS else ""
    return folded(f"{title}: {count:,}{left}", table(title, heads, rows), class_="printed", is_open=count <= 10)


def _listed(coverage: Coverage) -> Iterator[Markup]:
    """What of sources that are listed by time was looked at."""
    if coverage.listed:
        rows = (
            [
                value(one.source),
                "from the first" if one.since is None else moment(one.since),
                "to the last"
                if one.until is None
                else f"{moment(one.until)}, {one.late // 3_600:,} h after the period for late deliveries",
                f"{one.unnamed:,}",
                _some(one.skipped),
            ]
            for one in coverage.listed[:ROWS]
        )
        heads = ["Source", "Named from, UTC", "To, UTC", "#Without a time", "Buckets not read"]
        yield _bounded("What was listed", heads, rows, len(coverage.listed))


def _some(names: Sequence[str]) -> Markup:
    shown = joined([value(name) for name in names[:10]], ", ")
    return joined([shown, f" and {len(names) - 10:,} more"]) if len(names) > 10 else shown


def _runs(judged: Sequence[RunCoverage]) -> Iterator[Markup]:
    """Which runs of a state judged what the report covers."""
    if judged:
        rows = (
            [
                value(one.run),
                moment(one.finished) if one.finished is not None else "this one, or never finished",
                f"{one.objects:,}",
                f"{one.again:,}",
                f"{one.records:,}",
            ]
            for one in judged[-ROWS:]
        )
        heads = ["Run", "Finished, UTC", "#Log objects", "#Judged again", "#Records"]
        yield _bounded("Runs that judged what this covers", heads, rows, len(judged))
