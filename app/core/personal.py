"""What is kept about a person: each domain declares its own, for the copy everybody may ask for.

A domain's `personal.py` says which of its rows are a person's and what each field means. `app/personal.py` gathers
them, and a test holds them against the list of tables, so that a new table is either in the copy or left out for a
reason.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Text, cast, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class Records:
    """One file of the copy: rows of one kind, with the meaning of each of their fields."""

    name: str
    about: str
    tables: tuple[str, ...]
    fields: Mapping[str, tuple[Any, str]]
    """{name: (column, what it means)}. What is not named is not in the copy: a shop's notes and costs are its own."""
    of: Callable[[Select[Any]], Select[Any]]
    """Narrows a query of those columns to the person's rows, in the order they are written."""

    @property
    def query(self) -> Select[Any]:
        """The person's rows, each with the documented fields."""
        return self.of(select(*(column.label(name) for name, (column, _says) in self.fields.items())))


@dataclass(frozen=True, slots=True)
class Paper:
    """A file of the copy: stored bytes (`key`), or a document made anew from frozen facts (`make`)."""

    name: str
    key: str = ""
    make: Callable[[], Awaitable[bytes]] | None = None


@dataclass(frozen=True, slots=True)
class AtShop:
    """Somebody as one shop knows them, in a transaction of that shop's."""

    tenant_id: UUID
    customer_id: UUID
    user_id: UUID | None
    email: str


Erase = Callable[[AsyncSession, UUID], Awaitable[None]]
Join = Callable[[AsyncSession, AtShop], Awaitable[None]]
Emptied = Mapping[str, Sequence[UUID]]
"""{table: ids of the rows whose words were taken away}."""
Leave = Callable[[AsyncSession, AtShop], Awaitable[Emptied]]
Unsettled = Callable[[AsyncSession, AtShop], Awaitable[Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Declared:
    """What one domain keeps about people."""

    records: Callable[[UUID], Sequence[Records]]
    """The person's rows. Called while their language is spoken."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """{table: why nothing of it is in the copy}, of tables that name a person."""
    papers: Callable[[UUID], AsyncIterator[Paper]] | None = None
    """The person's photos and documents. Opens transactions of its own."""
    erase: Erase | None = None
    """Takes away what is the person's alone, when their account is erased. Acts as them."""
    join: Join | None = None
    """Makes the account the owner of what a shop keeps of its customer, now that the two are known to be one person.
    Acts as both."""
    leave: Leave | None = None
    """Takes away what would still tell who a shop's erased customer was, and says of which rows, for the trail holds
    their old and new values. Acts as the shop."""
    unsettled: Unsettled | None = None
    """What the shop and the customer still have to settle, in words: until then the shop must reach them."""


def printed(column: Any, *without: str) -> Any:
    """What was frozen for printing, without the names of the shop's people: they stand on the document itself."""
    return column.op("-", return_type=column.type)(cast(list(without), ARRAY(Text)))


_declared: list[Declared] = []


def declare(all_of_them: Sequence[Declared]) -> None:
    """Learn what the domains keep."""
    _declared[:] = all_of_them


def declared() -> Sequence[Declared]:
    """What the domains keep. Raises RuntimeError before `declare`."""
    if not _declared:
        raise RuntimeError("declare() has not been called")
    return _declared
