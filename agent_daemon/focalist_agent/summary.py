"""Reports and status for people to read in a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

_ABOUT = (
    "address",
    "hostname",
    "mac",
    "location",
    "serial",
    "firmware",
    "status",
    "console",
    "profile",
)


def of_report(report: dict[str, Any]) -> str:
    """A device report as some twenty lines."""
    names = (report.get("manufacturer"), report.get("model"))
    lines = [" ".join(filter(None, names)) or "Unknown device"]
    lines += _pairs((name, report[name]) for name in _ABOUT if name in report)
    units = report.get("meter_units", {})
    for name, value in report.get("meters", {}).items():
        lines.append(f"  {name:14} {value:>12,} {units.get(name, '')}".rstrip())
    for supply in report.get("supplies", ()):
        lines.append(f"  {_level(supply):>6}  {supply['description']}")
    for tray in report.get("inputs", ()):
        level, capacity = _known(tray["level"]), _known(tray["capacity"])
        lines.append(f"  {level:>6} of {capacity} sheets, {tray['name'] or ''}")
    for alert in report.get("alerts", ()):
        lines.append(f"  {alert['severity']}: {alert['description'] or alert['code']}")
    return "\n".join(lines)


def of_status(status: dict[str, Any]) -> str:
    """The status as lines ``name: value``."""
    rejected = status.get("last_rejected", ())
    shown = (i for i in status.items() if i[0] != "last_rejected")
    lines = _pairs((name.replace("_", " "), value) for name, value in shown)
    lines += [f"  rejected {one['at']}: {one['reason']}" for one in rejected]
    return "\n".join(lines)


def of_scan(found: list[dict[str, Any]], asked: int, seconds: float) -> str:
    """What a scan found: a line a device, and how many there are."""
    lines = []
    for one in found:
        names = " ".join(filter(None, (one.get("manufacturer"), one.get("model"))))
        what = names if one["printer"] else f"no printer: {one.get('sys_descr', '?')}"
        known = (one["address"], what, one.get("serial"), one.get("mac"))
        lines.append("  ".join(str(part) for part in known if part)[:160])
        if "problem" in one:
            lines.append(f"  {one['problem']}")
    printers = sum(one["printer"] for one in found)
    lines.append(
        f"{asked} addresses in {seconds:.1f} s: {printers} printers, "
        f"{len(found) - printers} other SNMP devices."
    )
    return "\n".join(lines)


def _pairs(values: Iterable[tuple[str, Any]]) -> list[str]:
    return [
        f"{name + ':':15}{'-' if value is None else value}" for name, value in values
    ]


def _level(supply: dict[str, Any]) -> str:
    if supply["percent"] is not None:
        return f"{supply['percent']:g} %"
    return "some" if supply["some_remaining"] else "?"


def _known(value: int | None) -> str:
    return "?" if value is None else str(value)
