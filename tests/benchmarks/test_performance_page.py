"""docs/performance.md says what was measured: its tables are those of the stored figures."""

import pytest

from benchmarks.page import DOCS, filled, stored
from benchmarks.peers import OPTIONAL, PEERS
from benchmarks.work import machine


def test_the_tables_are_those_of_the_stored_figures():
    text = (DOCS / "performance.md").read_text("utf-8")
    assert filled(text, stored()) == text


def test_a_figure_changed_by_hand_is_seen():
    text, found = (DOCS / "performance.md").read_text("utf-8"), stored()
    found["speed"]["rows"][1]["seconds"] = [9.876] * len(found["speed"]["rows"][1]["seconds"])
    assert "9.876" in filled(text, found)


def test_a_page_without_a_section_is_an_error():
    with pytest.raises(SystemExit, match="section"):
        filled("# no markers", stored())


def test_every_peer_was_measured_and_did_the_same_work():
    rows = stored()["speed"]["rows"]
    assert {(row["hidden"], row["peer"]) for row in rows} >= {
        (hidden, peer)
        for hidden in (30, 100)
        for peer in ("floor", "ours", "cohort", "torch", "jax", "sklearn")
    }
    for hidden in (30, 100):
        accuracies = [
            row["accuracy"] for row in rows if row["hidden"] == hidden and row["accuracy"] is not None
        ]
        assert max(accuracies) - min(accuracies) < 0.015


@pytest.mark.parametrize(
    "names", [[*PEERS], [name for name in PEERS if name not in OPTIONAL]], ids=["all", "few"]
)
def test_it_has_a_row_for_each_peer_that_was_measured(names):
    text, found = (DOCS / "performance.md").read_text("utf-8"), stored()
    row = {"hidden": 30, "seconds": [0.5], "accuracy": None, "memory": 100}
    found["speed"] |= {"machine": machine(), "rows": [row | {"peer": name} for name in names]}
    page = filled(text, found)
    assert [name for name in PEERS if f"| {PEERS[name].title} | 0.500" in page] == names
    assert "C compiler" in page
