"""Whether a garment is the whole photo, because none was found on it.

Revision: 0010, after 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column(
        "garment", sa.Column("whole_photo", sa.Boolean, nullable=False, server_default=sa.false())
    )
