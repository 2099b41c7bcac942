"""People with an account: an email address, a password, sessions in browsers, tokens for programs.

A *session* is a signed-in browser. A *refresh token* keeps a program signed in; it is spent at each use.
"""

from app.domains.accounts.models import User
from app.domains.accounts.profile import issue_reset, own_account
from app.domains.accounts.proving import awaits_proof, issue_change, issue_proof, old_address
from app.domains.accounts.signing_in import sign_up

__all__ = [
    "User",
    "awaits_proof",
    "issue_change",
    "issue_proof",
    "issue_reset",
    "old_address",
    "own_account",
    "sign_up",
]
