from odoo import Command
from odoo.tests import freeze_time, tagged

from .common import BillingCommon


@tagged("post_install", "-at_install")
class TestStays(BillingCommon):
    """Devices that come, go and come back, and contracts that follow each other."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other, cls.other_site = cls._make_client("Other")
        cls.other_contract = cls._make_contract(cls.other)

    def pages(self, day, contract=None):
        statement = self._bill(day, contract)
        return [
            (line.value_from, line.value_to)
            for line in statement.line_ids.sorted("read_from_at")
        ]

    def test_there_and_back_is_billed_once(self):
        device = self._read(
            self.site,
            "A001",
            ("2026-01-31 08:00", {"mono": 1000}),
            ("2026-02-28 08:00", {"mono": 2000}),
            ("2026-03-10 08:00", {"mono": 2500}),
        )
        device._move(self.other_site, self.at("2026-03-10 09:00:00"))
        self._read(
            self.other_site,
            "A001",
            ("2026-03-10 10:00", {"mono": 2500}),
            ("2026-03-31 08:00", {"mono": 7500}),
            ("2026-04-05 08:00", {"mono": 8500}),
        )
        device._move(self.site, self.at("2026-04-05 09:00:00"))
        self._read(
            self.site,
            "A001",
            ("2026-04-05 10:00", {"mono": 8500}),
            ("2026-04-20 08:00", {"mono": 8600}),
        )
        self.assertEqual(self.pages("2026-02-01"), [(1000, 2000)])
        self.assertEqual(self.pages("2026-03-01"), [(2000, 2500)])
        self.assertEqual(self.pages("2026-04-01"), [(8500, 8600)])
        self.assertEqual(self.pages("2026-03-01", self.other_contract), [(2500, 7500)])
        self.assertEqual(self.pages("2026-04-01", self.other_contract), [(7500, 8500)])

    def at(self, moment):
        return self.env["focalist.device"]._fields["last_report_at"].to_datetime(moment)

    def test_there_and_back_within_one_period(self):
        device = self._read(
            self.site,
            "A001",
            ("2026-02-28 08:00", {"mono": 100}),
            ("2026-03-05 08:00", {"mono": 200}),
        )
        device._move(self.other_site, self.at("2026-03-05 09:00:00"))
        self._read(self.other_site, "A001", ("2026-03-06 08:00", {"mono": 1000}))
        device._move(self.site, self.at("2026-03-20 09:00:00"))
        self._read(
            self.site,
            "A001",
            ("2026-03-20 10:00", {"mono": 5000}),
            ("2026-03-31 08:00", {"mono": 5050}),
        )
        self.assertEqual(self.pages("2026-03-01"), [(100, 200), (5000, 5050)])

    def test_undo_of_a_move(self):
        """A device that never left is billed on by its contract, and by it alone."""
        device = self._read(
            self.site,
            "A001",
            ("2026-02-28 08:00", {"mono": 1000}),
            ("2026-03-05 08:00", {"mono": 1100}),
        )
        for site, day in ((self.other_site, 6), (self.env["focalist.site"], 7)):
            at = self.at(f"2026-03-{day:02} 09:00:00")
            device._step(site, at, {device: {"mono": 1200}})
            device.action_take_back()
            member = (self.contract | self.other_contract).member_ids
            self.assertRecordValues(
                member, [{"contract_id": self.contract.id, "end_at": False}]
            )
        self._read(self.site, "A001", ("2026-03-31 08:00", {"mono": 1500}))
        self.assertEqual(self.pages("2026-03-01"), [(1000, 1500)])

    def test_out_of_service_in_between(self):
        device = self._read(
            self.site,
            "A001",
            ("2026-02-28 08:00", {"mono": 1000}),
            ("2026-03-10 08:00", {"mono": 2000}),
        )
        with freeze_time("2026-03-10 09:00:00"):
            device.action_retire()
        self.assertTrue(self.contract.member_ids.end_at)
        device._move(self.site, self.at("2026-04-10 09:00:00"))
        self._read(
            self.site,
            "A001",
            ("2026-04-10 10:00", {"mono": 2500}),
            ("2026-04-20 08:00", {"mono": 2600}),
        )
        self.assertEqual(self.pages("2026-03-01"), [(1000, 2000)])
        self.assertEqual(self.pages("2026-04-01"), [(2500, 2600)])

    def test_a_retired_device_is_not_missed(self):
        device = self._read(self.site, "A001", ("2026-02-10 08:00", {"mono": 1000}))
        self._read(
            self.site,
            "A002",
            ("2026-02-28 08:00", {"mono": 100}),
            ("2026-03-31 08:00", {"mono": 200}),
        )
        with freeze_time("2026-02-11"):
            device.action_retire()
        self.assertFalse(self._bill().missing_device_ids)

    def test_from_one_contract_into_another_of_the_client(self):
        device = self._read(
            self.site,
            "A001",
            ("2026-02-28 08:00", {"mono": 1000}),
            ("2026-03-14 08:00", {"mono": 1400}),
            ("2026-03-16 08:00", {"mono": 1600}),
            ("2026-03-31 08:00", {"mono": 3100}),
        )
        second = self._make_contract(self.client)
        self.contract.member_ids.end_at = "2026-03-15 00:00:00"
        second.member_ids = [
            Command.create({"device_id": device.id, "start_at": "2026-03-15 00:00:00"})
        ]
        self.assertEqual(self.pages("2026-03-01", second), [(1400, 3100)])
        self.assertEqual(self.pages("2026-03-01"), [(1000, 1400)])

    def test_a_contract_that_follows_takes_the_devices(self):
        self._read(
            self.site,
            "A001",
            ("2026-02-28 08:00", {"mono": 1000}),
            ("2026-03-31 08:00", {"mono": 2000}),
            ("2026-04-30 08:00", {"mono": 3000}),
        )
        self.contract.date_end = "2026-03-31"
        self.contract.action_close()
        second = self._make_contract(self.client, price_mono=0.02)
        self.assertEqual(len(second.member_ids), 1)
        self.assertEqual(self.pages("2026-03-01"), [(1000, 2000)])
        self.assertEqual(self.pages("2026-04-01", second), [(2000, 3000)])
        self.assertFalse(self._bill("2026-04-01"))

    def _ending(self, end, client):
        """An active contract that was made with its end."""
        contract = self._make_contract(client, active=False)
        contract.date_end = end
        contract.action_activate()
        return contract

    def test_devices_are_in_a_contract_until_its_end(self):
        """In it as it is activated, or placed later."""
        client, site = self._make_client("Short")
        first = self._read(site, "C001", ("2026-01-10 08:00", {"mono": 1}))
        contract = self._ending("2026-03-31", client)
        later = self._read(site, "C002", ("2026-01-20 08:00", {"mono": 1}))
        self.assertEqual(contract.member_ids.device_id, first + later)
        self.assertEqual(
            set(contract.member_ids.mapped("end_at")), {self.at("2026-03-31 22:00:00")}
        )
        with freeze_time("2026-03-31 21:00:00"):
            self.assertFalse(contract._devices_outside())
        with freeze_time("2026-03-31 23:00:00"):
            self.assertEqual(contract._devices_outside()[client], first + later)
        following = self._make_contract(client)
        self.assertEqual(following.member_ids.device_id, first + later)
        contract.date_end = "2026-04-30"
        self.assertEqual(
            set(following.member_ids.mapped("start_at")),
            {self.at("2026-03-31 22:00:00")},
            "the contract that follows keeps them",
        )

    def test_a_contract_that_is_renewed_keeps_its_devices(self):
        client, site = self._make_client("Renewed")
        contract = self._ending("2026-03-31", client)
        self._read(site, "C001", ("2026-01-10 08:00", {"mono": 1}))
        contract.date_end = "2027-03-31"
        self.assertEqual(contract.member_ids.end_at, self.at("2027-03-31 22:00:00"))
        contract.date_end = False
        self.assertFalse(contract.member_ids.end_at)

    def test_devices_go_from_a_contract_that_ends_into_the_next(self):
        self.contract.date_end = "2026-03-31"
        second = self._make_contract(self.client)
        annex = self.env["focalist.site"].create(
            {"name": "Annex", "partner_id": self.client.id, "tz": "Europe/Paris"}
        )
        device = self._read(self.site, "A001", ("2026-02-28 08:00", {"mono": 100}))
        until = self.at("2026-03-31 22:00:00")
        left = self.at("2026-03-10 09:00:00")
        in_turn = [(self.contract, until), (second, False)]
        self.assertEqual(self._stays_of(device), in_turn)
        for site, stays in (
            (annex, in_turn),
            (self.other_site, [(self.contract, left), (self.other_contract, False)]),
            (self.env["focalist.site"], [(self.contract, left)]),
        ):
            with self.subTest(site=site.name):
                device._step(site, left)
                self.assertEqual(self._stays_of(device), stays)
                device.action_take_back()
                self.assertEqual(self._stays_of(device), in_turn)

    def _stays_of(self, device):
        members = self.env["focalist.contract.device"].search(
            [("device_id", "=", device.id)], order="start_at"
        )
        return [(member.contract_id, member.end_at) for member in members]

    def test_days_outside_the_contract_are_not_billed(self):
        client, site = self._make_client("Cut")
        self._read(
            site,
            "C001",
            *(
                (f"2026-03-{day:02} {hour:02}:00", {"mono": 1000 * day + hour})
                for day in range(10, 26)
                for hour in (2, 10, 18)
            ),
        )
        contract = self.env["focalist.contract"].create(
            {
                "partner_id": client.id,
                "date_start": "2026-03-15",
                "date_end": "2026-03-20",
                "pricing_ids": [
                    Command.create({"date_from": "2026-03-15", "price_mono": 0.01})
                ],
            }
        )
        contract.action_activate()
        statement = self._bill(contract=contract)
        line = statement.line_ids
        self.assertEqual((line.value_from, line.value_to), (14018, 20018))
        move = statement._create_invoices()
        self.assertIn("03/15/2026", move.invoice_line_ids.name)
        self.assertIn("03/20/2026", move.invoice_line_ids.name)

    def test_a_mono_meter_that_begins_later(self):
        self._read(
            self.site,
            "A001",
            ("2026-01-31 08:00", {"total": 900}),
            ("2026-02-28 08:00", {"total": 1000}),
        )
        self.assertEqual(self.pages("2026-02-01"), [(900, 1000)])
        self._read(
            self.site,
            "A001",
            ("2026-03-10 08:00", {"total": 1500}),
            ("2026-03-11 08:00", {"total": 1550, "mono": 1550}),
            ("2026-03-31 08:00", {"total": 2000, "mono": 2000}),
        )
        self.assertEqual(self.pages("2026-03-01"), [(1000, 1500), (1550, 2000)])
