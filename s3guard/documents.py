"""YAML text as plain nodes that know their places: every scalar stays the text that was written, and no file can exhaust the reader.

Built from the parser's events, never from its constructors: no type is guessed (``on``, ``1:30`` and ``012345678901`` stay what
was written), no tag makes an object, and the bounds below hold while the file is read. Only a plain ``null``, ``~`` or nothing
at all is None, as in the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import yaml

from s3guard import utf8
from s3guard.excerpt import Excerpt, Mark
from s3guard.nodes import Listing, Mapping, Node, Scalar, kind_of
from s3guard.problems import Place, Problems, did_you_mean, quoted
from s3guard.text import visible

MAX_NODES = 50_000
"""Most nodes of one file, each use of an alias counted in full."""
MAX_TEXT = 8 * utf8.MAX_BYTES
"""Most characters of all scalars of one file, each use of an alias counted in full."""
MAX_SCALAR = 1 << 16
"""Most characters of one scalar."""
MAX_DEPTH = 50
"""Deepest nesting, aliases followed."""

# NOTE: C where PyYAML was built with libyaml, ten times faster; both give the same events.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_SURROGATE = re.compile("[\ud800-\udfff]")
_BROKEN = 20
"""Documents of one file that cannot be read before the others are left alone."""
_JOINED = 1_000
"""Entries of a key's first value that its second is joined with: a key that stands a thousand times must not cost a minute."""
_TAGS = {yaml.ScalarEvent: "str", yaml.SequenceStartEvent: "seq", yaml.MappingStartEvent: "map"}


def read(
    content: bytes, file: str, problems: Problems, *, what: str = "policy", tags: Callable[[str], str | None] | None = None
) -> tuple[Node, ...]:
    """The documents of a file, each at least one node; an empty document beside others is left out.

    Whatever is wrong is added to `problems`; what could be read beside it is returned, so that its problems show as well. `what` is what
    the file should be. `tags` says of a tag under which key its value then stands in a mapping of its own (``!Ref x`` as ``Ref: x``), or
    None where it is not allowed, as all tags are without it.
    """
    text = utf8.decoded(content, file, problems, what)
    if text is None:
        return ()
    reader = _Reader(file, text, problems, what, tags)
    documents = tuple(reader.documents())
    if not documents and not reader.failed:
        problems.add(Place(file), f"the file is empty: a {what} is expected")
    return documents


class _RefusedError(Exception):
    """The rest of the document cannot be read."""

    def __init__(self, place: Place, message: str, *, ends_file: bool = False) -> None:
        super().__init__(message)
        self.place = place
        self.ends_file = ends_file
        """Whether nothing behind it is read either."""


@dataclass(frozen=True, slots=True)
class _Anchored:
    """A finished node that has an anchor, and what each use of it costs."""

    node: Node
    nodes: int
    characters: int
    height: int


@dataclass(slots=True)
class _Open:
    """A collection that is being read."""

    is_mapping: bool
    place: Place
    anchor: str | None
    tag: str | None
    """The key that stands for its tag."""
    nodes: int
    """Nodes of the file before this one; with `characters`, what the finished collection's cost is reckoned from."""
    characters: int
    height: int = 1
    items: list[Node] = field(default_factory=list)
    values: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, Place] = field(default_factory=dict)
    key: Scalar | None = None
    """The key whose value comes next."""


class _Reader:
    """Events to nodes, with the bounds checked at every event."""

    def __init__(
        self, file: str, text: str, problems: Problems, what: str = "policy", tags: Callable[[str], str | None] | None = None
    ) -> None:
        self._file = file
        self._problems = problems
        self._what = what
        self._tags = tags
        self._nodes = 0
        self._characters = 0
        self.failed = False
        self._begin_at(Excerpt(file, text))

    def _begin_at(self, excerpt: Excerpt) -> None:
        """Read on from here."""
        self._excerpt = excerpt
        self._open: list[_Open] = []
        self._anchors: dict[str, _Anchored | None] = {}
        self._document = 0
        """Where the document that is being read begins, behind its mark."""

    def documents(self) -> Iterator[Node]:
        """Every document with content; one with a fault that lets nobody read on is left out, and the fault added to the problems."""
        for _ in range(_BROKEN):
            try:
                yield from self._whole()
            except _RefusedError as refused:
                self._fail(refused.place, str(refused))
                if refused.ends_file:
                    return
            except yaml.MarkedYAMLError as error:
                self._fail(*self._syntax(error))
            # NOTE: PyYAML's own scanner lets chr() and int() complain about escapes and version numbers out of range.
            except (yaml.YAMLError, ValueError, OverflowError) as error:
                self._fail(self._excerpt.start, f"not valid YAML: {visible(str(error))}")
            else:
                return
            following = self._excerpt.following(self._document)
            if following is None:
                return
            self._begin_at(following)

    def _whole(self) -> Iterator[Node]:
        """The documents up to a fault."""
        for event in yaml.parse(self._excerpt.text, Loader=_LOADER):
            if isinstance(event, yaml.DocumentStartEvent):
                self._document = _marks(event)[0].index + (len("---") if event.explicit else 0)
            node = self._read(event)
            if node is not None and not (isinstance(node, Scalar) and node.text is None):
                yield node

    def _fail(self, place: Place, message: str) -> None:
        self.failed = True
        self._problems.add(place, message)

    def _read(self, event: yaml.Event) -> Node | None:
        """The document that this event completes, if it does."""
        if isinstance(event, yaml.DocumentStartEvent):
            self._anchors = {}
        elif isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        elif isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._begin(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            return self._end()
        return None

    def _alias(self, event: yaml.AliasEvent) -> Node | None:
        place, name = self._place(event), str(event.anchor)
        anchored = self._anchors.get(name)
        if anchored is None:
            message = f"no anchor `&{name}` comes before; a text that starts with * needs quotes{did_you_mean(name, self._anchors)}"
            self._problems.add(place, f"`*{name}` stands inside what it names" if name in self._anchors else message, settles=True)
            return self._put(Scalar(f"*{name}", place, None), 0)
        self._spend(place, anchored.nodes, anchored.characters, anchored.height)
        return self._put(anchored.node, anchored.height)

    def _scalar(self, event: yaml.ScalarEvent) -> Node | None:
        place, text = self._place(event), event.value
        tag = self._tag(event, place)
        self._spend(place, 1, len(text), 0)
        if len(text) > MAX_SCALAR:
            raise _RefusedError(place, f"a text of more than {MAX_SCALAR:,} characters")
        if _SURROGATE.search(text):
            self._problems.add(place, "an escape that is not a character", settles=True)
            text = _SURROGATE.sub("\ufffd", text)
        is_null = not event.style and event.tag is None and text in _NULLS
        is_block = event.style == "|"
        start, end = _marks(event)
        shift = self._excerpt.margin(start, text) if is_block else self._excerpt.shift(start, end, event.value, is_quoted=bool(event.style))
        scalar = Scalar(None if is_null else text, place, shift, is_block)
        node = _tagged(scalar, tag)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchored(node, 1, len(text), 0)
        return self._put(node, 0)

    def _begin(self, event: yaml.CollectionStartEvent) -> None:
        place = self._place(event)
        tag = self._tag(event, place)
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        self._open.append(_Open(is_mapping, place, event.anchor, tag, self._nodes, self._characters))
        self._spend(place, 1, 0, 0)
        if event.anchor is not None:
            self._anchors[event.anchor] = None

    def _end(self) -> Node | None:
        done = self._open.pop()
        read: Node = Mapping(done.values, done.keys, done.place) if done.is_mapping else Listing(tuple(done.items), done.place)
        node = _tagged(read, done.tag)
        if done.anchor is not None:
            cost = self._nodes - done.nodes, self._characters - done.characters
            self._anchors[done.anchor] = _Anchored(node, *cost, done.height)
        return self._put(node, done.height)

    def _put(self, node: Node, height: int) -> Node | None:
        """Add a finished node to the collection around it; return it where it is a whole document."""
        if not self._open:
            return node
        around = self._open[-1]
        around.height = max(around.height, height + 1)
        if not around.is_mapping:
            around.items.append(node)
        elif around.key is None:
            around.key = self._key(node)
        else:
            self._entry(around, around.key, node)
            around.key = None
        return None

    def _key(self, node: Node) -> Scalar:
        if isinstance(node, Scalar):
            return node
        message = f"a key is text, not {kind_of(node)}; a text that starts with {{ or [ needs quotes"
        self._problems.add(node.place, message, settles=True)
        return Scalar(None, node.place, None)

    def _entry(self, around: _Open, key: Scalar, value: Node) -> None:
        if key.text is None:
            if not self._problems.settled(key.place):
                self._problems.add(key.place, "the key is missing before the `:`")
        elif key.text == "<<":
            self._problems.add(key.place, "merge keys (`<<`) are not part of YAML 1.2: write the entries out, or use `extends`")
        elif key.text in around.keys:
            first = around.keys[key.text]
            self._problems.add(key.place, f"key {quoted(key.text)} stands twice in this mapping, first in line {first.line}")
            around.values[key.text] = _both(around.values[key.text], value)
        else:
            around.keys[key.text] = key.place
            around.values[key.text] = value

    def _spend(self, place: Place, nodes: int, characters: int, height: int) -> None:
        self._nodes += nodes
        self._characters += characters
        if self._nodes > MAX_NODES:
            raise _RefusedError(place, f"the file holds more than {MAX_NODES:,} values, aliases followed", ends_file=True)
        if self._characters > MAX_TEXT:
            raise _RefusedError(place, f"the file holds more than {MAX_TEXT >> 20} MiB of text, aliases followed", ends_file=True)
        if len(self._open) + height > MAX_DEPTH:
            raise _RefusedError(place, f"nested more than {MAX_DEPTH} deep")

    def _tag(self, event: yaml.NodeEvent, place: Place) -> str | None:
        """The key that stands for the tag of an event."""
        tag = getattr(event, "tag", None)
        if tag is None or tag == f"tag:yaml.org,2002:{_TAGS[type(event)]}":
            return None
        key = None if self._tags is None else self._tags(tag)
        if key is None:
            written = tag.replace("tag:yaml.org,2002:", "!!")
            known = "policies hold text, lists and mappings" if self._tags is None else f"no {self._what} has it"
            self._problems.add(place, f"tag {quoted(written)} is not allowed: {known}")
        return key

    def _place(self, event: yaml.Event) -> Place:
        return self._excerpt.place(_marks(event)[0])

    def _syntax(self, error: yaml.MarkedYAMLError) -> tuple[Place, str]:
        """Where the text is not YAML, and why, in words for people where the parser's are not."""
        problem = str(error.problem)
        mark = error.problem_mark
        if mark is None:
            return self._excerpt.start, f"not valid YAML: {visible(problem)}"
        back = 0
        if "cannot start any token" in problem:
            found = self._excerpt.text[mark.index]
            message = "a tab: indent with spaces" if found == "\t" else f"a text that starts with {found} needs quotes"
        elif "expected alphabetic or numeric" in problem:
            back, message = 1, "a text that starts with * or & needs quotes"
        elif "mapping values are not allowed" in problem:
            message = "a `:` that is not expected here: check the indentation, and quote a text that holds `: `"
        else:
            message = f"not valid YAML: {' '.join(filter(None, (error.context, problem)))}"
        return self._excerpt.place(mark, back), visible(message)


def _both(first: Node, second: Node) -> Node:
    """What stands under a key twice as one, so that the faults of both are found; of two that cannot be joined the first."""
    if len(first.values if isinstance(first, Mapping) else first.items if isinstance(first, Listing) else ()) > _JOINED:
        return first
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        values = {key: _both(first.values[key], value) if key in first.values else value for key, value in second.values.items()}
        return Mapping(first.values | values, second.keys | first.keys, first.place)
    if isinstance(first, Listing) and isinstance(second, Listing):
        return Listing(first.items + second.items, first.place)
    return first


def _tagged(node: Node, key: str | None) -> Node:
    """A node under the key that stands for its tag."""
    return node if key is None else Mapping({key: node}, {key: node.place}, node.place)


def _marks(event: yaml.Event) -> tuple[Mark, Mark]:
    """Where an event begins and ends."""
    if event.start_mark is None or event.end_mark is None:
        raise AssertionError("the parser marks every event")
    return event.start_mark, event.end_mark
