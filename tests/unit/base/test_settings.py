"""Settings: every field is read from its variable, and an invalid variable is named in the error."""

from dataclasses import fields

import pytest

from jobmeter.base.settings import Settings, find_misspelt, read_secret_files

TEXTS = {
    "base_url": "https://jobs.example.com",
    "smtp_url": "smtps://mail.example.com",
    "feed_poster_email": "required",
    "request_log": "lines",
    "log_format": "json",
    "reminder_days": "5, 10",
    "stream_start": "end",
}
FIELDS = {field.name: field.default for field in fields(Settings)}


def variable(name):
    return f"JOBMETER_{name.upper()}"


def other_value(name, default):
    """Returns a value of the field's type other than its default: as text in the environment, and parsed."""
    if isinstance(default, bool):
        return ("false", False) if default else ("true", True)
    if default is None:
        return ("7", 7)
    return (f"{default + 7}", default + 7) if isinstance(default, int) else (TEXTS.get(name, "chosen"),) * 2


@pytest.mark.parametrize("name", FIELDS)
def test_each_field_is_read_from_its_variable(name):
    text, value = other_value(name, FIELDS[name])

    settings = Settings.from_environment({variable(name): f" {text} "})

    changed = {
        other: getattr(settings, other) for other in FIELDS if getattr(settings, other) != FIELDS[other]
    }
    assert changed == {name: value}


@pytest.mark.parametrize("name", [name for name, default in FIELDS.items() if not isinstance(default, str)])
@pytest.mark.parametrize("text", ["", "yes please", "-1", "1.5", "²"])
def test_an_invalid_variable_is_named_in_the_error(name, text):
    with pytest.raises(ValueError, match=variable(name)) as error:
        Settings.from_environment({variable(name): text})
    assert repr(text) in str(error.value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pool_connections_max", "1"),
        ("chore_interval_ms", "0"),
        ("report_seconds_max", "0"),
        ("final_after_days", "2"),
        ("base_url", "jobs.example.com"),
        ("feed_poster_email", "sometimes"),
        ("stream_start", "now"),
        ("request_log", "headers"),
        ("replica_stale_seconds_max", "31"),
        ("log_format", "xml"),
        ("reminder_days", "14,3"),
        ("reminder_days", "3,3"),
        ("reminder_days", "0"),
        ("reminder_days", "soon"),
    ],
)
def test_an_unusable_value_is_refused(name, text):
    with pytest.raises(ValueError, match=f"{variable(name)} must ") as error:
        Settings.from_environment({variable(name): text})
    assert text in str(error.value)


def test_a_mail_server_needs_a_scheme_and_its_password_is_not_shown():
    with pytest.raises(ValueError, match="JOBMETER_SMTP_URL must begin") as error:
        Settings.from_environment({"JOBMETER_SMTP_URL": "user:hunter2@mail.example.com:25"})
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize(("text", "value"), [("1", True), ("0", False), ("TRUE", True), ("False", False)])
def test_a_boolean_has_four_spellings(text, value):
    assert Settings.from_environment({"JOBMETER_SANDBOX": text}).sandbox is value


def test_unknown_variables_are_ignored():
    assert Settings.from_environment({"SANDBOX": "true", "JOBMETER_UNKNOWN": "x"}) == Settings()


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("JOBMETER_EVENT_KEY", "JOBMETER_EVENTS_KEY"),
        ("JOBMETER_DATABSE_URL", "JOBMETER_DATABASE_URL"),
        ("jobmeter_operator_key", "JOBMETER_OPERATOR_KEY"),
        ("JOBMETER_MAILFROM", "JOBMETER_MAIL_FROM"),
        ("JOBMETER_QQQ", ""),
        ("JOBMETER_", ""),
    ],
)
def test_a_misspelt_variable_is_found_with_the_nearest_setting(name, nearest):
    assert find_misspelt({name: "x"}) == {name: nearest}


@pytest.mark.parametrize("name", FIELDS)
def test_every_setting_without_one_of_its_letters_is_found(name):
    for at in range(len(name)):
        wrong = variable(name[:at] + name[at + 1 :])
        assert find_misspelt({wrong: "x"}) == {wrong: variable(name)}


def test_known_variables_and_those_of_others_are_not_misspelt():
    known = {variable(name): "x" for name in FIELDS}
    others = {"JOBMETER_TESTS_CLUSTER_URL": "x", "MY_JOBMETER_KEY": "x", "JOB": "x", "PATH": "x"}
    assert find_misspelt(known | others) == {}


def test_secrets_are_read_from_files(tmp_path):
    key, url = tmp_path / "key", tmp_path / "url"
    key.write_text("a secret\n")
    url.write_text("postgresql://a:b@c/d")
    environment = {"JOBMETER_SECRET_KEY_FILE": str(key), "JOBMETER_DATABASE_URL_FILE": str(url)}
    for _ in range(2):  # a process that is started with these variables reads them again
        read_secret_files(environment)
        found = Settings.from_environment(environment)
        assert (found.secret_key, found.database_url) == ("a secret", "postgresql://a:b@c/d")
    assert find_misspelt(environment) == {}


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (
            {"JOBMETER_SECRET_KEY_FILE": "/nowhere/key"},
            "JOBMETER_SECRET_KEY_FILE: cannot read /nowhere/key: No such file",
        ),
        ({"JOBMETER_SECRET_KEY_FILE": "/"}, "JOBMETER_SECRET_KEY_FILE: cannot read /: Is a directory"),
        ({"JOBMETER_SECRET_KEY_FILE": "/dev/null", "JOBMETER_SECRET_KEY": "a"}, "are both set, and differ"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(given, reason):
    with pytest.raises(ValueError, match=reason):
        read_secret_files(given)


def test_what_is_no_secret_is_in_no_file():
    environment = {"JOBMETER_BOARD_NAME_FILE": "/dev/null"}
    read_secret_files(environment)
    assert find_misspelt(environment) == {"JOBMETER_BOARD_NAME_FILE": "JOBMETER_BOARD_NAME"}


def test_every_setting_has_a_meaning():
    meanings = [field.metadata["meaning"] for field in fields(Settings)]
    assert all(len(meaning.split()) >= 4 for meaning in meanings)
    assert len(set(meanings)) == len(meanings)


def test_settings_survive_the_environment_of_a_worker_process():
    changed = {variable(name): other_value(name, default)[0] for name, default in FIELDS.items()}
    settings = Settings.from_environment(changed)
    assert Settings.from_environment(settings.to_environment()) == settings
    assert Settings.from_environment(Settings().to_environment()) == Settings()


def test_the_environment_of_the_process_is_read_by_default(monkeypatch):
    monkeypatch.setenv("JOBMETER_EVENTS_KEY", "from outside")
    assert Settings.from_environment().events_key == "from outside"
