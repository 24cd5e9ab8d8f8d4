"""Every command with bad values: one line that names the option, exit code 2 or 1, and never a traceback."""

from datetime import date
from pathlib import Path
from typing import Literal, get_origin
from uuid import UUID

import pytest

from jobmeter.cli.main import main
from tests.stories.cli.commands import COMMANDS, base_type

# What no value of the type looks like. Each is refused while the command line is read.
BAD = {
    int: ("", "x", "1.5", "nan", "-1", "9" * 30, "²", "1\x1b[31m", "[/b]"),
    float: ("", "x", "nan", "inf", "-inf", "-1", "0", "1e999", "[/b]"),
    UUID: ("", "x", "0", "00000000-0000-0000-0000-00000000000g"),
    date: ("", "x", "2026-02-30", "2026-3-2", "20260302", "2026-W10-1"),
}
BAD_TEXTS = {
    "--span": ("", "3x", "-3d", "3", "d", "1.5d", "3d x", "1e3d"),
    "--time": ("", "soon", "2026-11-28", "2026-11-28T25:00:00Z", "9" * 40),
    "--starts-at": ("", "soon", "2026-11-28"),
    "--ends-at": ("", "soon", "2026-11-28"),
    "--at": ("", "soon", "2026-11-28"),
}
TAKE_MORE = {
    "db psql",
    "docs",
    "faults",
    "hiring-contracts create",
    "jobs show",
    "jobs renew",
    "jobs close",
    "reports jobs",
}  # psql has arguments; the others have optional ones
MAY_BE_NEGATIVE = {("hiring-contracts adjust", "--units")}


USUALLY_ONE_OF = 3  # of the cases; the others are for the slow suite


def list_cases():
    """Which values are usual differs from argument to argument."""
    for number, (name, argument, bad) in enumerate(list_arguments()):
        for place, value in enumerate(bad):
            marks = pytest.mark.slow if (number + place) % USUALLY_ONE_OF else ()
            yield pytest.param(name, argument, value, id=f"{name} {argument.name}={value!a:.20}", marks=marks)


def list_arguments():
    for name, command in COMMANDS.items():
        for argument in command.arguments:
            kind = base_type(argument.hint)
            bad = BAD_TEXTS.get(argument.name, ()) if kind is str else BAD.get(kind, ())
            bad = ("", "x", "slots") if get_origin(kind) is Literal else bad
            if (name, argument.name) in MAY_BE_NEGATIVE:
                bad = tuple(value for value in bad if value != "-1")
            if bad:
                yield name, argument, bad


def fail(capsys, words) -> tuple[int, str]:
    """Runs the command and returns its exit code and the one line that it prints on standard error."""
    with pytest.raises(SystemExit) as ended:
        main(words)
    printed = capsys.readouterr()
    assert printed.out == ""
    (line,) = printed.err.splitlines()
    assert line.startswith("jobmeter: ")
    assert line.isprintable()
    return ended.value.code, line


@pytest.mark.parametrize(("name", "argument", "value"), list(list_cases()))
def test_a_bad_value_is_refused_by_the_name_of_its_option(name, argument, value, capsys):
    code, line = fail(capsys, COMMANDS[name].call_with(argument, value))
    assert code == 2
    assert argument.name.removeprefix("--").upper() in line.upper()


@pytest.mark.parametrize("name", COMMANDS)
def test_an_unknown_option_and_a_superfluous_argument_are_named(name, capsys):
    valid = COMMANDS[name].call_with_required()
    for more in (
        "--no-such-option",
        "--no-such-option=[/b]",
        *([] if name in TAKE_MORE else ["more\x1b[2J"]),
    ):
        code, line = fail(capsys, [*valid, more])
        assert code == 2
        assert more.partition("=")[0].partition("\x1b")[0] in line


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_has_help(name):
    # "*" is a class whose fields are the options.
    options = [one for one in COMMANDS[name].arguments if one.name != "*"]
    assert [one.name for one in options if len((one.parameter.help or "").split()) < 3] == []
    assert COMMANDS[name].app.help


@pytest.mark.parametrize("word", ["frob", "[/b]", "-x", "--frob", "servee"])
def test_an_unknown_command_is_named(word, capsys):
    code, line = fail(capsys, [word])
    assert (code, word in line) == (2, True)


@pytest.mark.parametrize(
    "host", ["", "no.such.host.invalid", "999.1.1.1", "::g", "a b", "x" * 300, "é" * 70, "\0"]
)
def test_a_host_that_cannot_be_used_is_named(host, capsys, database_url, tmp_path):
    words = ["sandbox", f"--host={host}", "--port=0", "--data", str(tmp_path), "--database-url", database_url]
    code, line = fail(capsys, words)
    assert (code, "cannot listen at" in line) == (1, True)


@pytest.mark.parametrize(
    "command", [["db", "check"], ["explain", "job", "7"], ["traffic", "score"], ["db", "psql"]]
)
def test_a_folder_without_a_database_is_named(command, tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("JOBMETER_DATABASE_URL", raising=False)
    truth = tmp_path / "truth"
    truth.write_bytes(b"")
    words = [*command, *([str(truth)] if command[-1] == "score" else []), "--data", str(tmp_path / "none")]
    code, line = fail(capsys, words)
    assert (code, str(tmp_path / "none") in line) == (1, True)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("truth", ["no/such/folder/truth", "", "a" * 300, "/dev/full/x", "x\0y"])
def test_a_truth_file_that_cannot_be_written_is_named_before_anything_is_played(
    truth, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    code, line = fail(capsys, ["traffic", f"--truth={truth}", "--credentials", str(tmp_path / "none")])
    assert (code, "--truth" in line) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_a_truth_file_that_exists_is_not_emptied_by_a_command_that_fails(tmp_path, capsys):
    (tmp_path / "truth").write_text("kept")
    code, line = fail(
        capsys, ["traffic", "--truth", str(tmp_path / "truth"), "--credentials", str(tmp_path / "none")]
    )
    assert (code, "no sandbox credentials file" in line) == (1, True)
    assert (tmp_path / "truth").read_text() == "kept"


@pytest.mark.parametrize("content", ["", "{", "[]", "5", "\0", "é"])
@pytest.mark.parametrize("command", [["clock", "show"], ["traffic"], ["hiring-contracts", "show", "7"]])
def test_a_file_that_holds_no_credentials_is_named(content, command, tmp_path, capsys, monkeypatch):
    for name in ("JOBMETER_BASE_URL", "JOBMETER_OPERATOR_KEY"):
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "credentials.json"
    file.write_bytes(content.encode("latin-1"))
    code, line = fail(capsys, [*command, "--credentials", str(file)])
    assert (code, str(file) in line) == (1, True)


def test_a_server_without_a_key_does_not_start(capsys, monkeypatch, tmp_path):
    for name in ("EVENTS", "OPERATOR", "SECRET"):
        monkeypatch.delenv(f"JOBMETER_{name}_KEY", raising=False)
    code, line = fail(capsys, ["serve", "--data", str(tmp_path / "data")])
    assert code == 1
    assert all(
        name in line
        for name in ("JOBMETER_EVENTS_KEY", "JOBMETER_OPERATOR_KEY", "JOBMETER_SECRET_KEY", "openssl")
    )
    assert not Path(tmp_path / "data").exists()
