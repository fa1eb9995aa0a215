"""How a feed is imported, and what became of it beside the counts.

Revision: 0007, after 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("import_job", sa.Column("options", sa.JSON))
    op.add_column("import_job", sa.Column("outcome", sa.JSON))
