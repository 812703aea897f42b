"""What a person sees: steps and their seconds, progress, problems in plain words."""

import os
import sys
import time
from contextlib import contextmanager

#: Where no terminal rewrites its line, progress is printed once in so many seconds.
QUIET_INTERVAL = 15
LOG_WIDTH = 100


class Problem(Exception):
    """Something that the person at the keyboard can put right; shown untraced."""


def say(text: str = "") -> None:
    print(text, flush=True)


def warn(text: str) -> None:
    first, *rest = text.splitlines()
    say("\n".join([f"! {first}", *(f"  {line}" for line in rest)]))


#: The steps that were done, in their order.
finished: list["Step"] = []


class Step:
    """A line of output that stays alive while the work goes on."""

    def __init__(self, title: str):
        self.title = title
        self.started = self.shown = time.monotonic()
        self.ended: float | None = None
        self.live = sys.stdout.isatty()

    @property
    def seconds(self) -> float:
        return (self.ended or time.monotonic()) - self.started

    def progress(self, text: str) -> None:
        """Show how far the work is: at once on a terminal, now and then in a log."""
        now = time.monotonic()
        if self.live:
            width = max(40, os.get_terminal_size().columns - 1)
            line = f"  {self.title} … {self.seconds:.0f} s  {text}"[:width]
            print(f"\r\033[K{line}", end="", flush=True)
        elif now - self.shown >= QUIET_INTERVAL:
            self.shown = now
            say(f"  {self.title} … {self.seconds:.0f} s  {text}"[:LOG_WIDTH])

    def finish(self, mark: str) -> None:
        self.ended = time.monotonic()
        clear = "\r\033[K" if self.live else ""
        say(f"{clear}{mark} {self.title}  ({self.seconds:.1f} s)")


@contextmanager
def step(title: str):
    """Announce a piece of work, and say how long it took or that it failed."""
    work = Step(title)
    work.progress("")
    try:
        yield work
    except BaseException:
        work.finish("✗")
        raise
    work.finish("✓")
    finished.append(work)
