"""However people and platforms name things: what is made one name is told, and nobody is made another."""

from __future__ import annotations

import random

from hypothesis import example, given
from hypothesis import strategies as st

from tenshots.intake.names import copies
from tenshots.intake.names.naming import one_name_each
from tenshots.intake.names.pattern import PathFields
from tenshots.intake.names.readings import Reading
from tenshots.intake.names.spelling import plain

people = st.sampled_from(["ann", "Ann", "ben", "optics", "photos", "cup", "zoé", "student 1", "李明"])
marks = st.sampled_from(
    [
        *(
            "",
            " (1)",
            " - Copy",
            " copy 2",
            " 2",
            " 1",
            "-1",
            "-20241102T100037Z-001",
            "-20241102T100037Z-002",
        ),
        *("-20241109T081500Z-3-001", "_12345_678900_a", "_LATE_12345_678901_b", "_1_assignsubmission_file_"),
    ]
)
group_names = st.builds(lambda person, mark: person + mark, people, marks)
label_names = st.builds(lambda name, mark: name + mark, st.sampled_from(["cup", "key", "gear"]), marks)


@st.composite
def items(draw: st.DrawFn) -> list[Reading]:
    """Files in folders and archives of such names."""
    found = {}
    for group, label, inside, in_archive in draw(
        st.lists(
            st.tuples(group_names, label_names, people | st.just(""), st.booleans()), min_size=1, max_size=8
        )
    ):
        archive = f"{group}.zip" if in_archive else ""
        path = "/".join(
            part for part in (archive or group, inside if in_archive else "", label, "1.jpg") if part
        )
        found[path] = Reading(path, archive, is_guess=False, fields=PathFields(label, group, "", "1.jpg"))
    return [*found.values()]


def names(field: str, named: list[Reading]) -> list[str]:
    return [str(getattr(item.fields, field)) for item in named]


def owner(name: str) -> str:
    return plain(copies.person(name)) or copies.family(name)


@given(items(), st.randoms(use_true_random=False))
def test_the_order_of_files_moves_nothing(found: list[Reading], shuffler: random.Random) -> None:
    fields, sentences = one_name_each(found)
    shuffled = shuffler.sample(found, len(found))
    fields_too, sentences_too = one_name_each(shuffled)
    assert sentences == sentences_too
    assert dict(zip([item.path for item in found], fields, strict=True)) == dict(
        zip([item.path for item in shuffled], fields_too, strict=True)
    )


@given(items())
@example([Reading("a.zip/1.jpg", "a.zip", False, PathFields("cup", "a", "", "1.jpg"))])
def test_only_names_of_one_family_are_made_one_and_all_of_them_are_told(found: list[Reading]) -> None:
    fields, sentences = one_name_each(found)
    text = "\n".join(sentences)
    for field in ("label", "group"):
        before, after = names(field, found), [str(getattr(each, field)) for each in fields]
        for name, new in zip(before, after, strict=True):
            others = {other for other, newer in zip(before, after, strict=True) if newer == new} - {name}
            assert all(owner(other) == owner(name) for other in others)
            assert not others or name in text
            assert name == new or plain(new).startswith(owner(name))


@given(items())
def test_all_that_was_apart_does_not_become_one_group(found: list[Reading]) -> None:
    fields, _ = one_name_each(found)
    before = set(map(owner, names("group", found)))
    assert len({each.group for each in fields if each is not None}) >= len(before)


@given(items())
def test_a_second_time_there_is_nothing_left_to_do(found: list[Reading]) -> None:
    """Of the names alone: what lies inside archives was told of already."""
    fields, _ = one_name_each(found)
    again = [item._replace(fields=each) for item, each in zip(found, fields, strict=True)]
    assert one_name_each(again)[0] == fields
