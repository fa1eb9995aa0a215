"""The origins of the pages that a key is for.

Revision: 0018, after 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.add_column("api_key", sa.Column("origins", sa.Text(), server_default="", nullable=False))
