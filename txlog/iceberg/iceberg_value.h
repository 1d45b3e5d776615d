/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_ICEBERG_ICEBERG_VALUE_H
#define TARN_TXLOG_ICEBERG_ICEBERG_VALUE_H

#include "format/base/text.h"
#include "format/json/json_print.h"
#include "format/json/json_pull.h"
#include "txlog/core/snapshot.h"

/*
 * Single values of an Iceberg table: as bytes (bounds in manifests), as JSON (defaults, partition values of scan tasks), and as the text
 * that names a partition's folder.
 */

/**
 * Bytes to a value of `type`. Widths from before a promotion are accepted: 4 bytes of a long (an int) and of a double (a float). Texts and
 * binaries are borrowed from `bytes`. Errors: CORRUPT bound_value (a length that the type does not have, a text that is not UTF-8).
 */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_value_decode(const struct tarn_type *type, struct tarn_span bytes, struct tarn_value *out,
                                                             struct tarn_error *err);

/** A value that is not null to bytes. Nested types have none: nothing is added. */
void tarn__iceberg_value_encode(const struct tarn_value *value, struct tarn_text_builder *out);

/** The next value of `json`; null is null. Texts live in its arena. Errors: CORRUPT single_value, those of the JSON reader. */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_value_parse(const struct tarn_type *type, struct tarn_json *json, struct tarn_value *out,
                                                            struct tarn_error *err);
void tarn__iceberg_value_print(const struct tarn_value *value, struct tarn_json_printer *out);

/**
 * A partition value for people, as it stands in folder names before escaping: years 2017, months 2017-11, days 2017-11-16, hours
 * 2017-11-16-22, binaries in base 64; "null" for null.
 */
void tarn__iceberg_transform_text(enum tarn__transform transform, const struct tarn_value *value, struct tarn_text_builder *out);

/** A name or value for a folder: letters, digits and "-_.*" stay, a space is "+", all else is %XX. */
void tarn__iceberg_folder_escape(struct tarn_text text, struct tarn_text_builder *out);

#endif
