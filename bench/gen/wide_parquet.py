# SPDX-License-Identifier: Apache-2.0
"""A Parquet file that is mostly footer: COLUMNS float columns of ROWS rows in each of GROUPS row groups, with statistics. Written by pyarrow."""
import sys

import numpy
import pyarrow
import pyarrow.parquet

path, columns, groups, rows = sys.argv[1], *map(int, sys.argv[2:])
random = numpy.random.default_rng(1)
schema = pyarrow.schema([(f"c{i}", pyarrow.float32()) for i in range(columns)])
with pyarrow.parquet.ParquetWriter(path, schema) as writer:
    for _ in range(groups):
        arrays = [pyarrow.array(random.random(rows, dtype=numpy.float32)) for _ in range(columns)]
        writer.write_table(pyarrow.table(arrays, schema=schema), row_group_size=rows)
