"""docs/how-to/board.md: its command shows the board, and its pictures are there."""

import os
import re
import select
import signal
import subprocess

import httpx

from serving import ROOT, program, url

PAGE = (ROOT / "docs/how-to/board.md").read_text("utf-8")


def test_command_of_the_page_shows_the_board(shop):
    (command,) = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.M | re.S)
    command = command.replace(" phasegate ", f" {program()} ").replace("postgresql:///app", f"'{url(shop.database)}'")
    process = subprocess.Popen(["bash", "-c", f"exec env {command}"], env=os.environ | {"PHASEGATE_LISTEN": "127.0.0.1:0"}, text=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert select.select([process.stdout], [], [], 120)[0]
        address = process.stdout.readline().split()[-1]
        assert "<h1>Board</h1>" in httpx.get(address, trust_env=False, timeout=60).text
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 0


def test_pictures_of_the_page_are_there():
    pictures = [ROOT / "docs/how-to" / path for path in re.findall(r"!\[.+?\]\((.+?)\)", PAGE)]
    assert len(pictures) == 4
    for picture in pictures:
        assert picture.read_bytes().startswith(b"\x89PNG") and picture.stat().st_size < 300_000, picture
