"""Of the tables of a batch, those that some rules ask for, their counts marked with what no finished run has reported on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import polars as pl

from s3guard.partial import Partial, of_delivery
from s3guard.past import of_past
from s3guard.state.judged import Batch
from s3guard.state.reported import FinishedRun, marked


def chosen(batch: Batch, rules: Mapping[str, str], runs: Iterable[FinishedRun], fresh: str | None) -> Partial:
    """The tables of these rules (names to keys) in a batch; what belongs to no rule is left as it is, but where the batch says nothing new.

    Counts know those that none of the runs has reported on; of the run `fresh` those are all.
    """
    names = {name for name, key in batch.rules.items() if rules.get(name) == key}
    both = [*names, *map(of_delivery, names)]
    partial = replace(batch.partial, rules={})
    partial.totals = [frame.filter(pl.col("rule").is_in(both)) for frame in batch.partial.totals]
    partial.looked = [frame.filter(pl.col("rule").is_in(both)) for frame in batch.partial.looked]
    runs = list(runs)
    for name in names:
        told = [] if batch.run == fresh else [run for run in runs if run.tells(batch.number, name, rules[name])]
        for one in (name, of_delivery(name), of_past(name), of_past(of_delivery(name))):
            if (packed := batch.partial.rules.get(one)) is not None:
                tables = packed.opened()
                counts = marked(tables, told)
                if batch.run == fresh:
                    counts = [frame.with_columns(pl.col("n").alias("fresh")) for frame in counts]
                partial.rules[one] = replace(tables, counts=counts)
    if batch.again:
        partial.buckets, partial.deliveries, partial.warnings = [], [], {}
        partial.flows, partial.times, partial.tops = [], [], []
    return partial
