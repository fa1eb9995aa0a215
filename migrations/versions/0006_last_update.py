"""An index on when products were changed: whether counts are still right is one step.

Revision: 0006, after 0005
"""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_index("ix_product_updated_at", "product", ["updated_at"])
