# SPDX-License-Identifier: Apache-2.0
# %% [markdown]
# # Bird strikes, with tarn, Polars and DuckDB
#
# A notebook as a script: `python notebook.py birdstrikes.csv LAKE`, or cell by cell in an editor that knows `# %%`.
# tarn keeps the table and its versions; Polars and DuckDB take its rows through Arrow, without a file between them, and give theirs back.

# %%
import pathlib
import sys

import duckdb
import polars as pl

import tarn

CSV, LAKE = (sys.argv[1], pathlib.Path(sys.argv[2])) if __name__ == "__main__" else ("tests/data/birdstrikes.csv", pathlib.Path("lake"))

# %% A CSV becomes a table: its dialect and types are found out, its rows are one commit.
raw = tarn.read_csv(CSV)
print(raw.schema)
tarn.write(LAKE / "strikes", raw, mode="overwrite")
strikes = tarn.table(LAKE / "strikes")
strikes

# %% SQL gives rows; in a notebook they show themselves, everywhere else `print` does.
by_size = tarn.sql(
    """SELECT "Wildlife Size" AS size, count(*) AS strikes, sum("Cost Total $") AS cost
       FROM strikes WHERE "Cost Total $" >= :least GROUP BY size ORDER BY cost DESC""",
    strikes=strikes,
    least=0,
)
print(by_size)

# %% Polars: a frame of them, or of columns and rows of the table. Only what is asked for is read.
frame = pl.DataFrame(strikes.scan(["Flight Date", "Airport Name", "Cost Total $"], where='"Cost Total $" > 0'))
worst = frame.group_by("Airport Name").agg(pl.col("Cost Total $").sum().alias("cost")).sort("cost", "Airport Name", descending=[True, False]).head(10)
print(worst)

# %% DuckDB: rows of tarn are relations to it, by the name of the variable.
sizes = tarn.sql('SELECT DISTINCT "Wildlife Size" AS size FROM strikes', strikes=strikes)
print(duckdb.sql("SELECT count(*) AS kinds FROM sizes").fetchall())

# %% And back: a frame of Polars becomes a table, a relation of DuckDB too.
tarn.write(LAKE / "worst_airports", worst, mode="overwrite")
months = duckdb.sql("""SELECT month("Flight Date"::DATE) AS month, count(*) AS strikes FROM frame GROUP BY month ORDER BY month""")
tarn.write(LAKE / "by_month", months, mode="overwrite")
print(tarn.table(LAKE / "by_month").scan())

# %% A change is a version, and the former ones stay.
before = strikes.version
changed = strikes.update({"Origin State": "'District of Columbia'"}, "\"Origin State\" = 'DC'")
print(changed.rows_changed, "rows changed in version", changed.version)
then = strikes.scan(["Origin State"], "\"Origin State\" = 'DC'", version=before)
print(len(then.rows()), "rows said DC in version", before)
for commit in strikes.history(limit=3):
    print(commit["version"], commit["operation"])
