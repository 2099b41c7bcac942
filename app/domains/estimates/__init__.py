"""Priced proposals, versions, authorizations."""
