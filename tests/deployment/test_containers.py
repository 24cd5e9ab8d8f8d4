"""The image, the compose file and the manifests: their own tools or schemas accept them, and the commands and settings in them exist."""

import json
import os
import re
import subprocess

import jsonschema_rs
import pytest
import yaml

from jobmeter.base.settings import SECRET_SETTINGS, find_misspelt, variable_of
from jobmeter.cli.main import make_app
from tests.support.missing_part import find_programs
from tests.support.paths import FIXTURES, ROOT

CONTAINER = ROOT / "deploy" / "container"
IMAGE = CONTAINER / "Containerfile"
COMPOSE = CONTAINER / "compose.yaml"
MANIFESTS = ROOT / "deploy" / "kubernetes" / "jobmeter.yaml"
# What Kubernetes 1.33 accepts of the kinds that are used; fields that it does not know are refused.
SCHEMA = json.loads((FIXTURES / "kubernetes" / "schema.json").read_text())
OURS = ("server", "worker")


def read_compose():
    return yaml.safe_load(COMPOSE.read_text())


def read_manifests():
    return list(yaml.safe_load_all(MANIFESTS.read_text()))


def find_containers(value):
    """Returns the containers of manifests, at whatever depth."""
    if isinstance(value, list):
        return [one for part in value for one in find_containers(part)]
    if not isinstance(value, dict):
        return []
    return value.get("containers", []) + [one for part in value.values() for one in find_containers(part)]


def list_errors(manifest):
    start = {"$ref": f"#/$defs/{SCHEMA['kinds'][manifest['kind']]}"}
    validator = jsonschema_rs.validator_for({"$schema": SCHEMA["$schema"], "$defs": SCHEMA["$defs"]} | start)
    return [error.message for error in validator.iter_errors(manifest)]


def check_compose(folder, text):
    """What the program says of the file; empty if it accepts it."""
    (compose,) = find_programs("docker-compose")
    (folder / "compose.yaml").write_text(text)
    done = subprocess.run(
        [compose, "--file", str(folder / "compose.yaml"), "config", "--quiet"],
        env=os.environ | {"JOBMETER_BASE_URL": "https://jobs.example.com"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode == 0) == (done.stderr == ""), done.stderr
    return done.stderr


def test_compose_accepts_its_file(tmp_path):
    assert check_compose(tmp_path, COMPOSE.read_text()) == ""


def test_compose_would_not_accept_a_misspelt_file(tmp_path):
    assert "healthchecks" in check_compose(
        tmp_path, COMPOSE.read_text().replace("healthcheck:", "healthchecks:")
    )


@pytest.mark.parametrize(
    "manifest", read_manifests(), ids=lambda one: f"{one['kind']} {one['metadata']['name']}"
)
def test_a_manifest_is_one_that_a_cluster_accepts(manifest):
    assert list_errors(manifest) == []


def test_a_cluster_would_not_accept_a_misspelt_manifest():
    misspelt = (
        MANIFESTS.read_text()
        .replace("readinessProbe:", "readyProbe:")
        .replace("minAvailable: 1", "minAvailable: []")
    )
    found = [list_errors(one) for one in yaml.safe_load_all(misspelt)]
    assert sum(map(bool, found)) == 2, found


def test_the_image_runs_one_script_as_a_user_without_rights():
    lines = IMAGE.read_text().splitlines()
    assert [line for line in lines if line.startswith("RUN ")] == ['RUN sh /build/install.sh "$RELEASE"']
    assert "USER jobmeter" in lines
    (entry,) = [
        json.loads(line.removeprefix("ENTRYPOINT ")) for line in lines if line.startswith("ENTRYPOINT ")
    ]
    (command,) = [json.loads(line.removeprefix("CMD ")) for line in lines if line.startswith("CMD ")]
    assert entry == ["/opt/jobmeter/bin/jobmeter"]
    make_app().parse_args(command)


def test_each_container_runs_a_command_that_exists():
    compose = read_compose()["services"]
    commands = [compose[name]["command"] for name in OURS]
    commands += [one["args"] for one in find_containers(read_manifests())]
    assert len(commands) == 5
    for command in commands:
        make_app().parse_args(command)  # raises for an option that does not exist


def test_the_settings_exist_and_secrets_are_in_files():
    (config,) = [one["data"] for one in read_manifests() if one["kind"] == "ConfigMap"]
    compose = read_compose()
    for settings in (config, *(compose["services"][name]["environment"] for name in OURS)):
        assert find_misspelt(settings) == {}
        assert [name for name in map(variable_of, SECRET_SETTINGS) if name in settings] == []
    given = compose["services"]["server"]["environment"]
    files = {path.rpartition("/")[2] for name, path in given.items() if name.endswith("_FILE")}
    assert files == set(compose["services"]["server"]["secrets"])
    assert files | {"database_password", "prometheus_key"} == set(compose["secrets"])


def test_images_are_named_without_a_registry():
    images = [one["image"] for one in find_containers(read_manifests())]
    images += [one["image"] for one in read_compose()["services"].values()]
    images += re.findall(r"^FROM (\S+)", IMAGE.read_text(), re.MULTILINE)
    assert [name for name in images if "." in name.partition("/")[0] and "/" in name] == []


def test_a_server_has_the_time_that_it_needs_to_end():
    """Handing over takes 16 seconds, requests in progress 20 more."""
    for name in OURS:
        assert int(read_compose()["services"][name]["stop_grace_period"].removesuffix("s")) > 36
    (server,) = [
        one
        for one in read_manifests()
        if one["metadata"]["name"] == "jobmeter-server" and one["kind"] == "Deployment"
    ]
    assert server["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > 10 + 36
    assert server["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
