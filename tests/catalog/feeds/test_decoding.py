"""Code pages, broken bytes and broken quotes: no letter and no row of another cell is lost."""

import gzip
import zipfile
from pathlib import Path

import pytest

from catalog.errors import FeedError
from catalog.feeds.reader import read_feed
from catalog.feeds.text import decoding
from catalog.feeds.text.decoding import decode
from catalog.importing.sources import source_name

TEXTS = {
    "cp1252": "Übergangsjacke grün für große Größen – 59 € schön weiß",
    "cp1251": "Платье женское летнее красное длинные рукава хлопок",
    "koi8_r": "Куртка мужская зимняя тёмная с капюшоном размер большой",
    "cp1250": "Sukienka damska żółta z długim rękawem bawełna świąteczna różowa",
    "cp932": "レディースワンピース 赤い長袖 綿素材のかわいいドレス",
    "gb18030": "女式红色连衣裙长袖纯棉夏季新款时尚裙子",
}


def _table(text: str) -> str:
    return "id,title,photo\n" + "".join(f"{n},{text} {n},{n}.jpg\n" for n in range(12))


SHORT = (
    ("cp1250", "Šaty s dlouhým rukávem"), ("cp1250", "Spódnica"), ("iso8859_2", "Sukienka żółta"),
    ("cp1252", "Größe"), ("cp1252", "Mañana"), ("cp1252", "Skjorte blå"), ("cp1251", "Худи"),
    ("koi8_r", "Платье"), ("cp1253", "Μπλούζα"), ("cp1254", "Gömlek kırmızı"), ("cp1255", "חולצה"),
    ("cp1256", "قميص"), ("cp1257", "Suknelė žalia"), ("cp932", "白シャツ"), ("gb18030", "衬衫"),
    ("big5", "女裝洋裝"), ("cp949", "셔츠"), ("mac_roman", "Größe"),
    ("cp1250", "Női bő ujjú felső"), ("cp866", "Платье летнее"),
    ("cp874", "ชุดเดรส ลายดอก"),
    ("iso2022_jp", "長袖のシャツ"),
    ("cp850", "Größe schön"), ("cp850", "Robe légère d'été"), ("cp850", "Vestido de algodão"),
    ("utf-16-le", "Größe"), ("utf-16-be", "Größe"),
)  # fmt: skip


@pytest.mark.parametrize(("encoding", "text"), SHORT)
def test_a_word_is_enough(encoding: str, text: str) -> None:
    table = f"id,title\n1,{text}\n"
    assert "".join(decode(table.encode(encoding), "feed.csv")) == table


@pytest.mark.parametrize("encoding", TEXTS)
def test_a_code_page_is_detected(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "feed.csv"
    path.write_bytes(_table(TEXTS[encoding]).encode(encoding))
    feed = read_feed(path)
    assert feed.rows[3].title == f"{TEXTS[encoding]} 3"
    assert "--encoding" in feed.notes[0]


@pytest.mark.parametrize("encoding", [*TEXTS, "utf-16", "utf-8-sig", "utf-32"])
def test_a_given_encoding_is_taken(encoding: str) -> None:
    text = TEXTS.get(encoding, "Größe")
    assert list(decode(text.encode(encoding), "feed", encoding)) == [text]


def test_a_declared_encoding_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "feed.xml"
    text = f"<item><id>1</id><title>{TEXTS['cp1251']}</title></item>"
    path.write_bytes(f'<?xml version="1.0" encoding="windows-1251"?>\n{text}'.encode("cp1251"))
    assert read_feed(path).rows[0].title == TEXTS["cp1251"]


@pytest.mark.parametrize("encoding", ["klingon", "base64"])
def test_an_unknown_encoding_is_refused(encoding: str) -> None:
    with pytest.raises(FeedError, match="not an encoding; give one"):
        decode(b"id", "feed.csv", encoding)


def test_a_text_cut_within_a_letter_keeps_the_others() -> None:
    assert "".join(decode("id\nGröße".encode("utf-16")[:-1], "feed.csv")) == "id\nGröß\udcff"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8"])
def test_an_encoding_that_is_declared_wrongly_is_detected(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?><a>Größe</a>'
    written = text.encode("utf-8" if encoding == "utf-16" else "cp1252")
    assert list(decode(written, "feed.xml")) == [text]


def test_utf8_is_taken_whatever_is_declared() -> None:
    text = '<?xml version="1.0" encoding="ISO-8859-1"?><a>Größe</a>'
    assert list(decode(text.encode(), "feed.xml")) == [text]


def test_letters_beyond_the_sample_are_of_the_usual_code_page() -> None:
    text = "".join(f"{n},Größe für Mädchen\n" for n in range(2_000)) + "x,Niño\n"
    assert "".join(decode(text.encode("cp1252"), "feed.csv")) == text


@pytest.mark.parametrize("kind", ["csv", "xml", "jsonl"])
def test_a_broken_byte_costs_its_cell(tmp_path: Path, kind: str) -> None:
    form = {
        "csv": "{0},{1},{2}\n",
        "xml": "<item><id>{0}</id><title>{1}</title><color>{2}</color></item>\n",
        "jsonl": '{{"id": "{0}", "title": "{1}", "color": "{2}"}}\n',
    }[kind]
    head, tail = {"csv": ("id,title,color\n", ""), "xml": ("<a>", "</a>"), "jsonl": ("", "")}[kind]
    rows = "".join(form.format(n, f"Röcke {n}", "grün") for n in range(3))
    data = (head + rows + tail).encode().replace("grün".encode(), b"gr\xc3", 1)
    path = tmp_path / "feed"
    path.write_bytes(data)
    feed = read_feed(path)
    assert [row.title for row in feed.rows] == ["Röcke 0", "Röcke 1", "Röcke 2"]
    assert [row.colour for row in feed.rows] == [None, "grün", "grün"]
    assert [(each.kind, each.line) for each in feed.warnings] == [
        ("broken byte", 2 if kind == "csv" else 1)
    ]
    assert "1 broken bytes, the first on line" in feed.notes[0]


@pytest.mark.parametrize(
    ("row", "title"),
    [
        ('2,"Skirt with bow,2.jpg', "Skirt with bow"),
        ('2,"Boyfriend" skirt,2.jpg', '"Boyfriend" skirt'),
        ('2,"Skirt, with bow,2.jpg', None),
    ],
)
def test_a_broken_quote_swallows_no_row(tmp_path: Path, row: str, title: str | None) -> None:
    path = tmp_path / "feed.csv"
    others = "".join(f'{n},"Dress, {n}",{n}.jpg\n' for n in range(3, 9))
    path.write_text(f"id,title,photo\n1,Dress,1.jpg\n{row}\n{others}")
    feed = read_feed(path)
    titles = {each.id: each.title for each in feed.rows}
    assert titles.get("2") == title
    assert set(titles) - {"2"} == {"1", *(str(n) for n in range(3, 9))}
    assert titles["5"] == "Dress, 5"
    assert [reject.line for reject in feed.rejects] == ([] if title else [3])


def test_a_feed_packed_with_gzip(tmp_path: Path) -> None:
    whole = gzip.compress("id,title,image\n1,Gr\u00f6\u00dfe,a.jpg\n".encode("cp1252"))
    path = tmp_path / "feed.csv.gz"
    path.write_bytes(whole)
    assert [row.title for row in read_feed(path).rows] == ["Gr\u00f6\u00dfe"]
    path.write_bytes(whole[:-9])
    with pytest.raises(FeedError, match="damaged gzip, zip or Excel file"):
        read_feed(path)


def test_a_packed_feed_is_the_same_source() -> None:
    names = ("shop.csv", "shop.csv.gz", "shop-2026-11-29.csv.GZ", "shop.zip", "shop.xml.zip")
    assert {source_name(name) for name in names} == {"shop"}
    assert source_name("https://s.example/feed.csv.gz?a=1") == "s.example/feed"


def test_a_zip_of_one_feed(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("__MACOSX/export/._feed.csv", b"\0")
        archive.mkdir("export")
        archive.writestr("export/feed.csv", "id,title,image\n1,Gr\u00f6\u00dfe,a.jpg\n")
    assert [row.title for row in read_feed(path).rows] == ["Gr\u00f6\u00dfe"]
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(FeedError, match="damaged gzip, zip or Excel file"):
        read_feed(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "id\n1\n")
        archive.writestr("b.csv", "id\n2\n")
    with pytest.raises(FeedError, match="a zip of several"):
        read_feed(path)


def test_what_a_gzip_file_holds_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "LARGEST", 1000)
    path = tmp_path / "feed.csv.gz"
    path.write_bytes(gzip.compress(b"id\n" + b"1" * 2000))
    with pytest.raises(FeedError, match="split it"):
        read_feed(path)


def test_quotes_in_a_tab_separated_feed_are_letters(tmp_path: Path) -> None:
    path = tmp_path / "feed.tsv"
    path.write_text('id\ttitle\tphoto\n1\t"Must have" skirt, 32" long\t1.jpg\n2\t"Tab\tle"\n')
    feed = read_feed(path)
    assert feed.rows[0].title == '"Must have" skirt, 32" long'


def test_a_file_full_of_open_quotes_is_refused_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_text("id,title\n" + '1,"open, again\n' * 5_000)
    feed = read_feed(path)
    assert [reject.line for reject in feed.rejects] == list(range(2, 5_002))


@pytest.mark.parametrize(
    "text",
    [
        'sep=;\nid;title;photo\n="00123";Tee;a.jpg\n',
        'Price list of Acme\n\n"id";"title";"photo"\n"00123";"Tee";"a.jpg"\n',
        'Export 2026-11-01, all products\nid,title,photo\n"=""00123""",Tee,a.jpg\n',
    ],
)
def test_what_stands_around_the_header(tmp_path: Path, text: str) -> None:
    path = tmp_path / "feed.csv"
    path.write_text(text)
    (row,) = read_feed(path).rows
    assert (row.id, row.title, row.photos) == ("00123", "Tee", ("a.jpg",))
