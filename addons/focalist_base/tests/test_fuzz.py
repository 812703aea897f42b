import random

from odoo.tests import tagged

from .common import FULL, FocalistCase
from .fuzz import Fuzzer

MUTANTS = 10_000 if FULL else 500
BATCH, GOOD = 40, 8
STATUSES = {"accepted", "duplicate", "pending", "ignored", "rejected"}


@tagged("post_install", "-at_install")
class TestFuzz(FocalistCase):
    """What is wrong with a report is told of it alone, whatever it is."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.devices_of_mutants = cls.env["focalist.device"]
        cls.devices = cls.env["focalist.device"].union(
            *(cls.device(f"GOOD{number:02}") for number in range(GOOD))
        )
        cls.theirs = cls.device("THEIRS1", cls.site_b)
        # Half of the mutants are of devices in service, whose ledger they reach.
        for number in range(0, BATCH - GOOD, 2):
            cls.devices_of_mutants |= cls.device(f"MUTANT{number}")
        cls.collector = {"partner": cls.client_a, "site": cls.site_a}

    def whole_report(self, hour, serial):
        """A report with all that one can hold."""
        return self.report(
            hour,
            serial,
            uptime=86400,
            hostname="prn-1",
            location="2nd floor",
            firmware="1.24",
            status="idle",
            console="Ready",
            meters={"life": 999 + hour, "total": 900 + hour, "mono": 800, "a3": 7},
            meter_sources={"total": "1.3.6.1.4.1.367.1"},
            meter_units={"life": "impressions"},
            supplies=[
                self.supply(60.0 - hour, serial="CRUM1"),
                self.supply(30.0, "1.2", kind="drum", color=None),
            ],
            inputs=[{"index": "1.1", "name": "Tray 1", "level": 250}],
            alerts=[self.alert(), self.alert("1.6", code=808)],
        )

    def state_of_good(self):
        """All that is known of the good devices and of another client's."""
        devices = self.devices + self.theirs
        state = self.ledger(devices)
        for model, names in (
            ("focalist.supply", ["device_id", "index", "percent", "serial", "active"]),
            ("focalist.alert", ["device_id", "index", "code", "raised_at"]),
        ):
            state[model] = (
                self.env[model]
                .search([("device_id", "in", devices.ids)], order="device_id, index")
                .read(names, load=None)
            )
            for row in state[model]:
                del row["id"]
        # Rows of the two runs have ids of their own: placements are the same ones.
        return state

    def take(self, reports):
        """Ingest as the route does, and take it back.

        :return: (results, state of the good devices, uids and serials that were kept)
        """
        with self.env.cr.savepoint(flush=True) as savepoint:
            results = self.ingest(*reports, **self.collector)
            self.env.flush_all()
            state = self.state_of_good()
            others = self.env["focalist.device"].with_context(active_test=False)
            known = self.devices | self.devices_of_mutants | self.theirs
            found = others.search([("id", "not in", known.ids)])
            kept = (
                set(self.env["focalist.meter.reading"].search([]).mapped("uid")),
                set(found.mapped("serial_number")),
            )
            savepoint.rollback()
            self.env.invalidate_all(flush=False)
        return results, state, kept

    def test_mutants_touch_nothing_but_themselves(self):
        seed = random.randrange(2**32) if FULL else 7
        rng = random.Random(seed)
        fuzzer = Fuzzer(rng)
        told = dict.fromkeys(STATUSES, 0)
        for number in range(MUTANTS // (BATCH - GOOD) + 1):
            with self.subTest(seed=seed, batch=number):
                good = [
                    self.whole_report(rng.randrange(60), device.serial_number)
                    for device in self.devices
                ]
                mutants = self.mutants(fuzzer, good)
                for result in self.check_batch(rng, good, mutants):
                    told[result["status"]] += 1
        # It does mutate: some are refused, and some are harmless.
        self.assertGreater(told["rejected"], MUTANTS / 5)
        self.assertGreater(told["pending"] + told["accepted"], MUTANTS / 20)

    def mutants(self, fuzzer, good):
        """Wrong reports, of devices of their own or of another client's."""
        mutants = []
        for number in range(BATCH - GOOD):
            serial = "THEIRS1" if fuzzer.rng.random() < 0.15 else f"MUTANT{number}"
            mutants.append(fuzzer.mutant(self.whole_report(number, serial)))
        # Twice the same, and what is good a second time.
        mutants[-2:] = [mutants[0], good[0]]
        return mutants

    def check_batch(self, rng, good, mutants):
        alone, expected, _kept = self.take(good)
        self.assertEqual({result["status"] for result in alone}, {"accepted"})
        batch = [(True, report) for report in good]
        batch += [(False, report) for report in mutants]
        rng.shuffle(batch)
        with self.assertNoLogs("odoo", level="ERROR"):
            results, state, (uids, serials) = self.take([r for _g, r in batch])
        self.assertEqual(len(results), len(batch))
        self.assertEqual(state, expected)
        told, wrong = {}, []
        fault = self.env["focalist.device"]._report_error_message("fault")
        for (is_good, report), result in zip(batch, results, strict=True):
            self.assertEqual(result.keys(), {"uid", "status", "message"})
            self.assertIn(result["status"], STATUSES)
            self.assertIsInstance(result["message"], str)
            if is_good:
                told.setdefault(report["uid"], set()).add(result["status"])
                continue
            wrong.append(result)
            if result["status"] == "rejected":
                self.assertTrue(result["message"])
                self.assertNotEqual(result["message"], fault)
        # The one that came twice may be the second one.
        for report in good:
            self.assertLessEqual(told[report["uid"]], {"accepted", "duplicate"})
        taken = {r["uid"] for r in results if r["status"] in ("accepted", "pending")}
        taken |= {r["uid"] for r in results if r["status"] == "duplicate"}
        # What is not taken leaves nothing behind: no reading, no device.
        self.assertLessEqual(uids, taken)
        pending = sum(result["status"] == "pending" for result in results)
        self.assertLessEqual(len(serials), pending)
        return wrong
