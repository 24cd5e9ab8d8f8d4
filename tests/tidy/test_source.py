"""The checks see the repository; if no files were found, every check would pass."""

import ast

import pytest

from tests.tidy.source import (
    ROOT,
    Breach,
    Source,
    docstring_constants,
    imports,
    refuse,
    repository_paths,
    sources,
    uses,
    walked_paths,
)


def test_the_files_of_the_repository_are_found():
    own = {source.path for source in sources(".py", "tests")}
    assert "tests/tidy/test_source.py" in own
    assert "jobmeter/__init__.py" in {source.path for source in sources(".py", "jobmeter")}
    assert not any(path.startswith(".venv/") for path in repository_paths())


def test_the_same_modules_are_found_without_git():
    walked = {path for path in walked_paths(ROOT) if path.startswith("tests/tidy/") and path.endswith(".py")}
    assert walked == {source.path for source in sources(".py", "tests/tidy")}


def test_generated_files_are_skipped(tmp_path):
    for path in ("jobmeter/jobs/flow.py", "build/lib.py", ".venv/lib.py", "jobmeter/__pycache__/flow.pyc"):
        file = tmp_path / path
        file.parent.mkdir(parents=True)
        file.touch()
    assert list(walked_paths(tmp_path)) == ["jobmeter/jobs/flow.py"]


def test_a_breach_fails_the_test_and_is_shown_with_its_line():
    with pytest.raises(pytest.fail.Exception, match=r"1 to fix:\njobmeter/a.py:7: fix this"):
        refuse([Breach("jobmeter/a.py", 7, "fix this")] * 2)
    refuse([])


def test_the_list_of_files_that_are_not_fixed_yet_only_shrinks():
    breach = Breach("jobmeter/a.py", 7, "fix this")
    refuse([breach], still={"jobmeter/a.py"})
    with pytest.raises(pytest.fail.Exception, match=r"jobmeter/a.py:7: fix this"):
        refuse([breach], still={"jobmeter/b.py"})
    with pytest.raises(pytest.fail.Exception, match=r"1 to fix:\njobmeter/a.py:1: is fixed"):
        refuse([], still={"jobmeter/a.py"})


@pytest.mark.parametrize(
    ("path", "part", "stem"),
    [
        ("jobmeter/ledger/flow.py", "ledger", "flow"),
        ("jobmeter/wire/restli/__init__.py", "wire", "__init__"),
        ("jobmeter/cli/main.py", "cli", "main"),
        ("jobmeter/__init__.py", "", "__init__"),
        ("jobmeter/__main__.py", "__main__", "__main__"),
        ("tests/tidy/source.py", "", "source"),
    ],
)
def test_parts(path, part, stem):
    source = Source(path, "")
    assert (source.part, source.stem) == (part, stem)


def test_names_are_resolved_to_their_origin():
    source = Source("a.py", "import a.b as c\nfrom d import e\nimport f.g\nc.x\ne.y\nf.g.z\nh.i")
    assert {name for _, name in imports(source)} == {"a.b", "d.e", "f.g"}
    assert {name for _, name in uses(source)} >= {"a.b.x", "d.e.y", "f.g.z"}
    assert not any("h.i" in name for _, name in uses(source))


def test_docstrings_are_distinguished_from_other_strings():
    source = Source("a.py", '"""Module."""\nx = "value"\n\ndef act():\n    """Function."""\n    "late"')
    found = {node.value for node in docstring_constants(source) if isinstance(node, ast.Constant)}
    assert found == {"Module.", "Function."}
