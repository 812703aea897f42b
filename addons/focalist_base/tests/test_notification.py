import json
from contextlib import contextmanager
from datetime import datetime, timedelta
from email import message_from_string, policy
from smtplib import SMTPDataError, SMTPServerDisconnected
from unittest.mock import patch

from freezegun import freeze_time
from lxml import etree
from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.base.tests.common import MockSmtplibCase

from ..tools.notification_plan import Plan
from ..tools.placeholders import as_braces, fill, unknown
from .common import START, FocalistCase

FIELD = "focalist_notification_device_ids"


class NotificationCase(FocalistCase, MockSmtplibCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("fr_FR")
        cls.dealer.write({"email": "fleet@dealer.example.com"})
        cls.anna = cls.coordinator(cls.client_a, email="anna@example.com", lang="en_US")
        cls.bert = cls.coordinator(
            cls.client_b, "Bert", email="bert@example.com", lang="en_US"
        )
        cls.silent = cls.kind("device_silent")
        cls.seller = cls.user("seller", "focalist_base.group_focalist_sales")

    @classmethod
    def kind(cls, code):
        return cls.env.ref(f"focalist_base.notification_type_{code}")

    @classmethod
    def setting(cls, client, kind=None):
        return cls.env["focalist.notification.setting"].search(
            [
                ("partner_id", "=", client.id),
                ("type_id", "=", (kind or cls.silent).id),
            ]
        )

    @classmethod
    def rule(cls, client, kind=None, **values):
        setting = cls.setting(client, kind)
        return cls.env["focalist.notification.rule"].create(
            setting._prepare_rule() | {"enabled": True, **values}
        )

    @classmethod
    def make_silent(cls, *serials, site=None, at=START):
        """Devices in service that report once, at a moment long ago."""
        devices = cls.env["focalist.device"]
        for serial in serials:
            devices |= cls.device(serial, site)
        devices.sudo().last_report_at = at
        return devices

    def save_tab(self, client, setting, field=FIELD, user=None, **values):
        """What the browser does with the client's tab."""
        partner = client.with_user(user or self.seller)
        partner.web_save({field: [[1, setting.id, values]]}, {"id": {}})
        self.env.invalidate_all()

    def run_cron(self, name):
        cron = self.env.ref(f"focalist_base.ir_cron_notification_{name}")
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()

    def run_queue(self):
        self.env["mail.mail"].process_email_queue()
        self.env.flush_all()
        self.env.invalidate_all()

    def tell(self):
        """All that happens by itself, from the look for events to the mail server."""
        with self.mock_smtplib_connection():
            self.run_cron("scan")
            self.run_cron("send")
            self.run_queue()
        return [self.read_mail(mail) for mail in self.emails]

    @contextmanager
    def mail_server_down(self, error):
        with self.mock_smtplib_connection():
            with (
                patch.object(
                    self.testing_smtp_session,
                    "send_message",
                    side_effect=error,
                    create=True,
                ),
                mute_logger("odoo.addons.mail.models.mail_mail"),
                mute_logger("odoo.addons.base.models.ir_mail_server"),
            ):
                yield

    @staticmethod
    def read_mail(mail):
        message = message_from_string(mail["message"], policy=policy.default)
        body = message.get_body(("html",)).get_content()
        return {
            "to": ",".join(mail["smtp_to_list"]),
            "subject": message["Subject"],
            "body": body,
        }

    def log(self, *domain):
        return self.env["focalist.notification"].search(list(domain))


@tagged("post_install", "-at_install")
class TestNotification(NotificationCase):
    def test_n1_five_categories(self):
        """The tab of a client has all types, each in its category's table."""
        for number, category in enumerate(("supply", "agent")):
            self.silent.copy(
                {"code": f"test_{category}", "category": category, "sequence": number}
            )
        partner = self.client_a.with_user(self.seller)
        seen = {}
        for category in ("device", "supply", "snmp", "agent", "other"):
            name = f"focalist_notification_{category}_ids"
            spec = {"fields": {"type_id": {"fields": {"code": {}}}, "category": {}}}
            (row,) = partner.web_read({name: spec})
            seen[category] = row[name]
            self.assertTrue(row[name], category)
            self.assertEqual({one["category"] for one in row[name]}, {category})
        codes = {one["type_id"]["code"] for rows in seen.values() for one in rows}
        types = self.env["focalist.notification.type"].search([])
        self.assertEqual(codes, set(types.mapped("code")))
        arch = partner.get_views([(False, "form")])["views"]["form"]["arch"]
        (page,) = etree.fromstring(arch).xpath("//page[@name='focalist_notifications']")
        shown = [node.get("name") for node in page.iter("field")]
        for category in seen:
            self.assertIn(f"focalist_notification_{category}_ids", shown)

    def test_n2_switch_per_client(self):
        self.make_silent("E1")
        self.assertFalse(self.tell())
        self.assertFalse(self.env["focalist.notification.rule"].search([]))
        self.save_tab(self.client_a, self.setting(self.client_a), enabled=True)
        self.assertTrue(self.setting(self.client_a).enabled)
        (mail,) = self.tell()
        self.assertEqual(mail["to"], "anna@example.com")
        self.save_tab(self.client_a, self.setting(self.client_a), enabled=False)
        self.make_silent("E2")
        self.assertFalse(self.tell())

    def test_n2_n4_columns_of_the_tab(self):
        """Switch and frequency are chosen in a row of the client's form."""
        with Form(self.client_a.with_user(self.seller)) as form:
            with form.focalist_notification_device_ids.edit(0) as line:
                kind = line.type_id
                line.enabled = True
                line.frequency = "hourly"
        self.env.invalidate_all()
        setting = self.setting(self.client_a, kind)
        self.assertEqual((setting.enabled, setting.frequency), (True, "hourly"))

    def test_n3_n4_form_of_a_rule(self):
        """All that a rule says is in the form that its row opens."""
        carl = self.contact(self.client_a, "Carl", email="carl@example.com")
        values = {
            "enabled": True,
            "frequency": "hourly",
            "quiet_from": 20.0,
            "quiet_to": 7.0,
            "coordinators": "none",
            "own_text": True,
            "subject": "Look: {{ object.serial_number }}",
            "body": "<p>Call {{ client }}</p>",
        }
        weekly = {"frequency": "weekly", "weekday": "3", "hour": 9.5}
        setting = self.setting(self.client_a).with_user(self.seller)
        with self.rule_form(setting) as form:
            for name, value in values.items():
                form[name] = value
            form.recipient_ids.add(carl)
        (told,) = form.record.read(values)
        self.assertEqual({name: told[name] for name in values}, values)
        self.assertEqual(form.record.recipient_ids, carl)
        self.env.invalidate_all()
        with self.rule_form(setting) as form:
            for name, value in weekly.items():
                form[name] = value
        (told,) = form.record.read(weekly)
        self.assertEqual({name: told[name] for name in weekly}, weekly)
        self.assertEqual(self.env["focalist.notification.rule"].search_count([]), 1)

    def rule_form(self, setting):
        """What opens where somebody clicks the pencil in a row of the tab."""
        action = setting.action_open_rule()
        rule = self.env[action["res_model"]].with_user(self.seller)
        return Form(rule.with_context(**action["context"]).browse(action["res_id"]))

    def test_n2_switched_off_tells_nothing_that_waits(self):
        self.rule(self.client_a, frequency="daily")
        self.make_silent("E1")
        self.assertFalse(self.tell())
        self.save_tab(self.client_a, self.setting(self.client_a), enabled=False)
        with freeze_time(datetime.now() + timedelta(days=2)):
            self.assertFalse(self.tell())
        self.assertEqual(self.log().mapped("reason"), ["off"])

    def test_n3_own_text_with_values(self):
        """What sales write, with the record's values, is what is sent: escaped."""
        self.site_a.name = "Paris <b>"
        rule = self.rule(self.client_a)
        rule.with_user(self.seller).web_save(
            {
                "own_text": True,
                "subject": "Look: {{ object.serial_number }} of {{ client }}",
                "body": "<p>At <b>{{ site }}</b>, {{ object.location ||| no place }},"
                " {{&nbsp;object.serial_number }}</p>",
            },
            {"id": {}},
        )
        self.make_silent("E1")
        (mail,) = self.tell()
        self.assertEqual(mail["subject"], "Look: E1 of Alpha")
        self.assertIn("Paris &lt;b&gt;", mail["body"])
        self.assertIn(", E1</p>", mail["body"])
        self.assertNotIn("{{", mail["body"])

    def test_n3_own_text_is_in_digests_too(self):
        self.rule(
            self.client_a,
            own_text=True,
            subject="Look: {{ object.serial_number }}",
            body="<p>Call {{ client }} about {{ object.serial_number }}</p>",
        )
        self.make_silent("E1", "E2")
        (mail,) = self.tell()
        for serial in ("E1", "E2"):
            self.assertIn(f"Look: {serial}", mail["body"])
            self.assertIn(f"Call Alpha about {serial}", mail["body"])

    def test_n3_text_is_no_code(self):
        rule = self.rule(self.client_a).with_user(self.seller)
        for text in (
            "{{ object.env.cr.execute('x') }}",
            "{{ object.sudo() }}",
            "{{ user.password }}",
            "{{ object.company_id.name }}",
            "{{ 7 * 7 }}",
        ):
            with self.assertRaises(ValidationError, msg=text):
                rule.write({"own_text": True, "subject": text, "body": "<p>x</p>"})
            with self.assertRaises(ValidationError, msg=text):
                rule.write({"own_text": True, "subject": "x", "body": f"<p>{text}</p>"})
        rule.write(
            {
                "own_text": True,
                "subject": "x",
                "body": "<p>a<t t-out=\"7 * 7\"/><t t-esc='object.env'/></p>",
            }
        )
        self.assertNotIn("49", rule.preview_body)
        self.assertNotIn("t-", rule.body)

    def test_n3_own_text_begins_as_the_default(self):
        rule = self.env["focalist.notification.rule"].new(
            self.setting(self.client_a)._prepare_rule() | {"own_text": True}
        )
        rule._onchange_own_text()
        self.assertEqual(rule.subject, "{{ object.display_name }} is silent")
        self.assertIn("{{ object.display_name }}", rule.body)
        self.assertFalse(unknown(rule.body, self.silent._placeholders()))
        self.assertEqual(
            as_braces("{{ object.name }}: {{ ctx.get('detail') }}"),
            "{{ object.name }}: {{ detail }}",
        )

    def test_n3_default_texts_show_what_they_name(self):
        """Each type's text has known values only; its preview is filled."""
        self.device("E1")
        for kind in self.env["focalist.notification.type"].search([]):
            names = kind._placeholders()
            template = kind.template_id
            self.assertFalse(unknown(template.subject, names), kind.code)
            self.assertFalse(unknown(as_braces(template.body_html), names), kind.code)
            # As Odoo tries them whenever one is written, over records that there are.
            template._check_can_be_rendered()
            rule = self.rule(self.client_a, kind)
            if kind.res_model == "focalist.device":
                self.assertIn("E1", rule.preview_subject)
            self.assertNotIn("{{", rule.preview_body)

    def test_n3_recipients(self):
        """Coordinators, contacts and the dealer's people, as chosen; nobody else."""
        carl = self.contact(self.client_a, "Carl", email="carl@example.com")
        technician = self.user(
            "technician",
            "focalist_base.group_focalist_technician",
            email="tech@dealer.example.com",
        )
        rule = self.rule(
            self.client_a,
            coordinators="none",
            recipient_ids=[Command.set((carl + technician.partner_id).ids)],
        )
        stranger = self.env["res.partner"].create({"name": "X", "email": "x@x.example"})
        for other in (self.bert, stranger):
            self.assertNotIn(other, rule.allowed_recipient_ids)
            with self.assertRaises(ValidationError):
                rule.with_user(self.seller).recipient_ids = [Command.link(other.id)]
        self.make_silent("E1")
        self.assertEqual(
            {mail["to"] for mail in self.tell()},
            {"carl@example.com", "tech@dealer.example.com"},
        )

    def test_n3_the_sites_coordinator(self):
        dora = self.coordinator(self.client_a, "Dora", email="dora@example.com")
        self.site_a2.coordinator_id = dora
        self.rule(self.client_a, coordinators="site")
        self.make_silent("E1", site=self.site_a)
        self.make_silent("E2", site=self.site_a2)
        self.assertEqual(
            {(mail["to"], mail["subject"][:15]) for mail in self.tell()},
            {
                ("anna@example.com", "MP C4503 (E1) i"),
                ("dora@example.com", "MP C4503 (E2) i"),
            },
        )

    def test_n3_a_coordinator_of_given_sites_gets_those(self):
        self.rule(self.client_a, coordinators="all")
        self.coordinator(
            self.client_a,
            "Dora",
            email="dora@example.com",
            focalist_coordinator_scope="sites",
            focalist_coordinated_site_ids=self.site_a2.ids,
        )
        self.make_silent("E1", site=self.site_a)
        self.make_silent("E2", site=self.site_a2)
        mails = {mail["to"]: mail["body"] for mail in self.tell()}
        self.assertIn("E1", mails["anna@example.com"])
        self.assertIn("E2", mails["anna@example.com"])
        self.assertNotIn("E1", mails["dora@example.com"])
        self.assertIn("E2", mails["dora@example.com"])

    def test_n3_who_left_the_client_is_not_told(self):
        self.rule(self.client_a, frequency="daily")
        self.make_silent("E1")
        self.tell()
        self.anna.write({"parent_id": self.client_b.id})
        with freeze_time(datetime.now() + timedelta(days=2)):
            self.assertFalse(self.tell())
        self.assertEqual(self.log().reason, "left")

    def test_n3_send_me_a_test(self):
        self.seller.email = "seller@dealer.example.com"
        rule = self.rule(self.client_a).with_user(self.seller)
        with self.mock_smtplib_connection():
            rule.action_send_test()
        (mail,) = self.emails
        self.assertEqual(mail["smtp_to_list"], ["seller@dealer.example.com"])
        self.assertFalse(self.log())

    def test_n4_frequencies(self):
        """At once, and digests of an hour, a day and a week, on the client's clock."""
        self.client_a.tz = "Europe/Paris"
        self.make_silent("E1", at=START)
        setting = self.setting(self.client_a)
        monday = datetime(2026, 6, 1, 10, 20)  # 12:20 in Paris
        for frequency, due in (
            ("once", monday),
            ("hourly", datetime(2026, 6, 1, 11)),
            ("daily", datetime(2026, 6, 2, 6)),
            ("weekly", datetime(2026, 6, 8, 6)),
        ):
            with self.subTest(frequency), freeze_time(monday) as clock:
                self.log().unlink()
                self.save_tab(self.client_a, setting, enabled=True, frequency=frequency)
                before = due - timedelta(minutes=1)
                if frequency != "once":
                    self.assertFalse(self.tell())
                    clock.move_to(before)
                    self.assertFalse(self.tell())
                clock.move_to(due + timedelta(minutes=1))
                self.assertEqual(len(self.tell()), 1)

    def test_n4_one_digest_a_recipient(self):
        """A person of the dealer gets one e-mail for all clients and types."""
        technician = self.user(
            "technician",
            "focalist_base.group_focalist_technician",
            email="tech@dealer.example.com",
        )
        for client in (self.client_a, self.client_b):
            for code in ("device_silent", "device_found"):
                self.rule(
                    client,
                    self.kind(code),
                    frequency="daily",
                    coordinators="main",
                    recipient_ids=[Command.set(technician.partner_id.ids)],
                )
        self.make_silent("E1", "E2", site=self.site_a)
        self.make_silent("E3", site=self.site_b)
        self.env["focalist.device"].create(
            {
                "model_id": self.model.id,
                "serial_number": "NEW1",
                "proposed_site_id": self.site_b.id,
            }
        )
        self.tell()
        with freeze_time(datetime.now() + timedelta(days=1, hours=1)):
            mails = {mail["to"]: mail for mail in self.tell()}
        self.assertEqual(
            set(mails),
            {"anna@example.com", "bert@example.com", "tech@dealer.example.com"},
        )
        told = {
            to: {s for s in ("E1", "E2", "E3", "NEW1") if f"({s})" in mail["body"]}
            for to, mail in mails.items()
        }
        self.assertEqual(told["anna@example.com"], {"E1", "E2"})
        self.assertEqual(told["bert@example.com"], {"E3", "NEW1"})
        self.assertEqual(told["tech@dealer.example.com"], {"E1", "E2", "E3", "NEW1"})
        self.assertIn("/mail/view", mails["tech@dealer.example.com"]["body"])
        self.assertNotIn("/mail/view", mails["anna@example.com"]["body"])

    def test_n4_each_digest_in_its_readers_language(self):
        self.silent.with_context(lang="fr_FR").name = "Périphérique muet"
        self.coordinator(self.client_a, "Elle", email="elle@example.com", lang="fr_FR")
        self.rule(self.client_a, coordinators="all")
        self.make_silent("E1", "E2", at=datetime(2026, 3, 14, 8))
        mails = {mail["to"]: mail for mail in self.tell()}
        self.assertIn("Device silent", mails["anna@example.com"]["body"])
        self.assertIn("3/14/26", mails["anna@example.com"]["body"])
        self.assertIn("Périphérique muet", mails["elle@example.com"]["body"])
        self.assertIn("14/03/2026", mails["elle@example.com"]["body"])

    def test_n4_quiet_hours(self):
        self.client_a.tz = "Europe/Paris"
        self.make_silent("E1")
        self.rule(self.client_a, quiet_from=20.0, quiet_to=7.5)
        with freeze_time(datetime(2026, 6, 1, 19)) as clock:  # 21:00
            self.assertFalse(self.tell())
            clock.move_to(datetime(2026, 6, 2, 5, 25))
            self.assertFalse(self.tell())
            clock.move_to(datetime(2026, 6, 2, 5, 31))
            self.assertEqual(len(self.tell()), 1)

    def test_n4_a_new_frequency_holds_for_what_waits(self):
        self.rule(self.client_a, frequency="weekly")
        self.make_silent("E1")
        self.assertFalse(self.tell())
        self.save_tab(self.client_a, self.setting(self.client_a), frequency="once")
        self.assertEqual(len(self.tell()), 1)

    def test_n4_plan(self):
        monday = datetime(2026, 6, 1, 10, 20)
        self.assertEqual(Plan().due(monday), monday)
        weekly = Plan("weekly", weekday=0, hour=10.5)
        self.assertEqual(weekly.due(monday), datetime(2026, 6, 1, 10, 30))
        late = datetime(2026, 6, 1, 10, 30)
        self.assertEqual(weekly.due(late), datetime(2026, 6, 8, 10, 30))
        day = Plan(quiet_from=9.0, quiet_to=12.0)
        self.assertEqual(day.due(monday), datetime(2026, 6, 1, 12))
        # The night in which Paris's clocks go on: eight is an hour earlier in UTC.
        paris = Plan("daily", hour=8.0, tz="Europe/Paris")
        self.assertEqual(paris.due(datetime(2026, 3, 28, 12)), datetime(2026, 3, 29, 6))

    def test_n5_one_client_only(self):
        before = self.setting(self.client_b).read()
        self.save_tab(
            self.client_a, self.setting(self.client_a), enabled=True, frequency="daily"
        )
        self.assertEqual(self.setting(self.client_b).read(), before)
        rule = self.env["focalist.notification.rule"].search([])
        self.assertEqual(rule.partner_id, self.client_a)
        self.make_silent("E1", site=self.site_b)
        self.assertFalse(self.tell())
        self.assertFalse(self.log())
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.rule(self.client_a)

    def test_n5_defaults_hold_where_nothing_was_decided(self):
        manager = self.user("manager", "focalist_base.group_focalist_manager")
        default = (
            self.env["focalist.notification.setting"]
            .with_user(manager)
            .search(
                [
                    ("partner_id", "=", False),
                    ("company_id", "=", self.dealer.id),
                    ("type_id", "=", self.silent.id),
                ]
            )
        )
        self.save_tab(self.client_b, self.setting(self.client_b), frequency="weekly")
        default.web_save({"enabled": True, "frequency": "hourly"}, {"id": {}})
        self.env.invalidate_all()
        first, second = self.setting(self.client_a), self.setting(self.client_b)
        self.assertEqual((first.enabled, first.frequency), (True, "hourly"))
        self.assertEqual((second.enabled, second.frequency), (False, "weekly"))
        second.with_user(self.seller).action_reset()
        self.env.invalidate_all()
        second = self.setting(self.client_b)
        self.assertEqual((second.enabled, second.frequency), (True, "hourly"))
        with self.assertRaises(AccessError):
            default.with_user(self.seller).write({"enabled": False})

    def test_n5_a_default_stays_as_it_is(self):
        """Where a dealer's default holds, a client's decision is its own rule."""
        default = self.env["focalist.notification.rule"].create(
            {"type_id": self.silent.id, "company_id": self.dealer.id, "hour": 6.0}
        )
        told = default.read()
        for client in (self.client_a, self.client_b):
            self.assertEqual(self.setting(client).applied_id, default)
        self.save_tab(self.client_a, self.setting(self.client_a), enabled=False)
        with self.rule_form(self.setting(self.client_b)) as form:
            self.assertEqual(form.hour, 6.0)
            form.frequency = "weekly"
        self.env.invalidate_all()
        self.assertEqual(default.read(), told)
        first, second = self.setting(self.client_a), self.setting(self.client_b)
        self.assertEqual((first.enabled, first.frequency), (False, "once"))
        self.assertEqual((second.enabled, second.frequency), (True, "weekly"))
        self.assertEqual(first.rule_id.partner_id, self.client_a)
        self.assertEqual(second.rule_id.partner_id, self.client_b)

    def test_n5_another_dealer_is_not_touched(self):
        """Nor seen: settings, rules and the log stay within the company."""
        other = self.env["res.company"].create({"name": "Other dealer"})
        self.env.user.company_ids |= other
        theirs = self.client("Gamma", focalist_company_id=other.id)
        outsider = self.user(
            "outsider",
            "focalist_base.group_focalist_manager",
            company_id=other.id,
            company_ids=other.ids,
        )
        self.rule(self.client_a)
        self.make_silent("E1")
        self.assertEqual(len(self.tell()), 1)
        env = self.env(user=outsider, context={"allowed_company_ids": other.ids})
        self.assertFalse(env["focalist.notification"].search([]))
        self.assertFalse(env["focalist.notification.rule"].search([]))
        settings = env["focalist.notification.setting"].search([])
        self.assertEqual(settings.partner_id, theirs)
        self.assertEqual(settings.company_id, other)
        with self.assertRaises(AccessError):
            self.setting(self.client_a).with_env(env).write({"enabled": False})
        with self.assertRaises(AccessError):
            env["focalist.notification.rule"].create(
                {
                    "type_id": self.kind("device_lost").id,
                    "partner_id": self.client_a.id,
                    "company_id": other.id,
                }
            )
        with self.assertRaises(ValidationError):
            self.rule(
                self.client_a,
                self.kind("device_lost"),
                recipient_ids=[Command.set(outsider.partner_id.ids)],
            )


@tagged("post_install", "-at_install")
class TestNotificationSending(NotificationCase):
    """Nothing twice, nothing lost, nothing to whom it does not concern."""

    def test_once_however_often_looked(self):
        self.rule(self.client_a)
        devices = self.make_silent("E1")
        self.assertEqual(len(self.tell()), 1)
        self.assertFalse(self.tell())
        devices.sudo().last_report_at = START + timedelta(days=5)
        self.assertEqual(len(self.tell()), 1)
        self.assertEqual(self.log().mapped("state"), ["sent", "sent"])

    def test_a_recipient_added_later_hears_of_what_comes(self):
        rule = self.rule(self.client_a)
        self.make_silent("E1")
        self.tell()
        carl = self.contact(self.client_a, "Carl", email="carl@example.com")
        rule.recipient_ids |= carl
        self.assertFalse(self.tell())
        self.make_silent("E2")
        self.assertEqual(len(self.tell()), 2)

    def test_the_database_keeps_it_once(self):
        self.rule(self.client_a)
        self.make_silent("E1")
        self.tell()
        row = self.log()
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            row.copy(
                {name: row[name] for name in ("occurrence", "res_id", "res_model")}
            )

    def test_many_at_once_are_one_mail(self):
        self.rule(self.client_a)
        self.make_silent(*(f"E{number}" for number in range(100)))
        (mail,) = self.tell()
        self.assertEqual(mail["subject"], "Device silent (100) – Alpha")
        self.assertEqual(mail["body"].count("border-top: 1px solid #dddddd"), 80)
        self.assertRegex(mail["body"], r"and\s+20\s+more")
        self.assertEqual(set(self.log().mapped("state")), {"sent"})

    def test_queries_do_not_grow_with_devices(self):
        self.rule(self.client_a)
        counts = []
        for first in (0, 100):
            self.make_silent(*(f"E{first + n}" for n in range(10 if first else 60)))
            settings = self.setting(self.client_a)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.silent._scan_device_silent(settings)
            self.env.flush_all()
            self.log(("state", "=", "pending"))._send()
            self.env.flush_all()
            counts.append(self.cr.sql_log_count - before)
        self.assertLess(counts[0], counts[1] * 1.5)

    def test_a_mail_server_that_refuses_loses_nothing(self):
        self.check_lost_nothing(SMTPDataError(451, b"Too busy"), "Too busy")

    def test_a_mail_server_that_hangs_up_loses_nothing(self):
        """Odoo's queue tells nobody of this one."""
        self.check_lost_nothing(SMTPServerDisconnected("Lost"), "Error")

    def check_lost_nothing(self, error, words):
        self.rule(self.client_a)
        self.make_silent("E1")
        with self.mail_server_down(error):
            self.run_cron("scan")
            self.run_cron("send")
            self.run_queue()
            self.run_cron("send")
        row = self.log()
        self.assertEqual((row.state, row.reason, row.attempts), ("failed", "error", 1))
        self.assertIn(words, row.failure)
        self.assertFalse(self.tell(), "not before it is due again")
        with freeze_time(datetime.now() + timedelta(minutes=15)):
            (mail,) = self.tell()
        self.assertEqual(mail["to"], "anna@example.com")
        self.assertEqual(row.state, "sent")
        with freeze_time(datetime.now() + timedelta(days=3)):
            self.assertFalse(self.tell())

    def test_a_mail_that_cannot_be_made_stops_nobody_else(self):
        for client in (self.client_a, self.client_b):
            self.rule(client)
        self.make_silent("E1", site=self.site_a)
        self.make_silent("E2", site=self.site_b)
        model = type(self.env["focalist.notification"])
        compose = model._compose

        def failing(rows):
            if rows.recipient_id == self.anna:
                raise ValueError("no such text")
            return compose(rows)

        with (
            patch.object(model, "_compose", failing),
            mute_logger("odoo.addons.focalist_base.models.focalist_notification_send"),
        ):
            mails = self.tell()
        self.assertEqual([mail["to"] for mail in mails], ["bert@example.com"])
        failed = self.log(("state", "=", "failed"))
        self.assertEqual(
            (failed.recipient_id, failed.failure), (self.anna, "no such text")
        )
        failed.with_user(self.seller).action_retry()
        self.assertEqual([mail["to"] for mail in self.tell()], ["anna@example.com"])

    def test_marked_with_its_mail_or_not_at_all(self):
        """A job that is killed between leaves neither the e-mail nor the mark."""
        self.rule(self.client_a)
        self.make_silent("E1")
        self.run_cron("scan")
        row, mails = self.log(), self.env["mail.mail"]
        before = mails.search_count([])
        model = type(self.env["focalist.notification"])
        write = model.write

        def killed(rows, vals):
            if vals.get("state") == "queued":
                raise KeyboardInterrupt
            return write(rows, vals)

        with patch.object(model, "write", killed), self.assertRaises(KeyboardInterrupt):
            with self.cr.savepoint():
                row._send()
        self.env.invalidate_all()
        self.assertEqual(row.state, "pending")
        self.assertEqual(mails.search_count([]), before)
        self.assertEqual(len(self.tell()), 1)

    def test_c5_deactivated_client_is_told_nothing(self):
        self.rule(self.client_a, frequency="daily")
        self.rule(self.client_a, self.kind("device_lost"), frequency="once")
        self.make_silent("E1")
        self.run_cron("scan")
        self.run_cron("send")
        queued = self.log(("state", "=", "queued"))
        self.assertTrue(queued)
        mail = queued.mail_id
        self.client_a.with_user(self.seller).action_focalist_deactivate()
        self.assertEqual(set(self.log().mapped("state")), {"skipped"})
        self.assertEqual(mail.state, "cancel")
        with freeze_time(datetime.now() + timedelta(days=2)):
            self.assertFalse(self.tell())
            self.make_silent("E2")
            self.assertFalse(self.tell())
            self.client_a.with_user(self.seller).action_focalist_reactivate()
            mails = self.tell()
        told = "".join(mail["body"] for mail in mails)
        self.assertNotIn("(E1)", told)
        self.assertIn("(E2)", told, "silent still, and nobody was told")

    def test_c5_deactivated_client_is_told_nothing_again(self):
        self.rule(self.client_a)
        self.anna.email = False
        self.make_silent("E1")
        self.assertFalse(self.tell())
        self.client_a.with_user(self.seller).action_focalist_deactivate()
        self.anna.email = "new@example.com"
        self.log().with_user(self.seller).action_retry()
        self.assertFalse(self.tell())
        self.assertEqual(self.log().reason, "inactive")

    def test_no_address_is_said(self):
        self.rule(self.client_a)
        self.anna.email = False
        self.make_silent("E1")
        self.assertFalse(self.tell())
        self.assertEqual((self.log().state, self.log().reason), ("skipped", "no_email"))
        self.anna.email = "new@example.com"
        self.log().with_user(self.seller).action_retry()
        self.assertEqual([mail["to"] for mail in self.tell()], ["new@example.com"])

    def test_nobody_chosen_is_said(self):
        self.rule(self.client_a, coordinators="none")
        self.make_silent("E1")
        self.assertFalse(self.tell())
        self.assertEqual((self.log().state, self.log().reason), ("skipped", "nobody"))

    def test_what_is_told_is_of_its_moment(self):
        """A device that moves on before the digest shows nothing of its new place."""
        self.rule(
            self.client_a,
            frequency="daily",
            own_text=True,
            subject="{{ object.serial_number }} {{ object.ip_address }}",
            body="<p>{{ site }} {{ object.location }}</p>",
        )
        device = self.make_silent("E1")
        device.ip_address = "10.0.0.1"
        self.run_cron("scan")
        device._move(self.site_b, datetime.now())
        device.ip_address = "192.168.99.99"
        with freeze_time(datetime.now() + timedelta(days=2)):
            (mail,) = self.tell()
        self.assertEqual(mail["to"], "anna@example.com")
        self.assertEqual(mail["subject"], "E1 10.0.0.1")
        self.assertNotIn("Lille", mail["body"])

    def test_types_of_this_module(self):
        for code in (
            "device_heard",
            "device_found",
            "device_lost",
            "meter_implausible",
        ):
            self.rule(
                self.client_a, self.kind(code), frequency="once", coordinators="main"
            )
        self.rule(self.client_a)
        device = self.device("E100")
        self.ingest(
            self.metered(0, "E100", total=100_000), self.metered(24, "E100", total=50)
        )
        self.env["focalist.device"].create(
            {
                "model_id": self.model.id,
                "serial_number": "NEW1",
                "proposed_site_id": self.site_a.id,
            }
        )
        self.assertTrue(device.to_check)
        with freeze_time(START + timedelta(days=5)) as clock:
            subjects = {mail["subject"] for mail in self.tell()}
            self.assertEqual(
                subjects,
                {
                    "MP C4503 (E100) is silent",
                    "MP C4503 (E100): a meter is to be checked",
                    "New device found: MP C4503 (NEW1)",
                },
            )
            clock.move_to(START + timedelta(days=40))
            (lost,) = self.tell()
            self.assertEqual(lost["subject"], "MP C4503 (E100) is lost")
            device.sudo().last_report_at = datetime.now()
            (heard,) = self.tell()
            self.assertEqual(heard["subject"], "MP C4503 (E100) is heard of again")
            self.assertFalse(self.tell())

    def test_contract_field_due(self):
        """Any date property of a device, so many days before; once a date."""
        field = self.date_property()
        kind = self.kind("contract_field_due")
        self.rule(
            self.client_a, kind, frequency="once", coordinators="main", lead_days=10
        )
        device, later = self.device("E1"), self.device("E2")
        today = datetime(2026, 6, 1, 8)
        with freeze_time(today):
            for record, day in ((device, "2026-06-09"), (later, "2026-06-20")):
                self.cr.execute(
                    f"UPDATE focalist_device SET {field} = %s WHERE id = %s",
                    (json.dumps({"f1234567890abcde": day}), record.id),
                )
            self.env.invalidate_all()
            (mail,) = self.tell()
            self.assertEqual(mail["subject"], "MP C4503 (E1): Inspection: 06/09/2026")
            self.assertFalse(self.tell())
        with freeze_time(datetime(2026, 6, 11, 8)):
            (mail,) = self.tell()
            self.assertIn("(E2)", mail["subject"])

    def date_property(self):
        """A date among the custom fields that all devices have: its field's name."""
        devices = self.env["focalist.device"]
        if "properties" not in devices._fields:
            self.skipTest("devices have no custom fields")
        holder = (
            self.env["properties.base.definition"]
            .sudo()
            ._get_definition_for_property_field("focalist.device", "properties")
        )
        holder.properties_definition = [
            {"name": "f1234567890abcde", "type": "date", "string": "Inspection"}
        ]
        return "properties"

    def test_rights(self):
        self.rule(self.client_a)
        self.make_silent("E1")
        self.tell()
        row, setting = self.log(), self.setting(self.client_a)
        technician = self.user("tech", "focalist_base.group_focalist_technician")
        portal = self.portal("anna", self.anna)
        self.assertEqual(row.with_user(technician).state, "sent")
        for user in (technician, portal):
            with self.assertRaises(AccessError):
                setting.with_user(user).write({"enabled": False})
            with self.assertRaises(AccessError):
                setting.with_user(user).action_reset()
            with self.assertRaises(AccessError):
                row.with_user(user).action_retry()
        internal = self.user("internal", "base.group_user")
        for model in ("", ".rule", ".setting", ".type"):
            name = f"focalist.notification{model}"
            for user in (portal, internal):
                self.assertFalse(self.env[name].with_user(user).has_access("read"))
            if model != ".rule" and model != ".setting":
                for operation in ("write", "create", "unlink"):
                    self.assertFalse(
                        self.env[name].with_user(self.seller).has_access(operation)
                    )
        rule = self.setting(self.client_a).rule_id.with_user(self.seller)
        with self.assertRaises(AccessError):
            rule.write({"partner_id": self.client_b.id})

    def test_fill(self):
        values = {"a": "1 < 2", "b": ""}
        text = "{{ a }} {{ b ||| none }} {{ c }}!"
        self.assertEqual(fill(text, values), "1 < 2 none !")
        self.assertEqual(fill("<p>{{a}}</p>", values, html=True), "<p>1 &lt; 2</p>")


@tagged("post_install", "-at_install")
class TestNotificationTour(NotificationCase, HttpCase):
    def test_n2_n3_n4_tour_of_sales(self):
        """Sales switch a notification on, write its subject, choose how often."""
        self.start_tour(
            f"/odoo/res.partner/{self.client_a.id}",
            "focalist_base_notifications",
            login="seller",
        )
        setting = self.setting(self.client_a)
        self.assertTrue(setting.enabled)
        self.assertEqual(setting.frequency, "daily")
        self.assertEqual(setting.rule_id.subject, "Silent: {{ object.serial_number }}")
        self.assertFalse(self.setting(self.client_b).rule_id)
