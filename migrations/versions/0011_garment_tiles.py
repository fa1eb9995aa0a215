"""What the encoder sees on each square of a garment, for the best of a search.

Revision: 0011, after 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "garment_tiles",
        sa.Column("garment_id", sa.Integer, nullable=False),
        sa.Column("model_id", sa.Integer, nullable=False),
        sa.Column("values", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(["garment_id"], ["garment.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["model_id"], ["model.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("garment_id", "model_id"),
    )
    op.create_index("ix_garment_tiles_model_id", "garment_tiles", ["model_id"])
