"""Workers: nothing twice, nothing lost, the same whatever the worker count."""

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import cloudpickle
import pandas as pd
import pytest

from groove.contracts import CONTRACTS
from groove.core.columns import KEY, SPLIT
from groove.core.digest import digest
from groove.core.spec import Spec
from groove.core.store import Store
from groove.core.tables import Column, ContractError, Table
from resources.journal import Journal
from resources.sources import Sources
from resources.tables import Tables
from resources.workers import Workers

VERSION = "1"
SQUARES = Table(
    "squares",
    "A number and its square.",
    (
        KEY,
        Column("path", "string", "Item"),
        Column("value", "float", "Square"),
        Column("blob", "string", "Its text"),
    ),
)
cloudpickle.register_pickle_by_value(sys.modules[__name__])


class PowerSpec(Spec):
    power: int = 2


def power(item: Mapping[str, Any], spec: PowerSpec, store: Store) -> Iterator[dict[str, Any]]:
    """One row per item; none for zero; an error for a negative number; death for 666."""
    number = item["number"]
    if number == 666:
        os._exit(1)
    if number < 0:
        raise ValueError(f"{number} is negative: give a number that is not")
    for _ in range(min(int(number), 2)):
        value = float(number) ** spec.power
        yield {
            "path": item["path"],
            "value": value,
            "blob": store.write(str(value).encode(), ".txt"),
        }


def misnamed(item: Mapping[str, Any], spec: Spec, store: Store) -> list[dict[str, Any]]:
    del spec, store
    return [{"path": item["path"], "sqare": 1.0}]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(CONTRACTS, "squares", SQUARES)
    for kind in ("loops", "songs", "tracks", "hits"):
        (tmp_path / "raw" / kind).mkdir(parents=True)
    return tmp_path


def workers(base: Path, count: int = 1, **more: Any) -> Workers:
    sources = Sources(raw=str(base / "raw"), data=str(base))
    return Workers(sources=sources, **({"data": str(base), "count": count} | more))


def numbers(*values: int) -> pd.DataFrame:
    return pd.DataFrame({"path": [f"n{v}" for v in values], "number": list(values)})


def run(data: Path, items: pd.DataFrame, count: int = 1, **spec: Any) -> tuple[pd.DataFrame, Any]:
    """Do what an asset and the IO manager do."""
    table = workers(data, count).map(power, items, PowerSpec(**spec), into="squares")
    tables = Tables(str(data))
    tables.write("squares", table)
    return tables.read("squares"), tables.journal("squares").settle()


def test_rows_come_in_the_order_of_the_items(data: Path) -> None:
    table, last = run(data, numbers(3, 1, 0, 2))
    assert table["path"].tolist() == ["n3", "n3", "n1", "n2", "n2"]
    assert table["value"].tolist() == [9.0, 9.0, 1.0, 4.0, 4.0]
    assert (last["items"], last["computed"], last["carried"]) == (4, 4, 0)


def test_a_second_run_computes_nothing_not_even_items_without_rows(data: Path) -> None:
    first, _ = run(data, numbers(3, 0, -1))
    second, last = run(data, numbers(3, 0, -1))
    assert (last["computed"], last["carried"], last["quarantined"]) == (0, 3, 1)
    pd.testing.assert_frame_equal(first, second)


def test_one_new_file_costs_one_file_and_a_removed_one_takes_its_rows(data: Path) -> None:
    run(data, numbers(1, 2, 3))
    table, last = run(data, numbers(2, 3, 4))
    assert (last["computed"], last["carried"]) == (1, 2)
    assert sorted(set(table["path"])) == ["n2", "n3", "n4"]


def sided(item: Mapping[str, Any], spec: Spec, store: Store) -> list[dict[str, Any]]:
    del spec, store
    return [{name: item[name] for name in ("path", "split_group", "split")}]


def test_a_file_that_changes_sides_is_told_so_and_not_computed_again(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = (KEY, Column("path", "string", "Item"), *SPLIT)
    monkeypatch.setitem(CONTRACTS, "sided", Table("sided", "Sides.", columns))
    tables = Tables(str(data))
    for side, computed in (("train", 2), ("test", 0)):
        items = numbers(1, 2).assign(split_group="g", split=side)
        table = workers(data).map(sided, items, None, into="sided")
        assert set(table["split"]) == {side}
        tables.write("sided", table)
        assert tables.journal("sided").settle()["computed"] == computed


def test_a_changed_spec_recomputes_everything(data: Path) -> None:
    run(data, numbers(2, 3))
    table, last = run(data, numbers(2, 3), power=3)
    assert last["computed"] == 2
    assert set(table["value"]) == {8.0, 27.0}


def test_what_fails_is_quarantined_with_its_reason_and_the_rest_goes_on(data: Path) -> None:
    table, last = run(data, numbers(1, -5, 2))
    assert sorted(set(table["path"])) == ["n1", "n2"]
    assert last["quarantined"] == 1
    quarantine = pd.read_parquet(data / "tables" / "quarantine" / "squares.parquet")
    assert quarantine.to_dict("records") == [
        {
            "stage": "squares",
            "item": "n-5",
            "error": "ValueError: -5 is negative: give a number that is not",
        }
    ]


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("others", [(), (1, 2, 3)])
def test_a_file_that_kills_its_process_is_quarantined_too(
    data: Path, count: int, others: tuple[int, ...]
) -> None:
    table, last = run(data, numbers(666, *others), count=count)
    assert sorted(set(table["path"])) == [f"n{number}" for number in others]
    assert last["quarantined"] == 1
    quarantine = pd.read_parquet(data / "tables" / "quarantine" / "squares.parquet")
    assert quarantine.loc[0, "item"] == "n666"
    assert "died" in quarantine.loc[0, "error"]


def flaky(item: Mapping[str, Any], spec: PowerSpec, store: Store) -> list[dict[str, Any]]:
    """Fail like a disk, until the marker file is there."""
    if not Path(item["marker"]).exists():
        raise OSError("connection reset")
    return list(power(item, spec, store))


def test_a_failure_that_is_not_the_files_own_is_tried_again(data: Path) -> None:
    marker = data / "marker"
    items = numbers(1, 2).assign(marker=str(marker))
    first = workers(data).map(flaky, items, PowerSpec(), into="squares")
    assert len(first) == 0
    assert len(pd.read_parquet(data / "tables" / "quarantine" / "squares.parquet")) == 2
    marker.touch()
    second = workers(data).map(flaky, items, PowerSpec(), into="squares")
    assert sorted(set(second["path"])) == ["n1", "n2"]
    assert len(pd.read_parquet(data / "tables" / "quarantine" / "squares.parquet")) == 0


def test_one_worker_or_two_give_the_same_table(data: Path, tmp_path: Path) -> None:
    items = numbers(*range(40))
    one, _ = run(data, items, count=1)
    other = tmp_path / "other"
    (other / "raw").mkdir(parents=True)
    for kind in ("loops", "songs", "tracks", "hits"):
        (other / "raw" / kind).mkdir()
    two, _ = run(other, items, count=2)
    pd.testing.assert_frame_equal(one, two)


def test_batches_of_a_killed_run_are_found_again(data: Path) -> None:
    """A map whose table was never written: the next one computes nothing."""
    workers(data).map(power, numbers(1, 2, 3), PowerSpec(), into="squares")
    table, last = run(data, numbers(1, 2, 3))
    assert last["computed"] == 0
    assert len(table) == 5


def test_rows_lost_with_a_deleted_table_are_computed_again(data: Path) -> None:
    run(data, numbers(1, 2))
    (data / "tables" / "squares.parquet").unlink()
    table, last = run(data, numbers(1, 2))
    assert last["computed"] == 2
    assert len(table) == 3


def test_rows_whose_blob_is_gone_are_computed_again(data: Path) -> None:
    first, _ = run(data, numbers(1, 2, 3))
    blob = first.loc[first["path"] == "n2", "blob"].iloc[0]
    (data / "blobs" / blob[:2] / blob).unlink()
    second, last = run(data, numbers(1, 2, 3))
    assert last["computed"] == 1
    assert (data / "blobs" / blob[:2] / blob).exists()
    pd.testing.assert_frame_equal(first, second)


def test_a_function_that_invents_a_column_is_a_defect_not_a_quarantined_file(data: Path) -> None:
    with pytest.raises(ContractError, match="sqare"):
        workers(data).map(misnamed, numbers(1), None, into="squares")


def content(item: Mapping[str, Any], spec: Spec, store: Store) -> Iterator[dict[str, Any]]:
    """Odd numbers name a blob, even ones the hash of something that is no blob."""
    del spec
    text = str(item["number"]).encode()
    blob = store.write(text, ".txt") if item["number"] % 2 else digest(text.decode())
    yield {"path": item["path"], "value": 0.0, "blob": blob}


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("order", [(1, 2, 3, 4), (2, 4, 1, 3)])
def test_hashes_that_are_no_blobs_are_not_missed(
    data: Path, order: tuple[int, ...], count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever comes first, and in however many batches, a column may mix the two."""
    monkeypatch.setattr("resources.workers._FLUSH_ITEMS", count)
    table = workers(data).map(content, numbers(*order), None, into="squares")
    assert table["path"].tolist() == [f"n{number}" for number in order]
    Tables(str(data)).write("squares", table)
    workers(data).map(content, numbers(*order), None, into="squares")
    assert Tables(str(data)).journal("squares").settle()["computed"] == 0


def test_rows_that_vanish_while_a_stage_runs_stop_it(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Journal, "rows", lambda _: None)
    with pytest.raises(RuntimeError, match="not at hand, n1 among them"):
        workers(data).map(power, numbers(1), PowerSpec(), into="squares")


def count_rows(squares: pd.DataFrame, spec: PowerSpec, store: Store) -> list[dict[str, Any]]:
    del store
    return [{"path": "sum", "value": squares["value"].sum() * spec.power, "blob": "b"}]


def test_once_computes_only_when_an_input_changes(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CONTRACTS, "total", Table("total", "Sum.", SQUARES.columns))
    tables = Tables(str(data))

    def total() -> tuple[float, int]:
        inputs = {"squares": tables.read("squares")}
        table = workers(data).once(count_rows, inputs, PowerSpec(), into="total")
        tables.write("total", table)
        return float(table["value"].iloc[0]), int(tables.journal("total").settle()["computed"])

    run(data, numbers(1, 2))
    assert total() == (18.0, 1)
    assert total() == (18.0, 0)
    run(data, numbers(1, 3))
    assert total() == (38.0, 1)


def test_a_dask_cluster_gives_the_same_table(data: Path) -> None:
    from distributed import LocalCluster

    here = workers(data).map(power, numbers(3, -1, 0, 2), PowerSpec(), into="squares")
    shutil.rmtree(data / "journal")
    with LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None, protocol="tcp"
    ) as cluster:
        there = workers(data, scheduler=cluster.scheduler_address).map(
            power, numbers(3, -1, 0, 2), PowerSpec(), into="squares"
        )
    pd.testing.assert_frame_equal(here, there)


def test_the_data_root_may_be_an_object_store(data: Path) -> None:
    root = f"memory://workers-{data.name}"
    for computed in (3, 0):
        # A store in memory is in this process only.
        table = workers(data, data=root, inline=True).map(
            power, numbers(1, 2, -3), PowerSpec(), into="squares"
        )
        tables = Tables(root)
        tables.write("squares", table)
        assert tables.journal("squares").settle()["computed"] == computed
    assert len(tables.read("squares")) == 3
