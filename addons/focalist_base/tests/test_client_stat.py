from datetime import datetime, timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import SQL

from .common import START, FocalistCase


@tagged("post_install", "-at_install")
class TestClientStat(FocalistCase):
    """The counters behind the list of clients (C1)."""

    def counters(self, client=None):
        self.env.flush_all()
        self.env.invalidate_all()
        stat = (client or self.client_a).focalist_stat_id
        return (
            stat.site_count,
            stat.device_count,
            stat.silent_count,
            stat.alert_count,
            stat.last_month_pages,
            stat.last_contact_at,
        )

    def refresh(self):
        self.env.flush_all()
        self.env["focalist.client.stat"]._cron_refresh()

    def test_c1_people_count_in_their_own_transaction(self):
        self.assertEqual(self.counters()[:2], (2, 0))
        device = self.device()
        self.assertEqual(self.counters()[:2], (2, 1))
        device._move(self.site_b, START + timedelta(days=1))
        self.assertEqual(self.counters()[:2], (2, 0))
        self.assertEqual(self.counters(self.client_b)[:2], (1, 1))
        device.action_retire()
        self.assertEqual(self.counters(self.client_b)[:2], (1, 0))
        self.site_a2.active = False
        self.assertEqual(self.counters()[0], 1)
        self.site_a2.unlink()
        self.assertEqual(self.counters()[0], 1)
        nice = self.site(self.client_a, "Nice")
        self.assertEqual(self.counters()[0], 2)
        nice.unlink()
        self.assertEqual(self.counters()[0], 1)

    def test_c1_archived_device_is_not_counted(self):
        device = self.device()
        device.active = False
        self.assertEqual(self.counters()[1], 0)

    def test_c1_silence_and_alerts_follow_who_is_followed(self):
        device = self.device()
        self.ingest(self.report(0, alerts=[self.alert(), self.alert("1.6")]))
        self.refresh()
        now = device.last_report_at
        self.assertEqual(self.counters(), (2, 1, 1, 2, 0, now))
        self.client_a.focalist_active = False
        self.assertEqual(self.counters()[2], 0)
        self.client_a.focalist_active = True
        self.assertEqual(self.counters()[2], 1)
        self.dealer.focalist_silent_days = 36500
        self.assertEqual(self.counters()[2], 0)

    def test_c1_cron_counts_what_reports_changed_and_nothing_else(self):
        self.device()
        self.device("B100", self.site_b)
        before = self.counters(), self.counters(self.client_b)
        clients = self.client_a | self.client_b

        def versions():
            """Where the rows are on the disk: a row that is written moves."""
            return self.env.execute_query(
                SQL(
                    "SELECT ctid::text FROM focalist_client_stat"
                    " WHERE partner_id IN %s ORDER BY partner_id",
                    tuple(clients.ids),
                )
            )

        written = versions()
        self.ingest(self.report(0, alerts=[self.alert()]))
        self.ingest(self.report(0, "NEW1"), self.report(0, "NEW2"), site=self.site_a)
        self.assertEqual((self.counters(), self.counters(self.client_b)), before)
        self.assertEqual(versions(), written, "collectors write none of them")
        self.assertEqual(self.client_a.focalist_alert_count, 0)
        self.env.flush_all()
        with self.assertQueryCount(3):
            # The dealers' delays, the statement, and whose cache is stale.
            self.env["focalist.client.stat"]._refresh_all()
        self.assertEqual(self.client_a.focalist_alert_count, 1)
        self.assertEqual(self.counters()[3], 1)
        self.assertEqual(self.counters(self.client_b), before[1])
        self.assertNotEqual(versions()[0], written[0])
        self.assertEqual(versions()[1], written[1], "what says the same stays")

    def test_c1_cron_gives_a_row_to_a_client_without_one(self):
        self.env.flush_all()
        self.client_a.focalist_stat_id.unlink()
        self.env.invalidate_all()
        self.assertFalse(self.client_a.focalist_stat_id)
        self.assertEqual(self.client_a.focalist_site_count, 0)
        self.refresh()
        self.assertEqual(self.client_a.focalist_site_count, 2)

    def test_c1_month_turns(self):
        self.device(at=datetime(2026, 1, 1))
        self.ingest(
            self.metered(datetime(2026, 3, 10), total=10),
            self.metered(datetime(2026, 3, 10, 5), total=52),
            self.metered(datetime(2026, 4, 10, 5), total=52),
            self.metered(datetime(2026, 4, 10, 9), total=60),
        )
        for today, pages in (((2026, 4, 30), 42), ((2026, 5, 1), 8), ((2026, 6, 1), 0)):
            with patch.object(
                fields.Date, "today", lambda day=today: datetime(*day).date()
            ):
                self.refresh()
            self.assertEqual(self.counters()[4], pages)

    def test_c1_counters_are_of_their_own_client(self):
        with self.assertRaisesRegex(ValidationError, "own counters"):
            self.client_a.focalist_stat_id = self.client_b.focalist_stat_id

    def test_c1_new_client_has_its_row_and_a_copy_another(self):
        prospect = self.env["res.partner"].create({"name": "P", "is_company": True})
        self.assertFalse(prospect.focalist_stat_id)
        prospect.is_focalist_client = True
        self.assertEqual(prospect.focalist_stat_id.company_id, self.dealer)
        copy = self.client_a.copy({"focalist_prefix": "COP"})
        self.assertNotEqual(copy.focalist_stat_id, self.client_a.focalist_stat_id)
        self.assertEqual(copy.focalist_stat_id.partner_id, copy)
