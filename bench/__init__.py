"""Measurements. They decide no test; `docs/performance.md` keeps what they printed."""
