"""What servers share for a while: query photos and sessions, encrypted, and counts of requests.

On PostgreSQL these tables are UNLOGGED: nothing of them is in the log, a backup of it or a standby.

Revision: 0021, after 0020
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0021"
down_revision: str | None = "0020"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
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


def downgrade() -> None:
    op.drop_table("rate_count")
    op.drop_table("sealed")
