"""The reference: the contract written a second time, slowly, a record at a time, to compare the real engine with.

Nothing here imports the product. What the contract leaves open is decided in DECISIONS.md beside this file.
"""
