"""Other programs: run to their end, or kept running and stopped with us."""

import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from launcher.console import Problem

#: Seconds that a program has to end by itself before it is killed.
PATIENCE = 20


class Terminated(KeyboardInterrupt):
    """The launcher was asked to end (SIGTERM): like Ctrl-C, but by nobody's hand."""


def attend(command, *, end: int = signal.SIGTERM, **options) -> int:
    """Run a program that has our terminal, and return its status.

    Ctrl-C reaches it without us, and what it makes of that is its own affair; a
    request to end does not, and is passed on as the signal `end`.
    """
    with subprocess.Popen([str(part) for part in command], **options) as process:
        while True:
            try:
                return process.wait()
            except Terminated:
                process.send_signal(end)
            except KeyboardInterrupt:
                pass


def run(command, *, log: Path, on_line: Callable[[str], None] | None = None, **options):
    """Run `command` with its output in `log`; a failure shows the end of that log."""
    log.parent.mkdir(parents=True, exist_ok=True)
    tail = deque(maxlen=25)
    with (
        log.open("w", encoding="utf-8") as file,
        subprocess.Popen(
            [str(part) for part in command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=options.pop("stdin", subprocess.DEVNULL),
            text=True,
            errors="replace",
            **options,
        ) as process,
    ):
        try:
            for line in process.stdout:
                file.write(line)
                tail.append(line.rstrip())
                if on_line:
                    on_line(line.rstrip())
        except BaseException:
            process.terminate()
            raise
    if process.returncode:
        name = Path(str(command[0])).name
        text = "\n".join(f"    {line}" for line in tail)
        raise Problem(
            f"{name} failed with status {process.returncode}; the end of its output:\n"
            f"{text}\nAll of it is in {log}"
        )


def output(command, **options) -> str:
    """What a short command prints, stripped."""
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=True,
        **options,
    )
    return done.stdout.strip()


class Service:
    """A program that runs beside us until it is stopped.

    It has a process group of its own, so that Ctrl-C in the terminal reaches only
    the launcher, which then stops its services in order; and it is told to end when
    the launcher dies without having done so.
    """

    def __init__(self, name: str, command, *, log: Path, **options):
        self.name = name
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        guard = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
        with log.open("ab") as file:
            self.process = subprocess.Popen(
                [*guard, *(str(part) for part in command)],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **options,
            )

    def check(self) -> None:
        """Raise if the program has ended by itself."""
        if self.process.poll() is not None:
            lines = self.log.read_text(errors="replace").splitlines()[-15:]
            text = "\n".join(f"    {line}" for line in lines)
            raise Problem(
                f"{self.name} ended with status {self.process.returncode}:\n{text}\n"
                f"All of its output is in {self.log}"
            )

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                pass
        # What the program itself has started and left behind ends here too.
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


def wait_until(ready: Callable[[], object], *, seconds: float, what: str, watch=()):
    """Ask `ready` until it answers with something true, and return that."""
    end = time.monotonic() + seconds
    while True:
        if result := ready():
            return result
        for service in watch:
            service.check()
        if time.monotonic() > end:
            raise Problem(f"{what}: nothing in {seconds:.0f} s")
        time.sleep(0.25)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold `path` for this process alone; the kernel frees it if the process dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
