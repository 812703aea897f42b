from odoo.tests import HttpCase, tagged

from .common import FocalistCase


@tagged("post_install", "-at_install")
class TestSalesTour(FocalistCase, HttpCase):
    """What sales do with clients all day, in a browser."""

    def test_c3_c5_tour_sales_follow_a_client(self):
        self.env.user.company_ids |= self.dealer
        for number in range(25):
            self.client(f"Client {number:02}")
        self.device()
        sales = self.user("the sales", "focalist_base.group_focalist_sales")
        self.start_tour("/odoo", "focalist_base_sales", login=sales.login)
        self.env.invalidate_all()
        self.assertEqual(self.client_a.focalist_prefix, "ALPHA")
        self.assertTrue(self.client_a.focalist_active)
        self.assertTrue(self.site_a2.is_main)
        self.assertEqual(self.site_a2.opening_hours, "Mon-Fri 8:00-12:00")
        options = sales.res_users_settings_id.focalist_lists["res.partner"]
        self.assertEqual(options["rows"], 20)
        self.assertIs(options["columns"]["focalist_prefix"], False)
        # Each tour has a browser of its own: nothing is found in local storage.
        self.start_tour(
            "/odoo/action-focalist_base.focalist_client_action",
            "focalist_base_display_options",
            login=sales.login,
        )
        self.env.invalidate_all()
        options = sales.res_users_settings_id.focalist_lists["res.partner"]
        self.assertEqual(options["rows"], 7)

    def test_o1_o2_tour_sales_choose_the_main_coordinator(self):
        self.env.user.company_ids |= self.dealer
        sales = self.user("the sales", "focalist_base.group_focalist_sales")
        self.start_tour(
            f"/odoo/action-focalist_base.focalist_client_action/{self.client_a.id}",
            "focalist_base_coordinators",
            login=sales.login,
        )
        self.env.invalidate_all()
        self.assertEqual(self.client_a.focalist_main_coordinator_id.name, "Anna")
        self.assertEqual(len(self.client_a.focalist_coordinator_ids), 3)
