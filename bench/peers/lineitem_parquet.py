# SPDX-License-Identifier: Apache-2.0
"""TPC-H lineitem from CSV to Parquet by pyarrow, a writer that is none of those compared. lineitem_parquet.py CSV PARQUET"""
import sys

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

money = ("l_quantity", "l_extendedprice", "l_discount", "l_tax")
options = pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(money, pa.float64()))
pyarrow.parquet.write_table(pyarrow.csv.read_csv(sys.argv[1], convert_options=options), sys.argv[2], row_group_size=100_000, compression="snappy")
