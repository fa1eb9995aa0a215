"""Sources that are kept fresh, the shops' own ids, deliveries of webhooks.

Revision: 0015, after 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "sync_source",
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("address", sa.String(2000), nullable=False),
        sa.Column("every_minutes", sa.Integer),
        sa.Column("token_variable", sa.String(100)),
        sa.Column("secret_variable", sa.String(100)),
        sa.Column("photos", sa.String(2000)),
        sa.Column("encoding", sa.String(40)),
        sa.Column("options", sa.JSON, nullable=False),
        sa.Column("etag", sa.String(1000)),
        sa.Column("last_modified", sa.String(100)),
        sa.Column("listed", sa.Integer),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("message", sa.String(1000)),
        sa.Column("outcome", sa.JSON),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("next_run_at", sa.DateTime(timezone=True)),
        sa.Column("lease_owner", sa.String(100)),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "shop_product",
        _source(),
        sa.Column("shop_id", sa.String(100), primary_key=True),
        sa.Column("product_id", sa.String(200), nullable=False),
        sa.Column("modified", sa.String(40)),
    )
    op.create_table(
        "webhook_delivery",
        _source(),
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("delivery_id", sa.String(200), nullable=False),
        sa.Column("topic", sa.String(100), nullable=False),
        sa.Column("body", sa.Text),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("message", sa.String(500)),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index(
        "ix_webhook_delivery_id", "webhook_delivery", ["source", "delivery_id"], unique=True
    )
    op.create_index("ix_webhook_delivery_state", "webhook_delivery", ["state"])
    op.create_index("ix_webhook_delivery_received_at", "webhook_delivery", ["received_at"])


def _source() -> sa.Column[str]:
    return sa.Column(
        "source",
        sa.String(200),
        sa.ForeignKey("sync_source.name", ondelete="CASCADE"),
        primary_key=True,
    )
