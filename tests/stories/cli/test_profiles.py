"""Where commands connect to: options above the environment above the file, and no secret where others read it."""

import json

import pytest

from jobmeter.base.faults import CommandFailed
from jobmeter.cli.main import main
from jobmeter.cli.options import ServerOptions
from jobmeter.cli.profiles import Profile, find_profile, require_application, require_operator
from tests.stories.cli.commands import COMMANDS

CONFIGURATION = """
default = "production"

[profiles.production]
url = "https://jobs.example.com"
operator_key_file = "keys/operator"

[profiles.production.parent]
client_id = "parent-1"
client_secret = "parent-secret"

[profiles.production.applications.harbour]
client_id = "harbour-1"
client_secret_file = "keys/harbour"

[profiles.production.applications.mill]
client_id = "mill-1"
client_secret = "mill-secret"

[profiles.staging]
url = "https://staging.example.com"
operator_key = "staging-key"
"""
ELSEWHERE = {"JOBMETER_BASE_URL": "https://other.example.com", "JOBMETER_OPERATOR_KEY": "new-key,old-key"}


@pytest.fixture
def environment(tmp_path):
    """The environment of a user with two profiles."""
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "operator").write_text("production-key\n")
    (tmp_path / "keys" / "harbour").write_text("harbour-secret\n")
    (tmp_path / "config.toml").write_text(CONFIGURATION)
    return {"JOBMETER_CONFIG": str(tmp_path / "config.toml")}


def find_operator(environment, **options):
    return require_operator(find_profile(ServerOptions(**options), environment))


def test_the_default_profile_is_below_the_environment_which_is_below_options(environment):
    production, staging = (
        ("https://jobs.example.com", "production-key"),
        ("https://staging.example.com", "staging-key"),
    )
    other = ("https://other.example.com", "new-key")
    assert find_operator(environment) == production
    assert find_operator(environment | {"JOBMETER_PROFILE": "staging"}) == staging
    assert find_operator(environment | ELSEWHERE) == other
    assert find_operator(environment | ELSEWHERE, profile="staging") == staging
    assert find_operator(environment | ELSEWHERE, url="https://x.example") == ("https://x.example", "new-key")


def test_the_secrets_of_a_profile_are_not_sent_to_another_server(environment):
    for others in ({"url": "https://x.example"}, {"url": "http://jobs.example.com"}):
        with pytest.raises(CommandFailed, match="there is no operator key for http"):
            find_operator(environment, **others)
    with pytest.raises(CommandFailed, match="there is no operator key"):
        find_operator(environment | {"JOBMETER_BASE_URL": "https://other.example.com"})
    assert find_operator(environment, url="https://jobs.example.com/")[1] == "production-key"


def test_an_application_is_chosen_by_its_name_or_its_client_id(environment):
    profile = find_profile(ServerOptions(), environment)
    harbour = ("https://jobs.example.com", "harbour-1", "harbour-secret")
    assert require_application(profile, "harbour") == require_application(profile, "harbour-1") == harbour
    assert require_application(profile, is_parent=True)[1:] == ("parent-1", "parent-secret")
    with pytest.raises(CommandFailed, match="--application: harbour, mill"):
        require_application(profile)
    with pytest.raises(CommandFailed, match="no application nobody"):
        require_application(profile, "nobody")
    given = {"JOBMETER_CLIENT_ID": "id", "JOBMETER_CLIENT_SECRET": "secret"}
    assert require_application(find_profile(ServerOptions(), environment | given))[1:] == ("id", "secret")
    staging = find_profile(ServerOptions(profile="staging"), environment)
    with pytest.raises(CommandFailed, match="JOBMETER_PARENT_ID"):
        require_application(staging, is_parent=True)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("x", "cannot be read"),
        ("defualt = 'a'", "unknown defualt"),
        ("profiles = 5", "must be a table"),
        ("[profiles.a]\nurll = 'x'", "profiles.a has an unknown urll"),
        ("[profiles.a.parent]\nclient_secret = 'x'", "profiles.a.parent has no client_id"),
        ("default = 'b'\n[profiles.a]", "no profile b in .*: a"),
        ("[profiles.a]\nurl = 'ftp://x'\noperator_key = 'k'", "is not a URL"),
        ("[profiles.a]\noperator_key = 'k'", "no server to talk to"),
        ("[profiles.a]\nurl = 'http://x'\noperator_key_file = 'none'", "cannot be read: No such file"),
    ],
)
def test_what_is_wrong_in_the_file_is_named(content, why, tmp_path):
    (tmp_path / "config.toml").write_text(content)
    with pytest.raises(CommandFailed, match=why):
        find_operator({"JOBMETER_CONFIG": str(tmp_path / "config.toml")})


def test_the_credentials_file_of_a_sandbox_is_a_profile(tmp_path, environment):
    content = {"base_url": "http://127.0.0.1:1", "operator_key": "k", "events_key": "e"}
    content["child"] = {"client_id": "c", "client_secret": "s"}
    (tmp_path / "credentials.json").write_text(json.dumps(content))
    chosen = ServerOptions(credentials=tmp_path / "credentials.json")
    profile = find_profile(chosen, environment | ELSEWHERE)
    assert require_operator(profile) == ("http://127.0.0.1:1", "k")
    assert require_application(profile) == ("http://127.0.0.1:1", "c", "s")
    with pytest.raises(CommandFailed, match="not by both"):
        find_profile(ServerOptions(credentials=tmp_path / "credentials.json", profile="a"), environment)
    # without a configuration, the sandbox in its usual folder
    nothing = {"JOBMETER_CONFIG": str(tmp_path / "none.toml")}
    usual = find_profile(ServerOptions(), nothing, sandbox=tmp_path / "credentials.json")
    assert require_operator(usual) == ("http://127.0.0.1:1", "k")
    assert find_profile(ServerOptions(), nothing, sandbox=tmp_path / "none.json") == Profile()


def test_a_secret_is_asked_for_where_there_is_none(environment):
    questions = []

    def answer(question):
        questions.append(question)
        return " typed \n"

    elsewhere = find_profile(ServerOptions(url="https://x.example"), environment)
    assert require_operator(elsewhere, answer) == ("https://x.example", "typed")
    unknown = find_profile(ServerOptions(), environment | {"JOBMETER_CLIENT_ID": "id"})
    assert require_application(unknown, ask=answer) == ("https://jobs.example.com", "id", "typed")
    assert questions == ["Operator key for https://x.example: ", "Client secret of id: "]
    with pytest.raises(CommandFailed, match="no client secret of id"):
        require_application(unknown)


def test_secrets_are_not_shown_when_a_profile_is_printed(environment):
    shown = repr(find_profile(ServerOptions(), environment | ELSEWHERE))
    assert "secret'" not in shown
    assert "new-key" not in shown


def test_no_command_has_an_option_for_a_secret():
    words = ("secret", "password", "token", "key")
    for name, command in COMMANDS.items():
        options = [one.name for one in command.arguments if one.name.startswith("--")]
        assert not [one for one in options if one.strip("-").split("-")[-1] in words], name


def test_a_server_that_does_not_respond_and_one_that_refuses_are_named(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("JOBMETER_CONFIG", str(tmp_path / "none.toml"))
    monkeypatch.setenv("JOBMETER_BASE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("JOBMETER_OPERATOR_KEY", "k")
    with pytest.raises(SystemExit) as ended:
        main(["keys", "list"])
    assert ended.value.code == 1
    line = capsys.readouterr().err
    assert line.startswith("jobmeter: no response to GET http://127.0.0.1:1/operator/keys")
    assert line.endswith("is a server running at http://127.0.0.1:1?\n")
