"""`bin/bench`: what PingBack costs, beside references in the same interleaved run. See docs/performance.md."""
