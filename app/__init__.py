"""Torqueline: the open platform for everyone around a car."""
