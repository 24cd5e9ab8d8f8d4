"""Names of enum members in SQL are replaced by their numbers when the file is loaded; an unknown name is an error. Comments stay behind."""

from enum import IntEnum

import pytest

from jobmeter.database.statements import load_statements, name_statement


class Colour(IntEnum):
    RED = 3
    DARK_BLUE = 12


class Shape(IntEnum):
    ROUND = 3


@pytest.fixture
def make_package(tmp_path, monkeypatch, request):
    """Makes a package whose ``queries.sql`` has one statement. Each test uses another name, because Python caches imports."""

    def make(statement):
        name = f"package_{abs(hash(request.node.name))}"
        package = tmp_path / name
        package.mkdir()
        (package / "__init__.py").write_text("")
        (package / "queries.sql").write_text(f"-- name: one\n{statement}\n")
        monkeypatch.syspath_prepend(str(tmp_path))
        return name

    return make


@pytest.mark.parametrize(
    ("statement", "loaded"),
    [
        ("SELECT {Colour.RED}", "SELECT 3"),
        ("SELECT 1 WHERE hue IN ({Colour.RED}, {Colour.DARK_BLUE})", "SELECT 1 WHERE hue IN (3, 12)"),
        ("SELECT {Shape.ROUND}, %(hue)s", "SELECT 3, %(hue)s"),
        ("SELECT '{}', '{1,2}', '{a,b}', '{\"a\": 1}'", "SELECT '{}', '{1,2}', '{a,b}', '{\"a\": 1}'"),
        ("SELECT substring(x FROM '[0-9a-f]{8}')", "SELECT substring(x FROM '[0-9a-f]{8}')"),
    ],
)
def test_names_become_numbers_and_other_text_is_unchanged(make_package, statement, loaded):
    assert load_statements(make_package(statement), enums=(Colour, Shape)) == {"one": loaded}


@pytest.mark.parametrize(
    "name", ["{Colour.GREEN}", "{Colours.RED}", "{Colour.red}", "{Colour.name}", "{Colour.__len__}"]
)
def test_a_name_that_no_enum_has_is_an_error(make_package, name):
    package = make_package(f"SELECT {name}")
    with pytest.raises(ValueError, match=rf"{package}/queries\.sql: {name} is not a member"):
        load_statements(package, enums=(Colour, Shape))


def test_an_enum_that_was_not_given_is_an_error(make_package):
    package = make_package("SELECT {Shape.ROUND}")
    with pytest.raises(ValueError, match=r"\{Shape\.ROUND\}"):
        load_statements(package, enums=(Colour,))


def test_lists_of_columns_are_filled_in_any_order_and_in_the_files_that_use_them(tmp_path, monkeypatch):
    text = (
        "-- columns: outer\nb, {inner}\n\n-- columns: inner\nc, {Colour.RED}\n\n"
        "-- name: one\nSELECT {outer}\n\n-- columns: last\n{outer}, d\n"
    )
    for name, content in (
        ("package_of_lists", text),
        ("package_of_users", "-- uses: package_of_lists\n\n-- name: two\nSELECT a, {last}\n"),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("")
        (tmp_path / name / "queries.sql").write_text(content)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert load_statements("package_of_lists", enums=(Colour,)) == {"one": "SELECT b, c, 3"}
    assert load_statements("package_of_users", enums=(Colour,)) == {"two": "SELECT a, b, c, 3, d"}


def test_comments_and_indentation_are_not_sent(make_package):
    package = make_package("-- A reason.\nSELECT 1 -- one\n  FROM jobs\n\n   -- it's why\n WHERE  a = '--'")
    assert load_statements(package) == {"one": "SELECT 1 -- one\nFROM jobs\nWHERE  a = '--'"}


def test_a_statement_may_have_a_text_that_names_one_shard(make_package):
    statements = load_statements(
        make_package(
            "SELECT 1\n  FROM jobs\n WHERE shard = {shard: asked.shard}\n   AND kind = {Colour.RED}"
        ),
        enums=(Colour,),
    )
    whole = "SELECT 1\nFROM jobs\nWHERE shard = asked.shard\nAND kind = 3"
    of_shard = "SELECT 1\nFROM jobs\nWHERE shard = %(shard)s\nAND kind = 3"
    assert statements == {"one": whole}
    assert statements.name_shard("one", None) == (whole, {})
    assert statements.name_shard("one", 0) == (of_shard, {"shard": 0})
    assert [name_statement(text) for text in (whole, of_shard)] == ["one", "one"]
