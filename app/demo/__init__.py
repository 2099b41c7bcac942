"""The demonstration: two shops on a believable Tuesday, played by the operations themselves.

Nothing is inserted past the rules: people sign up, book, check in, inspect, approve and pay, while the clock is
moved to the hour at which it happened.
"""

from app.demo.loading import load

__all__ = ["load"]
