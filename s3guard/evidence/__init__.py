"""Evidence packs: one file that says what was reviewed, by which policies, what could not be, and what came of it.

A pack is a tar of few kinds of members (`members`), written and read in one strict form (`archive`), with a list of them all (`manifest`).
"""
