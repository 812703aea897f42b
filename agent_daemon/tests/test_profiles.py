"""The profiles are data: they are checked, and what they point at is read."""

import asyncio

import pytest

from focalist_agent import private
from focalist_agent.identity import Sources, recognise
from focalist_agent.profiles import ProfileError, by_name, load_all, parse
from focalist_agent.report import Supply
from focalist_agent.snmp.session import oid
from focalist_agent.supplies import add_private

HEAD = 'schema = 1\nversion = 1\nmanufacturer = "X"\n[names]\nX = ["x"]\n'


class Device:
    """A session over values in memory."""

    def __init__(self, values):
        self.values = {oid(name): value for name, value in values.items()}

    async def get(self, oids):
        return {name: self.values[name] for name in oids if name in self.values}

    async def columns(self, columns):
        return {
            column: {
                name[len(column) :]: value
                for name, value in self.values.items()
                if name[: len(column)] == column
            }
            for column in columns
        }


def read(name, values, model=""):
    (profile,) = (p for p in load_all() if p.name == name)
    return asyncio.run(private.read(Device(values), profile, model))


def test_all_load():
    assert len(load_all()) >= 15
    enterprises = [e for p in load_all() for e in p.enterprises]
    assert len(enterprises) == len(set(enterprises))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("schema = 2", "schema"),
        (HEAD + "[meters]\npages = '1.1'", "unknown key 'pages' in meters"),
        (HEAD + "[meters]\ntotal = 'x.1'", "invalid literal"),
        (HEAD + "[identity]\ncolour = '1.1'", "unknown key 'colour' in identity"),
        (HEAD + "[other]\n", "unknown key 'other' in the file"),
        ("schema = ", "Invalid value"),
    ],
)
def test_errors_name_the_file_and_the_key(text, said):
    with pytest.raises(ProfileError) as caught:
        parse("x", text)
    assert str(caught.value).startswith("x.toml: ")
    assert said in str(caught.value)


def test_sums_are_of_what_the_device_has():
    found = read(
        "kyocera",
        {
            "1347.43.10.1.1.12.1.1": 100,
            "1347.42.3.1.2.1.1.1.2": 1,
            "1347.42.3.1.2.1.1.1.3": 9,
        },
    )
    assert found.meters == {"total": 100, "print_color": 10, "color": 10}


def test_mono_and_color_are_not_more_than_the_total():
    found = read(
        "kyocera",
        {
            "1347.43.10.1.1.12.1.1": 9,
            "1347.42.3.1.2.1.1.1.3": 10,
        },
    )
    assert found.meters == {"total": 9, "print_color": 10}


def test_a_paper_size_stands_in_any_row():
    table = "1347.42.2.1.1.1"
    found = read(
        "kyocera",
        {
            f"{table}.2.1.1": b"A3",
            f"{table}.2.1.4": b"A4",
            f"{table}.6.1.1": 7,
            f"{table}.6.1.4": 90,
            f"{table}.7.1.4": 60,
        },
    )
    assert found.meters == {"a3": 7, "a4": 90, "a4_mono": 60}


def test_counters_by_name():
    names, values = "2385.1.1.19.2.1.4", "2385.1.1.19.2.1.3"
    found = read(
        "sharp",
        {
            f"{names}.5.4.61": b"Black & White Total Count",
            f"{values}.5.4.61": 90474,
            f"{names}.5.4.63": b"Full Color Total Count",
            f"{values}.5.4.63": 20,
            f"{names}.5.4.64": b"Two Color Total Count",
            f"{values}.5.4.64": 3,
            f"{names}.8.4.50": b"Scan to E-mail/FTP",
            f"{values}.8.4.50": 23746,
        },
    )
    assert found.meters == {"mono": 90474, "color": 23}
    assert found.sources["mono"] == f"1.3.6.1.4.1.{values}.5.4.61"


def test_counters_by_code_stand_in_any_row():
    codes, values = "367.3.2.1.2.19.5.1.2", "367.3.2.1.2.19.5.1.9"
    found = read(
        "ricoh",
        {
            f"{codes}.3": 10,
            f"{values}.3": 1000,
            f"{codes}.9": 402,
            f"{values}.9": 30,
            f"{codes}.7": 403,
            f"{values}.7": 4,
        },
    )
    assert found.meters == {"total": 1000, "print_color": 34}


def test_records_of_octets():
    base = "2435.2.3.9.4.2.1.5.5"
    octets = {
        f"{base}.10.0": bytes.fromhex("000104000003da 06010400000102 ff 0101"),
        f"{base}.8.0": bytes.fromhex("410104000023f0 6f010400001d4c a101020414ff"),
    }
    found = read("brother", octets, "HL-L2340DW")
    assert found.meters == {"total": 986, "duplex": 258}
    assert [(s.kind, s.color, s.percent) for s in found.supplies] == [
        ("drum", None, 92.0),
        ("toner", "black", 75.0),
        ("ink", "black", 20.0),
    ]
    # An ink jet says ink where a laser printer says toner, and has no drum.
    found = read("brother", octets, "DCP-J132W")
    assert [s.kind for s in found.supplies] == ["ink", "ink"]


@pytest.mark.parametrize(
    "octets", [b"", b"\x00", b"\x00\x01\x04\x00", b"\x00\x02\x01a"]
)
def test_broken_records_end(octets):
    assert list(private.records(octets)) == []


@pytest.mark.parametrize(
    ("said", "manufacturer"),
    [
        ("Canon LBP6670 /P", "Canon"),
        ("TOSHIBA e-STUDIO", "Toshiba"),
        ("Fuji Xerox DocuCentre", "Fuji Xerox"),
        ("Developer unit", None),
        ("shp printer", None),
    ],
)
def test_names(said, manufacturer):
    found = by_name(said)
    assert (found and found[0]) == manufacturer


def test_minus_one_is_no_count():
    base = "18334.1.1.1.5.7.2.2.1.5"
    found = read(
        "konica_minolta",
        {f"{base}.2.2": 90, f"{base}.3.2": -1, f"{base}.1.2": -1},
    )
    assert found.meters == {"print_color": 90, "color": 90}


def test_a_fallback_counts_only_where_nothing_else_does():
    total, mono = "1347.43.10.1.1.12.1.1", "1347.42.2.2.1.1.3.1.1"
    assert read("kyocera", {total: 100, mono: 60}).meters["mono"] == 60
    function = {"1347.42.3.1.2.1.1.1.1": 70}
    assert read("kyocera", {total: 100, mono: 60, **function}).meters["mono"] == 70


def test_levels_of_the_makers_own():
    base = "367.3.2.1.2.24.1.1"
    rows = [(b"Black Toner", 60), (b"Cyan Toner", -100), (b"Magenta Toner", -3)]
    rows += [(b"Yellow Toner", 130), (b"", 0), (b"Used", 0)]
    values = {}
    for number, (name, level) in enumerate(rows, 1):
        values |= {f"{base}.3.{number}": name, f"{base}.5.{number}": level}
    found = read("ricoh", values)
    assert not found.supplies
    assert [(s.kind, s.color, s.percent) for s in found.levels] == [
        ("toner", "black", 60.0),
        ("toner", "cyan", 0.0),
    ]
    standard = (
        Supply("1.1", "Toner", "toner", "black", some_remaining=True),
        Supply("1.2", "Toner", "toner", "cyan", percent=5.0),
    )
    laid = add_private(standard, found.supplies, found.levels)
    assert [s.percent for s in laid] == [60.0, 5.0]
    # What the standard table does not list stays unlisted.
    assert add_private((), found.supplies, found.levels) == ()


def test_a_maintenance_box_that_the_standard_table_lacks():
    base = "1248.1.2.2.28.1.1"
    values = {f"{base}.18.1.1": b"Maintenance Box", f"{base}.2.1.1": 67}
    found = read("epson", values)
    (box,) = add_private((), found.supplies, found.levels)
    # 67 % of it are free.
    assert (box.kind, box.percent) == ("waste_toner", 33.0)


@pytest.mark.parametrize(
    ("name", "enterprise", "profile"),
    [
        ("SINDOH D332E", 18334, "konica_minolta"),
        ("SINDOH M610", None, "sindoh"),
        ("OLIVETTI d-Color", 1347, "kyocera"),
        ("RICOH MP C3002", 11, "ricoh"),
    ],
)
def test_an_engine_under_another_name(name, enterprise, profile):
    object_id = (1, 3, 6, 1, 4, 1, enterprise, 1) if enterprise else ()
    sources = Sources(device=name, sys_object_id=object_id)
    assert recognise(sources)[1].name == profile
