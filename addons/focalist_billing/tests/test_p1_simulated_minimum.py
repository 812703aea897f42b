from io import BytesIO

from openpyxl import load_workbook

from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import freeze_time, tagged

from ..models.focalist_pricing_simulation import plain_values
from ..tools import simulation_workbook
from .test_simulation import SimulationCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-05-10 10:00")
class TestSimulatedMinimum(SimulationCommon):
    """Sales try minimum volumes (P1): a simulation asks what a true-up would.

    1,234 mono pages and 333 in colour from January to March, 1,000 and 100 in April.
    """

    def setUp(self):
        super().setUp()
        self.contract.true_up_period = "quarter"

    def _true_ups(self, simulation):
        """Last day -> (billed, present, trial) of the rows that are true-ups."""
        return {
            row.span.last.isoformat(): (
                row.billed,
                row.compared.present,
                row.compared.trial,
            )
            for row in simulation.rows
            if row.span.source == "true_up" and row.span.last.year == 2026
        }

    def _minimum(self, pages=1000, kind="mono", **values):
        self.pricing.write(
            {
                "has_minimum": True,
                "minimum_ids": [
                    Command.create({"pages": pages, "kind": kind} | values)
                ],
            }
        )

    def test_p1_a_simulation_asks_for_what_is_short_of_a_minimum(self):
        """Where the quarter ends, of all its months together, and by itself."""
        simulation = self._try(
            has_minimum=True,
            minimum_ids=[{"kind": "mono", "pages": 1000, "per": "contract"}],
        )
        # 3,000 guaranteed, of which 1,766 are missing at 0.01.
        self.assertEqual(self._true_ups(simulation), {"2026-03-31": (None, 0, 17.66)})
        march = next(
            number
            for number, row in enumerate(simulation.rows)
            if row.span.start.month == 3 and row.span.source != "true_up"
        )
        self.assertEqual(simulation.rows[march].compared.trial, 45.74)
        self.assertEqual(simulation.rows[march + 1].span.source, "true_up")
        # With December, before the contract, when the device stood there idle.
        row = next(c for c in simulation.charges if c.title.startswith("Short of"))
        self.assertEqual((row.pages, row.present, row.trial), (0, 0, 27.66))
        self.assertAlmostEqual(simulation.total.trial, 65.74 + 27.66)
        self.assertAlmostEqual(simulation.total.difference, 27.66)

    def test_p1_a_simulation_without_minimums_has_no_true_up(self):
        self.assertEqual(self._true_ups(self._try()), {})
        unused = [{"kind": "mono", "pages": 1000, "per": "contract"}]
        self.assertEqual(self._true_ups(self._try(minimum_ids=unused)), {})

    def test_p1_present_prices_with_minimums_equal_what_was_billed(self):
        """To the cent, for a site and for each device, one of which left."""
        self.pricing.write({"price_mono": 0.013})
        self._minimum(1001, per="device", price=0.0137)
        self._minimum(900, "color", per="site", site_id=self.site.id)
        self._read(
            self.site,
            "B001",
            ("2026-01-31 08:00", {"mono": 500}),
            ("2026-03-31 08:00", {"mono": 1111}),
        )
        self._read_leaving()
        for month in ("2026-01-15", "2026-02-15", "2026-03-15"):
            self._bill(month)
        true_up = self.contract.statement_ids.filtered(lambda s: s.charge == "true_up")
        self.assertEqual(len(true_up.charge_ids.device_id), 3)
        simulation = self._try()
        billed, present, trial = self._true_ups(simulation)["2026-03-31"]
        self.assertGreater(billed, 100)
        self.assertAlmostEqual(billed, true_up.amount_untaxed)
        self.assertAlmostEqual(present, billed)
        self.assertAlmostEqual(trial, billed)
        for row in simulation.rows:
            if row.span.source == "billed":
                self.assertAlmostEqual(row.billed, row.compared.present)

    def test_p1_a_simulated_true_up_counts_an_a3_page_as_it_costs(self):
        self._read(
            self.site,
            "D001",
            ("2025-12-31 08:00", {"a4_mono": 0, "a3_mono": 0}),
            ("2026-03-31 08:00", {"a4_mono": 300, "a3_mono": 100}),
        )
        values = {
            "meter_type": "format",
            "price_a4_mono": 0.01,
            "has_minimum": True,
            "minimum_ids": [{"kind": "mono", "pages": 200, "per": "contract"}],
        }
        trial = self._true_ups(self._try(**values))["2026-03-31"][2]
        self.assertEqual(trial, 2)
        trial = self._true_ups(self._try(**values, a3_factor=2))["2026-03-31"][2]
        self.assertEqual(trial, 1)

    def test_p1_a_simulated_true_up_counts_pages_of_before_the_year(self):
        """Of a year that began before the 12 months; none of one that is not over."""
        self.contract.true_up_period = "year"
        values = {
            "has_minimum": True,
            "minimum_ids": [{"kind": "mono", "pages": 300, "per": "contract"}],
        }
        with freeze_time("2027-03-10 10:00"):
            simulation = self._try(**values)
            note = self._simulator(**values).shown()["note"]
        # 12 x 300 pages less 2,234; the rows begin with March.
        months = [r for r in simulation.rows if r.span.source != "true_up"]
        self.assertEqual(months[0].span.start.isoformat(), "2026-03-01")
        self.assertEqual(self._true_ups(simulation), {"2026-12-31": (None, 0, 13.66)})
        self.assertIn("trued up after", note)
        self.assertIn("2027", note)

    def test_p1_a_client_without_contract_guarantees_its_known_months(self):
        prospect, site = self._make_client("Prospect")
        prospect.focalist_contract_ids.unlink()
        self._read(
            site,
            "P001",
            ("2025-12-01 08:00", {"mono": 0}),
            ("2025-12-31 08:00", {"mono": 600}),
        )
        simulation = self._try(
            self.env["focalist.contract"],
            prospect,
            price_mono=0.1,
            has_minimum=True,
            minimum_ids=[{"kind": "mono", "pages": 1000, "per": "contract"}],
        )
        rows = [r for r in simulation.rows if r.span.source == "true_up"]
        stood = [r for r in simulation.rows if r.compared.pages]
        self.assertEqual(len(rows), 1)
        self.assertEqual([r.span.start.isoformat() for r in stood], ["2025-12-01"])
        self.assertAlmostEqual(rows[0].compared.trial, 40)
        self.assertIsNone(rows[0].compared.present)

    def test_p1_a_missing_page_has_a_price_in_a_simulation_too(self):
        with self.assertRaisesRegex(ValidationError, "short of the minimum of: All"):
            self._try(
                has_minimum=True,
                minimum_ids=[{"kind": "total", "pages": 1, "per": "contract"}],
            )

    def _simulator(self, **values):
        present = plain_values(self.pricing)
        pricing = self.env["focalist.pricing"].with_user(self.sales)
        return pricing._simulator(
            self.client.with_user(self.sales),
            self.contract.with_user(self.sales),
            present | values,
        )

    def test_p1_a_simulated_true_up_is_told_apart_on_screen_and_in_the_file(self):
        self._minimum(1000, price=0.02)
        simulator = self._simulator()
        rows = simulator.shown()["rows"]
        [row] = [row for row in rows if row["true_up"] and "2026" in row["title"]]
        self.assertEqual(row["title"], "True-up 01/01/2026 to 03/31/2026")
        self.assertEqual(row["trial"], 35.32)
        self.assertIn("printed by nobody", row["source"])
        content = BytesIO(simulation_workbook.write(simulator))
        book = load_workbook(content, data_only=True)
        told = {line[0]: line for line in book["Simulation"].values}
        self.assertEqual(told[row["title"]][1:4], (0, 35.32, 35.32))
        self.assertEqual(told[row["title"]][-1], row["source"])
        prices = {line[0]: line[1:3] for line in book["Prices"].values}
        title = "Mono short of the minimum"
        self.assertEqual(prices[title], (0.02, 0.02))
        guaranteed = f"{title}, Guaranteed a month, All devices together"
        self.assertEqual(prices[guaranteed], (1000, 1000))

    def test_p1_queries_of_simulated_minimums_do_not_grow_with_devices(self):
        def queries():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._try()
            return self.env.cr.sql_log_count - before

        self._minimum(per="device")
        self._try()
        few = queries()
        for number in range(15):
            self._read(
                self.site,
                f"Z{number:03}",
                ("2026-02-28 08:00", {"mono": 0}),
                ("2026-03-31 08:00", {"mono": 100 + number}),
            )
        self.assertLessEqual(queries(), few)
