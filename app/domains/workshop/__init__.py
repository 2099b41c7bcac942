"""Repair orders, jobs, board, bench, clocks."""
