"""Alembic's environment: the connection and the tables are handed over by `app.migrations`."""

from alembic import context

from app.core.types import UtcDateTime


def plain_types(kind, item, _context):
    """Migrations import nothing of ours: our types are written as what they are in the database."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=context.config.attributes["metadata"],
    render_as_batch=True,
    compare_type=True,
    render_item=plain_types,
)
context.run_migrations()
