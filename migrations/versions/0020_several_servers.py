"""What several servers share: jobs with leases and their feeds, query photos, sessions, counts.

On PostgreSQL the tables of photos, sessions and counts are UNLOGGED: nothing of them is in the
log, in a backup of it or in a standby.

Revision: 0020, after 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    for column in (
        sa.Column("subject", sa.String(200), nullable=False, server_default=""),
        sa.Column("owner", sa.String(100)),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.Column("fence", sa.Integer, nullable=False, server_default="0"),
        sa.Column("takeovers", sa.Integer, nullable=False, server_default="0"),
        sa.Column("cancel_wanted", sa.Boolean, nullable=False, server_default=sa.false()),
    ):
        op.add_column("import_job", column)
    op.create_table(
        "import_job_file",
        sa.Column(
            "job_id",
            sa.String(32),
            sa.ForeignKey("import_job.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    _create_shared_tables()


def _create_shared_tables() -> None:
    is_postgresql = op.get_context().dialect.name == "postgresql"
    prefixes = ["UNLOGGED"] if is_postgresql else []
    op.create_table(
        "sealed",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        prefixes=prefixes,
    )
    op.create_index("ix_sealed_kind", "sealed", ["kind", "expires_at"])
    op.create_index("ix_sealed_expires_at", "sealed", ["expires_at"])
    op.create_table(
        "rate_count",
        sa.Column("sender", sa.String(64), primary_key=True),
        sa.Column("period", sa.BigInteger, primary_key=True),
        sa.Column("hits", sa.Integer, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        prefixes=prefixes,
    )
    op.create_index("ix_rate_count_expires_at", "rate_count", ["expires_at"])
