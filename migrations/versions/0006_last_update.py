"""An index on when products were changed: whether counts are still right is one step.

Revision: 0006, after 0005
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_index("ix_product_updated_at", "product", ["updated_at"])


def downgrade() -> None:
    op.drop_index("ix_product_updated_at", "product")
