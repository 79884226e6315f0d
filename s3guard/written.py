"""What people write in policies beside quantities: strict models, lists, and names that are checked with "did you mean"."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from itertools import islice, pairwise
from typing import Annotated, Any, Final, Self, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ModelWrapValidatorHandler,
    PlainSerializer,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
    field_validator,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails, core_schema

from s3guard.model import Severity
from s3guard.problems import LIMIT, FaultError, FaultsError, did_you_mean, one_of, quoted

_MEANT: Final = 20
"""Unknown keys of one mapping that are held against the known ones."""


class Written(BaseModel):
    """A part of a policy file: frozen, unknown keys refused, texts typed, with a JSON Schema that serves editors."""

    model_config = ConfigDict(defer_build=True, frozen=True, extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def _something_is_written(cls, value: object) -> object:
        """A key without a value is an error, since one reader takes it for an empty list and the next for no list at all."""
        if value is None:
            raise ValueError("nothing is written here; write a value or remove the key")
        return value

    def checks(self) -> tuple[Callable[[], str | None], ...]:
        """What says of the part as a whole what is wrong with it, or None.

        Each is asked wherever the fields that it reads are good, whatever is wrong with the others.
        """
        return ()

    @model_validator(mode="wrap")
    @classmethod
    def _is_good_as_a_whole(cls, value: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            whole = handler(value)
        except ValidationError as error:
            raise with_faults(error, cls._faults_beside(error, value, handler), value) from None
        faults = [FaultError(told) for check in whole.checks() if (told := check())]
        if faults:
            raise FaultsError(faults)
        return whole

    @classmethod
    def _faults_beside(cls, error: ValidationError, value: object, handler: ModelWrapValidatorHandler[Self]) -> Iterator[FaultError]:
        """What is wrong with the whole, as far as that can be told without the fields that have faults themselves."""
        if cls.checks is Written.checks or not isinstance(value, Mapping):
            return
        names = {field.alias or name: name for name, field in cls.model_fields.items()}
        wrong = {fault["loc"][0] for fault in error.errors(include_url=False, include_context=False, include_input=False) if fault["loc"]}
        # NOTE: a key that is not known was probably meant for one that is, of which nothing is known then.
        meant = {near for key in islice(wrong - names.keys(), _MEANT) for near in get_close_matches(str(key), names, 1, 0.7)}
        try:
            good = handler({key: item for key, item in value.items() if key not in wrong})
        except ValidationError:
            return
        for key in (wrong & names.keys()) | meant:
            good.__dict__.pop(names[str(key)], None)
        # NOTE: so ends what asks for a field that has a fault.
        checks: tuple[Callable[[], str | None], ...] = ()
        with suppress(AttributeError):
            checks = good.checks()
        for check in checks:
            with suppress(AttributeError):
                if told := check():
                    yield FaultError(told)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The model's schema with the first paragraph of its docstring, defaults as people write them, and no null."""
        written = handler.resolve_ref_schema(handler(schema))
        written["description"] = " ".join((cls.__doc__ or "").strip().split("\n\n")[0].split())
        defaults = cls.model_construct().model_dump(mode="json", by_alias=True, exclude_none=True, warnings=False)
        for name, field in written.get("properties", {}).items():
            _drop_null(field)
            field.pop("default", None)
            field.pop("title", None)
            if defaults.get(name) not in (None, [], {}):
                field["default"] = defaults[name]
        for name, meaning in _meanings(cls).items():
            alias = cls.model_fields[name].alias or name if name in cls.model_fields else name
            if alias in written.get("properties", {}):
                written["properties"][alias].setdefault("description", meaning)
        return written


def _meanings(model: type[BaseModel]) -> dict[str, str]:
    """What stands under each field of a model, its bases' too."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, Written):
            found |= _own_meanings(base)
    return found


@cache
def _own_meanings(model: type[BaseModel]) -> dict[str, str]:
    """What stands under the fields that a model has beside those of its bases.

    NOTE: read from the source when a schema is asked for; pydantic would read it at every start, which took a fifth of a second.
    """
    try:
        source = inspect.getsource(model)
    except OSError:
        return {}  # a model that is made, not written, says what its fields mean itself
    (tree,) = ast.parse(textwrap.dedent(source)).body
    body = tree.body if isinstance(tree, ast.ClassDef) else []
    found = {}
    for field, text in pairwise(body):
        told = text.value.value if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant) else None
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(told, str):
            found[field.target.id] = inspect.cleandoc(told)
    return found


def _drop_null(field: dict[str, Any]) -> None:
    choices = [choice for choice in field.get("anyOf", []) if choice != {"type": "null"}]
    if len(choices) == 1 and len(choices) != len(field["anyOf"]):
        del field["anyOf"]
        field.update({**choices[0], **field})
    elif choices:
        field["anyOf"] = choices


@dataclass(frozen=True, slots=True)
class OneOrMany:
    """Annotates a tuple: it may be written as a list or, where it has one item, as that item."""

    noun: str
    """What an item is, in the plural, for the error about an empty list."""
    empty: bool = False
    """Whether an empty list means something."""

    def __get_pydantic_core_schema__(self, source: type[Any], handler: GetCoreSchemaHandler) -> CoreSchema:
        """The tuple's schema behind the wrapping of a scalar."""
        return core_schema.no_info_before_validator_function(self._as_list, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """An item or an array of items."""
        array = handler(schema)
        if not self.empty:
            array["minItems"] = 1
        return {"anyOf": [array["items"], array]}

    def _as_list(self, value: object) -> object:
        if value == "":
            raise ValueError(f"nothing is written where {self.noun} belong; write one or a list")
        if isinstance(value, Mapping):
            raise ValueError(f"a mapping is not a list of {self.noun}; write [a, b]")  # noqa: TRY004 - pydantic gives a place to ValueError only
        if not isinstance(value, list | tuple):
            return (value,)
        if not value and not self.empty:
            raise ValueError(f"an empty list of {self.noun} selects nothing; remove the key or name some")
        return value


def _meant(value: object, known: Sequence[str]) -> str:
    """What was probably meant among a few names, else all of them."""
    hint = did_you_mean(value, known) if isinstance(value, str) else ""
    return hint or f"; write {one_of(known)}"


def choice(noun: str, names: Iterable[str]) -> BeforeValidator:
    """Annotates a text that must be one of `names`; another is an error that lists them and says what was meant."""
    known = tuple(names)

    def chosen(value: object) -> object:
        if value not in known:
            raise ValueError(f"{quoted(str(value))} is not {noun}{_meant(value, known)}")
        return value

    return BeforeValidator(chosen)


def spelling(noun: str, names: Iterable[str]) -> AfterValidator:
    """Annotates a text that S3 may extend: any is good but a known one of `names` in other letters."""
    exact = {name.lower(): name for name in names}

    def spelled(value: str) -> str:
        known = exact.get(value.lower(), value)
        if known != value:
            raise ValueError(f"{quoted(str(value))} is not {noun} as S3 writes it; write {known}")
        return value

    return AfterValidator(spelled)


def plain_text(value: object) -> str:
    """The text of a scalar; ValueError for a blank one and for what is no scalar."""
    if isinstance(value, bool | int | float):
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        kind = "a mapping" if isinstance(value, dict) else "a list" if isinstance(value, list | tuple) else None
        raise ValueError(f"{kind} is not a text" if kind else "nothing is written where a text belongs")
    return value


def _severity(value: object) -> Severity:
    if isinstance(value, Severity):
        return value
    names = [severity.value for severity in Severity]
    if value not in names:
        raise ValueError(f"{quoted(str(value))} is not a severity{_meant(value, names)}")
    return Severity(value)


def _identifier(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", value):
        meant = re.sub(r"[^A-Za-z0-9._]+", "-", value).strip("-._").lower()[:64]
        hint = f"; write {meant}" if meant else ""
        raise ValueError(f"{quoted(str(value))} is not an id: letters, digits, '.', '_' and '-', at most 64{hint}")
    return value


def with_faults(error: ValidationError, faults: Iterable[FaultError], value: object) -> ValidationError:
    """The error with further faults of the same value."""
    more = [InitErrorDetails(type="value_error", loc=fault.path, input=value, ctx={"error": fault}) for fault in faults]
    if not more:
        return error
    # NOTE: the faults that an error tells of are what it is made of.
    return ValidationError.from_exception_data(error.title, [*cast("list[InitErrorDetails]", error.errors(include_url=False)), *more])


def _each_once(names: object, handler: ValidatorFunctionWrapHandler) -> object:
    met: set[object] = set()
    twice: list[FaultError] = []
    for at, name in enumerate(names if isinstance(names, list | tuple) else ()):
        if isinstance(name, str) and name in met and len(twice) <= LIMIT:
            twice.append(FaultError(f"{quoted(name)} is named twice", path=(at,)))
        met.add(name if isinstance(name, str) else at)
    try:
        good = handler(names)
    except ValidationError as error:
        raise with_faults(error, twice, names) from None
    if twice:
        raise FaultsError(twice)
    return good


EACH_ONCE: Final = WrapValidator(_each_once)
"""Annotates a list of names: one that stands twice is an error, whatever is wrong with the others."""


Text = Annotated[str, BeforeValidator(plain_text)]
"""A text that is not blank."""

Glob = Annotated[str, BeforeValidator(plain_text), WithJsonSchema({"type": "string", "minLength": 1})]
"""A glob: ``*`` and ``?`` match any character, ``/`` too."""

Globs = Annotated[tuple[Glob, ...], OneOrMany("globs")]
"""Globs, at least one."""

AnyGlobs = Annotated[tuple[Glob, ...], OneOrMany("globs", empty=True)]
"""Globs; an empty list matches nothing."""

Identifier = Annotated[
    str,
    BeforeValidator(plain_text),
    AfterValidator(_identifier),
    WithJsonSchema({"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"}),
]
"""An id: letters, digits, ``.``, ``_`` and ``-``."""

SeverityName = Annotated[
    Severity,
    BeforeValidator(_severity),
    PlainSerializer(lambda severity: severity.value, return_type=str, when_used="json-unless-none"),
    WithJsonSchema({"type": "string", "enum": [severity.value for severity in Severity]}),
]
"""A `Severity` by its name."""
