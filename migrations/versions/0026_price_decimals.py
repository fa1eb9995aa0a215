"""Prices in thousandths: dinars and rials of several countries have three decimals.

Revision: 0026, after 0025
"""

from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.execute("UPDATE product SET price = price * 10, sale_price = sale_price * 10")
