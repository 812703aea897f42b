import inspect

from odoo.exceptions import AccessError, UserError
from odoo.models import BaseModel
from odoo.service.model import get_public_method
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import AgentCase

# What a key could call by name, on a model and on one of its records.
OPERATIONS = {
    "search": lambda m, r: m.search([], limit=1),
    "search_count": lambda m, r: m.search_count([]),
    "search_read": lambda m, r: m.search_read([], ["id"], limit=1),
    "web_search_read": lambda m, r: m.web_search_read([], {"id": {}}, limit=1),
    "name_search": lambda m, r: m.name_search("a", limit=1),
    "formatted_read_group": lambda m, r: m.formatted_read_group([], [], ["__count"]),
    "read_group": lambda m, r: m._read_group([], [], ["__count"]),
    "web_read_group": lambda m, r: m.web_read_group([], ["id"], ["__count"]),
    "read": lambda m, r: r.read(["id", "display_name"]),
    "read everything": lambda m, r: r.read(),
    "web_read": lambda m, r: r.web_read({"display_name": {}}),
    "export_data": lambda m, r: r.export_data(["id"]),
    "create": lambda m, r: m.create({}),
    "name_create": lambda m, r: m.name_create("a"),
    "load": lambda m, r: m.load(["id"], [["x"]]),
    "copy": lambda m, r: r.copy(),
    "write": lambda m, r: r.write(some_values(m)),
    "web_save": lambda m, r: r.web_save(some_values(m), {"id": {}}),
    "unlink": lambda m, r: r.unlink(),
    "fields_get": lambda m, r: m.fields_get(),
    "get_views": lambda m, r: m.get_views([(False, "form")]),
    "default_get": lambda m, r: m.default_get(["id"]),
    "onchange": lambda m, r: m.onchange({}, [], {"display_name": {}}),
    "onchange of it": lambda m, r: r.onchange({}, [], {"display_name": {}}),
}
# The same as Odoo's ORM has them, without what a model puts before: some complain of
# what they are given before anybody asks who gives it.
PLAIN_OPERATIONS = {
    "create": lambda m, r: BaseModel.create(m, [{}]),
    "write": lambda m, r: BaseModel.write(r, {}),
    "unlink": lambda m, r: BaseModel.unlink(r),
}
COMPLAINTS = (KeyError, UserError)


def some_values(model):
    """Values that change something: some models skip a write that does not."""
    values = {"char": "a", "boolean": False}
    return {
        name: values[field.type]
        for name, field in model._fields.items()
        if field.store and field.type in values
    }


@tagged("post_install", "-at_install")
class TestCollectorRights(AgentCase):
    """A collector's credentials open nothing but its own route."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        collector, _key = cls.install()
        cls.user = collector.user_id
        cls.nobody = cls.env(user=cls.user, su=False)

    def reason(self, operate, *arguments, complaints=()):
        """Why an operation is not refused, or nothing."""
        try:
            with self.env.cr.savepoint():
                operate(*arguments)
        except AccessError:
            return None
        except complaints:
            return None
        except Exception as error:  # any other one may hide an open door
            return f"{type(error).__name__}: {str(error)[:100]}"
        return "is allowed"

    def walk(self, operations, complaints=()):
        """Try operations on all models, with one of their records where there is one.

        :return: list of str, what was not refused
        """
        open_doors = []
        for name in sorted(self.env.registry):
            model = self.nobody[name]
            if model._abstract:
                continue
            record = self.some_record(name)
            for operation, operate in operations.items():
                if reason := self.reason(operate, model, record, complaints=complaints):
                    open_doors.append(f"{name} {operation}: {reason}")
        return open_doors

    def some_record(self, name):
        """A record that the collector would reach if any: its own, else the first."""
        model = self.env[name].sudo().with_context(active_test=False)
        if name == "res.users":
            record = self.user
        elif name == "res.partner":
            record = self.user.partner_id
        elif not self.env[name]._auto and not self.env[name]._table_query:
            record = model.browse(1)
        else:
            try:
                with self.env.cr.savepoint():
                    record = model.search([], limit=1)
            except Exception:
                record = model.browse()
        return self.nobody[name].browse(record.id or 1)

    @mute_logger("odoo.addons.base.models.ir_model", "odoo.sql_db")
    def test_every_model_refuses_everything(self):
        self.assertGreater(len(self.env.registry), 200)
        open_doors = self.walk(OPERATIONS, COMPLAINTS) + self.walk(PLAIN_OPERATIONS)
        self.assertFalse(open_doors, "\n" + "\n".join(open_doors))

    @mute_logger("odoo.addons.base.models.ir_model")
    def test_what_is_open_to_everybody(self):
        """Access rows without a group are for all users: not for this one."""
        person = new_test_user(self.env, "person", "base.group_portal")
        model = self.env["ir.model"]._get("focalist.manufacturer")
        self.env["ir.model.access"].create(
            {"name": "everybody", "model_id": model.id, "perm_create": True}
        )
        makers = self.env[model.model]
        self.assertTrue(makers.with_user(person).has_access("create"))
        self.assertFalse(makers.with_user(self.user).has_access("create"))
        with self.assertRaises(AccessError):
            makers.with_user(self.user).create({"name": "Mine"})

    @mute_logger("odoo.addons.base.models.ir_model")
    def test_own_user(self):
        """Odoo lets people read and write some of their own record: not this one."""
        own = self.nobody["res.users"].browse(self.user.id)
        for operate in (
            lambda: own.read(["login"]),
            lambda: own.write({"name": "Somebody"}),
            lambda: own.web_read({"login": {}}),
            lambda: own.web_save({"name": "Somebody"}, {"login": {}}),
            lambda: own.onchange({}, [], {"login": {}}),
            lambda: own.fields_get(["login"]),
            lambda: own.login,
            lambda: own.partner_id.name,
        ):
            self.env.flush_all()
            self.env.invalidate_all()
            self.assertIsNone(self.reason(operate))
        self.assertNotEqual(self.user.name, "Somebody")

    @mute_logger("odoo.addons.base.models.ir_model", "odoo.sql_db")
    def test_every_public_focalist_method_refuses(self):
        """Each method of ours that a call over RPC could name."""
        tried = []
        open_doors = []
        for name in sorted(self.env.registry):
            model = self.nobody[name]
            if model._abstract:
                continue
            for method in sorted(self.public_methods_of_ours(type(model))):
                tried.append(f"{name}.{method}")
                record = self.some_record(name)
                function = getattr(record, method)
                required = [
                    parameter
                    for parameter in inspect.signature(function).parameters.values()
                    if parameter.default is parameter.empty
                    and parameter.kind == parameter.POSITIONAL_OR_KEYWORD
                ]
                arguments = [{} for _parameter in required]
                if reason := self.reason(function, *arguments):
                    open_doors.append(f"{name}.{method}: {reason}")
        for expected in (
            "focalist.agent.action_new_key",
            "focalist.collector.action_revoke",
            "focalist.agent.key.action_add",
            "focalist.device.action_activate",
            "res.partner.action_open_focalist_agents",
        ):
            self.assertIn(expected, tried)
        self.assertFalse(open_doors, "\n" + "\n".join(open_doors))

    def public_methods_of_ours(self, model_class):
        """Names of the methods that Focalist's modules define and RPC can call."""
        names = {
            name
            for base in model_class.mro()
            if (getattr(base, "_module", None) or "").startswith("focalist_")
            for name, value in vars(base).items()
            if inspect.isfunction(value)
        }
        for name in names:
            try:
                get_public_method(self.nobody[model_class._name], name)
            except (AccessError, AttributeError):
                continue
            if not hasattr(BaseModel, name):
                yield name

    def test_route_has_no_public_method(self):
        """What the route does for a collector cannot be called by name."""
        for method in ("_of_key", "_configuration", "_receive", "_install"):
            with self.assertRaises(AccessError):
                get_public_method(self.nobody["focalist.collector"], method)
