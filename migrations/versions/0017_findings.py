"""Findings of the checks of the catalogue: the merchant's work lists.

Revision: 0017, after 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

_REFERENCES = (
    ("product_id", sa.String(200), "product.id", False),
    ("photo_id", sa.Integer, "photo.id", False),
    ("garment_id", sa.Integer, "garment.id", True),
    ("other_garment_id", sa.Integer, "garment.id", True),
)


def upgrade() -> None:
    op.create_table(
        "finding",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("check_name", sa.String(12), nullable=False),
        sa.Column("key", sa.String(450), nullable=False, unique=True),
        *(
            sa.Column(name, kind, sa.ForeignKey(target, ondelete="CASCADE"), nullable=nullable)
            for name, kind, target, nullable in _REFERENCES
        ),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("score", sa.Double, nullable=False),
        sa.Column("is_fine", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_index("ix_finding_check", "finding", ["check_name", "is_fine", "score"])
    # Removing a product or a photo looks its findings up.
    for name, *_ in _REFERENCES:
        op.create_index(f"ix_finding_{name}", "finding", [name])
