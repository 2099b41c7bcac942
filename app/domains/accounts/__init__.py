"""Users, sign-in, sessions, tokens."""
