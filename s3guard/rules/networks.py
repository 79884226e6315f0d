"""The rule `networks`: where requests may come from."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_address

import polars as pl

from s3guard.columns import Columns
from s3guard.model import Severity
from s3guard.names import Networks as NetworkList
from s3guard.records import ipv4_numbers
from s3guard.rules import RecordRule


class Networks(RecordRule):
    """Requests come from the networks that the policy names.

    A credential is stolen in silence and used from somewhere else. Where all clients of a bucket live in known networks
    (offices, VPC endpoints, NAT gateways), an address outside is worth a look even if the requester is allowed.

    ## What breaks it

    A request with a remote IP in no network of `allow`, or in one of `deny`; a denied network is never allowed. IPv4 and
    IPv6 alike: an IPv4 list allows no IPv6 address. Without `allow`, every network is allowed that is not denied.

    ## Subject

    `remote_ip, principal`. Findings are split by outcome: a request that S3 served is high by default, a refused one low.

    ## Fields

    * `allow`: addresses, CIDRs (`203.0.113.0/24`, `2001:db8::/32`) or `@names` of the policy's `networks`; one or a list.
    * `deny`: likewise.

    A CIDR with bits beyond its prefix (`203.0.113.7/24`) is an error, since it is not clear what was meant.

    ## How it counts

    Each record by itself. Requests without a remote IP (S3's own, and some AWS services) are not looked at. The log has the
    address that S3 saw: behind a proxy or NAT that is the proxy's; through a gateway endpoint it is the private address.

    ## What to do

    Ask whose address it is, and whether the principal works there. If so, add the network to the policy's list. If not,
    treat the credential as stolen: revoke its sessions, rotate it, review what it did. Then enforce the list with
    `aws:SourceIp` or `aws:SourceVpce` in the bucket policy.

    Example:
    ```yaml
    version: 1
    policy: patient-records
    buckets: [phi-records]
    networks:
      offices: [203.0.113.0/24, "2001:db8::/32"]
    rules:
      networks:
        allow: ["@offices", 10.0.0.0/8]
        deny: [10.66.0.0/16]
    ```
    """

    kind = "networks"
    default_severity = Severity.HIGH
    default_group_by = ("remote_ip", "principal")
    default_title = "Requests come from allowed networks only"
    breach = "came from a network that is not allowed"
    default_help = (
        "A request came from an address outside the networks that the policy allows. Find out whose address it is and whether the "
        "principal works there. If so, add the network; if not, treat the credential as stolen: revoke its sessions, rotate it "
        "and review what it did."
    )

    allow: NetworkList | None = None
    """Networks that requests may come from; without it every one that is not denied, with an empty list none."""
    deny: NetworkList | None = None
    """Networks that they may not come from, even if `allow` holds the address."""

    def lacks(self) -> str | None:
        """The advice to add networks where the rule allows all."""
        if self.allow is None and not self.deny:
            return "networks allows every address as it stands; add `allow` or `deny`, such as `allow: [203.0.113.0/24]`"
        return None

    def trusts(self) -> str | None:
        """That every address is allowed."""
        if self.allow is None:
            return "it has no allow-list"
        return "its allow-list has every address" if any(net.prefixlen == 0 for net in self.allow) else None

    def looks(self, columns: Columns) -> pl.Expr:
        """Requests with a remote IP."""
        return columns.client_requests()

    def breaks(self, columns: Columns) -> pl.Expr:
        """Addresses outside every allowed network, or inside a denied one; what is no address is in none."""
        return ~columns.judged("remote_ip", ("networks", self.allow, self.deny), self._permits)

    def _permits(self, addresses: pl.Series) -> pl.Series:
        # NOTE: plain IPv4 in a few vectorised steps, fifty times faster: a flood may bring a million addresses.
        numbers = ipv4_numbers(addresses)
        allowed = pl.repeat(value=True, n=len(numbers), eager=True) if self.allow is None else _within(numbers, self.allow)
        plain = allowed & ~_within(numbers, self.deny or ())
        others = pl.Series([text is not None and self._admits(text) for text in addresses.filter(numbers.is_null())], dtype=pl.Boolean)
        return plain.scatter(numbers.is_null().arg_true(), others)

    def _admits(self, text: str) -> bool:
        try:
            address = ip_address(text)
        except ValueError:
            return False
        # NOTE: an IPv4 address in IPv6 clothes (RFC 4291, 2.5.5.2) is held against networks of both kinds.
        forms = [address, *([address.ipv4_mapped] if address.version == 6 and address.ipv4_mapped else [])]
        within = [any(form in net for form in forms for net in nets) for nets in (self.allow or (), self.deny or ())]
        return (self.allow is None or within[0]) and not within[1]


def _within(numbers: pl.Series, networks: Iterable[IPv4Network | IPv6Network]) -> pl.Series:
    """Whether each number is an IPv4 address of one of the networks, however many these are."""
    joined = sorted(collapse_addresses(net for net in networks if isinstance(net, IPv4Network)))
    if not joined:
        return pl.repeat(value=False, n=len(numbers), eager=True)
    firsts, lasts = (pl.Series([int(net[place]) for net in joined], dtype=pl.Int64) for place in (0, -1))
    places = firsts.search_sorted(numbers.fill_null(-1), side="right").cast(pl.Int64) - 1
    return (places >= 0) & (numbers <= lasts.gather(places.clip(0))).fill_null(value=False)
