"""`networks`: many addresses at once are judged as each alone."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from s3guard.rules.networks import Networks

EDGES = ["10.0.0.0", "10.255.255.255", "11.0.0.0", "9.255.255.255", "203.0.113.7", "2001:db8::1", "::ffff:10.0.0.1"]
NO_ADDRESSES = [
    "",
    "-",
    "abc",
    "1.2.3",
    "1.2.3.4.5",
    "01.2.3.4",
    "256.1.1.1",
    "+1.2.3.4",
    " 10.0.0.1",
    "10.0.0.1\n",
    "10.0.0.1/32",
    "١.2.3.4",
]
ADDRESSES = st.one_of(st.none(), st.sampled_from([*EDGES, *NO_ADDRESSES]), st.ip_addresses().map(str), st.text(max_size=6))
NETWORKS = st.lists(
    st.sampled_from(["10.0.0.0/8", "10.0.0.0/9", "203.0.113.0/24", "203.0.113.7", "0.0.0.0/0", "255.255.255.255", "2001:db8::/32", "::/0"]),
    min_size=1,
    max_size=4,
    unique=True,
)


@given(st.lists(ADDRESSES, max_size=12), st.none() | NETWORKS, st.none() | NETWORKS)
def test_addresses_are_judged_together_as_each_alone(addresses: list[str | None], allow: list[str] | None, deny: list[str] | None) -> None:
    rule = Networks.model_validate({"allow": allow or ["10.0.0.0/8"], "deny": deny} if deny else {"allow": allow or ["10.0.0.0/8"]})
    together = rule._permits(pl.Series(addresses, dtype=pl.String))
    assert together.to_list() == [text is not None and rule._admits(text) for text in addresses]


def test_what_is_not_allowed_by_name_is_allowed_where_only_denials_are_written() -> None:
    rule = Networks.model_validate({"deny": ["10.66.0.0/16"]})
    assert rule._permits(pl.Series(["10.66.0.1", "10.67.0.1", "2001:db8::1", "no address"])).to_list() == [False, True, True, False]
