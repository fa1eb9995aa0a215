"""Indices for every filter; attributes as rows; the order in which vectors came and went.

Both new tables are written by triggers, so that no path of writing can forget them.

Revision: 0004, after 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_TEXTS = ("brand", "category", "colour", "availability")

_SQLITE_FILL = """
    INSERT OR REPLACE INTO attribute (product_id, name, value)
    SELECT product.id, substr(each.key, 1, 200), substr(each.value, 1, 200)
    FROM product, json_each(product.attributes) AS each
    WHERE each.value IS NOT NULL
"""
_SQLITE_VECTOR_EVENTS = (
    ("vector_inserted", "INSERT", "new"),
    ("vector_updated", "UPDATE", "new"),
    ("vector_deleted", "DELETE", "old"),
)
_SQLITE_TRIGGERS = (
    f"CREATE TRIGGER attribute_inserted AFTER INSERT ON product BEGIN {_SQLITE_FILL}"
    " AND product.id = new.id; END",
    "CREATE TRIGGER attribute_updated AFTER UPDATE OF attributes ON product BEGIN"
    f" DELETE FROM attribute WHERE product_id = new.id; {_SQLITE_FILL}"
    " AND product.id = new.id; END",
    *(
        f"CREATE TRIGGER {name} AFTER {event} ON vector BEGIN INSERT INTO vector_change"
        f" (model_id, garment_id) VALUES ({row}.model_id, {row}.garment_id); END"
        for name, event, row in _SQLITE_VECTOR_EVENTS
    ),
)

_POSTGRESQL_FILL = """
    INSERT INTO attribute (product_id, name, value)
    SELECT product.id, left(each.key, 200), left(each.value, 200)
    FROM product, json_each_text(product.attributes) AS each
    WHERE each.value IS NOT NULL
"""
_POSTGRESQL_TRIGGERS = (
    f"""
    CREATE FUNCTION attribute_follows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        DELETE FROM attribute WHERE product_id = new.id;
        {_POSTGRESQL_FILL} AND product.id = new.id
        ON CONFLICT (product_id, name) DO UPDATE SET value = excluded.value;
        RETURN NULL;
    END $$
    """,
    "CREATE TRIGGER attribute_follows AFTER INSERT OR UPDATE OF attributes ON product"
    " FOR EACH ROW EXECUTE FUNCTION attribute_follows()",
    """
    CREATE FUNCTION vector_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_OP = 'DELETE' THEN new := old; END IF;
        INSERT INTO vector_change (model_id, garment_id) VALUES (new.model_id, new.garment_id);
        RETURN NULL;
    END $$
    """,
    "CREATE TRIGGER vector_changed AFTER INSERT OR UPDATE OR DELETE ON vector"
    " FOR EACH ROW EXECUTE FUNCTION vector_changed()",
)


def upgrade() -> None:
    for column in _TEXTS:
        op.create_index(f"ix_product_{column}_lower", "product", [sa.text(f"lower({column})")])
    _create_attribute()
    op.create_table(
        "vector_change",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("model_id", sa.Integer, nullable=False),
        sa.Column("garment_id", sa.Integer, nullable=False),
        sqlite_autoincrement=True,
    )
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    op.execute(_SQLITE_FILL if is_sqlite else _POSTGRESQL_FILL)
    for trigger in _SQLITE_TRIGGERS if is_sqlite else _POSTGRESQL_TRIGGERS:
        op.execute(trigger)


def _create_attribute() -> None:
    op.create_table(
        "attribute",
        sa.Column(
            "product_id",
            sa.String(200),
            sa.ForeignKey("product.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("value", sa.String(200), nullable=False),
    )
    op.create_index(
        "ix_attribute_name_value", "attribute", ["name", sa.text("lower(value)"), "product_id"]
    )
