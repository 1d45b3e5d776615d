/* SPDX-License-Identifier: Apache-2.0
 *
 * Records of a JSON text: brackets and strings are followed, nothing else.
 */
#include "reader/json/json_records.h"

#include "format/base/bytes.h"
#include "format/json/json_pull.h"

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t pass_space(const uint8_t *data, size_t at, size_t size)
{
    while (at < size && is_space(data[at])) {
        at++;
    }
    return at;
}

/* The end of the string that begins at `at`; 0 when it is not there yet. */
static size_t pass_string(const uint8_t *data, size_t at, size_t size)
{
    for (at++; at < size; at++) {
        if (data[at] == '\\') {
            at++;
        } else if (data[at] == '"') {
            return at + 1;
        }
    }
    return 0;
}

/* The end of the value that begins at `at`; 0 when it is not there yet. */
static size_t pass_value(const uint8_t *data, size_t at, size_t size, bool last)
{
    size_t depth = 0;
    const size_t begin = at;
    while (at < size) {
        const uint8_t c = data[at];
        if (c == '"') {
            at = pass_string(data, at, size);
            if (at == 0) {
                return last ? size : 0;
            }
            if (depth == 0) {
                return at;
            }
            continue;
        }
        if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            if (depth == 0) {
                return at > begin ? at : at + 1;
            }
            if (--depth == 0) {
                return at + 1;
            }
        } else if (depth == 0 && (is_space(c) || c == ',') && at > begin) {
            return at;
        }
        at++;
    }
    return last ? size : 0;
}

/* ---- the next record ---- */

static enum tarn_json_found next_line(const uint8_t *data, size_t at, size_t size, bool last, size_t *begin, size_t *end, size_t *next)
{
    at = pass_space(data, at, size);
    *next = at;
    if (at == size) {
        return last ? TARN_JSON_DONE : TARN_JSON_MORE;
    }
    const uint8_t *line_end = memchr(data + at, '\n', size - at);
    if (line_end == NULL && !last) {
        return TARN_JSON_MORE;
    }
    *begin = at;
    *end = line_end != NULL ? (size_t)(line_end - data) : size;
    *next = *end;
    return TARN_JSON_RECORD;
}

static enum tarn_json_found next_element(const uint8_t *data, size_t at, size_t size, bool last, bool first, size_t *begin, size_t *end,
                                         size_t *next)
{
    size_t from = pass_space(data, at, size);
    *next = first ? from : at;
    if (from < size && data[from] == ']') {
        *next = from + 1;
        return TARN_JSON_DONE;
    }
    if (from < size && !first) {
        if (data[from] != ',') {
            *next = from;
            return TARN_JSON_BROKEN;
        }
        from = pass_space(data, from + 1, size);
    }
    if (from == size) {
        return last ? TARN_JSON_BROKEN : TARN_JSON_MORE;
    }
    const size_t behind = pass_value(data, from, size, last);
    if (behind == 0) {
        return TARN_JSON_MORE;
    }
    *begin = from;
    *end = behind;
    *next = behind;
    return TARN_JSON_RECORD;
}

enum tarn_json_found tarn__json_next_record(const struct tarn_json_layout *layout, const uint8_t *data, size_t at, size_t size, bool last,
                                            bool first, size_t *begin, size_t *end, size_t *next)
{
    if (layout->mode == TARN_JSON_LINES) {
        return next_line(data, at, size, last, begin, end, next);
    }
    if (layout->mode == TARN_JSON_ARRAY) {
        return next_element(data, at, size, last, first, begin, end, next);
    }
    at = pass_space(data, at, size);
    *next = at;
    if (at == size) {
        return last ? TARN_JSON_DONE : TARN_JSON_MORE;
    }
    const size_t behind = pass_value(data, at, size, last);
    if (behind == 0) {
        return TARN_JSON_MORE;
    }
    *begin = at;
    *end = behind;
    *next = behind;
    return TARN_JSON_RECORD;
}

/* ---- the layout ---- */

/* Looks through the members of the object that has begun for arrays of objects; `only` names the one that counts, unless empty. */
static enum tarn_status find_member(struct tarn_json *json, struct tarn_text only, uint32_t *found, size_t *begin, struct tarn_error *err)
{
    for (;;) {
        bool more;
        enum tarn_json_event event;
        TARN_RETURN_IF_ERROR(tarn__json_key(json, &more, err));
        if (!more) {
            return TARN_OK;
        }
        const bool counts = only.size == 0 || tarn__text_equal(json->text, only);
        TARN_RETURN_IF_ERROR(tarn__json_next(json, &event, err));
        if (event != TARN_JSON_ARRAY_BEGIN || !counts) {
            TARN_RETURN_IF_ERROR(tarn__json_skip(json, err));
            continue;
        }
        const size_t behind = json->offset + 1;
        TARN_RETURN_IF_ERROR(tarn__json_next(json, &event, err));
        if (event == TARN_JSON_OBJECT_BEGIN || only.size != 0) {
            ++*found;
            *begin = behind;
            if (only.size != 0) {
                return TARN_OK;
            }
        }
        while (event != TARN_JSON_ARRAY_END) {
            TARN_RETURN_IF_ERROR(tarn__json_skip(json, err));
            TARN_RETURN_IF_ERROR(tarn__json_next(json, &event, err));
        }
    }
}

/* Goes down all members of the path but the last, of which the rest is left in `path`. */
static enum tarn_status go_down(struct tarn_json *json, struct tarn_text *path, bool *there, struct tarn_error *err)
{
    const char *dot;
    *there = true;
    while ((dot = path->size != 0 ? memchr(path->data, '.', path->size) : NULL) != NULL) {
        const struct tarn_text name = {path->data, (size_t)(dot - path->data)};
        bool more;
        enum tarn_json_event event;
        do {
            TARN_RETURN_IF_ERROR(tarn__json_key(json, &more, err));
            if (more && !tarn__text_equal(json->text, name)) {
                TARN_RETURN_IF_ERROR(tarn__json_skip(json, err));
                continue;
            }
            break;
        } while (more);
        *there = more;
        if (!more) {
            return TARN_OK;
        }
        TARN_RETURN_IF_ERROR(tarn__json_next(json, &event, err));
        *there = event == TARN_JSON_OBJECT_BEGIN;
        if (!*there) {
            return TARN_OK;
        }
        *path = (struct tarn_text){dot + 1, path->size - name.size - 1};
    }
    return TARN_OK;
}

/* A document that is one object: an array in it may hold the records. */
static enum tarn_status find_array(struct tarn_env *env, struct tarn_text text, bool whole, struct tarn_text records,
                                   struct tarn_json_layout *out, struct tarn_error *err)
{
    const struct tarn_json_pull_options options = {.env = env, .failure = TARN_INVALID, .many = true};
    struct tarn_json json;
    struct tarn_error own = TARN_ERROR_INIT;
    struct tarn_text rest = records;
    uint32_t found = 0;
    size_t begin = 0;
    bool there = false;
    tarn__json_open(&json, &options, text);
    enum tarn_status status = tarn__json_object(&json, NULL, &own);
    status = status == TARN_OK ? go_down(&json, &rest, &there, &own) : status;
    if (status == TARN_OK && there) {
        status = find_member(&json, rest, &found, &begin, &own);
    }
    tarn__json_close(&json);
    if (status == TARN_NOMEM || (status != TARN_OK && whole && found == 0)) {
        if (err != NULL) {
            *err = own;
        }
        return status;
    }
    if (found > 1) {
        return tarn__invalid(err, "records", "the document has %u arrays of objects: say which one holds the records with --records",
                             found);
    }
    if (found == 1) {
        *out = (struct tarn_json_layout){TARN_JSON_ARRAY, begin, 1};
        for (const char *at = records.data; at != rest.data; at++) {
            out->objects += *at == '.'; /* one more for each member that was gone down */
        }
    } else if (records.size != 0) {
        return tarn__invalid(err, "records", "the document has no array \"%.*s\"", TARN_TEXT_ARG(records));
    } else if (!whole) {
        return tarn__invalid(err, "records", "the document is one long object without an array of objects near its begin: say --records");
    }
    return TARN_OK;
}

enum tarn_status tarn__json_find_layout(struct tarn_env *env, struct tarn_text text, bool last, struct tarn_text records,
                                        struct tarn_json_layout *out, struct tarn_error *err)
{
    const uint8_t *data = (const uint8_t *)text.data;
    const size_t begin = pass_space(data, 0, text.size);
    *out = (struct tarn_json_layout){TARN_JSON_VALUES, 0, 0};
    if (begin == text.size) {
        return TARN_OK;
    }
    if (data[begin] == '[' && records.size == 0) {
        *out = (struct tarn_json_layout){TARN_JSON_ARRAY, begin + 1, 0};
        return TARN_OK;
    }
    const size_t end = pass_value(data, begin, text.size, false);
    const size_t second = end == 0 ? text.size : pass_space(data, end, text.size);
    if (end != 0 && second < text.size && records.size == 0) {
        const bool is_line = memchr(data + begin, '\n', end - begin) == NULL && memchr(data + end, '\n', second - end) != NULL;
        out->mode = is_line ? TARN_JSON_LINES : TARN_JSON_VALUES;
        return TARN_OK;
    }
    if (data[begin] != '{') {
        return records.size == 0
                   ? TARN_OK
                   : tarn__invalid(err, "records", "the document is no object that could have \"%.*s\"", TARN_TEXT_ARG(records));
    }
    return find_array(env, text, last && end != 0, records, out, err);
}
