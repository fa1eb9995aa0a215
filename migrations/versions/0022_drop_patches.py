"""Patch vectors are gone: vectors alone find the same garment as often.

Revision: 0022, after 0021
"""

from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.drop_table("garment_tiles")
