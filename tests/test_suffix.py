"""What follows the host id of a record that comes in columns: kept as one text that no line can have, and read back."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from s3guard.suffix import TAIL_FIELDS, framed, tail_columns

_VALUE = st.one_of(st.none(), st.text(st.characters(exclude_characters="\x1f", codec="utf-8"), min_size=1).filter(lambda text: text != "-"))


@given(st.lists(st.tuples(st.tuples(*[_VALUE] * len(TAIL_FIELDS)), _VALUE, st.integers(17, 31)), min_size=1, max_size=5), st.data())
def test_columns_come_back_from_their_frame_beside_suffixes_of_lines(
    rows: list[tuple[tuple[str | None, ...], str | None, int]], data: st.DataObject
) -> None:
    frame = pl.DataFrame(
        [[*values, extra, fields] for values, extra, fields in rows],
        schema={**dict.fromkeys((*TAIL_FIELDS, "extra"), pl.String), "fields": pl.UInt32},
        orient="row",
    )
    made = frame.select(framed([pl.col(name) for name in TAIL_FIELDS], pl.col("extra"), pl.col("fields")).alias("tail")).to_series()
    lines = data.draw(
        st.lists(st.sampled_from(["#17", "#18", "SigV4 - AuthHeader host TLSv1.2", "- - - - - - - - more and more"]), max_size=3)
    )
    seen = tail_columns(pl.concat([made, pl.Series(lines, dtype=pl.String)]))
    assert frame.to_dicts() == seen.head(len(rows)).to_dicts()
    assert tail_columns(pl.Series(lines, dtype=pl.String)).to_dicts() == seen.tail(len(lines)).to_dicts() if lines else True


def test_what_separates_parts_is_spelled_inside_them() -> None:
    none = pl.lit(None, pl.String)
    made = pl.select(framed([pl.lit("a\x1fb"), *[none] * 7], none, pl.lit(27))).to_series()
    row = tail_columns(made).row(0, named=True)
    assert ("a\\x1fb", None, 27) == (row["signature_version"], row["cipher_suite"], row["fields"])
