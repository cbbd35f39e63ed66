"""The companion as a Debian package, and with the settings that compose.yaml gives it."""

import os
import pathlib
import re
import shutil
import subprocess

import psycopg
import pytest

from serving import ROOT, Service, serving, url


@pytest.fixture(scope="module")
def package():
    if shutil.which("dpkg-deb") is None:
        pytest.skip("dpkg-deb is not installed")
    printed = subprocess.run(["pgrx-config/package-service.sh"], cwd=ROOT, env=os.environ | {"PROFILE": "dev"}, check=True,
                             stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL).stdout.split()
    return pathlib.Path(printed[-1])


def test_debian_package_has_program_unit_and_settings(package, tmp_path):
    subprocess.run(["dpkg-deb", "--raw-extract", package, tmp_path / "root"], check=True)
    root = tmp_path / "root"
    version = subprocess.run([root / "usr/bin/phasegate", "--version"], check=True, capture_output=True, text=True).stdout.split()[1]
    control = (root / "DEBIAN/control").read_text()
    assert f"Version: {version}-1\n" in control and "Package: phasegate\n" in control
    assert (root / "DEBIAN/conffiles").read_text() == "/etc/phasegate/phasegate.toml\n"
    # A password may stand in the settings.
    assert (root / "etc/phasegate/phasegate.toml").stat().st_mode & 0o777 == 0o640
    for script in ("postinst", "prerm", "postrm"):
        subprocess.run(["sh", "-n", root / "DEBIAN" / script], check=True)
    assert subprocess.run(["md5sum", "--check", "--quiet", "DEBIAN/md5sums"], cwd=root).returncode == 0
    for completion in ("bash-completion/completions/phasegate", "zsh/vendor-completions/_phasegate", "fish/vendor_completions.d/phasegate.fish"):
        assert "serve" in (root / "usr/share" / completion).read_text()


def test_packaged_program_serves_with_the_settings_of_the_package(package, database, tmp_path):
    subprocess.run(["dpkg-deb", "--extract", package, tmp_path], check=True)
    with psycopg.connect(dbname=database, autocommit=True) as owner:
        owner.execute("SELECT phasegate.create_workspace('shop')")
    environment = {"PHASEGATE_CONFIG": str(tmp_path / "etc/phasegate/phasegate.toml"), "DATABASE_URL": url(database), "PATH": os.environ["PATH"]}
    command = [tmp_path / "usr/bin/phasegate", "serve", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, stdin=subprocess.DEVNULL) as process:
        assert process.stdout.readline().startswith("phasegate listens on http://127.0.0.1:")
        process.terminate()
        assert process.wait(30) == 0


def test_unit_is_one_that_systemd_takes(package, tmp_path):
    unit = (ROOT / "service/packaging/phasegate.service").read_text()
    settings = dict(line.split("=", 1) for line in unit.splitlines() if re.match(r"^\w+=", line))
    assert settings["ExecStart"].split()[0] == "/usr/bin/phasegate" and settings["User"] == "phasegate"
    assert settings["User"] in (ROOT / "service/packaging/sysusers.conf").read_text()
    if shutil.which("systemd-analyze") is None:
        return
    # The program is not installed here: it is looked for where the test has it.
    text = unit.replace("/usr/bin/phasegate", "/bin/true").replace("User=phasegate", "User=daemon")
    (tmp_path / "phasegate.service").write_text(text)
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", tmp_path / "phasegate.service"], capture_output=True, text=True)
    assert "phasegate.service:" not in done.stderr, done.stderr


def test_settings_of_the_compose_file_work(database):
    """Its workspace and its settings, on a server that is there."""
    names = {"shop_manager": "regress_shop_manager", "shop_login": "regress_shop_login"}
    renamed = lambda text: re.sub("|".join(names), lambda found: names[found.group()], text)
    folder = ROOT / "service/packaging/compose"
    settings = pathlib.Path(os.environ["PHASEGATE_TARGET"]) / f"compose-{os.getpid()}.toml"
    settings.write_text(renamed((folder / "phasegate.toml").read_text()))
    with psycopg.connect(dbname=database, autocommit=True) as owner:
        try:
            owner.execute(renamed((folder / "workspace.sql").read_text()))
            target = url(database, user=names["shop_login"])
            with serving(target, "--config", settings, workspace=None) as service:
                headers = {"Authorization": "Bearer change-me"}
                one = service.post("/tickets", {"title": "x"}, 201, headers=headers)["id"]
                moved = service.post(f"/tickets/{one}/transition", {"to_phase": "PHASE_REQUIREMENTS"}, headers=headers)
                assert moved["transition"]["transitioned_by"] == "admin"
                service.ask("GET", "/tickets", 401)
        finally:
            settings.unlink()
            for name in names.values():
                owner.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")
