"""The pages of an operation and of a class of operations: what it does, and how rules see it."""

from __future__ import annotations

from collections.abc import Iterator

from s3guard.page import Page
from s3guard.records import UNKNOWN_CLASS, classify, mutates, operations

_NOTES = {
    "BATCH.DELETE.OBJECT": "One row for each key of a bulk delete, with the request id of its REST.POST.MULTI_OBJECT_DELETE row.",
    "REST.POST.MULTI_OBJECT_DELETE": (
        "The request of a bulk delete: it has no key, and is 200 even if some keys failed. Its keys are rows BATCH.DELETE.OBJECT with "
        "the same request id."
    ),
    "REST.COPY.OBJECT_GET": (
        "The source side of a copy, logged in the bucket that is read: no status, no bytes, no client text. It counts as served, and "
        "`volume` takes the object's size, so that copying data out is seen like downloading it."
    ),
    "REST.COPY.PART_GET": "The source side of a copied part, logged in the bucket that is read; see REST.COPY.OBJECT_GET.",
    "REST.COPY.OBJECT": "The destination side of a copy; the source is a row REST.COPY.OBJECT_GET in the log of the bucket that is read.",
    "REST.PUT.LOGGING_STATUS": "Somebody changed or switched off the bucket's logging: the audit trail itself.",
}
_CLASSES = {
    "read": "Reads the content of objects.",
    "metadata": "Reads properties of objects or buckets, not contents.",
    "list": "Lists keys, versions or uploads.",
    "write": "Creates or replaces objects.",
    "delete": "Deletes objects, versions or uploads.",
    "tagging": "Changes the tags of objects.",
    "restore": "Restores archived objects.",
    "acl": "Changes who may do what through ACLs.",
    "policy": "Changes bucket policy, ownership or Block Public Access.",
    "logging": "Changes the bucket's own logging.",
    "config": "Changes the configuration of buckets.",
    "lifecycle": "Done by S3 under lifecycle rules.",
    "other": "Anything else that the table knows.",
    UNKNOWN_CLASS: "Not in the table: counts as changing something unless its verb is GET, HEAD or OPTIONS, and is reported.",
}
_JUDGES = (
    (("write", "delete", "tagging", "restore"), "writers"),
    (("acl", "policy", "logging", "config"), "administrators"),
)


def explained(name: str, page: Page) -> Iterator[str]:
    """Lines of the page of an operation, known or not."""
    entry = operations().get(name)
    class_ = classify(name)
    yield from page.ends("operation", page.clean(name), "" if entry else "not in the table")
    if entry is None:
        yield from page.lines("", "AWS publishes no complete list of operations; this one was not met before.")
    yield from page.lines("class", f"{class_}: {_CLASSES[class_]}")
    yield from page.lines("changes", "something" if mutates(name) else "nothing")
    if entry is not None:
        yield from page.lines("done by", "S3 itself, under a rule of the bucket" if entry.done_by == "S3" else "a client")
    yield from page.lines("judged by", f"{', '.join(_rules(class_, changes=mutates(name)))} and every rule about requests in general")
    if name in _NOTES:
        yield from page.lines("note", _NOTES[name])


def class_explained(name: str, page: Page) -> Iterator[str]:
    """Lines of the page of a class."""
    yield from page.ends("class", name, "of operations")
    yield from page.lines("", _CLASSES[name])
    members = [entry.name for entry in operations().values() if entry.class_ == name]
    if members:
        yield from page.lines("holds", ", ".join(members))


def _rules(class_: str, *, changes: bool) -> list[str]:
    named = [rule for classes, rule in _JUDGES if class_ in classes or (class_ in ("other", UNKNOWN_CLASS) and changes)]
    return [*named, "requesters"]
