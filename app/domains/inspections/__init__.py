"""Checklists, findings, sharing."""
