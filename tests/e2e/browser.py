"""A real Chromium, spoken to by its own protocol (CDP) over one connection."""

import json
import subprocess
import time
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path

import pytest
import websocket

from launcher import system


class Browser:
    """The browser; its pages are told apart by their sessions."""

    def __init__(self, url: str):
        self.connection = websocket.create_connection(
            url, timeout=30, suppress_origin=True
        )
        self.numbers = count(1)

    def send(self, method: str, session: str = "", **params) -> dict:
        """Call a method of the protocol; its result."""
        number = next(self.numbers)
        said = {"id": number, "method": method, "params": params}
        if session:
            said["sessionId"] = session
        self.connection.send(json.dumps(said))
        while (answer := json.loads(self.connection.recv())).get("id") != number:
            pass
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def pages(self) -> list[dict]:
        found = self.send("Target.getTargets")["targetInfos"]
        return [one for one in found if one["type"] == "page"]

    def attach(self, target: str) -> "Page":
        attached = self.send("Target.attachToTarget", targetId=target, flatten=True)
        page = Page(self, attached["sessionId"])
        # What is behind another tab is not drawn.
        self.send("Emulation.setFocusEmulationEnabled", page.session, enabled=True)
        return page

    def open(self, url: str) -> "Page":
        return self.attach(self.send("Target.createTarget", url=url)["targetId"])


class Page:
    """A tab."""

    def __init__(self, browser: Browser, session: str):
        self.browser, self.session = browser, session

    def run(self, script: str):
        """The value of an expression, awaited, as if a person had clicked."""
        said = self.browser.send(
            "Runtime.evaluate",
            self.session,
            expression=script,
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        if "exceptionDetails" in said:
            raise RuntimeError(said["exceptionDetails"])
        return said["result"].get("value")

    def go(self, url: str) -> None:
        self.browser.send("Page.navigate", self.session, url=url)

    def wait(self, condition: str, seconds: float = 40):
        """Wait until an expression is true; a page that is left is no error."""
        until, last = time.monotonic() + seconds, None
        while time.monotonic() < until:
            try:
                if last := self.run(condition):
                    return last
            except RuntimeError as error:
                last = error
            time.sleep(0.2)
        text = self.run("document.documentElement.outerHTML")
        raise AssertionError(f"{condition}: {last}\n{text[:2000]}")


@contextmanager
def running_browser(folder: Path):
    if not (program := system.CHROMIUM.find()):
        pytest.skip(f"{system.CHROMIUM.name} is missing: {system.CHROMIUM.cost}")
    process = subprocess.Popen(
        [
            program,
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            # The tests' certificates are signed by themselves.
            "--ignore-certificate-errors",
            "--remote-debugging-port=0",
            f"--user-data-dir={folder}",
            "about:blank",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        told = folder / "DevToolsActivePort"
        until = time.monotonic() + 30
        while not told.exists() or len(told.read_text().split()) < 2:
            assert time.monotonic() < until and process.poll() is None
            time.sleep(0.1)
        port, path = told.read_text().split()
        browser = Browser(f"ws://127.0.0.1:{port}{path}")
        with closing(browser.connection):
            yield browser
    finally:
        process.terminate()
        process.wait(10)
