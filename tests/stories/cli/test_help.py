"""The help of every command has an example that parses, and the commands are grouped by who uses them."""

import re
import shlex
import subprocess
from contextlib import redirect_stdout
from io import StringIO

import pytest

from jobmeter.cli import main as cli
from jobmeter.cli.main import main, make_app
from tests.stories.cli.commands import COMMANDS

EXAMPLE = re.compile(r"Example: (jobmeter\b.+?)(?:\n\s*\n|\Z)", re.DOTALL)
# These run until they are ended, are shows for people, or print a document, a program or a file of their own.
PRINT_NO_VALUES = {
    *(
        "serve",
        "worker",
        "consume",
        "sandbox",
        "demo",
        "db psql",
        "db archive",
        "docs",
        "openapi",
        "completion",
    ),
}
RENAMED = {"feed": "feeds", "hiring-contract": "hiring-contracts"}


def list_examples(name):
    return [" ".join(text.split()) for text in EXAMPLE.findall(COMMANDS[name].app.help)]


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_has_an_example_of_it_that_parses(name):
    examples = list_examples(name)
    assert examples, "the docstring has no line such as: Example: jobmeter keys list"
    for example in examples:
        words = shlex.split(example)[1:]
        assert words[: len(name.split())] == name.split()
        make_app().parse_args(words, exit_on_error=False, print_error=False)


def test_every_command_that_prints_values_prints_them_as_json_too():
    without = {name for name in COMMANDS if "--json" not in list_options(name)}
    assert without == PRINT_NO_VALUES


def list_options(name):
    return {option for one in COMMANDS[name].arguments for option in one.names}


def test_the_help_lists_every_command_in_the_group_of_its_users(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert not ended.value.code
    printed = capsys.readouterr().out
    places = [
        printed.index(group.name) for group in (cli.RUNNING, cli.OPERATORS, cli.PARTNERS, cli.REFERENCE)
    ]
    assert places == sorted(places)
    for name, _, group, *_ in cli.COMMANDS:
        assert re.search(rf"^│ {name}\b", printed[printed.index(group.name) :], re.MULTILINE), name


@pytest.fixture(scope="module")
def bash_script():
    """What ``jobmeter completion bash`` prints, made from all commands once."""
    printed = StringIO()
    with pytest.raises(SystemExit), redirect_stdout(printed):
        main(["completion", "bash"])
    return printed.getvalue()


@pytest.mark.long
@pytest.mark.parametrize(
    ("words", "expected"),
    [("keys ro", "rotate"), ("jobs list --sta", "--state"), ("jobs list --state D", "")],
)
def test_bash_completes_commands_and_options(words, expected, bash_script):
    typed = ["jobmeter", *words.split()]
    ask = (
        f'COMP_WORDS=({shlex.join(typed)}); COMP_CWORD={len(typed) - 1}; _jobmeter; echo "${{COMPREPLY[@]}}"'
    )
    done = subprocess.run(["bash"], input=f"{bash_script}\n{ask}", capture_output=True, text=True, check=True)
    assert done.stdout.strip() == expected


@pytest.mark.parametrize("old", RENAMED)
def test_the_old_name_of_a_command_leads_to_the_new_one(old, capsys):
    with pytest.raises(SystemExit) as ended:
        main([old, "list"])
    assert ended.value.code == cli.USAGE_ERROR
    assert f'Did you mean "{RENAMED[old]}"?' in capsys.readouterr().err
