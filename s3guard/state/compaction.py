"""Many entries become few parts, and what is too old is taken away: whole or not at all, beside runs that read and write."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from s3guard.model import UnableError
from s3guard.state import PATIENCE, State
from s3guard.state.draft import FOLDER, Draft, Gone
from s3guard.state.store import GoneError, Store
from s3guard.state.view import View

_HANDS: Final = 8
"""Names that are taken away at a time."""


def compact(state: State, least: int = 1) -> int:
    """Join the entries that were written since the last compaction to what that left; how many were joined, 0 where nothing was done.

    Nothing is done where there are fewer than `least` (batches and runs), so it may be called as often as one likes. What a later run
    reads is the tables of the months that it reports on and what each log object was, however many entries there were; all answers stay
    the same, and so do the records of runs, byte for byte. The view of `state` is afterwards that of what was written, and as small.

    Safe at any time: beside runs that read and write, beside another compaction (one of them is done), and when it is killed: readers
    begin with a compaction only once all of it is there, and what it replaced is taken away after that, by this call or the next.
    UnableError where something cannot be read, written or taken away; the state is whole then.
    """
    done = _made(state, max(1, least), None)
    return 0 if done is None else done[0]


def prune(state: State, before: int, *, dry: bool = False) -> Gone:
    """Take away what the state holds of records before a second since 1970; what went, or with `dry` what would go.

    Log objects go all records of which are older, and that were read by then where they could not be read to their end; of each 16 bytes
    stay, so that none is judged again. The records of runs go that are older than that; of each the id, the time, the verdict and the
    SHA-256 stay. The state knows what was pruned: a report that begins earlier is undetermined. As safe as `compact`.
    """
    if dry:
        view = state.view()
        draft = Draft(state, view, _later(view, before), dry=True)
        draft.make()
        return draft.gone
    done = _made(state, 0, before)
    return Gone() if done is None else done[1]


def _later(view: View, before: int) -> int:
    """What was pruned once stays pruned."""
    return before if view.pruned is None else max(before, view.pruned)


def _made(state: State, least: int, before: int | None) -> tuple[int, Gone] | None:
    """A compaction; None where there were fewer entries than `least`."""
    for _ in range(PATIENCE):
        view = _resumed(state)
        joined = sum(entry.what is not None for entry in view.entries)
        if joined < least or not view.last:
            if least <= 1:
                _tidy(state)
            return None
        draft = Draft(state, view, None if before is None else _later(view, before))
        try:
            number = _appended(state, draft)
        except GoneError:
            continue  # NOTE: another compaction took away what this one was made of.
        if number is not None:
            state.ended(number)
            state.view()
            _tidy(state)
            return joined, draft.gone
    raise UnableError(f"the state in {state.uri} was compacted by others each time; try again when they are done")


def _resumed(state: State) -> View:
    """The view, once the last compaction was brought to its end: one that was killed after its entry was written has no end yet."""
    view = state.view()
    if view.compacted > view.began:
        state.ended(view.compacted)
        return state.view()
    return view


def _appended(state: State, draft: Draft) -> int | None:
    """Write parts and entry; the entry's number, None where another compaction was first."""
    before = draft.view.compacted
    told = draft.make()
    while not state.append(told.head(), told.body()):
        if state.view().compacted != before:
            _remove(state.store, draft.written)
            return None
    return state.view().compacted


def _tidy(state: State) -> None:
    """Take away what the last compaction stands for, and what those left that were killed."""
    base = state.view().base
    if base is None:
        return
    told = base.compacted
    names = [name for name in state.store.names() if name[:10].isdigit() and name[10:] in (".s3guard", ".compacted")]
    gone = [name for name in names if int(name[:10]) <= told.through]
    # NOTE: parts of a compaction in the making are of entries beyond this one's, or it will find that it comes too late.
    used = {part.name for part in told.parts}
    gone += [f"{FOLDER}/{name}" for name in state.store.names(FOLDER) if name[:10].isdigit() and int(name[:10]) <= told.through]
    gone = [name for name in gone if name not in used]
    if told.pruned is not None and told.pruned.runs:
        ledger = base.ledger()
        pruned = {f"{number:010}.s3guard" for number in ledger.filter(ledger["pruned"])["number"]}
        gone += [f"runs/{name}" for name in state.store.names("runs") if name in pruned]
    _remove(state.store, gone)


def _remove(store: Store, names: Iterable[str]) -> None:
    with ThreadPoolExecutor(_HANDS, thread_name_prefix="s3guard") as pool:
        list(pool.map(store.remove, names))
