/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TESTS_SUPPORT_SOURCE_WALK_H
#define TARN_TESTS_SUPPORT_SOURCE_WALK_H

#include "tarn/cursor.h"

/*
 * For the fuzz targets of files: every column of every task, in windows of two sizes, all rows and a part of them. Errors end a task; a
 * column that has another number of rows than its window aborts.
 */
void tarn_walk_source(struct tarn_source *source);

#endif
