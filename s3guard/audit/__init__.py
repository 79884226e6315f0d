"""How buckets are set up: facts of live accounts, snapshots and templates, and the checks on them."""
