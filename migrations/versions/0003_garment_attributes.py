"""Attributes predicted for a garment, to filter by and to answer plain words with.

Revision: 0003, after 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_ATTRIBUTES = {"kind": 30, "pattern": 20, "sleeve": 20, "length": 20}


def upgrade() -> None:
    op.add_column("garment", sa.Column("lightness", sa.Double))
    for name, width in _ATTRIBUTES.items():
        op.add_column("garment", sa.Column(name, sa.String(width)))
        op.create_index(f"ix_garment_{name}", "garment", [name])
    op.add_column("garment", sa.Column("certainties", sa.JSON, nullable=False, server_default="{}"))
