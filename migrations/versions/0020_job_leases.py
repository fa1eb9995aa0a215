"""Jobs that any of several servers runs: leases, and their feeds in the database.

Revision: 0020, after 0019
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0020"
down_revision: str | None = "0019"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_COLUMNS = ("subject", "owner", "lease_until", "fence", "takeovers", "cancel_wanted")


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


def downgrade() -> None:
    op.drop_table("import_job_file")
    for name in reversed(_COLUMNS):
        op.drop_column("import_job", name)
