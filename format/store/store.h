/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_STORE_STORE_H
#define TARN_FORMAT_STORE_STORE_H

#include "format/base/alloc.h"
#include "tarn/store.h"

/* What the stores of tarn share. Everything that needs no more than a store's operations is in tarn/store.h. */

/** INVALID unless `key` is one: relative, no empty, "." or ".." segment, no NUL. */
TARN_WARN_UNUSED enum tarn_status tarn__store_key_check(struct tarn_text key, struct tarn_error *err);

/** A key that may also be written: its last segment is no temporary's. */
TARN_WARN_UNUSED enum tarn_status tarn__store_key_check_writable(struct tarn_text key, struct tarn_error *err);

/** Is this the last segment of a temporary, ".<anything>.tmp"? */
bool tarn__store_is_temporary(struct tarn_text name);

/**
 * The path that a URI names, terminated, to be freed: a path as it is; file:/p, file:///p and file://localhost/p percent-decoded.
 * UNSUPPORTED for another scheme, INVALID for a host, a damaged escape or a NUL.
 */
TARN_WARN_UNUSED enum tarn_status tarn__store_uri_path(struct tarn_env *env, struct tarn_text uri, char **out, struct tarn_error *err);

#endif
