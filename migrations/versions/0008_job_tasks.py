"""Jobs other than imports: rebuilding the indices, changing the encoder.

Revision: 0008, after 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column(
        "import_job", sa.Column("task", sa.String(12), nullable=False, server_default="import")
    )
