"""What each test's database is copied from."""

import os


def test_nobody_waits_for_style_sheets_and_scripts(databases):
    names = databases.server.query(
        "SELECT name FROM ir_attachment WHERE url LIKE '/web/assets/%'",
        os.environ["FOCALIST_TEMPLATE"],
    ).splitlines()
    assert {"web.assets_web.min.js", "web.assets_web.min.css"} <= set(names)
    assert {"web.assets_frontend.min.css", "web.assets_tests.min.js"} <= set(names)
    assert {"web.chartjs_lib.min.js", "web_tour.automatic.min.js"} <= set(names)
    assert "web_tour.interactive.min.js" in names
