/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TOOLS_SERVE_LAKE_TABLE_H
#define TARN_TOOLS_SERVE_LAKE_TABLE_H

#include "tarn/tarn.h"

/**
 * The place of a table of the lake (tarn_lake_table_uri), and whether it is there. *uri is the caller's. Errors: AUTH (detail "confined")
 * when the place of a new one is inside another table, and those of looking.
 */
enum tarn_status lake_table_find(struct tarn_env *env, const char *lake, const char *name, char **uri, bool *exists,
                                 struct tarn_error *err);

#endif
