"""Loopback servers that stand for S3 in tests: a real one, one that only lists, and a proxy that makes either fail."""
