"""What holds for the tests of every folder."""

import os
import shutil
from pathlib import Path
from unittest import mock

import pytest

from launcher.databases import link_tree


@pytest.fixture(scope="session", autouse=True)
def own_filestore(request):
    """A filestore for each worker, as each has its own database.

    pytest-odoo lets workers share the one of the database that theirs are copied from.
    After every class of tests Odoo removes the files there that its own database does
    not know: those of a test that another worker is in the middle of.
    """
    plugins = request.config.pluginmanager
    if "PYTEST_XDIST_WORKER" not in os.environ or not plugins.hasplugin("odoo"):
        yield
        return
    request.getfixturevalue("load_registry")
    from odoo.tests.common import get_db_name
    from odoo.tools import config

    shared = Path(config.filestore(get_db_name()))
    own = shared.with_name(get_db_name())
    shutil.rmtree(own, ignore_errors=True)
    link_tree(shared, own)
    with mock.patch.object(config, "filestore", return_value=str(own)):
        yield
    shutil.rmtree(own)
