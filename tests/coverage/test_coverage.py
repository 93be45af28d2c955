"""Every row of the table goes the whole road; every rule has its row; the page is current."""

from pathlib import Path

import pytest

import tfq
from tests.coverage import table
from tests.coverage.operations import BROKEN
from tests.coverage.road import travel
from tests.coverage.rows import EVERY, ROWS, RULED, Sheet, sheets

pytestmark = pytest.mark.parity
ROOT = Path(tfq.__file__).parents[1]
SHEETS = [pytest.param(s, id=str(s), marks=[pytest.mark.slow] if s.slow else []) for s in sheets()]


@pytest.mark.parametrize("sheet", SHEETS)
def test_the_whole_road(sheet: Sheet, tmp_path: Path) -> None:
    try:
        travel(sheet, tmp_path)
    except Exception:
        for row in sheet.rows if len(sheet.rows) > 1 else ():  # which one is it?
            try:
                travel(Sheet((row,)), tmp_path)
            except Exception as error:
                raise AssertionError(f"{row.name}: {error}") from error
        raise


def test_every_rule_has_a_row() -> None:
    assert not RULED - {name for row in ROWS for name in row.names} - set(BROKEN)


def test_names_are_unique() -> None:
    names = [name for row in ROWS for name in row.names]
    assert len(names) == len(set(names))


LISTED = table.names_in((ROOT / "docs" / "layers.md").read_text("utf-8"))


def test_the_page_lists_the_same_rows() -> None:
    """Those that this release of Keras lacks aside."""
    here = [row.name for row in ROWS]
    assert [name for name in LISTED if name in here] == here, "make docs"
    assert not set(LISTED) - {row.name for rows in EVERY.values() for row in rows}, "make docs"


def test_the_readme_speaks_of_the_same_rows() -> None:
    section = (ROOT / "README.md").read_text("utf-8").partition(table.BEGIN)[2].partition(table.END)[0]
    assert f"{len(LISTED)} rows" in section, "make docs"
