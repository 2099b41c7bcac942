"""Hears everything, tells people: in the app and by mail."""
