"""Dockerfile and compose.yaml. No container engine is at hand where the tests run: what the files say of each other, of the
program and of what they copy is looked at."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tomllib
import urllib.parse

import pytest
import yaml

ROOT = pathlib.Path(os.environ["PHASEGATE_ROOT"])
DOCKERFILE = (ROOT / "Dockerfile").read_text()
SETTINGS = ROOT / "service/packaging/compose/phasegate.toml"
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
DATABASE = COMPOSE["services"]["database"]
SERVICE = COMPOSE["services"]["service"]


def stages():
    """The Dockerfile's stages in order: each one's name, what it is made from, and its instructions."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.M).replace("\\\n", "")
    return [(name, base, instructions.splitlines()) for base, name, instructions
            in re.findall(r"^FROM (\S+)(?: AS (\S+))?\n((?:(?!FROM ).*\n?)*)", text, re.M)]


def usual(argument):
    """What an argument of the Dockerfile is when nobody gives it."""
    return re.search(rf"^ARG {argument}=(\S+)$", DOCKERFILE, re.M)[1]


def instructions_of(name):
    return next(instructions for stage, _, instructions in stages() if stage == name)


def mounted():
    """What compose.yaml puts from here into containers: service, path here, path there."""
    return [(name, *volume.split(":")[:2]) for name, service in COMPOSE["services"].items()
            for volume in service.get("volumes", []) if volume.startswith("./")]


def seconds(text):
    """As Compose, systemd and the program write them here."""
    number, unit = re.fullmatch(r"(\d+)(s|m|min|)", str(text)).groups()
    return int(number) * (60 if unit.startswith("m") else 1)


def drain_timeout():
    """What requests may take after SIGTERM, where nobody says otherwise; a test of the page looks whether it is the program's."""
    return seconds(re.search(r"^\| `drain_timeout`.*\| (\w+) \|$", (ROOT / "docs/how-to/http.md").read_text(), re.M)[1])


def test_compose_file_names_what_there_is():
    assert SERVICE["build"]["target"] in [name for name, _, _ in stages()]
    assert stages()[-1][1].startswith("postgres:"), "the default target is the database"
    for _, here, _ in mounted():
        assert (ROOT / here).is_file()


def test_compose_file_keeps_the_data_of_every_postgresql_on_its_volume():
    """The image of PostgreSQL 18 has its data elsewhere than those before, unless it is told."""
    assert f"data:{DATABASE['environment']['PGDATA']}" in DATABASE["volumes"]
    assert DATABASE["build"]["args"]["PG_MAJOR"] == f"${{PG_MAJOR:-{usual('PG_MAJOR')}}}"


def test_a_workspace_is_made_after_the_extension():
    """PostgreSQL's image runs its scripts by name."""
    folder = "/docker-entrypoint-initdb.d/"
    made = re.findall(rf"{folder}(\S+)", "\n".join(stages()[-1][2]))
    given = [there.removeprefix(folder) for _, _, there in mounted() if there.startswith(folder)]
    assert len(made) == len(given) == 1
    assert sorted(made + given) == made + given


def test_service_reads_its_settings_where_it_looks_for_them():
    command = next(line.removeprefix("CMD ") for line in instructions_of("service") if line.startswith("CMD "))
    assert ("service", "./" + str(SETTINGS.relative_to(ROOT)), json.loads(command)[-1]) in mounted()


def test_service_listens_where_its_port_is_published():
    listen = tomllib.loads(SETTINGS.read_text())["serve"]["listen"]
    (published,) = SERVICE["ports"]
    assert published.split(":")[0] == "127.0.0.1", "its token is known to everybody"
    port = published.split(":")[-1]
    assert listen == f"0.0.0.0:{port}"
    assert f"EXPOSE {port}" in instructions_of("service")


def test_service_logs_in_to_the_database_that_is_made():
    target = urllib.parse.urlsplit(SERVICE["environment"]["DATABASE_URL"])
    assert COMPOSE["services"][target.hostname] is DATABASE
    assert target.path == "/" + DATABASE["environment"]["POSTGRES_DB"]
    script = next((ROOT / here).read_text() for name, here, _ in mounted() if name == "database")
    assert f"CREATE ROLE {target.username} LOGIN NOINHERIT PASSWORD '{target.password}';" in script


def test_requests_under_way_are_finished_before_anything_kills():
    serve = tomllib.loads(SETTINGS.read_text())["serve"]
    assert "command" not in SERVICE and not [name for name in SERVICE["environment"] if name.startswith("PHASEGATE_")]
    # Beside that it has to start ending, and to end.
    assert seconds(SERVICE["stop_grace_period"]) >= seconds(serve.get("drain_timeout", f"{drain_timeout()}s")) + 5
    unit = (ROOT / "service/packaging/phasegate.service").read_text()
    assert seconds(re.search(r"^TimeoutStopSec=(.*)$", unit, re.M)[1]) >= drain_timeout() + 5
    told = re.findall(r"docker run .*phasegate-service$", (ROOT / "docs/how-to/http.md").read_text(), re.M)
    assert told
    for line in told:
        assert seconds(re.search(r"--stop-timeout (\d+)", line)[1]) >= drain_timeout() + 5


def test_database_is_not_killed_before_its_checkpoint():
    """It is stopped after the service, which depends on it, and with a stop signal of its image's own."""
    assert SERVICE["depends_on"]["database"]["condition"] == "service_healthy"
    assert seconds(DATABASE["stop_grace_period"]) >= 60
    assert not any(line.startswith(("STOPSIGNAL", "ENTRYPOINT", "CMD")) for line in stages()[-1][2])


def test_images_are_of_one_debian():
    """What is compiled on one release may ask for a newer C library than another has."""
    names = {name for name, _, _ in stages()}
    releases = {re.search(r"[:-]([a-z]+)(?:-slim)?$", base)[1] for _, base, _ in stages() if base not in names}
    assert len(releases) == 1


@pytest.mark.parametrize("manifest", ["Cargo.toml", "service/Cargo.toml"])
def test_image_has_the_rust_that_is_needed(manifest):
    assert tomllib.loads((ROOT / manifest).read_text())["package"]["rust-version"] == usual("RUST")


def test_image_has_certificates_where_crates_are_fetched():
    """Rust's image has them, PostgreSQL's has not."""
    for name, base, instructions in stages():
        runs = [line for line in instructions if line.startswith("RUN ")]
        if any(re.search(r"\bcargo build\b|\bmake package\b", line) for line in runs) and base != "rust":
            assert any(re.search(r"apt-get install\b.* ca-certificates\b", line) for line in runs), name


def test_image_of_the_program_runs_as_a_number_that_is_not_root():
    assert [line for line in instructions_of("service") if re.fullmatch(r"USER [1-9]\d*:[1-9]\d*", line)]


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    """The files that images are built from: those that are kept here, without those that .dockerignore names."""
    ignored = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert not [line for line in ignored if re.search(r"[*?!\[]", line)], "plain paths only, or this test has to learn patterns"
    kept = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True,
                          stdout=subprocess.PIPE, text=True).stdout.split("\0")
    folder = tmp_path_factory.mktemp("context")
    for name in filter(None, kept):
        if (ROOT / name).is_file() and not any(name == path or name.startswith(path + "/") for path in ignored):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def test_context_has_what_the_dockerfile_copies(context):
    sources = [line.split()[1] for _, _, instructions in stages() for line in instructions
               if line.startswith("COPY ") and "--from=" not in line]
    assert sources
    for source in sources:
        assert (context / source).exists(), source


def test_context_has_what_is_compiled(context):
    for manifest in ("Cargo.toml", "service/Cargo.toml"):
        # Fails where a file is missing that the manifest names.
        subprocess.run(["cargo", "metadata", "--offline", "--locked", "--no-deps", "--format-version=1", "--manifest-path", context / manifest],
                       check=True, stdout=subprocess.DEVNULL)
        assert (context / manifest).with_name("Cargo.lock").is_file()
    included = [(source, name) for source in context.rglob("*.rs")
                for name in re.findall(r'include(?:_str|_bytes)?!\(\s*"([^"]+)"', source.read_text())]
    assert included
    for source, name in included:
        assert (source.parent / name).exists(), f"{source} includes {name}"


def test_context_has_what_is_packaged(context):
    """As the image packages it; only the library is the one that was compiled for the tests."""
    major, compiled = os.environ["PG_MAJOR"], pathlib.Path(os.environ["PHASEGATE_TARGET"])
    shutil.copytree(compiled / f"package-{major}-dev", context / f"target/package-{major}-dev")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PHASEGATE_", "CARGO_TARGET_DIR", "MAKE", "TESTS"))}
    environment |= {"PHASEGATE_BUILT": "1", "PROFILE": "dev"}
    assert "make package" in "\n".join(instructions_of("build"))
    subprocess.run(["make", "package"], cwd=context, env=environment, check=True, stdin=subprocess.DEVNULL)
    assert list((context / "target/dist").glob(f"phasegate-*-pg{major}-*.tar.gz"))
    # Said of everything that CREATE EXTENSION runs.
    subprocess.run([context / "pgrx-config/extension-files.sh", context / "target/extension"], env=environment, check=True)
