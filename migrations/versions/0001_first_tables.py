"""First tables: product, photo, garment, model, vector.

Revision: 0001, after nothing
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    _create_product()
    _create_photo()
    _create_garment()
    _create_model()
    _create_vector()


def _create_product() -> None:
    op.create_table(
        "product",
        sa.Column("id", sa.String(200), primary_key=True),
        sa.Column("title", sa.String(500), nullable=False),
        sa.Column("brand", sa.String(200)),
        sa.Column("category", sa.String(200)),
        sa.Column("colour", sa.String(100)),
        sa.Column("price", sa.BigInteger),
        sa.Column("currency", sa.String(3)),
        sa.Column("url", sa.String(2000)),
        sa.Column("availability", sa.String(50)),
        sa.Column("attributes", sa.JSON, nullable=False),
        sa.Column("origin", sa.String(2000)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    )
    for column in ("brand", "category", "colour", "price", "availability"):
        op.create_index(f"ix_product_{column}", "product", [column])


def _create_photo() -> None:
    op.create_table(
        "photo",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "product_id",
            sa.String(200),
            sa.ForeignKey("product.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("source", sa.String(2000), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("sha256", sa.String(64)),
        sa.Column("stored", sa.String(100)),
        sa.Column("width", sa.Integer),
        sa.Column("height", sa.Integer),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("skip_stage", sa.String(20)),
        sa.Column("skip_code", sa.String(40)),
        sa.Column("skip_reason", sa.String(500)),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_photo_product_source", "photo", ["product_id", "source"], unique=True)
    op.create_index("ix_photo_sha256", "photo", ["sha256"])
    op.create_index("ix_photo_status", "photo", ["status"])


def _create_garment() -> None:
    op.create_table(
        "garment",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "photo_id",
            sa.Integer,
            sa.ForeignKey("photo.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("garment_class", sa.Integer, nullable=False),
        sa.Column("score", sa.Double, nullable=False),
        sa.Column("area", sa.Double, nullable=False),
        sa.Column("x0", sa.Double, nullable=False),
        sa.Column("y0", sa.Double, nullable=False),
        sa.Column("x1", sa.Double, nullable=False),
        sa.Column("y1", sa.Double, nullable=False),
        sa.Column("main_colour", sa.String(30)),
        sa.Column("colours", sa.JSON, nullable=False),
        sqlite_autoincrement=True,
    )
    for column in ("photo_id", "garment_class", "main_colour"):
        op.create_index(f"ix_garment_{column}", "garment", [column])


def _create_model() -> None:
    op.create_table(
        "model",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("segmenter", sa.String(200), nullable=False),
        sa.Column("encoder", sa.String(200), nullable=False),
        sa.Column("style_dimension", sa.Integer, nullable=False),
        sa.Column("colour_dimension", sa.Integer, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_model_fingerprint", "model", ["segmenter", "encoder"], unique=True)


def _create_vector() -> None:
    op.create_table(
        "vector",
        sa.Column(
            "garment_id",
            sa.Integer,
            sa.ForeignKey("garment.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column(
            "model_id",
            sa.Integer,
            sa.ForeignKey("model.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("values", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_vector_model_id", "vector", ["model_id"])
