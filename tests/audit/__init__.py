"""Tests of the audit; a package, since they share an account on loopback."""
