/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TOOLS_SERVE_QUERY_BODY_H
#define TARN_TOOLS_SERVE_QUERY_BODY_H

#include "tarn/tarn.h"

enum { MOST_QUERY_PARAMETERS = 64 };

/** {"sql": "...", "params": {"name": value, ...} or [value, ...]}. */
struct query_body {
    struct tarn_text sql;
    struct tarn_parameter parameters[MOST_QUERY_PARAMETERS];
    char numbers[MOST_QUERY_PARAMETERS][4]; /* names of values given in order */
    uint32_t parameter_count;
};

/** Parses in place: texts point into `json`, which is terminated and gets written to. Errors: INVALID with the offset. */
enum tarn_status query_body_parse(char *json, size_t size, struct query_body *out, struct tarn_error *err);
/** Is this text UTF-8 without NUL? */
bool is_plain_utf8(struct tarn_text text);

#endif
