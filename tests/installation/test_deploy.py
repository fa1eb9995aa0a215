"""The files of .deploy agree with the code; systemd's own checker reads the unit where it is."""

import re
import shutil
import subprocess
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
import typer.main
import yaml

from search_app.cli.main import app
from search_app.settings import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / ".deploy"
FILES = (
    "Dockerfile", "compose.yaml", "compose.servers.yaml", "apparel.service", "nginx.conf",
    "nginx.servers.conf",
)  # fmt: skip
SETTINGS = {f"APPAREL_{name}".upper() for name in Settings.model_fields}


def text_of(name: str) -> str:
    return (DEPLOY / name).read_text()


@pytest.mark.parametrize("name", FILES)
def test_settings_that_are_set_exist(name: str) -> None:
    used = set(re.findall(r"APPAREL_[A-Z_]+", text_of(name)))
    assert used <= SETTINGS


@pytest.mark.parametrize("name", FILES)
def test_commands_that_are_run_exist(name: str) -> None:
    serve = typer.main.get_command(app).commands["serve"]  # type: ignore[attr-defined]
    assert "--create" in {flag for parameter in serve.params for flag in parameter.opts}
    if name in ("Dockerfile", "apparel.service"):
        assert re.search(r"serve[\", ]+--create", text_of(name))


def test_image_holds_the_packages_and_runs_as_nobody_special() -> None:
    lines = text_of("Dockerfile").splitlines()
    copied = {
        source
        for line in lines
        if line.startswith("COPY ") and "--from" not in line
        for source in line.split()[1:-1]
    }
    packages = {"segmentation", "catalog", "indexing", "search_app", "migrations"}
    assert copied == packages | {"pyproject.toml", "README.md", "LICENSE"}
    assert all((ROOT / source).exists() for source in copied)
    allowed = {
        line[1:] for line in text_of("Dockerfile.dockerignore").splitlines() if line[0] == "!"
    }
    assert copied == allowed
    users = [line for line in lines if line.startswith("USER ")]
    assert users == ["USER 10001:10001"]
    assert lines.index(users[0]) < lines.index('ENTRYPOINT ["apparel"]')
    assert any(line.startswith("HEALTHCHECK ") for line in lines)
    assert "/readyz" in text_of("Dockerfile")


def test_compose_publishes_to_this_machine_alone() -> None:
    service = yaml.safe_load(text_of("compose.yaml"))["services"]["apparel"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
    assert service["read_only"]


def test_compose_trusts_the_gateway_of_its_network_alone() -> None:
    compose = yaml.safe_load(text_of("compose.yaml"))
    (network,) = compose["networks"]["default"]["ipam"]["config"]
    trusted = compose["services"]["apparel"]["environment"]["APPAREL_TRUSTED_PROXIES"]
    assert Settings(trusted_proxies=trusted).trusted_proxies == network["gateway"]
    assert ip_address(trusted) in ip_network(network["subnet"])


def test_servers_of_one_database_are_alike_and_trust_their_proxy_alone() -> None:
    compose = yaml.safe_load(text_of("compose.servers.yaml"))
    first, second, nginx, database = (
        compose["services"][name] for name in ("first", "second", "nginx", "database")
    )
    assert first == second
    assert compose["services"]["worker"]["command"] == "worker"
    assert first["environment"]["APPAREL_JOBS"] == "false"
    assert "ports" not in first
    assert "ports" not in database
    assert all(port.startswith("127.0.0.1:") for port in nginx["ports"])
    environment = first["environment"]
    address = nginx["networks"]["default"]["ipv4_address"]
    assert environment["APPAREL_TRUSTED_PROXIES"] == address
    (network,) = compose["networks"]["default"]["ipam"]["config"]
    assert ip_address(address) in ip_network(network["subnet"])
    settings = Settings(
        database_url=environment["APPAREL_DATABASE_URL"], engine=environment["APPAREL_ENGINE"]
    )
    assert settings.engine == "pgvector"
    assert first["build"]["args"]["EXTRAS"] == "[postgresql]"
    assert 'pip install ".$EXTRAS"' in text_of("Dockerfile")
    assert (DEPLOY / nginx["volumes"][0].partition(":")[0]).is_file()


@pytest.mark.parametrize("name", ["nginx.conf", "nginx.servers.conf"])
def test_proxy_takes_what_the_server_takes(name: str) -> None:
    megabytes = int(re.search(r"client_max_body_size (\d+)m", text_of(name))[1])  # type: ignore[index]
    needed = Settings.model_fields["max_upload_bytes"].default * 4 / 3
    assert megabytes * 1024**2 >= needed + 64_000


def test_unit_is_one_for_systemd(tmp_path: Path) -> None:
    checker = shutil.which("systemd-analyze")
    if checker is None:
        pytest.skip("systemd-analyze is not installed here")
    # It wants the program to be there.
    unit = tmp_path / "apparel.service"
    unit.write_text(text_of("apparel.service").replace("/opt/apparel/bin/apparel", "/bin/true"))
    done = subprocess.run([checker, "verify", str(unit)], capture_output=True, text=True)
    ours = [line for line in done.stderr.splitlines() if "apparel" in line]
    assert ours == []
