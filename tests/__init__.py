"""The tests, and what they share: folders of this package mirror those of s3guard."""
