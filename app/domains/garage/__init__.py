"""Vehicles, ownership, odometer."""
