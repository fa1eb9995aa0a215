"""Full text of products: title, colour, category with material and pattern, brand.

SQLite has an FTS5 table whose row ids `product_text_row` maps to products, because VACUUM may
renumber the rows of `product`. PostgreSQL has a column of lexemes with an index. Both are written
by triggers. Case, accents and punctuation are ignored, ß is ss.

Revision: 0013, after 0012
"""

from alembic import op

revision = "0013"
down_revision = "0012"

_DETAILS = (
    "material", "fabric", "composition", "pattern", "style", "type",
    "stoff", "muster", "matiere", "motif", "tejido", "estampado", "tessuto", "fantasia", "patroon",
)  # fmt: skip
"""Attributes with one of these in the name are searched."""
_DETAIL_NAMES = " OR ".join(f"lower(each.key) LIKE '%{name}%'" for name in _DETAILS)
_PARTS = ("title", "colour", "category", "brand")

_SQLITE_DETAILS = (
    "(SELECT group_concat(each.value, ' ') FROM json_each({row}.attributes) AS each"
    f" WHERE {_DETAIL_NAMES})"
)


def _sqlite_values(row: str) -> str:
    details = (
        f"coalesce({row}.category, '') || ' ' || coalesce({_SQLITE_DETAILS.format(row=row)}, '')"
    )
    texts = (f"{row}.title", f"{row}.colour", details, f"{row}.brand")
    return ", ".join(f"replace(replace({text}, 'ß', 'ss'), 'ẞ', 'ss')" for text in texts)


_SQLITE_ROW = "(SELECT number FROM product_text_row WHERE product_id = {row}.id)"
_SQLITE = (
    "CREATE TABLE product_text_row (number INTEGER PRIMARY KEY, product_id VARCHAR(200) NOT NULL"
    " UNIQUE)",
    f"CREATE VIRTUAL TABLE product_text USING fts5({', '.join(_PARTS)},"
    " tokenize = 'unicode61 remove_diacritics 2')",
    "INSERT INTO product_text_row (product_id) SELECT id FROM product ORDER BY id",
    f"INSERT INTO product_text (rowid, {', '.join(_PARTS)}) SELECT line.number,"
    f" {_sqlite_values('product')} FROM product JOIN product_text_row AS line"
    " ON line.product_id = product.id",
    "CREATE TRIGGER product_text_inserted AFTER INSERT ON product BEGIN"
    " INSERT INTO product_text_row (product_id) VALUES (new.id);"
    f" INSERT INTO product_text (rowid, {', '.join(_PARTS)}) VALUES"
    f" ({_SQLITE_ROW.format(row='new')}, {_sqlite_values('new')}); END",
    f"CREATE TRIGGER product_text_updated AFTER UPDATE OF {', '.join(_PARTS)}, attributes"
    f" ON product BEGIN UPDATE product_text SET ({', '.join(_PARTS)}) = ({_sqlite_values('new')})"
    f" WHERE rowid = {_SQLITE_ROW.format(row='new')}; END",
    "CREATE TRIGGER product_text_deleted AFTER DELETE ON product BEGIN"
    f" DELETE FROM product_text WHERE rowid = {_SQLITE_ROW.format(row='old')};"
    " DELETE FROM product_text_row WHERE product_id = old.id; END",
)

_ACCENTED = "àáâãäåāăąçćčďèéêëēęěìíîïīłñńňòóôõöōőřśšşťùúûüūůűýÿźžż"
_PLAIN = "aaaaaaaaacccdeeeeeeeiiiiilnnnooooooorssstuuuuuuuyyzzz"
_POSTGRESQL_FILL = """
    INSERT INTO product_text (product_id, words)
    SELECT product.id,
        setweight(to_tsvector('simple', plain_words(product.title)), 'A')
        || setweight(to_tsvector('simple', plain_words(product.colour)), 'B')
        || setweight(to_tsvector('simple', plain_words(concat_ws(' ', product.category,
            (SELECT string_agg(each.value, ' ') FROM json_each_text(product.attributes) AS each
             WHERE {names})))), 'C')
        || setweight(to_tsvector('simple', plain_words(product.brand)), 'D')
    FROM product
""".replace("{names}", _DETAIL_NAMES)
_POSTGRESQL = (
    "CREATE FUNCTION plain_words(words text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT"
    " regexp_replace(replace(translate(lower(normalize(coalesce(words, ''))),"
    f" '{_ACCENTED}', '{_PLAIN}'), 'ß', 'ss'), '[^[:alnum:]]+', ' ', 'g') $$",
    "CREATE TABLE product_text (product_id VARCHAR(200) PRIMARY KEY REFERENCES product (id)"
    " ON DELETE CASCADE, words tsvector NOT NULL)",
    _POSTGRESQL_FILL,
    "CREATE INDEX product_text_words ON product_text USING gin (words)",
    "CREATE FUNCTION product_text_follows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    f" {_POSTGRESQL_FILL} WHERE product.id = new.id"
    " ON CONFLICT (product_id) DO UPDATE SET words = excluded.words; RETURN NULL; END $$",
    "CREATE TRIGGER product_text_follows AFTER INSERT OR UPDATE OF title, colour, category, brand,"
    " attributes ON product FOR EACH ROW EXECUTE FUNCTION product_text_follows()",
)


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _SQLITE if is_sqlite else _POSTGRESQL:
        op.get_bind().exec_driver_sql(statement.replace("%", "%%") if not is_sqlite else statement)
