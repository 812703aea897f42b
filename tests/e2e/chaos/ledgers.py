"""What printers gave, what their collector counted, and what is in Odoo: compared.

A printer gave a reading if it answered each question of a whole one, and its collector
was not killed before it had nothing more to do: until it is on disk it may be lost.
"""

from collections import Counter

from tests.e2e.chaos.printers import FIRST, Reading
from tests.e2e.chaos.world import World

#: Seconds between a reading and the moment that it has in Odoo.
TOLERANCE = 10

Key = tuple[str, int]
"""A printer's address, and a life count that it told once."""

COUNTERS = ("accepted", "duplicate", "pending", "ignored", "rejected", "dropped")


class Ledgers:
    """All of them, as they stand when everything was sent."""

    def __init__(self, world: World, status: dict) -> None:
        self.world, self.status = world, status
        self.begun: dict[Key, Reading] = {
            (printer.address, reading.life): reading
            for printer in world.printers
            for reading in printer.readings
        }
        self.given = {
            key: reading
            for key, reading in self.begun.items()
            if self._is_sure(reading)
        }
        self.rows = world.site.query(
            "SELECT raw->>'address', (raw->'meters'->>'life')::int, state,"
            "       extract(epoch FROM read_at)::float8"
            "  FROM focalist_meter_reading WHERE raw->'meters' ? 'life'"
        )
        self.found = {(address, life): row for address, life, *row in self.rows}

    def _is_sure(self, reading: Reading) -> bool:
        world = self.world
        whole = tuple(reading.questions) in world.complete
        killed = any(calm <= reading.ended <= end for calm, end in world.kills)
        return whole and reading.mood not in ("calibration", "garbage") and not killed

    def __str__(self) -> str:
        moods = Counter(reading.mood for reading in self.given.values())
        counts = ", ".join(f"{name} {self.status[name]}" for name in COUNTERS)
        return (
            f"{len(self.begun)} readings begun, {len(self.given)} given"
            f" ({', '.join(f'{mood} {number}' for mood, number in moods.items())}),"
            f" {len(self.found)} in Odoo; the daemon counted: {counts}; calls:"
            f" {self.world.line.calls}; the daemon ended {len(self.world.kills)} times,"
            f" its machine {len(self.world.boots)}, the server {self.world.crashes}"
        )

    def missing(self) -> list[Key]:
        """What was given by a printer that is in service, and is not there."""
        in_service = [k for k, one in self.given.items() if one.mood != "another"]
        return sorted(set(in_service) - self.found.keys())

    def check(self) -> None:
        """Each reading is there once, as it was given, and no other."""
        assert self.status["spooled"] == 0
        times = Counter((address, life) for address, life, *_row in self.rows)
        twice = {key for key, number in times.items() if number > 1}
        assert not twice & self.begun.keys(), f"twice: {twice & self.begun.keys()}"
        garbled = {k[0] for k, one in self.begun.items() if one.mood == "garbage"}
        invented = {key for key in self.found.keys() - self.begun.keys()}
        assert {key[0] for key in invented} <= garbled, f"nobody said: {invented}"
        self._check_states()
        self._check_others()

    def _check_states(self) -> None:
        for key in self.given.keys() & self.found.keys():
            reading, (state, read_at) = self.given[key], self.found[key]
            assert state in ("accepted", "quarantined"), (key, state)
            if reading.life > FIRST and self._has_time(reading):
                wrong = read_at - reading.moment
                assert abs(wrong) < TOLERANCE, f"{key} is {wrong:.0f} s wrong"

    def _has_time(self, reading: Reading) -> bool:
        """Whether the server was heard before the machine started anew."""
        boots = self.world.boots
        return next((heard for end, heard in boots if reading.ended < end), True)

    def _check_others(self) -> None:
        """Who told another serial number waits to be completed, once."""
        told = {key[0] for key, one in self.given.items() if one.mood == "another"}
        others = {p.other_serial for p in self.world.printers if p.address in told}
        waiting = dict(
            self.world.site.query(
                "SELECT serial_number, count(*) FROM focalist_device"
                " WHERE state = 'to_complete' GROUP BY serial_number"
            )
        )
        assert others <= waiting.keys()
        assert {waiting[serial] for serial in others} <= {1}, waiting

    def check_dropped(self) -> None:
        """What is missing was counted, and not much more than that."""
        missing, dropped = len(self.missing()), self.status["dropped"]
        assert missing <= dropped, f"{missing} are missing: {self.missing()}"
        unsure = len(self.begun) - len(self.given)
        others = [k for k, one in self.given.items() if one.mood == "another"]
        # In Odoo, though the answer that said so was lost or cut on its way.
        unheard = len(self.found) - self.status["accepted"] - self.status["duplicate"]
        assert dropped <= missing + unsure + len(others) + unheard
