/* SPDX-License-Identifier: Apache-2.0
 *
 * Types of Schema.fbs as format strings. Specification: Arrow format/Schema.fbs, "The Arrow C data interface". SPEC: X-IPC-3.
 */
#include "format/arrow_ipc/ipc_types.h"

#include <stdio.h>

#include "format/base/bytes.h"

enum type {
    NONE,
    NULLS,
    INT,
    FLOATING_POINT,
    BINARY,
    UTF8,
    BOOL,
    DECIMAL,
    DATE,
    TIME,
    TIMESTAMP,
    INTERVAL,
    LIST,
    STRUCT,
    UNION,
    FIXED_SIZE_BINARY,
    FIXED_SIZE_LIST,
    MAP,
    DURATION,
    LARGE_BINARY,
    LARGE_UTF8,
    LARGE_LIST,
    RUN_END_ENCODED,
    BINARY_VIEW,
    UTF8_VIEW,
    LIST_VIEW,
    LARGE_LIST_VIEW,
    TYPES,
};

enum { MOST_FIELDS = 3, FORMAT_ROOM = 48 };

/* The scalar fields of each type's table: width in bytes and value when absent. Timestamp has its zone behind them. */
static const struct {
    uint8_t width[MOST_FIELDS];
    int32_t otherwise[MOST_FIELDS];
} fields_of[TYPES] = {
    [INT] = {{4, 1}, {0, 0}}, [FLOATING_POINT] = {{2}, {0}},    [DECIMAL] = {{4, 4, 4}, {0, 0, 128}},
    [DATE] = {{2}, {1}},      [TIME] = {{2, 4}, {1, 32}},       [TIMESTAMP] = {{2}, {0}},
    [INTERVAL] = {{2}, {0}},  [FIXED_SIZE_BINARY] = {{4}, {0}}, [FIXED_SIZE_LIST] = {{4}, {0}},
    [MAP] = {{1}, {0}},       [DURATION] = {{2}, {1}},
};

static const struct plain {
    const char *format;
    enum type type;
    int32_t values[MOST_FIELDS];
} plain[] = {
    {"n", NULLS, {0}},
    {"b", BOOL, {0}},
    {"c", INT, {8, 1}},
    {"C", INT, {8, 0}},
    {"s", INT, {16, 1}},
    {"S", INT, {16, 0}},
    {"i", INT, {32, 1}},
    {"I", INT, {32, 0}},
    {"l", INT, {64, 1}},
    {"L", INT, {64, 0}},
    {"e", FLOATING_POINT, {0}},
    {"f", FLOATING_POINT, {1}},
    {"g", FLOATING_POINT, {2}},
    {"z", BINARY, {0}},
    {"Z", LARGE_BINARY, {0}},
    {"vz", BINARY_VIEW, {0}},
    {"u", UTF8, {0}},
    {"U", LARGE_UTF8, {0}},
    {"vu", UTF8_VIEW, {0}},
    {"tdD", DATE, {0}},
    {"tdm", DATE, {1}},
    {"tts", TIME, {0, 32}},
    {"ttm", TIME, {1, 32}},
    {"ttu", TIME, {2, 64}},
    {"ttn", TIME, {3, 64}},
    {"tDs", DURATION, {0}},
    {"tDm", DURATION, {1}},
    {"tDu", DURATION, {2}},
    {"tDn", DURATION, {3}},
    {"tiM", INTERVAL, {0}},
    {"tiD", INTERVAL, {1}},
    {"tin", INTERVAL, {2}},
    {"+l", LIST, {0}},
    {"+L", LARGE_LIST, {0}},
    {"+vl", LIST_VIEW, {0}},
    {"+vL", LARGE_LIST_VIEW, {0}},
    {"+s", STRUCT, {0}},
    {"+m", MAP, {0}},
    {"+m", MAP, {1}}, /* sorted keys are a flag beside the format */
    {"+r", RUN_END_ENCODED, {0}},
};

static const char units[] = "smun";

/* ---- reading ---- */

static enum tarn_status put_timestamp(const struct tarn__flat_table *type, int32_t unit, struct tarn_text_builder *out,
                                      struct tarn_error *err)
{
    const struct tarn_text zone = tarn__flat_string(type, 1);
    if (unit < 0 || unit > 3 || (zone.size != 0 && memchr(zone.data, '\0', zone.size) != NULL)) {
        return tarn__corrupt(err, "arrow_ipc", "a timestamp of unit %d, or with a zone that holds a NUL byte", (int)unit);
    }
    tarn__builder_add_str(out, "ts");
    tarn__builder_add_char(out, units[unit]);
    tarn__builder_add_char(out, ':');
    tarn__builder_add(out, zone);
    return TARN_OK;
}

static enum tarn_status put_sized(enum type type, const int32_t *values, struct tarn_text_builder *out)
{
    char text[FORMAT_ROOM];
    if (type == DECIMAL) {
        snprintf(text, sizeof(text), values[2] == 128 ? "d:%d,%d" : "d:%d,%d,%d", (int)values[0], (int)values[1], (int)values[2]);
    } else {
        snprintf(text, sizeof(text), type == FIXED_SIZE_BINARY ? "w:%d" : "+w:%d", (int)values[0]);
    }
    tarn__builder_add_str(out, text);
    return TARN_OK;
}

enum tarn_status tarn__ipc_format_read(unsigned type_type, const struct tarn__flat_table *table, struct tarn_text_builder *out,
                                       struct tarn_error *err)
{
    int32_t values[MOST_FIELDS] = {0};
    if (type_type >= TYPES) {
        return tarn__unsupported(err, "arrow.type", "type %u of Arrow's Schema.fbs is not known to this build", type_type);
    }
    const enum type type = (enum type)type_type;
    for (unsigned i = 0; i < MOST_FIELDS && fields_of[type].width[i] != 0; i++) {
        values[i] = (int32_t)tarn__flat_integer(table, i, fields_of[type].width[i], fields_of[type].otherwise[i]);
    }
    switch (type) {
    case TIMESTAMP:
        return put_timestamp(table, values[0], out, err);
    case DECIMAL:
    case FIXED_SIZE_BINARY:
    case FIXED_SIZE_LIST:
        return put_sized(type, values, out);
    case UNION:
        tarn__builder_add_str(out, "+ud:");
        return TARN_OK;
    default:
        break;
    }
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        if (plain[i].type == type && memcmp(plain[i].values, values, sizeof(values)) == 0) {
            tarn__builder_add_str(out, plain[i].format);
            return TARN_OK;
        }
    }
    return tarn__corrupt(err, "arrow_ipc", "type %u of Arrow's Schema.fbs with the numbers %d and %d says nothing", type_type,
                         (int)values[0], (int)values[1]);
}

/* ---- building ---- */

static const struct plain *find_plain(const char *format)
{
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        if (strcmp(plain[i].format, format) == 0) {
            return &plain[i];
        }
    }
    return NULL;
}

unsigned tarn__ipc_format_type(const char *format)
{
    const struct plain *found = find_plain(format);
    if (found != NULL) {
        return (unsigned)found->type;
    }
    switch (format[0]) {
    case 'd':
        return DECIMAL;
    case 'w':
        return FIXED_SIZE_BINARY;
    case '+':
        return FIXED_SIZE_LIST;
    default:
        return TIMESTAMP;
    }
}

/* The numbers behind the colon, with commas between. */
static void read_numbers(const char *format, int32_t *values)
{
    unsigned i = 0;
    const char *at = strchr(format, ':') + 1;
    for (values[0] = 0; *at != '\0' && i < MOST_FIELDS; at++) {
        if (*at == ',') {
            i++;
            values[i < MOST_FIELDS ? i : 0] = 0;
        } else {
            values[i] = values[i] * 10 + (*at - '0');
        }
    }
}

void tarn__ipc_format_put(struct tarn_text_builder *builder, size_t reference, const char *format)
{
    const enum type type = (enum type)tarn__ipc_format_type(format);
    const struct plain *found = find_plain(format);
    const uint8_t widths[MOST_FIELDS + 1] = {fields_of[type].width[0], type == TIMESTAMP ? 4 : fields_of[type].width[1],
                                             fields_of[type].width[2], 0};
    int32_t values[MOST_FIELDS] = {0, 0, fields_of[type].otherwise[2]};
    if (found != NULL) {
        memcpy(values, found->values, sizeof(values));
    } else if (type == TIMESTAMP) {
        values[0] = (int32_t)(strchr(units, format[2]) - units);
    } else {
        read_numbers(format, values);
    }
    const char *zone = type == TIMESTAMP ? format + 4 : "";
    const bool zoned = zone[0] != '\0';
    const unsigned count = type == TIMESTAMP ? 1 + (zoned ? 1 : 0) : widths[0] == 0 ? 0 : widths[1] == 0 ? 1 : widths[2] == 0 ? 2 : 3;
    const struct tarn__flat_place place = tarn__flat_put_table(builder, reference, count, widths);
    for (unsigned i = 0; i < count && fields_of[type].width[i] != 0; i++) {
        tarn__flat_put_integer(builder, place.field[i], fields_of[type].width[i], values[i]);
    }
    if (zoned) {
        tarn__flat_put_string(builder, place.field[1], tarn__text_of(zone));
    }
}
