"""Hears everything, tells people: in the app and by mail.

A **notification** is a line in a person's list; a **mail** is written in the transaction that causes it and
sent afterwards, at least once. Nobody calls this domain: its reactions hear what the others record.
"""
