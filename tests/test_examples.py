"""The examples run, and show what they promise."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import requests
from standardwebhooks import Webhook

from driftwatch.config.web import Listen
from driftwatch.net.signing import generate_secret
from driftwatch.store.database import Database
from driftwatch.web.server import open_pages
from tests.support.databases import _lite, store
from tests.support.site import open_site

__all__ = ["_lite", "store"]

EXAMPLES = Path(__file__).parent.parent / "examples"


def test_watching_a_folder_of_files_finds_the_day_on_which_amounts_moved() -> None:
    ended = subprocess.run(
        [sys.executable, str(EXAMPLES / "watch_files.py")], capture_output=True, text=True, check=True
    )

    assert "11 windows judged: 4 drift, 7 ok" in ended.stdout
    assert "orders: amount looks different" in ended.stdout
    assert not ended.stderr


def test_the_receiver_takes_genuine_messages_and_refuses_others() -> None:
    secret, port = generate_secret(), find_port()
    body = json.dumps({"type": "delivery.test", "data": {"text": "This is a test."}})
    now = datetime.now(UTC)
    signed = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(msg_id="msg_1", timestamp=now, data=body),
    }
    receiver = subprocess.Popen(
        [sys.executable, str(EXAMPLES / "receive_webhooks.py"), str(port)],
        env={**os.environ, "WEBHOOK_SECRET": secret},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(port)
        genuine = requests.post(url, data=body, headers=signed, timeout=5)
        forged = requests.post(url, data=body + " ", headers=signed, timeout=5)
        again = requests.post(url, data=body, headers=signed, timeout=5)
    finally:
        receiver.terminate()
        printed, _ = receiver.communicate(timeout=10)

    assert (genuine.status_code, forged.status_code, again.status_code) == (204, 401, 204)
    assert printed == "delivery.test This is a test.\n"


def test_a_pipeline_puts_a_bad_batch_into_quarantine_and_leaves_what_is_not_known(
    store: Database, tmp_path: Path
) -> None:
    site = open_site(store)
    site.live("..a")
    for day in ("2013-02-02", "2013-02-03", "2013-02-04"):
        (tmp_path / f"{day}.csv").write_text("amount\n1\n")
    server = open_pages(lambda: site.app, Listen(host="127.0.0.1", port=0))
    try:
        command = [sys.executable, str(EXAMPLES / "quarantine.py"), f"http://{server.listen}", "flights"]
        ended = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, check=False)
    finally:
        server.close()
    alone = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stderr) == (1, "")
    assert [line.split(" (")[0] for line in ended.stdout.splitlines()] == [
        "2013-02-02: ready",
        "2013-02-03: quarantine",
        "2013-02-04: waits",
    ]
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*")) == [
        "2013-02-04.csv",
        "quarantine/2013-02-03.csv",
        "quarantine/2013-02-03.why.txt",
        "ready/2013-02-02.csv",
    ]
    assert "amount" in (tmp_path / "quarantine" / "2013-02-03.why.txt").read_text()
    assert alone.returncode == 3
    assert (tmp_path / "2013-02-04.csv").exists()


def find_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError("the receiver does not listen")
