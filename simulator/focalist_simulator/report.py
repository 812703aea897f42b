"""The device report that a daemon makes of a printer (schema 1)."""

from typing import Any
from uuid import NAMESPACE_DNS, uuid5

from . import mib
from .state import State, SupplyState

_NAMESPACE = uuid5(NAMESPACE_DNS, "simulator.focalist")
_LIFE = f"{mib.PRINTER}.10.2.1.4.1.1"


def report(state: State, private: bool = True) -> dict[str, Any]:
    """The report of a printer in a state.

    :param private: whether the maker's own MIB is read as well as the standard ones
    """
    printer = state.printer
    maker = printer.maker
    private = private and bool(printer.spec.private)
    read_at = f"{state.moment:%Y-%m-%dT%H:%M:%SZ}"
    name = f"{printer.seed}:{printer.epoch:%Y-%m-%d}:{printer.number}:{read_at}"
    named = maker.names_host or private
    return {
        "schema": 1,
        "uid": str(uuid5(_NAMESPACE, name)),
        "read_at": read_at,
        "profile": maker.key if private else "standard",
        "profile_version": 1,
        "uptime": state.uptime,
        "address": printer.address,
        "hostname": printer.hostname if named else None,
        "mac": printer.mac,
        "location": printer.location,
        "sys_object_id": printer.spec.object_id,
        "sys_descr": mib.sys_descr(printer),
        "manufacturer": printer.manufacturer,
        "model": printer.model,
        "serial": printer.serial,
        "firmware": printer.spec.firmware if private else None,
        "status": state.status,
        "console": state.console,
        **_meters(state, private),
        "supplies": [_supply(state, one, private) for one in state.supplies],
        "inputs": [
            {
                "index": f"1.{tray.place}",
                "name": mib.tray_name(state, tray),
                "level": tray.level,
                "capacity": tray.capacity,
                "media": tray.media,
            }
            for tray in state.trays
        ],
        "alerts": [
            {
                "index": f"1.{alert.index}",
                "severity": alert.severity,
                "training": alert.training,
                "group": alert.group,
                "code": alert.code,
                "description": alert.text if maker.alert_texts else "",
            }
            for alert in state.alerts
        ],
    }


def _meters(state: State, private: bool) -> dict[str, dict[str, Any]]:
    """The meters with their sources and the units that are not to be taken for granted.

    A meter that adds several objects up names them all, with a "+" between.
    """
    maker = state.printer.maker
    unit = "sheets" if maker.sheets else "impressions"
    meters = {"life": state.meter("life")}
    sources = {"life": _LIFE}
    units = {"life": unit}
    told = maker.counters(state.printer.spec) if private else {}
    for name, objects in told.items():
        meters[name] = state.meter(name)
        sources[name] = "+".join(objects)
    if "total" not in told:
        meters["total"], sources["total"], units["total"] = meters["life"], _LIFE, unit
    return {"meters": meters, "meter_sources": sources, "meter_units": units}


def _supply(state: State, one: SupplyState, private: bool) -> dict[str, Any]:
    maker = state.printer.maker
    level, capacity, unit = one.told
    description = mib.supply_description(state, one)
    number = serial = None
    if private and maker.tells_serials:
        description = description.split(", PN ")[0]
        number, serial = one.supply.part, one.serial
    if private and maker.private_levels and one.supply.kind == "toner" and level == -3:
        level, capacity, unit = mib.percent(one.left), 100, "percent"
    percent = None
    if level >= 0 and capacity > 0:
        percent = round(100 * level / capacity, 1)
        if one.supply.is_waste:  # RFC 3805: the level is the room that is left
            percent = round(100 - percent, 1)
    return {
        "index": f"1.{one.place}",
        "description": description,
        "kind": one.supply.kind,
        "color": one.supply.color,
        "level": level,
        "capacity": capacity,
        "unit": unit,
        "percent": percent,
        "some_remaining": level == -3,
        "part_number": number,
        "serial": serial,
    }
