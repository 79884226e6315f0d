"""``python -m s3guard`` is ``s3guard``."""

from __future__ import annotations

from s3guard.cli import main

if __name__ == "__main__":
    main()
