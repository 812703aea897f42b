"""Odoo's own house rules (its module `test_lint`), applied to our modules.

Its test classes look at every module on the addons path and at every model of the
registry. Here they run as they are, but see our modules alone: what they say about
Odoo's own is not ours to mend. What they only warn about fails too.
"""

import importlib
import logging
import unittest
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import patch

import pytest

from odoo.modules import Manifest
from odoo.modules.registry import Registry
from odoo.tests.common import get_db_name
from odoo.tools import config

import odoo.addons

from launcher.databases import own_modules
from launcher.paths import ADDONS

#: Left out: `test_checkers`, which tests the checkers themselves, and `test_eslint`,
#: which wants an ESLint of years ago (ours runs in `./focalist lint`).
LINTERS = (
    "docstring",
    "dunderinit",
    "i18n",
    "index",
    "jstranslate",
    "l10n",
    "manifests",
    "markers",
    "naming",
    "onchange_domains",
    "orm_import",
    "override_signatures",
    "pofile",
    "pylint",
    "routes",
    "test_holes",
)


def our_models(database):
    """The models of the registry that a module of ours defines or extends.

    What is added to `base`, and so to every model, makes none of them ours.
    """
    ours = set(own_modules())
    return {
        name: model
        for name, model in Registry(database).items()
        if any(
            getattr(base, "_module", None) in ours and base._name != "base"
            for base in model.mro()
        )
    }


def looking_at(folder: Path) -> ExitStack:
    """Show the linters the modules in `folder` alone."""
    first = next(folder.glob("*/__manifest__.py")).parent
    stack = ExitStack()
    stack.enter_context(patch.object(odoo.addons, "__path__", [str(folder)]))
    # One of them looks at all of Odoo's sources besides the modules.
    stack.enter_context(
        patch.object(type(config), "root_path", property(lambda _: str(first)))
    )
    return stack


class OurModules:
    """Put before a test class of `test_lint`: narrows its view, hears its warnings."""

    modules = ADDONS

    def setUp(self):
        super().setUp()
        view = looking_at(self.modules)
        self.addCleanup(view.close)
        source = importlib.import_module(type(self).linter.__module__)
        if hasattr(source, "Registry"):
            view.enter_context(patch.object(source, "Registry", our_models))
        if source.__name__.endswith("test_markers"):
            view.enter_context(patch.object(odoo, "__path__", []))

    def run(self, result=None):
        logger = logging.getLogger("odoo.addons.test_lint")
        records = []
        handler = logging.Handler(logging.WARNING)
        handler.emit = records.append
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        try:
            return super().run(result)
        finally:
            logger.removeHandler(handler)
            if records:
                text = "\n".join(record.getMessage() for record in records)
                error = AssertionError(f"It warned:\n{text}")
                result.addFailure(self, (AssertionError, error, None))


def linter_classes():
    for name in LINTERS:
        source = importlib.import_module(f"odoo.addons.test_lint.tests.test_{name}")
        for value in vars(source).values():
            if (
                isinstance(value, type)
                and issubclass(value, unittest.TestCase)
                and value.__module__ == source.__name__
            ):
                yield name, value


for _name, _linter in linter_classes():
    _title = f"Test{_name.title().replace('_', '')}"
    globals()[_title] = type(_title, (OurModules, _linter), {"linter": _linter})
del _name, _linter, _title


# -- Do they look? ---------------------------------------------------------------------


def faults(title: str, folder: Path) -> list[str]:
    """What one of the classes above says about the modules in `folder`."""
    linter = type(title, (globals()[title],), {"modules": folder})
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(linter).run(result)
    return [text for _, text in result.errors + result.failures]


@pytest.fixture
def module(tmp_path):
    """A module without any fault."""
    folder = tmp_path / "faultless"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "__manifest__.py").write_text(
        '{"name": "Faultless", "author": "Nobody", "license": "LGPL-3"}'
    )
    return folder


def test_every_module_of_ours_is_seen():
    with looking_at(ADDONS):
        seen = {manifest.name for manifest in Manifest.all_addon_manifests()}
    assert seen == set(own_modules())
    assert {
        "focalist_base",
        "focalist_agents",
        "focalist_billing",
        "focalist_supplies",
        "focalist_floorplan",
    } <= seen


def test_our_models_are_seen():
    names = set(our_models(get_db_name()))
    assert {"focalist.device", "res.partner"} <= names
    assert "res.country" not in names


@pytest.mark.parametrize(
    ("title", "file", "text"),
    [
        ("TestManifests", "__manifest__.py", '{"name": "X", "licence": "LGPL-3"}'),
        ("TestManifests", "__manifest__.py", '{"name": "X", "countries": ["fr"]}'),
        ("TestMarkers", "views.xml", "<" * 7 + " HEAD\n"),
        ("TestOrmImport", "model.py", "from odoo.orm import fields\n"),
        ("TestTestHoles", "tests/test_lost.py", ""),
        ("TestPylint", "model.py", "print(undefined)\n"),
    ],
)
def test_a_fault_is_found(module, title, file, text):
    assert faults(title, module.parent) == []
    path = module / file
    path.parent.mkdir(exist_ok=True)
    if file.startswith("tests/"):
        (path.parent / "__init__.py").touch()
    path.write_text(text)
    assert faults(title, module.parent)
