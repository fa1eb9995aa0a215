"""The article that a product is a variant of.

Revision: 0014, after 0013
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("product", sa.Column("article", sa.String(200)))
    op.create_index("ix_product_article", "product", ["article"])
    # Articles told by titles follow with the next import.
    op.execute("UPDATE product SET article = group_id WHERE group_id IS NOT NULL")


def downgrade() -> None:
    op.drop_index("ix_product_article", "product")
    op.drop_column("product", "article")
