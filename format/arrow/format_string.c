/* SPDX-License-Identifier: Apache-2.0
 *
 * Arrow's format strings. Specification: "The Arrow C data interface", data type description. SPEC: X-ARROW-4.
 */
#include "format/arrow/arrow_import.h"
#include "format/base/bytes.h"
#include "format/base/error.h"
#include "format/base/number.h"

enum { LARGEST_PRECISION = 76, BITS_128 = 128 };

static const struct {
    const char *format;
    enum tarn__arrow_layout layout;
    uint32_t width;
    enum tarn_type_id id;
} plain[] = {
    {"n", TARN__ARROW_NULL, 0, TARN_TYPE_NULL},
    {"b", TARN__ARROW_BITS, 0, TARN_TYPE_BOOL},
    {"c", TARN__ARROW_FIXED, 1, TARN_TYPE_I8},
    {"C", TARN__ARROW_FIXED, 1, TARN_TYPE_U8},
    {"s", TARN__ARROW_FIXED, 2, TARN_TYPE_I16},
    {"S", TARN__ARROW_FIXED, 2, TARN_TYPE_U16},
    {"i", TARN__ARROW_FIXED, 4, TARN_TYPE_I32},
    {"I", TARN__ARROW_FIXED, 4, TARN_TYPE_U32},
    {"l", TARN__ARROW_FIXED, 8, TARN_TYPE_I64},
    {"L", TARN__ARROW_FIXED, 8, TARN_TYPE_U64},
    {"e", TARN__ARROW_FIXED, 2, TARN_TYPE_F16},
    {"f", TARN__ARROW_FIXED, 4, TARN_TYPE_F32},
    {"g", TARN__ARROW_FIXED, 8, TARN_TYPE_F64},
    {"z", TARN__ARROW_TEXT, 0, TARN_TYPE_BINARY},
    {"Z", TARN__ARROW_LARGE_TEXT, 0, TARN_TYPE_BINARY},
    {"vz", TARN__ARROW_VIEWS, 0, TARN_TYPE_BINARY},
    {"u", TARN__ARROW_TEXT, 0, TARN_TYPE_STRING},
    {"U", TARN__ARROW_LARGE_TEXT, 0, TARN_TYPE_STRING},
    {"vu", TARN__ARROW_VIEWS, 0, TARN_TYPE_STRING},
    {"tdD", TARN__ARROW_FIXED, 4, TARN_TYPE_DATE},
    {"tdm", TARN__ARROW_DATE64, 8, TARN_TYPE_DATE},
    {"tiM", TARN__ARROW_MONTHS, 4, TARN_TYPE_INTERVAL},
    {"tiD", TARN__ARROW_DAY_TIME, 8, TARN_TYPE_INTERVAL},
    {"tin", TARN__ARROW_FIXED, 16, TARN_TYPE_INTERVAL},
    {"+l", TARN__ARROW_LIST, 0, TARN_TYPE_LIST},
    {"+L", TARN__ARROW_LARGE_LIST, 0, TARN_TYPE_LIST},
    {"+vl", TARN__ARROW_LIST_VIEW, 0, TARN_TYPE_LIST},
    {"+vL", TARN__ARROW_LARGE_LIST_VIEW, 0, TARN_TYPE_LIST},
    {"+s", TARN__ARROW_STRUCT, 0, TARN_TYPE_STRUCT},
    {"+m", TARN__ARROW_MAP, 0, TARN_TYPE_MAP},
    {"+r", TARN__ARROW_RUNS, 0, TARN_TYPE_NULL},
};

static enum tarn_status unknown(const char *format, struct tarn_error *err)
{
    return tarn__invalid(err, "arrow_format", "\"%.64s\" is no format that Arrow has", format);
}

static bool read_unit(char c, enum tarn_time_unit *unit)
{
    static const char units[] = "smun";
    const char *at = c != '\0' ? strchr(units, c) : NULL;
    *unit = at != NULL ? (enum tarn_time_unit)(at - units) : TARN_SECOND;
    return at != NULL;
}

/* A number up to `end`, which is stepped over when it is there. */
static bool read_number(struct tarn_text *text, char end, int64_t *out)
{
    const char *stop = memchr(text->data, end, text->size);
    const size_t size = stop != NULL ? (size_t)(stop - text->data) : text->size;
    const bool read = tarn__int64_parse((struct tarn_text){text->data, size}, out) == TARN_PARSED;
    const size_t taken = stop != NULL ? size + 1 : size;
    *text = (struct tarn_text){text->data + taken, text->size - taken};
    return read;
}

static enum tarn_status read_decimal(const char *format, struct tarn__arrow_format *out, struct tarn_error *err)
{
    struct tarn_text rest = tarn__text_of(format + 2);
    int64_t precision;
    int64_t scale;
    int64_t bits = BITS_128;
    if (!read_number(&rest, ',', &precision) || !read_number(&rest, ',', &scale) || (rest.size != 0 && !read_number(&rest, ',', &bits))) {
        return unknown(format, err);
    }
    if ((bits != 32 && bits != 64 && bits != BITS_128 && bits != 256) || precision < 1 || precision > LARGEST_PRECISION) {
        return unknown(format, err);
    }
    if (scale < 0 || scale > precision) {
        return tarn__unsupported(err, "arrow.format", "a decimal with scale %lld and precision %lld", (long long)scale,
                                 (long long)precision);
    }
    out->layout = TARN__ARROW_DECIMAL;
    out->width = (uint32_t)bits / 8;
    out->type = (struct tarn_type){.id = TARN_TYPE_DECIMAL, .precision = (int32_t)precision, .scale = (int32_t)scale};
    return TARN_OK;
}

static enum tarn_status read_time(const char *format, struct tarn__arrow_format *out, struct tarn_error *err)
{
    enum tarn_time_unit unit;
    if (!read_unit(format[2], &unit)) {
        return unknown(format, err);
    }
    out->layout = TARN__ARROW_FIXED;
    out->width = 8;
    out->type.unit = unit;
    if (format[1] == 't' && format[3] == '\0') {
        out->type.id = TARN_TYPE_TIME;
        out->width = unit <= TARN_MILLI ? 4 : 8;
        return TARN_OK;
    }
    if (format[1] == 'D' && format[3] == '\0') {
        out->type.id = TARN_TYPE_DURATION;
        return TARN_OK;
    }
    if (format[1] == 's' && format[3] == ':') {
        out->type.id = TARN_TYPE_TIMESTAMP;
        out->type.utc = format[4] != '\0';
        out->type.zone = tarn__text_of(format + 4);
        return TARN_OK;
    }
    return unknown(format, err);
}

static enum tarn_status read_width(const char *format, size_t at, enum tarn__arrow_layout layout, enum tarn_type_id id,
                                   struct tarn__arrow_format *out, struct tarn_error *err)
{
    struct tarn_text rest = tarn__text_of(format + at);
    int64_t width;
    if (!read_number(&rest, '\0', &width) || width < 0 || width > INT32_MAX) {
        return unknown(format, err);
    }
    out->layout = layout;
    out->width = (uint32_t)width;
    out->type.id = id;
    out->type.width = id == TARN_TYPE_FIXED ? (uint32_t)width : 0;
    return TARN_OK;
}

enum tarn_status tarn__arrow_format_read(const char *format, struct tarn__arrow_format *out, struct tarn_error *err)
{
    *out = (struct tarn__arrow_format){.layout = TARN__ARROW_NULL};
    if (format == NULL) {
        return tarn__invalid(err, "arrow_format", "an ArrowSchema has no format");
    }
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        if (strcmp(format, plain[i].format) == 0) {
            *out = (struct tarn__arrow_format){plain[i].layout, plain[i].width, {.id = plain[i].id}};
            return TARN_OK;
        }
    }
    if (strncmp(format, "d:", 2) == 0) {
        return read_decimal(format, out, err);
    }
    if (strncmp(format, "w:", 2) == 0) {
        return read_width(format, 2, TARN__ARROW_FIXED, TARN_TYPE_FIXED, out, err);
    }
    if (strncmp(format, "+w:", 3) == 0) {
        return read_width(format, 3, TARN__ARROW_FIXED_LIST, TARN_TYPE_LIST, out, err);
    }
    if (format[0] == 't' && format[1] != '\0') {
        return read_time(format, out, err);
    }
    if (strncmp(format, "+u", 2) == 0) {
        return tarn__unsupported(err, "arrow.union", "unions");
    }
    return unknown(format, err);
}
