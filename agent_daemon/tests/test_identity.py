"""Manufacturer, model, serial number and MAC out of contradicting sources."""

import pytest

from focalist_agent import identity
from focalist_agent.identity import Sources, clean_serial, ieee1284, recognise
from focalist_agent.snmp.session import oid

HP = oid("11.2.3.9.1")


@pytest.mark.parametrize(
    ("sources", "manufacturer", "model"),
    [
        # sysObjectID is of the network card's maker.
        (
            Sources(device="Brother MFC-7820N", sys_object_id=HP),
            "Brother",
            "MFC-7820N",
        ),
        (Sources(device="HP Color LaserJet M452nw"), "HP", "Color LaserJet M452nw"),
        (
            Sources(
                sys_descr="HP ETHERNET MULTI-ENVIRONMENT,SN:X,FN:Y,PID:HP LaserJet 4"
            ),
            "HP",
            "LaserJet 4",
        ),
        (
            Sources(sys_descr="Xerox AltaLink C8045; SS 100.002, NC 100.002"),
            "Xerox",
            "AltaLink C8045",
        ),
        (
            Sources(
                device="Lexmark MX711 74636C6601FK2 LW62.TU.P636",
                serial="74636C6601FK2-130-0",
            ),
            "Lexmark",
            "MX711",
        ),
        (
            Sources(device="Generic 28C-1", sys_descr="KONICA MINOLTA bizhub C3110"),
            "Konica Minolta",
            "bizhub C3110",
        ),
        (
            Sources(
                sys_descr="OKI OkiLAN 9450g Rev.00.69: Attached to MC873 Rev.07.87"
            ),
            "OKI",
            "MC873",
        ),
        (Sources(device="EPSON SC-T3405 Series"), "Epson", "SC-T3405"),
        (
            Sources(sys_descr="NRG MP C4503 1.05 / NRG Network Printer C model"),
            "NRG",
            "MP C4503",
        ),
        (
            Sources(ieee1284=({"MFG": "Hewlett-Packard", "MDL": "HP DeskJet 9"},)),
            "HP",
            "DeskJet 9",
        ),
        (Sources(device="Canon iR-ADV C5235 /P"), "Canon", "iR-ADV C5235"),
        (Sources(device="Samsung Samsung CLX-9201"), "Samsung", "CLX-9201"),
        (
            Sources(device="Xerox WorkCentre 7845 v1 Multifunction System"),
            "Xerox",
            "WorkCentre 7845",
        ),
        (
            Sources(sys_descr="FUJI XEROX DocuPrint CM305 df;  Net 16.41"),
            "Fuji Xerox",
            "DocuPrint CM305 df",
        ),
        # Only the number is left, and a name that is the host's is no model.
        (Sources(sys_object_id=HP, printer_name="p1", sys_name="p1"), "HP", None),
        (Sources(), None, None),
    ],
)
def test_manufacturer_and_model(sources, manufacturer, model):
    assert recognise(sources)[0] == manufacturer
    assert identity.model(sources, manufacturer) == model


def test_another_brand_of_the_same_engine_has_its_makers_profile():
    manufacturer, profile = recognise(Sources(device="UTAX 3508ci"))
    assert (manufacturer, profile.name) == ("Utax", "kyocera")
    sources = Sources(device="Olivetti d-Color MF222", sys_object_id=oid("18334.1"))
    manufacturer, profile = recognise(sources)
    assert (manufacturer, profile.name) == ("Olivetti", "konica_minolta")


@pytest.mark.parametrize(
    ("said", "serial"),
    [
        ("  E123-45 ", "E123-45"),
        ("74636C6601FK2-130-0", "74636C6601FK2-130-0"),
        ("XXXXXXXXXX", None),
        ("0000000000", None),
        ("??????", None),
        ("unknown", None),
        ("", None),
        ("1", None),
    ],
)
def test_serial(said, serial):
    assert clean_serial(said) == serial


def test_ieee1284():
    said = "MANUFACTURE:OKI UK LTD;COMMAND SET:PCL;MODEL:MC873;SERN:A1;;X"
    assert ieee1284(said) == {
        "MFG": "OKI UK LTD",
        "COMMAND SET": "PCL",
        "MDL": "MC873",
        "SN": "A1",
    }


def test_mac_prefers_what_is_up_and_universal():
    addresses = {
        (0,): bytes.fromhex("001122330000"),
        (1,): bytes.fromhex("7e0000000001"),
        (2,): bytes.fromhex("000000000000"),
        (3,): bytes.fromhex("001122334455"),
        (4,): bytes.fromhex("00112233aabb"),
    }
    types, states = {(0,): 24}, {(3,): 2}
    assert identity.mac(addresses, types, states) == "00:11:22:33:aa:bb"
    assert identity.mac({}, {}, {}) is None
