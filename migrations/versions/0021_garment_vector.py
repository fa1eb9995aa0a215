"""The table of the pgvector engine, on PostgreSQL with pgvector in a schema of its own.

`make_garment_vector()` makes it: here where the extension is there already, or else when the
engine is first used. `garment_vector` follows `vector` by triggers, which are off until then. They
are deferred, so that a garment is read as its transaction leaves it. Prices and stock stay in
`product`: an update of the vector's row would enter every HNSW index again.

Revision: 0021, after 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

_EXTENSION = """
    SELECT count(*) FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace
    WHERE extname = 'vector' AND nspname = 'pgvector'
"""
_MAKE = """
CREATE FUNCTION make_garment_vector() RETURNS void LANGUAGE plpgsql AS $make$ BEGIN
    IF to_regclass('garment_vector') IS NOT NULL THEN RETURN; END IF;

    ALTER TABLE product ADD COLUMN nr bigint GENERATED ALWAYS AS IDENTITY;
    CREATE UNIQUE INDEX ix_product_nr ON product (nr);

    CREATE TABLE garment_vector (
        garment_class smallint NOT NULL,
        model_id integer NOT NULL,
        garment_id bigint NOT NULL,
        product_nr bigint NOT NULL,
        worn_with boolean NOT NULL,
        vec pgvector.vector NOT NULL,
        PRIMARY KEY (garment_id, model_id, garment_class)
    ) PARTITION BY LIST (garment_class);
    CREATE TABLE garment_vector_upper PARTITION OF garment_vector FOR VALUES IN (1);
    CREATE TABLE garment_vector_whole PARTITION OF garment_vector FOR VALUES IN (2);
    CREATE TABLE garment_vector_lower PARTITION OF garment_vector FOR VALUES IN (3);
    -- In the row, not beside it: every candidate's vector is read. No statistics: they would be
    -- a hundred vectors, and no condition is on this column.
    ALTER TABLE garment_vector ALTER COLUMN vec SET STORAGE MAIN;
    ALTER TABLE garment_vector_upper
        ALTER COLUMN vec SET STORAGE MAIN, ALTER COLUMN vec SET STATISTICS 0;
    ALTER TABLE garment_vector_whole
        ALTER COLUMN vec SET STORAGE MAIN, ALTER COLUMN vec SET STATISTICS 0;
    ALTER TABLE garment_vector_lower
        ALTER COLUMN vec SET STORAGE MAIN, ALTER COLUMN vec SET STATISTICS 0;
    CREATE INDEX ix_garment_vector_product_nr ON garment_vector (product_nr);

    -- Little-endian float32 as a vector: sign, exponent and mantissa of each four bytes.
    CREATE FUNCTION garment_vector_of(bytes bytea) RETURNS pgvector.vector
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $of$
        SELECT ARRAY(
            SELECT (
                CASE WHEN b3 < 128 THEN 1.0::float8 ELSE -1.0::float8 END
                * (((b2 & 127) << 16) + (b1 << 8) + b0 + CASE WHEN e = 0 THEN 0 ELSE 8388608 END)
                * power(2.0::float8, greatest(e, 1) - 150)
            )::float4
            FROM (
                SELECT b0, b1, b2, b3, ((b3 & 127) << 1) + (b2 >> 7) AS e
                FROM (
                    SELECT get_byte(bytes, 4 * n) AS b0, get_byte(bytes, 4 * n + 1) AS b1,
                        get_byte(bytes, 4 * n + 2) AS b2, get_byte(bytes, 4 * n + 3) AS b3
                    FROM generate_series(0, length(bytes) / 4 - 1) AS n
                ) AS four
            ) AS parts
        )::pgvector.vector
    $of$;
    CREATE VIEW stored_garment_vector AS
        SELECT garment.garment_class, vector.model_id, vector.garment_id, product.nr AS product_nr,
            garment.worn_with, garment_vector_of(vector."values") AS vec
        FROM vector
        JOIN garment ON garment.id = vector.garment_id
        JOIN photo ON photo.id = garment.photo_id
        JOIN product ON product.id = photo.product_id;

    CREATE FUNCTION garment_vector_follows() RETURNS trigger LANGUAGE plpgsql AS $follows$
    DECLARE
        garment integer := coalesce(new.garment_id, old.garment_id);
        model integer := coalesce(new.model_id, old.model_id);
    BEGIN
        IF TG_OP <> 'INSERT' THEN
            DELETE FROM garment_vector WHERE garment_id = garment AND model_id = model;
        END IF;
        INSERT INTO garment_vector
            (garment_class, model_id, garment_id, product_nr, worn_with, vec)
            SELECT * FROM stored_garment_vector WHERE garment_id = garment AND model_id = model
            ON CONFLICT DO NOTHING;
        RETURN NULL;
    END $follows$;
    CREATE CONSTRAINT TRIGGER garment_vector_follows AFTER INSERT OR UPDATE OR DELETE ON vector
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION garment_vector_follows();
    ALTER TABLE vector DISABLE TRIGGER garment_vector_follows;

    CREATE FUNCTION garment_vector_moves() RETURNS trigger LANGUAGE plpgsql AS $moves$ BEGIN
        UPDATE garment_vector AS kept
            SET garment_class = garment.garment_class, worn_with = garment.worn_with
            FROM garment WHERE garment.id = new.id AND kept.garment_id = new.id
            AND (kept.garment_class, kept.worn_with)
                IS DISTINCT FROM (garment.garment_class, garment.worn_with);
        RETURN NULL;
    END $moves$;
    CREATE CONSTRAINT TRIGGER garment_vector_moves
        AFTER UPDATE OF garment_class, worn_with ON garment
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION garment_vector_moves();
    ALTER TABLE garment DISABLE TRIGGER garment_vector_moves;
END $make$
"""


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    op.execute(_MAKE)
    if connection.scalar(sa.text(_EXTENSION)):
        op.execute("SELECT make_garment_vector()")
