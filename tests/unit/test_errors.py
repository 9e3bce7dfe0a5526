"""The family of errors is short, and one name catches it all."""

from __future__ import annotations

import inspect

from tenshots import errors


def test_all_errors_are_of_the_family() -> None:
    members = [member for _, member in inspect.getmembers(errors, inspect.isclass)]
    assert len(members) == 4
    assert all(issubclass(member, errors.TenshotsError) for member in members)


def test_a_rejected_photo_is_an_error_of_data() -> None:
    assert issubclass(errors.RejectedPhoto, errors.DataError)


def test_the_tree_in_the_docstring_names_every_error() -> None:
    names = [name for name, _ in inspect.getmembers(errors, inspect.isclass)]
    assert all(name in (errors.__doc__ or "") for name in names)
