"""PostgreSQL: triggers of products whose cost does not grow with the transaction.

In a first import's transaction a plan made on the empty `attribute` looked through all of it for
each product, and each product made a version of the row of `catalogue_version` that the next one
had to pass: 8,000 products took 11.6 s of the server's processor time, four times as long as 4,000.

Revision: 0025, after 0024
"""

from alembic import op

revision = "0025"
down_revision = "0024"

_POSTGRESQL = (
    """
    CREATE OR REPLACE FUNCTION attribute_follows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_OP = 'UPDATE' THEN
            DELETE FROM attribute WHERE product_id = new.id;
        END IF;
        INSERT INTO attribute (product_id, name, value)
        SELECT new.id, left(each.key, 200), left(each.value, 200)
        FROM json_each_text(new.attributes) AS each WHERE each.value IS NOT NULL
        ON CONFLICT (product_id, name) DO UPDATE SET value = excluded.value;
        RETURN NULL;
    END $$
    """,
    # Once a transaction, as for garments.
    *(
        f"""
        DROP TRIGGER catalogue_product_{event} ON product;
        CREATE TRIGGER catalogue_product_{event} AFTER {event} ON product
            FOR EACH STATEMENT EXECUTE FUNCTION garment_changed();
        """
        for event in ("insert", "update", "delete")
    ),
    "DROP FUNCTION catalogue_changed",
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for statement in _POSTGRESQL:
            op.execute(statement)
