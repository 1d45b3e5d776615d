/* SPDX-License-Identifier: Apache-2.0
 *
 * A walk over any Avro file through the pull interface.
 */
#include "tests/support/avro_text.h"

#include "format/json/json_print.h"

static enum tarn_status print(struct tarn__avro_reader *reader, const struct tarn__avro_type *type, struct tarn_json_printer *json,
                              struct tarn_error *err);

static enum tarn_status print_record(struct tarn__avro_reader *reader, const struct tarn__avro_type *type, struct tarn_json_printer *json,
                                     struct tarn_error *err)
{
    tarn__json_print_begin_object(json);
    for (uint32_t i = 0; i < type->count; i++) {
        tarn__json_print_key(json, type->fields[i].name);
        TARN_RETURN_IF_ERROR(print(reader, type->fields[i].type, json, err));
    }
    tarn__json_print_end_object(json);
    return TARN_OK;
}

static enum tarn_status print_items(struct tarn__avro_reader *reader, const struct tarn__avro_type *type, struct tarn_json_printer *json,
                                    struct tarn_error *err)
{
    struct tarn_text key;
    tarn__json_print_begin_array(json);
    for (;;) {
        uint64_t count;
        TARN_RETURN_IF_ERROR(tarn__avro_items(reader, type, &count, err));
        if (count == 0) {
            tarn__json_print_end_array(json);
            return TARN_OK;
        }
        for (; count != 0; count--) {
            if (type->kind == TARN_AVRO_MAP) {
                TARN_RETURN_IF_ERROR(tarn__avro_string(reader, &key, err));
                tarn__json_print_begin_array(json);
                tarn__json_print_string(json, key);
            }
            TARN_RETURN_IF_ERROR(print(reader, type->element, json, err));
            if (type->kind == TARN_AVRO_MAP) {
                tarn__json_print_end_array(json);
            }
        }
    }
}

static enum tarn_status print_number(struct tarn__avro_reader *reader, const struct tarn__avro_type *type, struct tarn_json_printer *json,
                                     struct tarn_error *err)
{
    bool truth;
    int32_t number;
    int64_t wide;
    float single;
    double real;
    switch (type->kind) {
    case TARN_AVRO_BOOLEAN:
        TARN_RETURN_IF_ERROR(tarn__avro_bool(reader, &truth, err));
        tarn__json_print_bool(json, truth);
        return TARN_OK;
    case TARN_AVRO_INT:
    case TARN_AVRO_ENUM:
        TARN_RETURN_IF_ERROR(tarn__avro_int(reader, &number, err));
        tarn__json_print_int64(json, number);
        return TARN_OK;
    case TARN_AVRO_LONG:
        TARN_RETURN_IF_ERROR(tarn__avro_long(reader, &wide, err));
        tarn__json_print_int64(json, wide);
        return TARN_OK;
    case TARN_AVRO_FLOAT:
        TARN_RETURN_IF_ERROR(tarn__avro_float(reader, &single, err));
        tarn__json_print_double(json, (double)single);
        return TARN_OK;
    default:
        TARN_RETURN_IF_ERROR(tarn__avro_double(reader, &real, err));
        tarn__json_print_double(json, real);
        return TARN_OK;
    }
}

static enum tarn_status print(struct tarn__avro_reader *reader, const struct tarn__avro_type *type, struct tarn_json_printer *json,
                              struct tarn_error *err)
{
    struct tarn_text text;
    struct tarn_span bytes;
    TARN_RETURN_IF_ERROR(tarn__avro_branch(reader, type, &type, err));
    if (type == NULL || type->kind == TARN_AVRO_NULL) {
        tarn__json_print_null(json);
        return TARN_OK;
    }
    switch (type->kind) {
    case TARN_AVRO_RECORD:
        return print_record(reader, type, json, err);
    case TARN_AVRO_ARRAY:
    case TARN_AVRO_MAP:
        return print_items(reader, type, json, err);
    case TARN_AVRO_STRING:
        TARN_RETURN_IF_ERROR(tarn__avro_string(reader, &text, err));
        tarn__json_print_string(json, text);
        return TARN_OK;
    case TARN_AVRO_BYTES:
        TARN_RETURN_IF_ERROR(tarn__avro_bytes(reader, &bytes, err));
        tarn__json_print_hex(json, bytes);
        return TARN_OK;
    case TARN_AVRO_FIXED:
        TARN_RETURN_IF_ERROR(tarn__avro_fixed(reader, type->size, &bytes, err));
        tarn__json_print_hex(json, bytes);
        return TARN_OK;
    default:
        return print_number(reader, type, json, err);
    }
}

enum tarn_status tarn_avro_print(struct tarn__avro_reader *reader, const struct tarn__avro_type *type, struct tarn_text_builder *out,
                                 struct tarn_error *err)
{
    struct tarn_json_printer json;
    tarn__json_printer_init(&json, out);
    return print(reader, type, &json, err);
}

enum tarn_status tarn_avro_print_file(struct tarn_env *env, struct tarn_span file, struct tarn_text_builder *out, uint64_t *count,
                                      struct tarn_error *err)
{
    struct tarn__avro_reader reader;
    bool more;
    *count = 0;
    enum tarn_status status = tarn__avro_open(env, file, &reader, err);
    while (status == TARN_OK) {
        status = tarn__avro_next(&reader, &more, err);
        if (status != TARN_OK || !more) {
            break;
        }
        status = tarn_avro_print(&reader, tarn__avro_root(&reader), out, err);
        tarn__builder_add_char(out, '\n');
        *count += status == TARN_OK;
    }
    tarn__avro_close(&reader);
    return status == TARN_OK ? tarn__builder_status(out, err) : status;
}

enum tarn_status tarn_avro_skip_file(struct tarn_env *env, struct tarn_span file, uint64_t *count, struct tarn_error *err)
{
    struct tarn__avro_reader reader;
    bool more;
    *count = 0;
    enum tarn_status status = tarn__avro_open(env, file, &reader, err);
    while (status == TARN_OK) {
        status = tarn__avro_next(&reader, &more, err);
        if (status != TARN_OK || !more) {
            break;
        }
        status = tarn__avro_skip(&reader, tarn__avro_root(&reader), err);
        *count += status == TARN_OK;
    }
    tarn__avro_close(&reader);
    return status;
}
