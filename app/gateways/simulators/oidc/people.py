"""Who can sign in at the local issuer with one tap; everybody else by typing an address."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Person:
    subject: str
    name: str
    email: str
    is_verified: bool
    words: str

    @property
    def claims(self) -> dict[str, Any]:
        told: dict[str, Any] = {"sub": self.subject, "name": self.name}
        if self.email:
            told |= {"email": self.email, "email_verified": self.is_verified}
        return told


PEOPLE = (
    Person("demo-robin", "Robin Vale", "robin@demo.test", True, "new here"),
    Person("demo-maya", "Maya O'Connell", "customer@demo.test", True, "has an account with a password"),
    Person("demo-noor", "Noor Haddad", "noor@demo.test", False, "address not confirmed"),
    Person("demo-kai", "Kai Lindqvist", "", False, "keeps the address private"),
)


def somebody(email: str, name: str, *, is_verified: bool) -> Person:
    """A person as typed: the same address is the same person."""
    return Person(f"typed-{email.lower()}", name, email, is_verified, "")
