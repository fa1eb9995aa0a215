"""Counts of the house that must not grow; `python -m tests.house` prints them all."""

from tests.house import (
    assembling_sites,
    folder_sizes,
    parameter_counts,
    private_docstrings,
    question_docstrings,
    riddling_modules,
    types_defined_twice,
)


def test_one_call_site_assembles_a_query() -> None:
    assert len(assembling_sites()) == 1


def test_functions_take_at_most_eight_parameters() -> None:
    wide = {name: count for name, count in parameter_counts().items() if count > 8}
    assert not wide


def test_folders_do_not_grow() -> None:
    large = {name: count for name, count in folder_sizes().items() if count > 14}
    assert not large


def test_module_docstrings_are_no_riddles() -> None:
    assert not riddling_modules()


def test_docstrings_use_the_terms_of_the_field() -> None:
    assert len(private_docstrings()) < 5, private_docstrings()


def test_docstrings_begin_with_an_imperative_or_a_noun() -> None:
    assert len(question_docstrings()) <= 11, question_docstrings()


def test_public_types_have_one_definition() -> None:
    assert not types_defined_twice()
