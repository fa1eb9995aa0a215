"""Patch vectors are gone: vectors alone find the same garment as often.

Revision: 0022, after 0021
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0022"
down_revision: str | None = "0021"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.drop_table("garment_tiles")


def downgrade() -> None:
    """Make the table again, empty: `apparel rebuild --encoder` fills it."""
    op.create_table(
        "garment_tiles",
        sa.Column(
            "garment_id",
            sa.Integer,
            sa.ForeignKey("garment.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column(
            "model_id", sa.Integer, sa.ForeignKey("model.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("values", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_garment_tiles_model_id", "garment_tiles", ["model_id"])
