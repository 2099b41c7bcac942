"""Alembic's environment: runs on the connection that app.migrate hands over."""

from alembic import context

from app import models

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=models.metadata,
    version_table="ddl_version",
    compare_type=True,
    compare_server_default=False,
)
with context.begin_transaction():
    context.run_migrations()
