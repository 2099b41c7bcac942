"""Tenants, service centers, bays, staff, access, settings."""
