/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_H
#define TARN_H

/* All of tarn. The layers one by one: tarn/parquet.h (format), tarn/reader.h, tarn/writer.h, tarn/table.h, tarn/upkeep.h, tarn/query.h. */
#include "tarn/alter.h"
#include "tarn/catalog.h"
#include "tarn/changes.h"
#include "tarn/files.h"
#include "tarn/maintain.h"
#include "tarn/parquet.h"
#include "tarn/query.h"
#include "tarn/reader.h"
#include "tarn/scan_plan.h"
#include "tarn/signing.h"
#include "tarn/table.h"
#include "tarn/upkeep.h"
#include "tarn/writer.h"

#endif
