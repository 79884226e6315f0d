"""Benchmarks: what a full check costs beside grep, wc and cat over the same bytes. `ci/bench` runs them."""
