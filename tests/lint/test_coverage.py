"""The page of what proves which promise is up to date, and so are the tests' names."""

from launcher import coverage


def test_the_page_is_up_to_date():
    expected = coverage.page(coverage.read_promises(), coverage.read_tests())
    written = coverage.PAGE.read_text(encoding="utf-8")
    assert written == expected, "./focalist coverage"


def test_every_code_is_a_promise():
    promised = {code for code, *_told in coverage.read_promises()}
    assert len(promised) > 50
    for code, tests in coverage.read_tests().items():
        assert code in promised, tests


def test_codes_are_read_from_names(tmp_path):
    folder = tmp_path / "addons" / "one" / "tests"
    folder.mkdir(parents=True)
    (folder / "test_it.py").write_text(
        "class Test:\n"
        "    def test_c1_c2_both(self): ...\n"
        "    def test_a3_pages_of_c1(self): ...\n"
        "def test_none(): ...\n"
        "def not_test_c3_this(): ...\n"
    )
    assert coverage.read_tests(tmp_path) == {
        "C1": [("addons/one/tests/test_it.py", "test_c1_c2_both")],
        "C2": [("addons/one/tests/test_it.py", "test_c1_c2_both")],
        "A3": [("addons/one/tests/test_it.py", "test_a3_pages_of_c1")],
    }
