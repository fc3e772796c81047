"""The IO manager and the warehouse: contracts kept, old table or new, SQL over both."""

from pathlib import Path

import dagster as dg
import duckdb
import pandas as pd
import pytest

from groove.contracts import CONTRACTS
from groove.core.tables import Column, ContractError, Table
from resources.tables import TableIO, Tables, digest_of
from resources.warehouse import Warehouse

TEMPOS = Table(
    "tempos",
    "A tempo.",
    (
        Column("path", "string", "File"),
        Column("tempo_bpm", "float", "Tempo", at_least=1),
        Column("beat_s", "floats", "Beats"),
    ),
)
GOOD = pd.DataFrame({"path": ["a", "b"], "tempo_bpm": [120.0, 90.0], "beat_s": [[0.0, 0.5], []]})


@pytest.fixture(params=["local", "memory"])
def data(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setitem(CONTRACTS, "tempos", TEMPOS)
    return str(tmp_path) if request.param == "local" else f"memory://tables-{tmp_path.name}"


def test_a_table_comes_back_with_the_digest_it_was_written_with(data: str) -> None:
    tables = Tables(data)
    digest = tables.write("tempos", GOOD)
    back = tables.read("tempos")
    pd.testing.assert_series_equal(back["tempo_bpm"], GOOD["tempo_bpm"])
    assert [list(beats) for beats in back["beat_s"]] == [[0.0, 0.5], []]
    assert digest_of("tempos", back) == digest
    changed = back[back["tempo_bpm"] > 100]
    assert digest_of("tempos", changed) != digest


def test_a_table_that_breaks_its_contract_leaves_the_old_one(data: str) -> None:
    tables = Tables(data)
    tables.write("tempos", GOOD)
    with pytest.raises(ContractError, match=r"tempo_bpm.*below 1"):
        tables.write("tempos", GOOD.assign(tempo_bpm=0.0))
    assert len(tables.read("tempos")) == 2


def test_a_table_nobody_wrote_says_what_to_do(data: str) -> None:
    with pytest.raises(FileNotFoundError, match="materialise the asset tempos first"):
        Tables(data).read("tempos")


def test_sql_sees_every_table(data: str) -> None:
    Tables(data).write("tempos", GOOD)
    with Warehouse(data=data).connect() as connection:
        rows = connection.sql("SELECT path FROM tempos WHERE len(beat_s) = 2").fetchall()
    assert rows == [("a",)]


def test_an_asset_goes_through_it_and_its_view_is_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CONTRACTS, "tempos", TEMPOS)
    monkeypatch.setitem(CONTRACTS, "halves", Table("halves", "Half.", TEMPOS.columns))

    @dg.asset
    def tempos() -> dg.MaterializeResult[pd.DataFrame]:
        return dg.MaterializeResult(value=GOOD)

    @dg.asset
    def halves(tempos: pd.DataFrame) -> dg.MaterializeResult[pd.DataFrame]:
        return dg.MaterializeResult(value=tempos.assign(tempo_bpm=tempos["tempo_bpm"] / 2))

    resources = {"io_manager": TableIO(data=str(tmp_path))}
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize([tempos, halves], resources=resources, instance=instance)
        event = instance.get_latest_materialization_event(dg.AssetKey("halves"))
    assert result.success
    assert event is not None
    assert event.asset_materialization is not None
    assert event.asset_materialization.metadata["dagster/row_count"].value == 2
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as connection:
        assert connection.sql("SELECT max(tempo_bpm) FROM halves").fetchall() == [(60.0,)]
