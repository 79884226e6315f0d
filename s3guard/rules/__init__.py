"""What every rule is: the common fields that people write, its page, and the discovery of the rules in this folder."""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from s3guard.model import Severity
from s3guard.names import Columns, Condition, Controls, Operations, Outcomes
from s3guard.quantities import Flag
from s3guard.written import Globs, Identifier, SeverityName, Text, Written

if TYPE_CHECKING:
    import polars as pl

    from s3guard.columns import Columns as RecordColumns
    from s3guard.measures import Limit, Measured, Usual
    from s3guard.traffic import Limited


class Rule(Written):
    """One entry of `rules` in a policy: what to look at, and what breaks it.

    A rule is one file of this folder: a subclass whose docstring is the rule's documentation page. Fields hold what was
    written, None where nothing was; the properties say what holds then.
    """

    kind: ClassVar[str]
    """The rule's name in policies and reports: the stem of its file."""
    default_severity: ClassVar[Severity]
    default_group_by: ClassVar[tuple[str, ...]]
    """The columns that make the subject of a finding; none makes one group of everything."""
    adds: ClassVar[tuple[str, ...]] = ()
    """Fields of a finding's subject beside those columns."""
    default_title: ClassVar[str]
    """What is true when the rule passes."""
    default_help: ClassVar[str]
    """A plain paragraph for reports: what the rule is for and what to do about a violation."""
    default_operations: ClassVar[tuple[str, ...]] = ()
    """The operations the rule looks at unless `operations` says otherwise; none means that it does not narrow by them."""
    splits: ClassVar[bool] = True
    """Whether findings are split by outcome: so in rules about single records, not in rules about groups."""
    concluded: ClassVar[frozenset[str]] = frozenset()
    """Fields of the rule's own that say how numbers are judged, not what is counted: kept numbers can be judged anew by others."""

    id: Identifier | None = None
    """Tells several rules of one kind apart; the default is the rule's name."""
    title: Text | None = None
    """What is true when the rule passes, in one sentence; the default is the rule's own."""
    severity: SeverityName | None = None
    """How much a violation matters; the default is the rule's own."""
    attempt_severity: SeverityName = Severity.LOW
    """How much an attempt matters that S3 refused or that failed, in rules about single records."""
    keys: Globs | None = None
    """Only records whose decoded object key matches one of these globs; a record without a key never does."""
    except_keys: Globs | None = None
    """Not the records whose decoded object key matches one of these globs; a record without a key is never excepted."""
    operations: Operations | None = None
    """Only these operations: classes, names or globs."""
    where: Condition | None = None
    """Only records for which this SQL condition is true."""
    group_by: Columns | None = None
    """The columns that make the subject of a finding; the default is the rule's own."""
    outcome: Outcomes | None = None
    """Only records of these outcomes: served, refused, failed."""
    controls: Controls = ()
    """Controls that this rule gives evidence for, by framework; added to the shipped mapping."""
    help: Text | None = None
    """What to do about a violation, for whoever reads the report; the default is the rule's own."""
    enabled: Flag = True
    """Whether the rule is judged; false also switches off a rule that `extends` brings."""

    @property
    def name(self) -> str:
        """The rule within its policy, as reports name it: ``kind`` or ``kind/id``."""
        return self.kind if self.id is None else f"{self.kind}/{self.id}"

    @property
    def subject(self) -> tuple[str, ...]:
        """The columns that make the subject of a finding."""
        return self.default_group_by if self.group_by is None else self.group_by

    @property
    def effective_severity(self) -> Severity:
        """The severity of a violation."""
        return self.severity or self.default_severity

    @property
    def effective_title(self) -> str:
        """The sentence that is true when the rule passes."""
        return self.title or self.default_title

    @property
    def effective_help(self) -> str:
        """What the rule is for and what to do about a violation."""
        return self.help or self.default_help

    @property
    def effective_operations(self) -> tuple[str, ...]:
        """The operations that the rule is narrowed to; none means that it is not narrowed by them."""
        return self.operations or self.default_operations

    @property
    def counted(self) -> str:
        """All that decides what is counted of which records, as JSON: two rules of one name that agree in it have the same tables.

        Of `concluded` fields it is whether they are given.
        """
        written = self.model_dump(mode="python", exclude={"id", "title", "severity", "attempt_severity", "controls", "help", "enabled"})
        told = {name: value is not None if name in self.concluded else value for name, value in written.items()}
        return json.dumps([self.kind, told, self.subject, self.effective_operations], sort_keys=True, default=str)

    @property
    def texts(self) -> frozenset[str]:
        """Columns that the rule reads beside those that its common fields name, and that are not always kept."""
        return frozenset()

    def looks(self, columns: RecordColumns) -> pl.Expr:
        """Boolean: the records that the rule looks at, before the common fields narrow them; requests unless a rule says otherwise."""
        return columns.requests()

    def drawn(self) -> tuple[Limited, ...]:
        """The limits that a chart of the traffic can draw; none of most rules."""
        return ()

    def unjudged(self, columns: RecordColumns) -> pl.Expr | None:
        """Boolean: of those, the records that it cannot judge, because their line does not tell; None when it always can."""
        return None

    @property
    def compares(self) -> bool:
        """Whether the rule compares with the past, and so keeps counts by the hour that reach back further than the report."""
        return False

    @property
    def named(self) -> tuple[str, ...]:
        """The fields that a finding's subject can have: the columns, and what the rule adds."""
        return (*self.adds, *self.subject)

    @classmethod
    def says_of(cls) -> str:
        """What a finding is one of, by default, as a list of rules tells it."""
        return ", ".join((*cls.adds, *cls.default_group_by)) or "one group of everything"

    def trusts(self) -> str | None:
        """Why a pass of the rule as it is written is no evidence for a control, as a clause; None where it is."""
        return None

    def lacks(self) -> str | None:
        """What to add to a rule that could never find anything as it is written; None when it could."""
        return None

    def checks(self) -> tuple[Callable[[], str | None], ...]:
        """A rule that looks like a guard and guards nothing is an error, unless it is switched off."""
        return (self.lacks,) if self.enabled else ()


class RecordRule(Rule):
    """A rule about single records: each breaks it or does not."""

    breach: ClassVar[str]
    """What a finding says of its subject."""

    def breaks(self, columns: RecordColumns) -> pl.Expr:
        """Boolean: the records that break the rule, of those that it looks at and can judge."""
        raise NotImplementedError(self.kind)

    @property
    def tolerated(self) -> int:
        """How many records of one subject and outcome are no violation yet."""
        return 0


class GroupRule(Rule):
    """A rule about groups of records: numbers of windows, held against limits."""

    splits: ClassVar[bool] = False

    def limits(self) -> tuple[Limit, ...]:
        """The limits, each with its window of `per`."""
        raise NotImplementedError(self.kind)

    @property
    def counted(self) -> str:
        """As of every rule, and which limits there are: a limit may be told by a field that is written, whatever it says."""
        usual = [[one.name, one.limit.how] for one in self.usuals()]
        return json.dumps([super().counted, [limit.how for limit in self.limits()], *([usual] if usual else [])])

    def measures(self, columns: RecordColumns) -> tuple[Measured, ...]:
        """What each of the limits counts, in their order."""
        raise NotImplementedError(self.kind)

    @property
    def window(self) -> int | None:
        """The length of the windows in seconds; None for one window over everything."""
        per: int | None = getattr(self, "per", None)
        return per

    @property
    def reads(self) -> frozenset[str]:
        """Columns, beside those of the common fields, that the measures read and that older lines may lack."""
        return frozenset()

    def usuals(self) -> tuple[Usual, ...]:
        """The numbers of each hour that are held against what is usual; none in most rules."""
        return ()

    def usual_measures(self, columns: RecordColumns) -> tuple[Measured, ...]:
        """What each of them counts, in their order."""
        return ()

    @property
    def compares(self) -> bool:
        """Whether it is held against what is usual."""
        return bool(self.usuals())


class NewcomerRule(Rule):
    """A rule about what was never there before: values of some columns, each for itself.

    `subject` has these columns, and each finding names one of them.
    """

    splits: ClassVar[bool] = True

    @property
    def compares(self) -> bool:
        """It is held against what was there before."""
        return True


def of_one(subject: tuple[str, ...]) -> str:
    """Whose limit it is, as the words that follow it: `` of one remote_ip``; empty where it is that of all together."""
    return f" of one {' and '.join(subject)}" if subject else ""


def everybody(allow: tuple[str, ...] | None) -> str | None:
    """Why an allow-list of principals keeps nobody out, as a clause; None where it does."""
    if allow is None:
        return "it has no allow-list"
    return "its allow-list has everybody who is signed in" if "authenticated" in allow else None


def catalog() -> dict[str, type[Rule]]:
    """Every rule by name, in alphabetic order: one for each module of this folder.

    Raises TypeError where a module holds no rule, several, or one whose `kind` is not the module's name.
    """
    return {stem: _rule_of(stem) for stem in sorted(module.name for module in pkgutil.iter_modules(__path__))}


def _rule_of(stem: str) -> type[Rule]:
    module = importlib.import_module(f"{__name__}.{stem}")
    classes = [value for value in vars(module).values() if isinstance(value, type) and value.__module__ == module.__name__]
    found = [value for value in classes if issubclass(value, Rule)]
    if len(found) != 1 or found[0].kind != stem:
        raise TypeError(f"{module.__name__} should hold one rule with kind = {stem!r}, and holds {[rule.__name__ for rule in found]}")
    return found[0]
