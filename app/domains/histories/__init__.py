"""The history of a car from elsewhere, and all of it to take along.

A *history file* is what another program exported: looked at, its columns matched, tried out row by row, taken into the
logbook when its owner says so, and taken out again as a whole. What leaves here is a file of the same kind.
"""
