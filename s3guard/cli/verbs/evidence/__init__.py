"""``s3guard evidence``: packs that an auditor can check without trusting whoever made them."""

ORDER = 8.5
HELP = """\
Evidence that an auditor can check without trusting us.

A pack is one file: the report, the policies as used, every log object that was judged, the hours that have records, the runs that were
expected and those that were found, and the SHA-256 of it all, signed where a key is given.
"""
EXAMPLES = """
s3guard evidence --help
"""
