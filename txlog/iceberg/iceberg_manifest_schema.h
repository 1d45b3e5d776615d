/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_ICEBERG_ICEBERG_MANIFEST_SCHEMA_H
#define TARN_TXLOG_ICEBERG_ICEBERG_MANIFEST_SCHEMA_H

#include "txlog/iceberg/iceberg_manifest.h"

/*
 * The schemas of manifests and manifest lists of version 2, as Avro (the file's) and as Iceberg's JSON (the file's key iceberg.schema),
 * word by word those of Iceberg Java 1.11.
 */

/** Appends both. `fields`: of the partition tuple. Errors: INVALID partition_type (a type that no partition value has), NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_manifest_schemas(uint32_t field_count, const struct tarn__iceberg_manifest_field *fields,
                                                                 struct tarn_text_builder *avro, struct tarn_text_builder *iceberg,
                                                                 struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_manifest_list_schemas(struct tarn_text_builder *avro, struct tarn_text_builder *iceberg,
                                                                      struct tarn_error *err);

/**
 * A name that Avro takes, made as Java makes it: digits in front get '_', other characters are _xHEX. Letters outside of ASCII, which Java
 * leaves, are turned too: not every reader takes them, and all find fields by id.
 */
void tarn__iceberg_avro_name(struct tarn_text name, struct tarn_text_builder *out);

#endif
