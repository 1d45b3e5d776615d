/* SPDX-License-Identifier: Apache-2.0
 *
 * Which format a file has, and opening it with default options.
 *
 * Bytes decide before names: a Parquet or Arrow file by its magic, whatever it is called; of text the extension says most, and only when it
 * says nothing the first character does.
 */
#include "format/base/bytes.h"
#include "format/base/error.h"
#include "format/base/utf8.h"
#include "tarn/reader.h"

enum { SAMPLE = 4096 };

static bool ends_with(struct tarn_text name, struct tarn_text suffix)
{
    return name.size >= suffix.size &&
           tarn__text_equal_caseless((struct tarn_text){name.data + name.size - suffix.size, suffix.size}, suffix);
}

static enum tarn_file_format format_of_name(struct tarn_text name)
{
    static const struct {
        struct tarn_text suffix;
        enum tarn_file_format format;
    } suffixes[] = {
        {{".json", 5}, TARN_FILE_JSON},    {{".ndjson", 7}, TARN_FILE_JSON}, {{".jsonl", 6}, TARN_FILE_JSON},
        {{".geojson", 8}, TARN_FILE_JSON}, {{".csv", 4}, TARN_FILE_CSV},     {{".tsv", 4}, TARN_FILE_CSV},
        {{".txt", 4}, TARN_FILE_CSV},      {{".tab", 4}, TARN_FILE_CSV},
    };
    if (ends_with(name, TARN_TEXT(".gz"))) {
        name.size -= 3;
    } else if (ends_with(name, TARN_TEXT(".zst"))) {
        name.size -= 4;
    }
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        if (ends_with(name, suffixes[i].suffix)) {
            return suffixes[i].format;
        }
    }
    return TARN_FILE_AUTO;
}

static enum tarn_file_format format_of_text(const uint8_t *bytes, size_t size)
{
    size_t i = size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    while (i < size && tarn__is_space((char)bytes[i])) {
        i++;
    }
    return i < size && (bytes[i] == '{' || bytes[i] == '[') ? TARN_FILE_JSON : TARN_FILE_CSV;
}

/* The magic of a file, or the mark before the first message of a stream. Streams of old, which have none, and Feather files of version 1,
 * whose magic could be text, are known by their names. */
static bool is_arrow(struct tarn_text name, const uint8_t *bytes, size_t size)
{
    return (size >= 8 && memcmp(bytes, "ARROW1\0\0", 8) == 0) || (size >= 4 && memcmp(bytes, "\xff\xff\xff\xff", 4) == 0) ||
           ends_with(name, TARN_TEXT(".arrow")) || ends_with(name, TARN_TEXT(".arrows")) || ends_with(name, TARN_TEXT(".feather")) ||
           ends_with(name, TARN_TEXT(".ipc"));
}

enum tarn_status tarn_file_format_detect(struct tarn_store *store, struct tarn_text key, enum tarn_file_format *out, struct tarn_error *err)
{
    struct tarn_object *object;
    uint8_t sample[SAMPLE];

    *out = TARN_FILE_AUTO;
    TARN_RETURN_IF_ERROR(tarn_object_open(store, key, &object, err));
    const uint64_t size = tarn_object_info(object).size;
    const struct tarn_read_range range = {0, size < SAMPLE ? (size_t)size : (size_t)SAMPLE, sample};
    const enum tarn_status status = tarn_object_read(object, 1, &range, err);
    tarn_object_close(object);
    TARN_RETURN_IF_ERROR(status);
    if (range.size >= 4 && (memcmp(sample, "PAR1", 4) == 0 || memcmp(sample, "PARE", 4) == 0)) {
        *out = TARN_FILE_PARQUET;
        return TARN_OK;
    }
    if (is_arrow(key, sample, range.size)) {
        *out = TARN_FILE_ARROW;
        return TARN_OK;
    }
    *out = format_of_name(key);
    if (*out == TARN_FILE_AUTO) {
        *out = ends_with(key, TARN_TEXT(".parquet")) ? TARN_FILE_PARQUET : format_of_text(sample, range.size);
    }
    return TARN_OK;
}

enum tarn_status tarn_file_open(struct tarn_store *store, struct tarn_text key, enum tarn_file_format format, struct tarn_source **out,
                                struct tarn_error *err)
{
    struct tarn_parquet_read_options parquet = TARN_PARQUET_READ_OPTIONS_INIT;
    parquet.wide_timestamps = TARN_WIDE_MICROS;
    parquet.arrow_schema = TARN_ARROW_SCHEMA_NO_ZONES;
    *out = NULL;
    if (format == TARN_FILE_AUTO) {
        TARN_RETURN_IF_ERROR(tarn_file_format_detect(store, key, &format, err));
    }
    switch (format) {
    case TARN_FILE_PARQUET:
        return tarn_parquet_open(store, key, &parquet, out, err);
    case TARN_FILE_CSV:
        return tarn_csv_open(store, key, NULL, out, err);
    case TARN_FILE_JSON:
        return tarn_json_open(store, key, NULL, out, err);
    case TARN_FILE_ARROW:
        return tarn_arrow_ipc_open(store, key, NULL, out, err);
    default:
        return tarn__invalid(err, "format", "%d is no file format", (int)format);
    }
}
