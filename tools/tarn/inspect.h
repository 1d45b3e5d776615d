/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TOOLS_TARN_INSPECT_H
#define TARN_TOOLS_TARN_INSPECT_H

#include "tools/tarn/command.h"

/** The whole document of --json, pages with --pages. When it fails, the answer is the error's. */
enum tarn_status inspect_json(struct session *session, const struct tarn_parquet_metadata *metadata, struct tarn_error *err);

/** The whole file drawn to scale as one SVG document on standard output. */
enum tarn_status inspect_svg(struct session *session, const struct tarn_parquet_metadata *metadata, struct tarn_error *err);

/** `schema --detail`: the elements of a Parquet file's schema; the exit code. */
int inspect_schema(struct session *session);

#endif
