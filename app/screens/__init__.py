"""Pages that gather several domains."""
