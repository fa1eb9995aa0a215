"""The article that a product is a variant of.

Revision: 0014, after 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("product", sa.Column("article", sa.String(200)))
    op.create_index("ix_product_article", "product", ["article"])
    # Articles told by titles follow with the next import.
    op.execute("UPDATE product SET article = group_id WHERE group_id IS NOT NULL")
