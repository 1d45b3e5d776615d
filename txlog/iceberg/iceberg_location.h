/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_ICEBERG_ICEBERG_LOCATION_H
#define TARN_TXLOG_ICEBERG_ICEBERG_LOCATION_H

#include "format/base/text.h"
#include "tarn/store.h"

/*
 * Locations that Iceberg metadata records, and keys in the store of the table's folder.
 *
 * A recorded location is absolute: "file:///a/b", "file:/a/b", "/a/b", "s3://bucket/a/b". What lies below the table's recorded root becomes
 * a key relative to it, so that a table can be read wherever it was moved to; so does what lies below the place it was opened from. Bytes
 * are taken as they are: locations are not percent-encoded.
 */
struct tarn__iceberg_root {
    struct tarn_text recorded; /* as metadata says: "location" */
    struct tarn_store *store;
};

/**
 * Appends the key of a recorded location. What lies outside the table becomes the absolute path, which begins with '/': no key, refused
 * where it is opened. ".." stays, and is refused there too. False: `location` is empty, or the root itself, or has a NUL.
 */
bool tarn__iceberg_location_key(const struct tarn__iceberg_root *root, struct tarn_text location, struct tarn_text_builder *out);

/** Appends the location to record for a key: the recorded root, '/', the key. */
void tarn__iceberg_location_print(struct tarn_text recorded, struct tarn_text key, struct tarn_text_builder *out);

#endif
