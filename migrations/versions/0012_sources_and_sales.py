"""Source and sale price of a product, one availability enumeration, garments worn with it.

Revision: 0012, after 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_KNOWN = (
    "in stock", "out of stock", "preorder", "backorder", "discontinued", "in store only",
)  # fmt: skip


def upgrade() -> None:
    op.add_column("product", sa.Column("source", sa.String(200)))
    op.add_column("product", sa.Column("sale_price", sa.BigInteger))
    op.add_column("product", sa.Column("sale_start", sa.DateTime(timezone=True)))
    op.add_column("product", sa.Column("sale_end", sa.DateTime(timezone=True)))
    op.create_index("ix_product_source", "product", ["source"])
    op.create_index("ix_product_sale_price", "product", ["sale_price"])
    # A feed's products get their source from the next import that names them.
    op.execute("UPDATE product SET source = substr(origin, -200) WHERE origin IS NOT NULL")
    op.drop_column("product", "from_feed")
    op.execute("UPDATE product SET availability = lower(replace(availability, '_', ' '))")
    known = ", ".join(f"'{each}'" for each in _KNOWN)
    op.execute(f"UPDATE product SET availability = NULL WHERE availability NOT IN ({known})")
    op.add_column(
        "garment", sa.Column("worn_with", sa.Boolean, nullable=False, server_default=sa.false())
    )
