/* SPDX-License-Identifier: Apache-2.0
 *
 * The JSON pull parser on any bytes. Beyond not crashing: reading and skipping accept the same texts, what is accepted prints to
 * a text that reads to the same events, and offsets lie within the text.
 */
#include <stdio.h>
#include <stdlib.h>

#include "format/json/json_print.h"
#include "format/json/json_pull.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "fuzz_json: %s\n", what);
        abort();
    }
}

/* Reads all events and prints them as JSON again. */
static enum tarn_status reprint(struct tarn_env *env, struct tarn_text text, bool many, struct tarn_text_builder *out)
{
    const struct tarn_json_pull_options options = {.env = env, .failure = TARN_CORRUPT, .many = many};
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_json_printer printer;
    struct tarn_json json;
    enum tarn_json_event event;
    enum tarn_status status;
    tarn__json_open(&json, &options, text);
    tarn__json_printer_init(&printer, out);
    while ((status = tarn__json_next(&json, &event, &err)) == TARN_OK && event != TARN_JSON_END) {
        if (json.depth == (event == TARN_JSON_OBJECT_BEGIN || event == TARN_JSON_ARRAY_BEGIN)) { /* a value of the top begins */
            tarn__builder_add_char(out, '\n');
            printer.comma = event == TARN_JSON_OBJECT_END || event == TARN_JSON_ARRAY_END;
        }
        switch (event) {
        case TARN_JSON_OBJECT_BEGIN:
            tarn__json_print_begin_object(&printer);
            break;
        case TARN_JSON_OBJECT_END:
            tarn__json_print_end_object(&printer);
            break;
        case TARN_JSON_ARRAY_BEGIN:
            tarn__json_print_begin_array(&printer);
            break;
        case TARN_JSON_ARRAY_END:
            tarn__json_print_end_array(&printer);
            break;
        case TARN_JSON_KEY:
            tarn__json_print_key(&printer, json.text);
            break;
        case TARN_JSON_STRING:
            tarn__json_print_string(&printer, json.text);
            break;
        case TARN_JSON_NUMBER:
            tarn__json_print_raw(&printer, json.text);
            break;
        case TARN_JSON_TRUE:
        case TARN_JSON_FALSE:
            tarn__json_print_bool(&printer, event == TARN_JSON_TRUE);
            break;
        default:
            tarn__json_print_null(&printer);
            break;
        }
    }
    demand(status == TARN_OK || (err.offset >= 0 && (uint64_t)err.offset <= text.size), "an error lies outside the text");
    tarn__json_close(&json);
    return status;
}

/* Passes over each value of the top. */
static enum tarn_status skip_all(struct tarn_env *env, struct tarn_text text, bool many)
{
    const struct tarn_json_pull_options options = {.env = env, .failure = TARN_CORRUPT, .many = many};
    struct tarn_json json;
    enum tarn_json_event event;
    struct tarn_text raw;
    tarn__json_open(&json, &options, text);
    enum tarn_status status = tarn__json_next(&json, &event, NULL);
    while (status == TARN_OK && event != TARN_JSON_END) {
        status = tarn__json_raw(&json, &raw, NULL);
        demand(status != TARN_OK || (raw.data >= text.data && raw.data + raw.size <= text.data + text.size),
               "a value lies outside the text");
        status = status == TARN_OK ? tarn__json_next(&json, &event, NULL) : status;
    }
    tarn__json_close(&json);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct tarn_text text = {(const char *)data, size};
    struct tarn_env *env;
    if (tarn_env_open(NULL, &env, NULL) != TARN_OK) {
        return 0;
    }
    for (int many = 0; many < 2; many++) {
        struct tarn_text_builder once;
        struct tarn_text_builder twice;
        tarn__builder_init(&once, env);
        tarn__builder_init(&twice, env);
        const enum tarn_status status = reprint(env, text, many != 0, &once);
        demand(status == skip_all(env, text, many != 0), "reading and skipping differ");
        if (status == TARN_OK) {
            demand(reprint(env, tarn__builder_text(&once), many != 0, &twice) == TARN_OK, "what was printed does not read");
            demand(tarn__text_equal(tarn__builder_text(&once), tarn__builder_text(&twice)), "what was printed reads otherwise");
        }
        tarn__builder_free(&once);
        tarn__builder_free(&twice);
    }
    demand(tarn_env_memory(env, NULL) == 0, "memory is left");
    tarn_env_close(env);
    return 0;
}
