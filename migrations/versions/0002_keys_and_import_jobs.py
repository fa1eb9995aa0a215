"""What a server keeps of its own: keys of the API, import jobs.

Revision: 0002, after 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(100), nullable=False, unique=True),
        sa.Column("scope", sa.String(10), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False, unique=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "import_job",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("source", sa.String(2000), nullable=False),
        sa.Column("feed", sa.String(2000), nullable=False),
        sa.Column("folder", sa.String(2000), nullable=False),
        sa.Column("made_by", sa.String(100)),
        sa.Column("message", sa.String(1000)),
        *(sa.Column(name, sa.Integer, nullable=False) for name in _COUNTS),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_import_job_state", "import_job", ["state"])


_COUNTS = (
    "done", "total", "skipped", "garments", "products_new", "products_changed",
    "products_unchanged", "rejected",
)  # fmt: skip
