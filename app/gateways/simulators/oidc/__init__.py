"""A local OpenID Connect issuer: real tokens, no passwords, people of the demo. Knobs let it lie, tarry and change
its keys.

Everything is kept in memory: a restart is also a change of keys.
"""
