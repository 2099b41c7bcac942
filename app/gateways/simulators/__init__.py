"""Local stand-ins for outside services, spoken to over the wire as the real ones are."""
