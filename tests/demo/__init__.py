"""The demo world: four days of invented access logs of a hospital group, with the violations that the shipped policies find.

``python -m tests.demo`` writes `tests/logs/demo/`; the records are in the repository, and a test keeps them equal to what
this package writes. Every name, address, account and credential in it is invented or reserved for documentation.
"""
