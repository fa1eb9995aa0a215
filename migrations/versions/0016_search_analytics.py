"""Searches without their photos and what followed them, for the merchant's analytics.

Revision: 0016, after 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "search",
        sa.Column("id", sa.String(22), primary_key=True),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("query_type", sa.String(10), nullable=False),
        sa.Column("place", sa.String(10), nullable=False),
        sa.Column("garment_class", sa.String(10)),
        sa.Column("kind", sa.String(30)),
        sa.Column("pattern", sa.String(20)),
        sa.Column("colour", sa.String(30)),
        sa.Column("words", sa.String(200)),
        sa.Column("unknown_words", sa.String(200)),
        sa.Column("filters", sa.JSON, nullable=False),
        sa.Column("product_id", sa.String(200)),
        sa.Column("results", sa.Integer, nullable=False),
        sa.Column("nothing_close", sa.Boolean, nullable=False),
        sa.Column("colour_missing", sa.Boolean, nullable=False),
        sa.Column("shown", sa.JSON, nullable=False),
    )
    op.create_index("ix_search_day", "search", ["day"])
    op.create_table(
        "search_event",
        sa.Column(
            "search_id",
            sa.String(22),
            sa.ForeignKey("search.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("event", sa.String(10), primary_key=True),
        sa.Column("product_id", sa.String(200), primary_key=True),
        sa.Column("position", sa.Integer),
    )
