"""The shop's own record of a person, with or without an account."""
