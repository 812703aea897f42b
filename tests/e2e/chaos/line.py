"""The line between the agent and the server: it may be cut at any moment."""

import random
import select
import socket
import struct
import threading
import time
from contextlib import closing, suppress

#: What may become of a call: it is refused, nobody says anything, the server's answer
#: is lost when it has done its work, or ends in the middle.
FAULTS = ("refuse", "stall", "lose", "cut")

#: The tests' own seconds of silence, before the line is found to be dead.
STALL = 0.2


class Line(threading.Thread):
    """Passes calls on to a port, as long as ``mode`` is "pass"."""

    def __init__(self, port: int, chance: random.Random) -> None:
        super().__init__(daemon=True)
        self._target, self._chance = ("127.0.0.1", port), chance
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listening.getsockname()[1]
        self.mode = "pass"
        self.calls = dict.fromkeys(("pass", *FAULTS, "no server"), 0)
        self.under_way: set[socket.socket] = set()
        self.answered_at = 0.0
        """when an answer last got through, by time.monotonic()"""

    def run(self) -> None:
        with suppress(OSError):  # closed
            while True:
                caller, _ = self._listening.accept()
                threading.Thread(target=self._call, args=(caller,), daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _call(self, caller: socket.socket) -> None:
        mode = self.mode
        if mode == "flaky":
            mode = self._chance.choice(("pass", *FAULTS))
        self.under_way.add(caller)
        try:
            with closing(caller):
                self._carry(caller, mode)
        except OSError:
            pass  # one of the two was killed
        finally:
            self.under_way.remove(caller)

    def _carry(self, caller: socket.socket, mode: str) -> None:
        answer = b""
        if mode == "stall":
            until = time.monotonic() + STALL
            while self.mode != "pass" and time.monotonic() < until:
                time.sleep(0.01)
        elif mode != "refuse":
            answer = self._ask(caller)
            mode = mode if answer else "no server"
        self.calls[mode] += 1
        if mode == "pass":
            caller.sendall(answer)
            self.answered_at = time.monotonic()
            return
        if mode == "cut":
            caller.sendall(answer[: self._chance.randrange(len(answer))])
        # A reset, as of a line that breaks.
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _ask(self, caller: socket.socket) -> bytes:
        """The server's whole answer; nothing where it dies."""
        answer = b""
        try:
            with socket.create_connection(self._target, timeout=60) as server:
                while True:
                    for ready in select.select([caller, server], [], [])[0]:
                        data = ready.recv(65536)
                        if not data:
                            return answer if ready is server else b""
                        if ready is caller:
                            server.sendall(data)
                        else:
                            answer += data
        except OSError:
            return b""
