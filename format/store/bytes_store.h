/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_STORE_BYTES_STORE_H
#define TARN_FORMAT_STORE_BYTES_STORE_H

#include "format/base/buffer.h"
#include "tarn/store.h"

/* The one object that bytes in memory are, as a store that can only be read: whatever the key, it is there, and holds a reference on
 * `bytes`. */
TARN_WARN_UNUSED enum tarn_status tarn__store_over_bytes(struct tarn_env *env, struct tarn_buffer *bytes, struct tarn_store **out,
                                                         struct tarn_error *err);

#endif
