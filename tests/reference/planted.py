"""What is planted in a world's traffic: breaks of every rule, and everything benign that is easily misread."""

from __future__ import annotations

from dataclasses import replace

from .traffic import (
    BROKEN,
    CHANGES,
    ODD,
    OUTSIDERS,
    READS,
    REFUSED,
    SERVICES,
    STRANGE_ADDRESSES,
    WRITES,
    Place,
    Writer,
    encoded,
    ending,
    line,
    request,
    token,
)


def anonymous(place: Place) -> list[bytes]:
    """A read without credentials, served or refused."""
    changed = ending(place.rng, REFUSED) if place.rng.random() < 0.5 else {}
    return [line(place, request(place, place.rng.choice(READS), requester=b"-", remote_ip=place.rng.choice(STRANGE_ADDRESSES), **changed))]


def outsider(place: Place) -> list[bytes]:
    """Somebody else, reading or writing, sometimes refused."""
    rng = place.rng
    changed = ending(rng, REFUSED) if rng.random() < 0.4 else {}
    return [line(place, request(place, rng.choice(READS + WRITES), requester=rng.choice(OUTSIDERS), **changed))]


def administrator(place: Place) -> list[bytes]:
    """A change of how the bucket is set up, by anybody."""
    changed = ending(place.rng, REFUSED) if place.rng.random() < 0.3 else {}
    requester = place.rng.choice([*OUTSIDERS, *OUTSIDERS, b"-"])
    return [line(place, request(place, place.rng.choice(CHANGES), requester=requester, **changed))]


def odd_operation(place: Place) -> list[bytes]:
    """An operation that few have seen."""
    return [line(place, request(place, place.rng.choice(ODD)))]


def scanner(place: Place) -> list[bytes]:
    """Many refused requests of one network within two minutes."""
    rng = place.rng
    found = []
    for _ in range(rng.randrange(3, 30)):
        now = replace(place, second=place.second + rng.randrange(120))
        address = b"2400:cb00::%x" % rng.randrange(3) if rng.random() < 0.5 else b"198.51.100.7"
        found.append(line(now, request(now, b"REST.GET.OBJECT", requester=b"-", remote_ip=address, **ending(rng, REFUSED))))
    return found


def outage(place: Place) -> list[bytes]:
    """Server errors among requests that are served."""
    rng = place.rng
    found = []
    for _ in range(rng.randrange(5, 30)):
        now = replace(place, second=place.second + rng.randrange(1800))
        found.append(line(now, request(now, b"REST.GET.OBJECT", **(ending(rng, BROKEN) if rng.random() < 0.4 else {}))))
    return found


def slowness(place: Place) -> list[bytes]:
    """Requests that take seconds."""
    rng = place.rng
    found = []
    for _ in range(rng.randrange(1, 12)):
        now = replace(place, second=place.second + rng.randrange(600))
        times = {"total_time": b"%d" % rng.randrange(1000, 60_000), "turn_around_time": b"%d" % rng.randrange(200, 1000)}
        found.append(line(now, request(now, rng.choice(READS + WRITES), **times)))
    return found


def download(place: Place) -> list[bytes]:
    """Much in a short time."""
    rng = place.rng
    found = []
    for number in range(rng.randrange(3, 25)):
        now = replace(place, second=place.second + rng.randrange(300))
        size = b"%d" % (rng.randrange(1, 5) << 30)
        key = encoded(f"records/bulk/{number}.csv", 2)
        requester = OUTSIDERS[0] if rng.random() < 0.8 else OUTSIDERS[3]
        found.append(line(now, request(now, b"REST.GET.OBJECT", requester=requester, key=key, bytes_sent=size, object_size=size)))
    return found


def copy_out(place: Place) -> list[bytes]:
    """The source side of a copy: no URI, status, bytes, times, referer or user agent."""
    fields = request(place, place.rng.choice([b"REST.COPY.OBJECT_GET", b"REST.COPY.PART_GET"]), requester=place.rng.choice(OUTSIDERS))
    blank = dict.fromkeys(("request_uri", "http_status", "bytes_sent", "total_time", "turn_around_time", "user_agent"), b"-")
    return [line(place, fields | blank | {"object_size": b"%d" % (3 << 30)}, bare=True)]


def bulk_delete(place: Place) -> list[bytes]:
    """One request, and a row for every key, all with one request id."""
    rng = place.rng
    requester, shared = rng.choice([*OUTSIDERS, SERVICES[2]]), token(rng, 16)
    found = [line(place, request(place, b"REST.POST.MULTI_OBJECT_DELETE", requester=requester, request_id=shared, key=b"-"))]
    for _ in range(rng.randrange(1, 8)):
        fields = request(place, b"BATCH.DELETE.OBJECT", requester=requester, request_id=shared, http_status=b"204")
        blank = dict.fromkeys(("request_uri", "bytes_sent", "object_size", "turn_around_time", "user_agent"), b"-")
        if rng.random() < 0.1:
            blank |= {"http_status": b"403", "error_code": b"AccessDenied"}
        found.append(line(place, fields | blank, bare=True))
    return found


LIFECYCLE = [b"S3.EXPIRE.OBJECT", b"S3.CREATE.DELETEMARKER", b"S3.TRANSITION_SIA.OBJECT", b"S3.DELETE.UPLOAD"]


def lifecycle(place: Place) -> list[bytes]:
    """S3 at work by itself."""
    names = ("remote_ip", "request_uri", "http_status", "bytes_sent", "total_time", "turn_around_time", "user_agent", "host_header")
    blank = dict.fromkeys((*names, "signature_version", "cipher_suite", "authentication_type", "tls_version"), b"-")
    return [line(place, request(place, place.rng.choice(LIFECYCLE), requester=b"AmazonS3") | blank)]


def nearly_lifecycle(place: Place) -> list[bytes]:
    """What looks like S3's own work but for one of the four marks."""
    mark = place.rng.choice(["remote_ip", "request_uri", "requester", "operation"])
    fields = request(place, b"REST.PUT.OBJECT" if mark == "operation" else b"S3.EXPIRE.OBJECT", requester=b"AmazonS3", user_agent=b"-")
    fields |= {"requester": OUTSIDERS[0]} if mark == "requester" else {}
    fields |= {"remote_ip": b"-"} if mark != "remote_ip" else {}
    fields |= {"request_uri": b"-"} if mark != "request_uri" else {}
    return [line(place, fields)]


def service(place: Place) -> list[bytes]:
    """An AWS service, or replication: no address."""
    requester = place.rng.choice(SERVICES)
    return [line(place, request(place, place.rng.choice(READS + WRITES), requester=requester, remote_ip=b"-"))]


def weak(place: Place) -> list[bytes]:
    """Plain HTTP, an old TLS version, an old cipher."""
    choices = [
        {"tls_version": b"-", "cipher_suite": b"-"},
        {"tls_version": b"TLSv1.1"},
        {"tls_version": b"TLSv1"},
        {"cipher_suite": b"AES128-SHA"},
    ]
    return [line(place, request(place, place.rng.choice(READS), **place.rng.choice(choices)))]


def signature(place: Place) -> list[bytes]:
    """A signature of version 2, or a presigned URL."""
    choices = [{"signature_version": b"SigV2"}, {"authentication_type": b"QueryString"}, {"signature_version": b"SigV4A"}]
    return [line(place, request(place, place.rng.choice(READS), **place.rng.choice(choices)))]


def acl(place: Place) -> list[bytes]:
    """A request that only an ACL allowed."""
    return [line(place, request(place, place.rng.choice(READS), requester=place.rng.choice(OUTSIDERS), acl_required=b"Yes"))]


def strange_network(place: Place) -> list[bytes]:
    """An insider, from somewhere else."""
    return [line(place, request(place, place.rng.choice(READS), remote_ip=place.rng.choice(STRANGE_ADDRESSES)))]


PLANTED: dict[str, Writer] = {
    writer.__name__: writer
    for writer in (
        anonymous,
        outsider,
        administrator,
        odd_operation,
        scanner,
        outage,
        slowness,
        download,
        copy_out,
        bulk_delete,
        lifecycle,
        nearly_lifecycle,
        service,
        weak,
        signature,
        acl,
        strange_network,
    )
}
