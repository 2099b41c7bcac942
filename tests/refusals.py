"""What is refused, and what the audit trail keeps of it."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from app.core.errors import Refused


@contextmanager
def audited(name: str, match: str | None = None) -> Iterator[None]:
    """The block is refused, and the audit trail keeps it under a name."""
    with pytest.raises(Refused, match=match) as refused:
        yield
    assert refused.value.audit == name
