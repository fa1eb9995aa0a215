"""A number that grows with every change that filters look at; indices that answer by themselves.

Revision: 0009, after 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_TEXTS = ("brand", "category", "colour", "availability")
_BUMP = "UPDATE catalogue_version SET number = number + 1"
# Garments that come and go are told by their vectors.
_EVENTS = (
    ("product", "INSERT"),
    ("product", "UPDATE"),
    ("product", "DELETE"),
    ("garment", "UPDATE"),
)


def upgrade() -> None:
    op.create_table(
        "catalogue_version",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
    )
    op.execute("INSERT INTO catalogue_version (id, number) VALUES (1, 0)")
    if op.get_bind().dialect.name == "sqlite":
        for table, event in _EVENTS:
            op.execute(
                f"CREATE TRIGGER {_name(table, event)} AFTER {event} ON {table} BEGIN {_BUMP}; END"
            )
    else:
        op.execute(
            "CREATE FUNCTION catalogue_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" {_BUMP}; RETURN NULL; END $$"
        )
        for table, event in _EVENTS:
            op.execute(
                f"CREATE TRIGGER {_name(table, event)} AFTER {event} ON {table}"
                " FOR EACH STATEMENT EXECUTE FUNCTION catalogue_changed()"
            )
    for column in _TEXTS:
        _replace_index(column, [sa.text(f"lower({column})"), "id"])
    op.create_index("ix_attribute_name_exact", "attribute", ["name", "value"])
    op.create_index("ix_garment_photo_class", "garment", ["photo_id", "garment_class"])
    op.drop_index("ix_garment_photo_id", "garment")
    # The planner passes over indices that it knows nothing of.
    op.execute("ANALYZE")


def _name(table: str, event: str) -> str:
    return f"catalogue_{table}_{event.lower()}"


def _replace_index(column: str, columns: list[str | sa.TextClause]) -> None:
    op.drop_index(f"ix_product_{column}_lower", "product")
    op.create_index(f"ix_product_{column}_lower", "product", columns)
