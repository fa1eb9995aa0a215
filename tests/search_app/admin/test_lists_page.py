"""The tab of work lists: the check as a job, the lists, what can be done, who may do it."""

import csv
import io
import re

import pytest
from fastapi.testclient import TestClient

from indexing.collection import Collection
from search_app.app import create_app
from search_app.settings import Settings
from segmentation.classes import GarmentClass
from tests.search_app.admin.desk import page_with, token_on


def check(admin: TestClient) -> None:
    admin.post("/admin/check", data={"csrf": token_on(admin)})
    page_with(admin, "Check the catalogue<", "/admin/lists")


def findings(admin: TestClient, name: str, query: str = "") -> list[str]:
    page = admin.get(f"/admin/lists/{name}{query}").text
    return [str(each) for each in re.findall(r'name="finding" value="(\d+)"', page)]


def act(admin: TestClient, name: str, action: str, ids: list[str]) -> str:
    form = {"csrf": token_on(admin), "action": action, "finding": ids}
    answer = admin.post(f"/admin/lists/{name}", data=form)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_without_a_session_nobody_sees_or_changes_lists(own: Collection) -> None:
    with TestClient(create_app(Settings(data=own.data), own), "http://127.0.0.1:8000") as client:
        csrf = {"csrf": token_on(client)}
        for path in ("/admin/lists", "/admin/lists/title", "/admin/lists/title/list.csv"):
            assert client.get(path).status_code == 401
        assert client.post("/admin/check", data=csrf).status_code == 401
        form = csrf | {"action": "remove", "finding": "1"}
        assert client.post("/admin/lists/title", data=form).status_code == 401


def test_check_fills_the_lists(admin: TestClient) -> None:
    assert "Not checked yet" in admin.get("/admin/lists").text
    check(admin)
    page = admin.get("/admin/lists/title").text
    assert "&lt;b&gt;Blue&lt;/b&gt; jeans" in page
    assert "Named as a bottom, looks like a top" in page
    assert 'href="/admin/lists" aria-current="page"' in page
    pairs = admin.get("/admin/lists/duplicate").text
    assert "The same photo" in pairs
    assert {"Red shirt", "Crimson blouse"} <= set(re.findall(r">([^<>]+)</a>", pairs))
    assert "No garment was found" in admin.get("/admin/lists/no-garment").text
    assert admin.get("/admin/lists/other").status_code == 422
    assert "disagree with their photos: 1" in admin.get("/admin").text  # what the job found


@pytest.mark.parametrize(
    ("language", "disagrees", "same", "none"),
    [
        (
            "de",
            "Dem Namen nach ein Unterteil, sieht aber aus wie ein Oberteil",
            "Dasselbe Foto",
            "Auf dem Foto wurde kein Kleidungsstück gefunden; das Produkt",
        ),
        (
            "fr",
            "D’après son nom, un bas, mais ressemble à un haut",
            "La même photo",
            "Aucun vêtement n’a été trouvé sur la photo ; le produit",
        ),
    ],
)
def test_reasons_are_told_in_the_language(
    admin: TestClient, language: str, disagrees: str, same: str, none: str
) -> None:
    check(admin)
    spoken = {"Accept-Language": language}
    assert disagrees in admin.get("/admin/lists/title", headers=spoken).text
    assert same in admin.get("/admin/lists/duplicate", headers=spoken).text
    assert none in admin.get("/admin/lists/no-garment", headers=spoken).text


def test_entries_are_marked_as_fine_and_come_back(admin: TestClient) -> None:
    check(admin)
    (one,) = findings(admin, "title")
    assert "Marked as fine: 1." in act(admin, "title", "fine", [one])
    assert findings(admin, "title") == []
    assert findings(admin, "title", "?fine=true") == [one]
    act(admin, "title", "again", [one])
    assert findings(admin, "title") == [one]


def test_class_is_set_photo_hidden_product_removed(admin: TestClient, own: Collection) -> None:
    check(admin)
    act(admin, "title", "lower", findings(admin, "title"))
    assert own.searchable()[GarmentClass.LOWER] == 1
    act(admin, "duplicate", "hide", findings(admin, "duplicate"))
    assert own.searchable()[GarmentClass.UPPER] == 1
    act(admin, "no-garment", "remove", findings(admin, "no-garment"))
    assert own.status().products == 3
    assert own.verify() == []


def test_form_of_another_page_changes_nothing(admin: TestClient, own: Collection) -> None:
    check(admin)
    form = {"csrf": "x" * 43, "action": "remove", "finding": findings(admin, "title")}
    assert admin.post("/admin/lists/title", data=form).status_code == 403
    many = {"csrf": token_on(admin), "action": "remove", "finding": ["1"] * 300}
    assert admin.post("/admin/lists/title", data=many).status_code == 422
    assert own.status().products == 4


def test_lists_are_exported_safe_for_a_spreadsheet(admin: TestClient) -> None:
    check(admin)
    text = admin.get("/admin/lists/no-garment/list.csv").text
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["product_id"], row["photo"]) == ("'=empty", "empty.png")
    (pair,) = csv.DictReader(io.StringIO(admin.get("/admin/lists/duplicate/list.csv").text))
    assert {pair["title"], pair["other_title"]} == {"Red shirt", "Crimson blouse"}
