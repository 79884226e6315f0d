"""What pydantic found wrong, in plain words and at its place in the file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from s3guard.nodes import Node, Scalar, find, kind_of
from s3guard.problems import LIMIT, Place, Problems, did_you_mean, one_of, quoted
from s3guard.text import visible

_FEW = 10
"""Known keys that an error lists."""
_EXPECTED = {
    "model_type": "a mapping",
    "dict_type": "a mapping",
    "tuple_type": "a list",
    "list_type": "a list",
    "string_type": "a text",
}


def report(error: ValidationError, model: type[BaseModel], node: Node, place: Place, problems: Problems, *, is_whole: bool = True) -> None:
    """Add every fault of `error` to `problems`; `node` is what was validated, `place` where it stands.

    `model` gives the keys that an unknown one may have meant. With `is_whole` false, parts of the node were left out for faults
    that are told elsewhere, so nothing is said about the node as a whole; nor of a text of which all is said already.
    """
    # NOTE: bounded before anything is worded: a file of 100,000 unknown keys should not be compared with every known one.
    for fault in error.errors(include_url=False, include_input=False)[: LIMIT + 1]:
        for message, offset, within in _parts(fault):
            path = (*fault["loc"], *within)
            is_about_key = fault["type"] == "extra_forbidden" or path[-1:] == ("[key]",)
            at, found = _place(node, place, path, is_about_key=is_about_key)
            is_told = isinstance(found, Scalar) and not is_about_key and problems.settled(found.place)
            if isinstance(found, Scalar) and offset is not None:
                at = found.within(offset) or at
            if not is_told and (path or is_whole):
                problems.add(at, _sentence(fault["type"], message, path, found, model))


def _parts(fault: ErrorDetails) -> Iterator[tuple[str, int | None, tuple[str | int, ...]]]:
    """What is wrong with one value, which may be several things: the sentence, where in a text, and where in a list or mapping."""
    raised = fault.get("ctx", {}).get("error")
    for part in getattr(raised, "faults", (raised,)):
        message = fault["msg"] if part is None else str(part)
        yield message, getattr(part, "offset", None), getattr(part, "path", ())


def _place(node: Node, place: Place, path: Sequence[str | int], *, is_about_key: bool) -> tuple[Place, Node]:
    """Where the fault at `path` stands, and at what: a text itself, else the key that it is the value of."""
    found, at = find(node, path)
    if found is node:
        return place, found
    is_text = isinstance(found, Scalar) and bool(found.text)
    return (found.place if is_text and not is_about_key else at), found


def _sentence(kind: str, message: str, path: Sequence[str | int], found: Node, model: type[BaseModel]) -> str:
    if kind == "value_error":
        return visible(message)
    if kind == "missing":
        return f"`{path[-1]}` is missing"
    if kind == "extra_forbidden":
        return _unknown(str(path[-1]), _model_at(model, path[:-1]))
    if kind in _EXPECTED:
        return f"{_EXPECTED[kind]} is expected here, not {kind_of(found)}"
    return visible(re.sub(r"^Input should be", "what is expected here is", message))


def _unknown(key: str, model: type[BaseModel]) -> str:
    names = [field.alias or name for name, field in model.model_fields.items()]
    elsewhere = getattr(model, "elsewhere", {}).get(key)
    hint = f"; {elsewhere}" if elsewhere else did_you_mean(key, names)
    known = f"; write {one_of(names)}" if 0 < len(names) <= _FEW else ""
    return f"unknown key {quoted(key)}{hint or known}"


def _model_at(model: type[BaseModel], path: Sequence[str | int]) -> type[BaseModel]:
    """The model of the mapping at `path`, as far as the path names fields."""
    for step in path:
        field = next((field for name, field in model.model_fields.items() if step in (name, field.alias)), None)
        model = model if field is None else next(_models(field.annotation), model)
    return model


def _models(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 - an annotation may be anything
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)
