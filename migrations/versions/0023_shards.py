"""Shards of an index run; on PostgreSQL, batches of a run that are written at once.

Such a batch (`Database.batch_transaction`) logs its vectors when it commits, under a lock, so that
ids still grow with each commit. An updated garment counts as a change when its transaction
commits, once, so that batches do not wait for each other's row of `catalogue_version`.

Revision: 0023, after 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

_LOG_LOCK = 5_817_305
_LOG = """
    CREATE OR REPLACE FUNCTION vector_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_OP = 'DELETE' THEN new := old; END IF;{lock}
        INSERT INTO vector_change (model_id, garment_id) VALUES (new.model_id, new.garment_id);
        RETURN NULL;
    END $$
"""
_POSTGRESQL = (
    _LOG.format(lock=f" PERFORM pg_advisory_xact_lock({_LOG_LOCK});"),
    "DROP TRIGGER vector_changed ON vector",
    "CREATE CONSTRAINT TRIGGER vector_changed AFTER INSERT OR UPDATE OR DELETE ON vector"
    " DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW EXECUTE FUNCTION vector_changed()",
    """
    CREATE FUNCTION garment_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF current_setting('apparel.counted', true) IS DISTINCT FROM pg_current_xact_id()::text
        THEN
            UPDATE catalogue_version SET number = number + 1;
            PERFORM set_config('apparel.counted', pg_current_xact_id()::text, true);
        END IF;
        RETURN NULL;
    END $$
    """,
    "DROP TRIGGER catalogue_garment_update ON garment",
    "CREATE CONSTRAINT TRIGGER catalogue_garment_update AFTER UPDATE ON garment"
    " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION garment_changed()",
)


def upgrade() -> None:
    op.create_table(
        "shard",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("run", sa.String(32), nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("model_id", sa.Integer, nullable=False),
        sa.Column("allow_private", sa.Boolean, nullable=False),
        sa.Column("photos", sa.JSON, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.Column("fence", sa.Integer, nullable=False, server_default="0"),
        sa.Column("message", sa.String(500)),
        sa.Column("outcome", sa.JSON),
    )
    op.create_index("ix_shard_state", "shard", ["state", "id"])
    op.create_index("ix_shard_run", "shard", ["run", "state"])
    if op.get_bind().dialect.name == "postgresql":
        for statement in _POSTGRESQL:
            op.execute(statement)
