"""Fixtures of the board's tests."""

import uuid

import psycopg
import pytest
from playwright.sync_api import sync_playwright

from boards import CHROMIUM, FLAGS, Shop, Window, open_to_all, part_way
from serving import serving


@pytest.fixture(scope="session")
def browser():
    if not CHROMIUM:
        pytest.skip("there is no chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def shop_template():
    """A database with the demo's tickets part of the way, to be cloned."""
    name = f"pytest_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(dbname="postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    part_way(name)
    yield name
    with psycopg.connect(dbname="postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def shop(shop_template):
    name = f"pytest_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(dbname="postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {shop_template}")
    shop = Shop(name)
    yield shop
    shop.close()
    with psycopg.connect(dbname="postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def service(shop):
    with open_to_all(shop) as service:
        yield service


@pytest.fixture
def keyed(shop, tmp_path):
    """A service that asks for keys; shop has a role for each level."""
    config, database_url = shop.with_keys(tmp_path)
    with serving(database_url, "--config", config, workspace=None) as service:
        yield service


@pytest.fixture
def window(browser):
    """window(service, ...) opens a browser of its own; nothing may have gone wrong in it."""
    windows = []

    def make(service, **options):
        window = Window(browser, service.address, **options)
        windows.append(window)
        return window

    yield make
    for window in windows:
        window.close()
