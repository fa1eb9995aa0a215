"""What feeds bring beside: description, the group of variants; and whether a feed brought it.

Revision: 0005, after 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("product", sa.Column("description", sa.Text))
    op.add_column("product", sa.Column("group_id", sa.String(200)))
    op.create_index("ix_product_group_id", "product", ["group_id"])
    # Until now nothing told feeds and single additions apart; nearly all came from feeds.
    op.add_column(
        "product", sa.Column("from_feed", sa.Boolean, nullable=False, server_default=sa.true())
    )
