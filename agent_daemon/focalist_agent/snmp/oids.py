"""OIDs and codes of the standard MIBs that a printer is read by.

RFC 1213 (MIB-II), RFC 2790 (Host Resources MIB), RFC 3805 (Printer MIB v2),
PWG 5107.1 (Printer Port Monitor MIB) and the IANA-PRINTER-MIB.
"""

from __future__ import annotations

from .session import oid

# RFC 1213: system and interfaces
SYS_DESCR = oid("1.3.6.1.2.1.1.1.0")
SYS_OBJECT_ID = oid("1.3.6.1.2.1.1.2.0")
SYS_UP_TIME = oid("1.3.6.1.2.1.1.3.0")
SYS_CONTACT = oid("1.3.6.1.2.1.1.4.0")
SYS_NAME = oid("1.3.6.1.2.1.1.5.0")
SYS_LOCATION = oid("1.3.6.1.2.1.1.6.0")
IF_TYPE = oid("1.3.6.1.2.1.2.2.1.3")
IF_PHYS_ADDRESS = oid("1.3.6.1.2.1.2.2.1.6")
IF_OPER_STATUS = oid("1.3.6.1.2.1.2.2.1.8")
IF_TYPE_LOOPBACK = 24
IF_UP = 1

ENTERPRISES = oid("1.3.6.1.4.1")

# RFC 2790: devices of the host
HR_DEVICE_TYPE = oid("1.3.6.1.2.1.25.3.2.1.2")
HR_DEVICE_DESCR = oid("1.3.6.1.2.1.25.3.2.1.3")
HR_DEVICE_STATUS = oid("1.3.6.1.2.1.25.3.2.1.5")
HR_PRINTER_STATUS = oid("1.3.6.1.2.1.25.3.5.1.1")
HR_DEVICE_PRINTER = oid("1.3.6.1.2.1.25.3.1.5")

# RFC 3805: prtGeneralTable, prtLocalizationTable
GENERAL_LOCALIZATION = oid("1.3.6.1.2.1.43.5.1.1.2")
GENERAL_PRINTER_NAME = oid("1.3.6.1.2.1.43.5.1.1.16")
GENERAL_SERIAL = oid("1.3.6.1.2.1.43.5.1.1.17")
CONSOLE_LOCALIZATION = oid("1.3.6.1.2.1.43.5.1.1.10")
LOCALIZATION_CHARSET = oid("1.3.6.1.2.1.43.7.1.1.4")

# prtInputTable
INPUT_MAX = oid("1.3.6.1.2.1.43.8.2.1.9")
INPUT_LEVEL = oid("1.3.6.1.2.1.43.8.2.1.10")
INPUT_MEDIA = oid("1.3.6.1.2.1.43.8.2.1.12")
INPUT_NAME = oid("1.3.6.1.2.1.43.8.2.1.13")
INPUT_DESCRIPTION = oid("1.3.6.1.2.1.43.8.2.1.18")

# prtMarkerTable, prtMarkerSuppliesTable, prtMarkerColorantTable
MARKER_UNIT = oid("1.3.6.1.2.1.43.10.2.1.3")
MARKER_LIFE = oid("1.3.6.1.2.1.43.10.2.1.4")
SUPPLY_COLORANT = oid("1.3.6.1.2.1.43.11.1.1.3")
SUPPLY_CLASS = oid("1.3.6.1.2.1.43.11.1.1.4")
SUPPLY_TYPE = oid("1.3.6.1.2.1.43.11.1.1.5")
SUPPLY_DESCRIPTION = oid("1.3.6.1.2.1.43.11.1.1.6")
SUPPLY_UNIT = oid("1.3.6.1.2.1.43.11.1.1.7")
SUPPLY_MAX = oid("1.3.6.1.2.1.43.11.1.1.8")
SUPPLY_LEVEL = oid("1.3.6.1.2.1.43.11.1.1.9")
COLORANT_VALUE = oid("1.3.6.1.2.1.43.12.1.1.4")

# prtConsoleDisplayBufferTable, prtAlertTable
CONSOLE_TEXT = oid("1.3.6.1.2.1.43.16.5.1.2")
ALERT_SEVERITY = oid("1.3.6.1.2.1.43.18.1.1.2")
ALERT_TRAINING = oid("1.3.6.1.2.1.43.18.1.1.3")
ALERT_GROUP = oid("1.3.6.1.2.1.43.18.1.1.4")
ALERT_CODE = oid("1.3.6.1.2.1.43.18.1.1.7")
ALERT_DESCRIPTION = oid("1.3.6.1.2.1.43.18.1.1.8")

# IEEE 1284 device ids: ppmPrinterIEEE1284DeviceId, and where HP's JetDirect put it
# (other makers followed)
IEEE_1284_IDS = (
    oid("2699.1.2.1.2.1.1.3.1"),
    oid("11.2.3.9.1.1.7.0"),
)

HELLO = (
    SYS_DESCR,
    SYS_OBJECT_ID,
    SYS_UP_TIME,
    SYS_NAME,
    SYS_LOCATION,
    *IEEE_1284_IDS,
)
"""What a device is asked first: whether it answers, and who it is."""

# IANA-PRINTER-MIB: textual conventions
MARKER_UNITS = {
    3: "ten_thousandths_of_inches",
    4: "micrometers",
    5: "characters",
    6: "lines",
    7: "impressions",
    8: "sheets",
    9: "dot_rows",
    11: "hours",
    16: "feet",
    17: "meters",
}
"""PrtMarkerCounterUnitTC"""

SUPPLY_UNITS = {
    1: "other",
    3: "ten_thousandths_of_inches",
    4: "micrometers",
    7: "impressions",
    8: "sheets",
    11: "hours",
    12: "thousandths_of_ounces",
    13: "tenths_of_grams",
    14: "hundredths_of_fluid_ounces",
    15: "tenths_of_milliliters",
    16: "feet",
    17: "meters",
    18: "items",
    19: "percent",
}
"""PrtMarkerSuppliesSupplyUnitTC"""

PERCENT = 19
CLASS_FILLED = 4
"""PrtMarkerSuppliesClassTC: receptacleThatIsFilled"""

SUPPLY_KINDS = {
    3: "toner",
    4: "waste_toner",
    5: "ink",
    6: "ink",
    8: "waste_toner",
    9: "drum",
    10: "developer",
    12: "ink",
    14: "waste_toner",
    15: "fuser",
    20: "transfer",
    21: "toner",
    29: "staples",
    32: "staples",
}
"""PrtMarkerSuppliesTypeTC; solid wax (12) is an ink, its waste (14) is waste."""

WASTE_TYPES = (4, 8, 14, 24, 26)

ALERT_SEVERITIES = {
    1: "other",
    3: "critical",
    4: "warning",
    5: "warning_binary_change",
}
"""PrtAlertSeverityLevelTC"""

ALERT_TRAININGS = {
    1: "other",
    2: "unknown",
    3: "untrained",
    4: "trained",
    5: "field_service",
    6: "management",
    7: "no_intervention_required",
}
"""PrtAlertTrainingLevelTC"""

ALERT_GROUPS = {
    1: "other",
    3: "host_storage",
    4: "host_device",
    5: "general_printer",
    6: "cover",
    7: "localization",
    8: "input",
    9: "output",
    10: "marker",
    11: "marker_supplies",
    12: "marker_colorant",
    13: "media_path",
    14: "channel",
    15: "interpreter",
    16: "console_display_buffer",
    17: "console_lights",
    18: "alert",
    30: "finisher_device",
    31: "finisher_supply",
    32: "finisher_supply_media_input",
    33: "finisher_attribute",
}
"""PrtAlertGroupTC"""

PRINTER_STATUSES = {1: "other", 2: "unknown", 3: "idle", 4: "printing", 5: "warmup"}
"""hrPrinterStatus"""

DEVICE_STATUSES = {2: "standby", 3: "standby", 4: "testing", 5: "down"}
"""hrDeviceStatus, where hrPrinterStatus is other(1): RFC 3805, 2.2.13.2.2"""

CHARSETS = {
    3: "ascii",
    4: "latin-1",
    5: "iso8859-2",
    8: "iso8859-5",
    12: "iso8859-9",
    17: "shift_jis",
    106: "utf-8",
    2004: "hp-roman8",
    2009: "cp850",
    2010: "cp852",
    2011: "cp437",
    2024: "cp932",
    2025: "gb2312",
    2026: "big5",
    2250: "cp1250",
    2251: "cp1251",
    2252: "cp1252",
    2253: "cp1253",
    2254: "cp1254",
}
"""IANA MIBenum of the character sets that printers name, as Python calls them."""
