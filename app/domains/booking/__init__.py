"""Availability, slots, appointments."""
