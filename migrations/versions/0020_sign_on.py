"""To be written."""

revision = "0020"
down_revision = "0015"


def upgrade() -> None: ...


def downgrade() -> None: ...
