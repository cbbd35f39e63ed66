"""docs/how-to/http.md: what it runs gives what it shows."""

import json
import os
import re
import subprocess

import psycopg
import pytest

from serving import ROOT, make_workspace, program, serving, url

PAGE = (ROOT / "docs/how-to/http.md").read_text("utf-8")


def blocks():
    return re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.M | re.S)


def fits(shown, found):
    """Whether what is shown is in what was found; … stands for anything."""
    if shown == "…":
        return found is not None
    if isinstance(shown, dict):
        return isinstance(found, dict) and all(key in found and fits(value, found[key]) for key, value in shown.items())
    if isinstance(shown, list):
        return isinstance(found, list) and len(shown) == len(found) and all(map(fits, shown, found))
    return shown == found


def test_shell_commands_give_what_is_shown(database, tmp_path):
    make_workspace(database)
    with serving(url(database)) as service:
        script, shown = "", []
        for kind, text in blocks():
            if kind == "sh" and "curl" in text:
                mark = f"=== {len(shown)}"
                script += text.replace("http://127.0.0.1:8080", service.address) + f"\necho; echo '{mark}'\n"
                shown.append(None)
            elif kind == "json":
                shown[-1] = json.loads(text)
        done = subprocess.run(["bash", "-eu", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, done.stderr
        outputs = re.split(r"=== \d+\n", done.stdout)
        assert len(shown) == 6
        for expected, output in zip(shown, outputs):
            assert fits(expected, json.loads(output)), output


def test_settings_of_the_page_are_settings(database, tmp_path):
    """The file and the roles that it shows work as they are; only its key, address and database are the test's own."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    (tmp_path / "jwt.pem").write_bytes(key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
    (settings,) = [text for kind, text in blocks() if kind == "toml"]
    settings = settings.replace("/etc/phasegate/jwt.pem", str(tmp_path / "jwt.pem"))
    statements = [text for kind, text in blocks() if kind == "sql"]
    for name in ("shop_app", "shop_agent", "shop_login"):
        settings = settings.replace(name, f"regress_{name}")
        statements = [text.replace(name, f"regress_{name}") for text in statements]
    (tmp_path / "phasegate.toml").write_text(settings)
    with psycopg.connect(dbname=database, autocommit=True) as owner:
        try:
            for text in statements:
                owner.execute(text)
            with serving(url(database, user="regress_shop_login"), "--config", tmp_path / "phasegate.toml", workspace=None) as service:
                service.ask("GET", "/tickets", 401)
        finally:
            owner.execute("DROP OWNED BY regress_shop_app, regress_shop_agent")
            owner.execute("DROP ROLE regress_shop_login, regress_shop_app, regress_shop_agent")


def test_flags_settings_and_defaults_of_the_table_are_the_programs():
    help = subprocess.run([program(), "serve", "--help"], check=True, capture_output=True, text=True).stdout
    # Each flag's text in one line, from its name to that of the next.
    texts = {text.split()[0]: " ".join(text.split()) for text in re.split(r"^ +(?:-\w, )?(?=--)", help, flags=re.M)[1:]}
    rows = re.findall(r"^\| `(\w+)`[^|]*\| `(--[\w-]+)`[^|]*\| (.*) \|$", PAGE, re.M)
    assert rows
    for setting, flag, default in rows:
        assert flag in texts and flag == "--" + setting.replace("_", "-")
        said = re.search(r"\[default: (\S+?)\]", texts[flag])
        assert (said[1] if said else "none") == default.strip("`"), flag
