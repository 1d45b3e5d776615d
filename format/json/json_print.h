/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_JSON_JSON_PRINT_H
#define TARN_FORMAT_JSON_JSON_PRINT_H

#include "format/base/text.h"

/*
 * JSON written into a text builder, compact, with the commas where they belong.
 *
 * The caller opens and closes objects and arrays in order; nothing is checked. Out of memory is the builder's sticky flag.
 */

/** Appends one string with its quotes; what is not UTF-8 becomes U+FFFD. */
void tarn__json_put_string(struct tarn_text_builder *out, struct tarn_text text);

struct tarn_json_printer {
    struct tarn_text_builder *out;
    bool comma; /* a value stands before in this object or array */
};

/** Top-level values need their separator from the caller, who calls init again for each. */
void tarn__json_printer_init(struct tarn_json_printer *printer, struct tarn_text_builder *out);
void tarn__json_print_begin_object(struct tarn_json_printer *printer);
void tarn__json_print_end_object(struct tarn_json_printer *printer);
void tarn__json_print_begin_array(struct tarn_json_printer *printer);
void tarn__json_print_end_array(struct tarn_json_printer *printer);
void tarn__json_print_key(struct tarn_json_printer *printer, struct tarn_text key);
void tarn__json_print_string(struct tarn_json_printer *printer, struct tarn_text text);
/** A terminated string. */
void tarn__json_print_str(struct tarn_json_printer *printer, const char *text);
void tarn__json_print_int64(struct tarn_json_printer *printer, int64_t value);
void tarn__json_print_uint64(struct tarn_json_printer *printer, uint64_t value);
/** NaN and infinities as the strings "NaN", "Infinity", "-Infinity". */
void tarn__json_print_double(struct tarn_json_printer *printer, double value);
void tarn__json_print_float(struct tarn_json_printer *printer, float value);
void tarn__json_print_bool(struct tarn_json_printer *printer, bool value);
void tarn__json_print_null(struct tarn_json_printer *printer);
/** Text that is JSON already. */
void tarn__json_print_raw(struct tarn_json_printer *printer, struct tarn_text json);
/** "0x" and lower-case hex, as a string. */
void tarn__json_print_hex(struct tarn_json_printer *printer, struct tarn_span bytes);

#endif
