"""Configuration files for Odoo: the project's odoo.conf with what a checkout adds."""

import configparser
from pathlib import Path

from launcher.paths import ADDONS, DATA, ROOT, STATE


def write(name: str, database: str, **options: object) -> Path:
    """Write `.focalist/NAME.conf`: odoo.conf, this checkout's folders, and `options`.

    The server itself is not in it: Odoo reads the PG variables where the file is
    silent, and an embedded server's socket is a matter of the day.
    """
    config = configparser.ConfigParser(interpolation=None)
    config.read(ROOT / "odoo.conf")
    config.read_dict(
        {
            "options": {
                "addons_path": ADDONS,
                "data_dir": DATA,
                "db_name": database,
                "dbfilter": f"^{database}$",
                "http_interface": "127.0.0.1",
                "list_db": False,
                "screenshots": STATE / "screenshots",
                **options,
            }
        }
    )
    file = STATE / f"{name}.conf"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as out:
        config.write(out)
    return file
