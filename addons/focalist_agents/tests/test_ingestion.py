from datetime import timedelta
from unittest.mock import patch

import psycopg2

from odoo import fields
from odoo.tests import HttpCase, tagged

from .common import RouteMixin, pack, report


@tagged("post_install", "-at_install")
class TestIngestion(RouteMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.collector, cls.key = cls.install()

    def devices(self):
        return self.env["focalist.device"].search(
            [("company_id", "=", self.agent.company_id.id)]
        )

    def statuses(self, reports):
        return [result["status"] for result in self.send(self.key, reports)]

    def readings(self):
        return self.env["focalist.meter.reading"].search(
            [("partner_id", "=", self.client.id)]
        )

    def test_unknown_device_is_presumed_at_the_agents_site(self):
        self.assertEqual(self.statuses([report(7)]), ["pending"])
        device = self.devices().filtered(lambda d: d.serial_number == "E000007")
        self.assertRecordValues(
            device,
            [
                {
                    "site_id": self.site.id,
                    "partner_id": self.client.id,
                    "agent_id": self.agent.id,
                    "state": "to_complete",
                    "ip_address": "10.1.0.8",
                }
            ],
        )

    def test_unknown_device_without_the_agents_site(self):
        self.agent.site_id = False
        self.send(self.key, [report(7)])
        self.depot.active = False
        self.send(self.key, [report(8)])
        found = {d.serial_number: d.site_id for d in self.devices()}
        self.assertFalse(found["E000007"])
        self.assertEqual(found["E000008"], self.site)

    def test_d1_new_device_is_proposed_for_the_site_of_its_addresses(self):
        """The network whose ranges have it says where; closed sites say nothing."""
        dock, closed = self.env["focalist.site"].create(
            [
                {"name": name, "partner_id": self.client.id}
                for name in ("Dock", "Closed")
            ]
        )
        networks = (
            ("10.1.0.10-19", self.depot),
            ("10.1.0.20-29\n10.1.0.40", dock),
            ("10.1.0.30-39", closed),
        )
        for text, site in networks:
            self.env["focalist.network"].create(
                {
                    "name": text,
                    "agent_id": self.agent.id,
                    "ranges": text,
                    "site_id": site.id,
                }
            )
        closed.active = False
        # A report's address is its number and one.
        numbers = {
            11: self.depot,
            22: dock,
            39: dock,
            33: self.site,
            50: self.site,
        }
        odd = [report(60, address="printer.example"), report(61, address=7), "odd"]
        results = self.send(self.key, [*map(report, numbers), *odd])
        self.assertEqual(
            [result["status"] for result in results], ["pending"] * 7 + ["rejected"]
        )
        found = {d.serial_number: d.site_id for d in self.devices()}
        for number, site in numbers.items():
            self.assertEqual(found[f"E{number:06}"], site, number)
        self.assertEqual(found["E000060"], self.site)

    def test_reading_bears_its_collector(self):
        device = self.make_device(1)
        self.assertEqual(self.statuses([report(1, 5000)]), ["accepted"])
        self.assertRecordValues(
            self.readings(),
            [
                {
                    "device_id": device.id,
                    "meter_total": 5000,
                    "source": "agent",
                    "create_uid": self.collector.user_id.id,
                }
            ],
        )
        self.assertEqual(device.agent_id, self.agent)
        self.assertFalse(device.message_partner_ids)

    def test_send_is_idempotent(self):
        self.make_device(1)
        self.make_device(2)
        batch = [report(1, 5000), report(2, 700), report(1, 5100, hours=0)]
        self.assertEqual(self.statuses(batch), ["accepted"] * 3)
        before = self.readings()
        self.assertEqual(len(before), 3)
        volumes = self.env["focalist.volume.month"].search([]).read(["pages_total"])
        self.assertEqual(self.statuses(batch), ["duplicate"] * 3)
        self.assertEqual(self.statuses(batch[::-1] + batch), ["duplicate"] * 6)
        self.assertEqual(self.readings(), before)
        self.env.invalidate_all()
        self.assertEqual(
            self.env["focalist.volume.month"].search([]).read(["pages_total"]), volumes
        )

    def test_results_are_in_the_order_of_the_reports(self):
        self.make_device(1)
        self.make_device(2).state = "ignored"
        deep = report(5, uid="deep", inputs=[])
        for _level in range(100):
            deep["inputs"] = [deep["inputs"]]
        batch = [
            report(2),
            {"uid": "wrong"},
            report(1, 300, hours=1),
            deep,
            7,
            report(1, 200, hours=2),
            report(9),
            report(1, 200, hours=2),
        ]
        results = self.send(self.key, batch)
        self.assertEqual(
            [(result["uid"], result["status"]) for result in results],
            [
                (batch[0]["uid"], "ignored"),
                ("wrong", "rejected"),
                (batch[2]["uid"], "accepted"),
                ("deep", "rejected"),
                ("", "rejected"),
                (batch[5]["uid"], "accepted"),
                (batch[6]["uid"], "pending"),
                (batch[7]["uid"], "duplicate"),
            ],
        )
        for result in results:
            self.assertEqual(bool(result["message"]), result["status"] == "rejected")

    def test_other_clients_device_is_rejected(self):
        other = self.make_client(name="Other")
        site = self.env["focalist.site"].create(
            {"name": "There", "partner_id": other.id}
        )
        device = self.make_device(1, site)
        (result,) = self.send(self.key, [report(1)])
        self.assertEqual(result["status"], "rejected")
        self.assertNotIn("Other", result["message"])
        self.assertFalse(device.agent_id)
        self.assertEqual(device.ip_address, "10.1.0.1")

    def test_printer_with_a_new_address_is_the_same(self):
        device = self.make_device(1)
        mac = {"mac": "00:26:73:aa:bb:01"}
        for hours, more in ((3, {}), (2, mac), (1, {"serial": None, **mac})):
            sent = report(1, 100, hours=hours, **{"address": f"10.1.9.{hours}", **more})
            self.assertEqual(self.statuses([sent]), ["accepted"])
        self.assertEqual(device.ip_address, "10.1.9.1")
        self.assertEqual(self.readings().device_id, device)

    def test_printers_that_swapped_addresses_are_not_mixed_up(self):
        """Told by their serial numbers, and where there is none by their MACs."""
        first, second = self.make_device(1), self.make_device(2)
        bare = [
            self.make_device(n, serial_number=False, mac_address=f"00:26:73:aa:bb:0{n}")
            for n in (3, 4)
        ]

        def batch(hours, addresses):
            for number, address in zip((1, 2, 3, 4), addresses, strict=True):
                more = {}
                if number > 2:
                    more = {"serial": None, "mac": f"00:26:73:aa:bb:0{number}"}
                total = number * 1000 - hours
                yield report(number, total, hours=hours, address=address, **more)

        addresses = [f"10.1.0.{number}" for number in (1, 2, 3, 4)]
        swapped = [addresses[n] for n in (1, 0, 3, 2)]
        for hours, told in ((2, addresses), (1, swapped)):
            self.assertEqual(self.statuses([*batch(hours, told)]), ["accepted"] * 4)
        for number, device in enumerate((first, second, *bare), 1):
            self.assertEqual(device.ip_address, swapped[number - 1])
            totals = sorted(device.reading_ids.mapped("meter_total"))
            self.assertEqual(totals, [number * 1000 - 2, number * 1000 - 1])

    def test_late_report_does_not_take_a_device_back(self):
        other = self.make_agent(name="Second")
        _collector, other_key = self.install(other)
        device = self.make_device(1)
        self.send(self.key, [report(1, 100, hours=5)])
        self.send(other_key, [report(1, 200, hours=1)])
        self.assertEqual(device.agent_id, other)
        self.send(self.key, [report(1, 150, hours=3)])
        self.env.invalidate_all()
        self.assertEqual(device.agent_id, other)
        self.assertEqual(len(self.readings()), 3)

    def test_deactivated_client_and_archived_agent_lose_nothing(self):
        self.make_device(1)
        self.client.focalist_active = False
        self.assertEqual(self.statuses([report(1, 100, hours=2)]), ["accepted"])
        self.agent.active = False
        self.assertEqual(self.statuses([report(1, 200)]), ["accepted"])

    def test_last_contact_is_noted_now_and_then(self):
        old = fields.Datetime.now() - timedelta(hours=1)
        self.collector.write({"last_seen_at": old, "address": "127.0.0.1"})
        self.send(self.key, [])
        self.collector.invalidate_recordset()
        noted = self.collector.last_seen_at
        self.assertGreater(noted, old)
        recent = fields.Datetime.now() - timedelta(seconds=10)
        self.collector.last_seen_at = recent
        self.send(self.key, [])
        self.collector.invalidate_recordset()
        self.assertEqual(self.collector.last_seen_at, recent)

    def test_two_calls_at_one_moment_hold_nobody_up(self):
        """The other one noted the contact after this one had begun: let that do."""
        self.collector.last_seen_at = fields.Datetime.now() - timedelta(hours=1)
        execute, met = type(self.env.cr).execute, []

        def meet(cursor, query, *arguments, **options):
            if "focalist_collector" in str(query) and "SKIP LOCKED" in str(query):
                met.append(query)
                execute(cursor, "SELECT 1")
                raise psycopg2.errors.SerializationFailure
            return execute(cursor, query, *arguments, **options)

        with patch.object(type(self.env.cr), "execute", meet):
            told = self.collector.sudo()._receive(pack([report(1, 100)]), "192.0.2.1")
        self.assertEqual([one["status"] for one in told["results"]], ["pending"])
        self.assertEqual(len(met), 1)

    def test_queries_grow_with_batches_and_not_with_devices(self):
        def queries(numbers, hours):
            batch = [report(number, 1000 - hours, hours=hours) for number in numbers]
            origin_count = self.env.cr.sql_log_count
            self.collector.with_user(self.collector.user_id).sudo()._receive(
                pack(batch), "192.0.2.1"
            )
            self.env.flush_all()
            return self.env.cr.sql_log_count - origin_count

        for number in range(1, 61):
            self.make_device(number)
        self.env.flush_all()
        self.env.invalidate_all()
        queries([1], 20)
        self.env.invalidate_all()
        few = queries(range(1, 4), 10)
        self.env.invalidate_all()
        many = queries(range(4, 61), 10)
        self.assertEqual(len(self.readings()), 61)
        self.assertLessEqual(many, few + 3)
