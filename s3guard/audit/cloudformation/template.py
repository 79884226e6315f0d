"""A CloudFormation template taken apart: its resources, parameters, conditions and mappings, each with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from s3guard import documents
from s3guard.model import Location, UnableError, UsageError
from s3guard.nodes import Listing, Node, Scalar
from s3guard.nodes import Mapping as MappingNode
from s3guard.problems import Place, Problems
from s3guard.utf8 import MAX_BYTES

# NOTE: what these transforms add and change, buckets are no part of: SAM makes resources of its own types, and the language extensions
# are the functions that `intrinsics` knows to be open. Every other macro may rewrite whatever it likes.
_HARMLESS: Final = frozenset({"AWS::Serverless-2016-10-31", "AWS::LanguageExtensions", "AWS::CodeDeployBlueGreen", "AWS::CodeDeploy"})
_PLAIN: Final = frozenset({"Ref", "Condition"})
_MACRO: Final = "Fn::Transform"
"""What stands among resources, or in one, for what a macro puts there (``AWS::Include``)."""
_NESTED: Final = frozenset(
    {
        *("AWS::CloudFormation::Stack", "AWS::CloudFormation::StackSet", "AWS::Serverless::Application"),
        "AWS::ServiceCatalog::CloudFormationProvisionedProduct",
    }
)
_MODULE: Final = "::MODULE"
"""How the types of CloudFormation's modules end, which are templates too."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource as it is written."""

    id: str
    """The logical id."""
    type: str
    properties: Node | None
    condition: str | None
    """The name of the condition under which it is made."""
    location: Location
    is_included: bool = False
    """Whether a macro may put anything into it."""

    @property
    def is_nested(self) -> bool:
        """Whether it is a template of its own, which may make buckets too."""
        return self.type in _NESTED or self.type.endswith(_MODULE)


@dataclass(frozen=True, slots=True)
class Parameter:
    """What is asked of who deploys."""

    type: str
    default: str | None
    """None: there is none."""


@dataclass(frozen=True, slots=True)
class Template:
    """A template."""

    name: str
    """As reports show it."""
    resources: Mapping[str, Resource]
    parameters: Mapping[str, Parameter]
    conditions: Mapping[str, Node]
    mappings: Mapping[str, Node]
    macros: tuple[str, ...]
    """Transforms that may rewrite every resource."""
    loops: Mapping[str, Location]
    """Entries of the resources that stand for others which are not known: ``Fn::ForEach::Buckets``, ``Fn::Transform``."""


def load(path: Path, name: str) -> Template:
    """The template of a file; UnableError where it cannot be read, UsageError (with places) where it is no template."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UnableError(f"could not read the template {name}: {error.strerror or error}") from error
    return parse(content, name)


def parse(content: bytes, name: str) -> Template:
    """As `load`, from the bytes of a file."""
    problems = Problems()
    found = documents.read(content, name, problems, what="template", tags=_key)
    problems.raise_any()
    root = found[0]
    resources = root.values.get("Resources") if isinstance(root, MappingNode) else None
    if len(found) > 1 or not isinstance(root, MappingNode) or not isinstance(resources, MappingNode) or not resources.values:
        raise UsageError(f"{name} is not a CloudFormation template: one document with Resources is expected")
    loops = {id_: resources.place_of(id_) for id_, node in resources.values.items() if _is_open(id_, node)}
    template = Template(
        name=name,
        resources={id_: _resource(id_, node, resources.place_of(id_), problems) for id_, node in _others(resources, loops)},
        parameters={id_: _parameter(node) for id_, node in _section(root, "Parameters", problems)},
        conditions=dict(_section(root, "Conditions", problems)),
        mappings=dict(_section(root, "Mappings", problems)),
        macros=(*_macros(root.values.get("Transform")), *_macros(root.values.get(_MACRO))),
        loops={id_: _location(place) for id_, place in loops.items()},
    )
    problems.raise_any()
    return template


def _key(tag: str) -> str | None:
    """The long form of a short one: ``!Sub`` is ``Fn::Sub``."""
    name = tag.removeprefix("!")
    if name == tag or not name.isalnum():
        return None
    return name if name in _PLAIN else f"Fn::{name}"


def _is_open(id_: str, node: Node) -> bool:
    """Whether an entry of the resources stands for others, or for one of which not even the type is written."""
    values = node.values if isinstance(node, MappingNode) else {}
    return id_.startswith("Fn::") or (_MACRO in values and "Type" not in values)


def _others(resources: MappingNode, loops: Mapping[str, Place]) -> Iterator[tuple[str, Node]]:
    yield from ((id_, node) for id_, node in resources.values.items() if id_ not in loops)


def _section(root: MappingNode, name: str, problems: Problems) -> Iterator[tuple[str, Node]]:
    found = root.values.get(name)
    if isinstance(found, MappingNode):
        yield from found.values.items()
    elif found is not None and not (isinstance(found, Scalar) and found.text is None):
        problems.add(found.place, f"{name} is a mapping in a CloudFormation template")


def _resource(id_: str, node: Node, place: Place, problems: Problems) -> Resource:
    values = node.values if isinstance(node, MappingNode) else {}
    kind, condition = values.get("Type"), values.get("Condition")
    if not isinstance(kind, Scalar) or kind.text is None:
        problems.add(place, f"resource {id_} has no Type")
    if condition is not None and (not isinstance(condition, Scalar) or condition.text is None):
        problems.add(place, f"the Condition of resource {id_} is not the name of one")
    return Resource(id_, text_of(kind) or "", values.get("Properties"), text_of(condition), _location(place), _MACRO in values)


def _parameter(node: Node) -> Parameter:
    values = node.values if isinstance(node, MappingNode) else {}
    default = values.get("Default")
    if isinstance(default, Scalar):
        return Parameter(text_of(values.get("Type")) or "String", default.text or "")
    return Parameter(text_of(values.get("Type")) or "String", None)


def _macros(node: Node | None) -> Iterator[str]:
    for one in node.items if isinstance(node, Listing) else [] if node is None else [node]:
        written = one.values.get("Name") if isinstance(one, MappingNode) else one
        name = text_of(written) or "of no name"
        if name not in _HARMLESS:
            yield name


def text_of(node: Node | None) -> str | None:
    """The text of a scalar; None of anything else."""
    return node.text if isinstance(node, Scalar) else None


def _location(place: Place) -> Location:
    return Location(place.file, place.line)
