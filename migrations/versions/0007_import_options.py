"""How a feed is imported, and what became of it beside the counts.

Revision: 0007, after 0006
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("import_job", sa.Column("options", sa.JSON))
    op.add_column("import_job", sa.Column("outcome", sa.JSON))


def downgrade() -> None:
    op.drop_column("import_job", "outcome")
    op.drop_column("import_job", "options")
