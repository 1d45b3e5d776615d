/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_JSON_JSON_PULL_H
#define TARN_FORMAT_JSON_JSON_PULL_H

#include "format/base/arena.h"
#include "format/base/bytes.h"
#include "format/base/text.h"

/*
 * JSON (RFC 8259) read event by event, without a tree.
 *
 * A document is checked as it is read: structure, literals, number syntax, escapes, UTF-8, no control characters in strings, nothing behind
 * the end. What is skipped is checked as well. Duplicate keys are the caller's affair. Numbers are handed out as text:
 * tarn__int64_parse, tarn__double_parse and tarn__decimal128_parse make of them what the caller needs.
 *
 * Ownership: borrows the text. Strings without escapes point into it; others are decoded into the options' arena, or, without one,
 * into a scratch that the next event overwrites. Threads: single. Cost: about a gigabyte a second on strings.
 */
enum tarn_json_event {
    TARN_JSON_END = 0, /**< the document is over (and comes again if asked again) */
    TARN_JSON_OBJECT_BEGIN,
    TARN_JSON_OBJECT_END,
    TARN_JSON_ARRAY_BEGIN,
    TARN_JSON_ARRAY_END,
    TARN_JSON_KEY,    /**< `text` is the decoded key; its value is the next event */
    TARN_JSON_STRING, /**< `text` is the decoded string */
    TARN_JSON_NUMBER, /**< `text` is the number as written */
    TARN_JSON_TRUE,
    TARN_JSON_FALSE,
    TARN_JSON_NULL,
};

enum { TARN_JSON_MOST_DEPTH = 1024 };

struct tarn_json_pull_options {
    struct tarn_env *env;     /**< for the scratch; may be NULL when there is an arena */
    struct tarn_arena *arena; /**< keeps decoded strings; NULL: the scratch */
    enum tarn_status failure; /**< what a mistake in the text is: TARN_CORRUPT (stored files) or TARN_INVALID (the caller's text) */
    uint32_t max_depth;       /**< deeper nesting is LIMIT; 0: 128; at most TARN_JSON_MOST_DEPTH */
    bool many;                /**< any number of values one after another (NDJSON), then END; else exactly one */
    uint64_t base;            /**< where the text begins in its file: added to offsets in errors */
};

struct tarn_json {
    struct tarn_json_pull_options options;
    struct tarn_text text;      /**< of the last KEY, STRING or NUMBER */
    size_t offset;              /**< where the last event begins in the text */
    enum tarn_json_event event; /**< the last one */
    uint32_t depth;             /**< objects and arrays that are open */
    /* private */
    const char *begin;
    const char *at;
    const char *end;
    uint8_t expect;
    bool skipping;
    struct tarn_text_builder scratch;
    uint64_t is_object[TARN_JSON_MOST_DEPTH / 64];
};

/** Never fails. Close it when options.arena is NULL (frees the scratch); closing is always legal. */
void tarn__json_open(struct tarn_json *json, const struct tarn_json_pull_options *options, struct tarn_text text);
void tarn__json_close(struct tarn_json *json);
/** The same reader on another text: keeps options and scratch. */
void tarn__json_reopen(struct tarn_json *json, struct tarn_text text, uint64_t base);

/**
 * The next event, also in json->event.
 * Errors: options.failure with the offset and detail json.syntax, json.string, json.escape, json.number, json.utf8, json.truncated;
 * LIMIT json.depth; NOMEM. After an error the reader stays where it is.
 */
TARN_WARN_UNUSED enum tarn_status tarn__json_next(struct tarn_json *json, enum tarn_json_event *event, struct tarn_error *err);

/** Passes over the value: after KEY its value, after a BEGIN all up to its END, after a scalar nothing. */
TARN_WARN_UNUSED enum tarn_status tarn__json_skip(struct tarn_json *json, struct tarn_error *err);
/** The same, and *raw is the text of the value as written (a borrowed part of the input). */
TARN_WARN_UNUSED enum tarn_status tarn__json_raw(struct tarn_json *json, struct tarn_text *raw, struct tarn_error *err);

/**
 * The next value, which must be of the kind; null is refused unless `is_null` is given, where it is told (and *out is empty or 0).
 * Errors as tarn__json_next, and options.failure json.type, json.range.
 */
TARN_WARN_UNUSED enum tarn_status tarn__json_string(struct tarn_json *json, struct tarn_text *out, bool *is_null, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__json_int64(struct tarn_json *json, int64_t *out, bool *is_null, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__json_bool(struct tarn_json *json, bool *out, bool *is_null, struct tarn_error *err);
/** The next value must begin an object (array). */
TARN_WARN_UNUSED enum tarn_status tarn__json_object(struct tarn_json *json, bool *is_null, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__json_array(struct tarn_json *json, bool *is_null, struct tarn_error *err);
/** Inside an object: true and the key in json->text, or *more false at its end. */
TARN_WARN_UNUSED enum tarn_status tarn__json_key(struct tarn_json *json, bool *more, struct tarn_error *err);
/** Inside an array: *more is false, and the ARRAY_END consumed, at its end; else the next value is still to be read. */
TARN_WARN_UNUSED enum tarn_status tarn__json_element(struct tarn_json *json, bool *more, struct tarn_error *err);

/** After an OBJECT_END or ARRAY_END: the text of the value whose BEGIN had the offset `begin`. Borrowed from the input. */
static inline struct tarn_text tarn__json_since(const struct tarn_json *json, size_t begin)
{
    return (struct tarn_text){json->begin + begin, json->offset + 1 - begin};
}

/** True when the last KEY or STRING is this literal. */
#define tarn__json_is(json, literal) tarn__text_equal((json)->text, TARN_TEXT(literal))

/** An error of options.failure at the last event. */
enum tarn_status tarn__json_fail(const struct tarn_json *json, struct tarn_error *err, const char *detail, const char *format, ...)
    TARN_PRINTF(4, 5);

#endif
