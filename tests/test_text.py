"""Text that a table holds is shown as it is, wherever it is shown."""

from xml.etree import ElementTree

import pytest

from mnist_softmax.text import html_table

HOSTILE = [
    "<script>alert(1)</script>",
    "a & b",
    "\"quoted\" 'twice'",
    "</td></table>",
    "&lt;",
    "x" * 200,
    "",
    "1e5",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_cell_a_column_and_a_caption_are_read_back_as_they_were_written(text):
    page = ElementTree.fromstring(f"<div>{html_table(text, ['first', text], [['1', text], [text, '2']])}</div>")
    assert (page.find("p").text or "") == text
    cells = [[cell.text or "" for cell in row] for row in page.iter("tr")]
    assert cells == [["first", text], ["1", text], [text, "2"]]
    assert page.find(".//script") is None


def test_a_table_may_have_many_rows_and_none():
    page = ElementTree.fromstring(f"<div>{html_table('', ['n'], [[str(n)] for n in range(300)])}</div>")
    assert [row[0].text for row in page.iter("tr")] == ["n", *map(str, range(300))]
    assert "<td>" not in html_table("", [], [])
