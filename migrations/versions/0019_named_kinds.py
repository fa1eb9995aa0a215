"""The kinds that a product's text names, as a number; indices for text queries.

`catalog.database` decides them for all products after the migration. A garment is no longer marked
as the whole photo, which nothing has written since November 2026.

Revision: 0019, after 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.add_column(
        "product", sa.Column("named_kinds", sa.Integer, nullable=False, server_default="0")
    )
    op.add_column("catalogue_version", sa.Column("named_kinds_by", sa.String(16)))
    op.drop_column("garment", "whole_photo")
    # What a text query tests, so that it reads no rows.
    op.create_index("ix_product_named_kinds", "product", ["id", "named_kinds"])
    op.create_index("ix_garment_lightness", "garment", ["lightness"])
    op.drop_index("ix_garment_photo_class", "garment")
    op.create_index("ix_garment_photo_class", "garment", ["photo_id", "garment_class", "worn_with"])
