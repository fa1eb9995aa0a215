"""Jobs other than imports: rebuilding the indices, changing the encoder.

Revision: 0008, after 0007
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "import_job", sa.Column("task", sa.String(12), nullable=False, server_default="import")
    )


def downgrade() -> None:
    op.drop_column("import_job", "task")
