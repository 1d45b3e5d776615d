/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_BASE_TIMEZONE_H
#define TARN_FORMAT_BASE_TIMEZONE_H

#include "tarn/env.h"

/*
 * Time zones: UTC and fixed offsets by rule, IANA names from TZif files (RFC 8536) in the env's timezone_folder.
 *
 * The machine's zone is never asked. A zone is immutable once opened: shareable. Seconds are those since 1970-01-01 00:00:00.
 */
struct tarn_timezone;

/**
 * `name`: UTC, GMT, Z, an offset (+02, -0330, +05:30, -00:25:21), or an IANA name, which must be made of letters, digits, '_', '-',
 * '+' and single '/', without "." or "..".
 * Errors: INVALID (no name), NOT_FOUND (no such zone), CORRUPT (its file), IO, AUTH, NOMEM. Release with tarn__timezone_close.
 */
TARN_WARN_UNUSED enum tarn_status tarn__timezone_open(struct tarn_env *env, struct tarn_text name, struct tarn_timezone **out,
                                                      struct tarn_error *err);
void tarn__timezone_close(struct tarn_timezone *zone);

/** A zone from the bytes of a TZif file, which are copied. Errors: CORRUPT, NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__timezone_decode(struct tarn_env *env, struct tarn_span tzif, struct tarn_timezone **out,
                                                        struct tarn_error *err);

/** Seconds east of UTC at this instant. Cost: O(log transitions). */
int32_t tarn__timezone_offset(const struct tarn_timezone *zone, int64_t utc_seconds);
/**
 * The instant that a local clock shows as `local_seconds`: of two (the hour is repeated) the first; in a gap, as if the offset
 * before it went on (02:30 becomes 03:30).
 */
int64_t tarn__timezone_to_utc(const struct tarn_timezone *zone, int64_t local_seconds);

/** Parses +hh, -hh, +hhmm, +hh:mm, +hh:mm:ss, whole text, below 24 hours. */
bool tarn__offset_parse(struct tarn_text text, int32_t *seconds);

#endif
