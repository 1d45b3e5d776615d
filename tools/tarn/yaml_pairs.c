/* SPDX-License-Identifier: Apache-2.0
 *
 * A strict reader for a small part of YAML.
 *
 * Invariants
 *  1. `levels` are the keys that the line at hand stands below, with their indentations, which rise.
 *  2. A key has a value or keys below it, never both.
 */
#include "tools/tarn/yaml_pairs.h"

#include <stdlib.h>
#include <string.h>

#include "tools/tarn/file_input.h"

enum { MOST_LEVELS = 16, MOST_SCALAR = 8192 };

struct level {
    size_t indent;
    bool is_scalar;
    char key[256];
};

struct reader {
    const char *name;
    int line;
    const char *at; /* in the line; it ends at '\n' or the terminator */
    struct level levels[MOST_LEVELS];
    size_t depth;
    char scalar[MOST_SCALAR];
    struct yaml_pairs *out;
    struct tarn_error *err;
};

static enum tarn_status wrong(const struct reader *reader, const char *what)
{
    return tool_error(reader->err, TARN_INVALID, "yaml", "%s, line %d: %s", reader->name, reader->line, what);
}

static bool at_end(const struct reader *reader)
{
    return *reader->at == '\0' || *reader->at == '\n' || (*reader->at == '\r' && reader->at[1] == '\n');
}

static void skip_spaces(struct reader *reader)
{
    while (*reader->at == ' ') {
        reader->at++;
    }
}

/* The rest of a line is space or a comment, before which there is a space unless it is all of the line. */
static bool is_rest(struct reader *reader, bool all)
{
    const char *before = reader->at;
    skip_spaces(reader);
    return at_end(reader) || (*reader->at == '#' && (all || reader->at != before || before[-1] == ' '));
}

static bool add_char(struct reader *reader, size_t *size, char c)
{
    if (*size + 1 >= sizeof(reader->scalar)) {
        return false;
    }
    reader->scalar[(*size)++] = c;
    reader->scalar[*size] = '\0';
    return true;
}

static enum tarn_status take_quoted(struct reader *reader)
{
    const char quote = *reader->at++;
    size_t size = 0;
    while (!at_end(reader)) {
        char c = *reader->at++;
        if (c == quote && quote == '\'' && *reader->at == '\'') {
            reader->at++; /* doubled */
        } else if (c == quote) {
            return TARN_OK;
        } else if (c == '\\' && quote == '"') {
            c = *reader->at++;
            if (c != '\\' && c != '"' && c != '/') {
                return wrong(reader, "of escapes only \\\\, \\\" and \\/ are read here");
            }
        }
        if (!add_char(reader, &size, c)) {
            return wrong(reader, "the value is too long");
        }
    }
    return wrong(reader, "a quote is not closed in its line");
}

/* Up to ": " or the end for a key, up to a comment or the end for a value. */
static enum tarn_status take_plain(struct reader *reader, bool key)
{
    size_t size = 0;
    size_t used = 0; /* without spaces at the end */
    if (strchr("-?:,[]{}#&*!|>'\"%@`\t", *reader->at) != NULL &&
        (strchr("-?:", *reader->at) == NULL || (unsigned char)reader->at[1] <= ' ')) {
        return wrong(reader, "lists, blocks, anchors, tags and the like are not read here: only maps of plain and quoted values");
    }
    while (!at_end(reader)) {
        const char c = *reader->at;
        if (c == ':' && (reader->at[1] == ' ' || reader->at[1] == '\n' || reader->at[1] == '\r' || reader->at[1] == '\0')) {
            if (key) {
                break;
            }
            return wrong(reader, "a value with \": \" in it must be quoted");
        }
        if (c == '#' && reader->at[-1] == ' ') {
            break;
        }
        if ((unsigned char)c < ' ' || !add_char(reader, &size, c)) {
            return wrong(reader, (unsigned char)c < ' ' ? "there is a tab or another control character" : "the value is too long");
        }
        used = c != ' ' ? size : used;
        reader->at++;
    }
    reader->scalar[used] = '\0';
    return TARN_OK;
}

static enum tarn_status take_scalar(struct reader *reader, bool key)
{
    reader->scalar[0] = '\0';
    return *reader->at == '\'' || *reader->at == '"' ? take_quoted(reader) : take_plain(reader, key);
}

static void lower(char *text)
{
    for (; *text != '\0'; text++) {
        if (*text >= 'A' && *text <= 'Z') {
            *text = (char)(*text - 'A' + 'a');
        }
    }
}

/* Puts the key of the line at its place below the keys before it. */
static enum tarn_status place_key(struct reader *reader, size_t indent)
{
    size_t depth = reader->depth;
    while (depth > 0 && reader->levels[depth - 1].indent > indent) {
        depth--;
    }
    const bool beside = depth > 0 && reader->levels[depth - 1].indent == indent;
    const bool first = depth == 0 && reader->depth == 0;
    if (!beside && !first && (depth == 0 || depth != reader->depth)) {
        return wrong(reader, "it is indented as no line above it");
    }
    if (!beside && depth > 0 && reader->levels[depth - 1].is_scalar) {
        return wrong(reader, "it stands below a key that has a value");
    }
    depth -= beside ? 1 : 0;
    if (depth == MOST_LEVELS || strlen(reader->scalar) >= sizeof(reader->levels[0].key)) {
        return wrong(reader, "the maps are too deep, or a key is too long");
    }
    struct level *level = &reader->levels[depth];
    *level = (struct level){.indent = indent};
    memcpy(level->key, reader->scalar, strlen(reader->scalar) + 1);
    lower(level->key);
    reader->depth = depth + 1;
    return TARN_OK;
}

static enum tarn_status keep_value(struct reader *reader)
{
    char path[MOST_LEVELS * sizeof(reader->levels[0].key) + MOST_LEVELS + 1];
    size_t size = 0;
    for (size_t i = 0; i < reader->depth; i++) {
        size += (size_t)snprintf(path + size, sizeof(path) - size, "%s\n", reader->levels[i].key);
    }
    if (yaml_pairs_find(reader->out, path) != NULL) {
        return wrong(reader, "the key stands here for the second time");
    }
    return yaml_pairs_set(reader->out, path, reader->scalar) ? TARN_OK : tool_error(reader->err, TARN_NOMEM, "memory", "no memory");
}

static enum tarn_status take_line(struct reader *reader)
{
    const char *begin = reader->at;
    if (is_rest(reader, true)) {
        return TARN_OK;
    }
    const size_t indent = (size_t)(reader->at - begin);
    if (indent == 0 && strncmp(reader->at, "---", 3) == 0 && reader->depth == 0) {
        reader->at += 3;
        return is_rest(reader, false) ? TARN_OK : wrong(reader, "nothing is to stand behind ---");
    }
    TARN_TOOL_TRY(take_scalar(reader, true));
    skip_spaces(reader);
    if (*reader->at != ':') {
        return wrong(reader, "this is no \"key: value\"");
    }
    reader->at++;
    if (!at_end(reader) && *reader->at != ' ') {
        return wrong(reader, "a space is to stand behind the colon");
    }
    TARN_TOOL_TRY(place_key(reader, indent));
    if (is_rest(reader, false)) {
        return TARN_OK; /* a map below it, or nothing */
    }
    TARN_TOOL_TRY(take_scalar(reader, false));
    if (!is_rest(reader, false)) {
        return wrong(reader, "something stands behind the value");
    }
    reader->levels[reader->depth - 1].is_scalar = true;
    return keep_value(reader);
}

enum tarn_status yaml_parse(const char *text, const char *name, struct yaml_pairs *out, struct tarn_error *err)
{
    struct reader *reader = calloc(1, sizeof(*reader));
    if (reader == NULL) {
        return tool_error(err, TARN_NOMEM, "memory", "no memory");
    }
    *reader = (struct reader){.name = name, .at = text, .out = out, .err = err};
    enum tarn_status status = TARN_OK;
    while (status == TARN_OK && *reader->at != '\0') {
        reader->line++;
        status = take_line(reader);
        const char *end = strchr(reader->at, '\n');
        reader->at = end != NULL ? end + 1 : reader->at + strlen(reader->at);
    }
    free(reader);
    return status;
}

/* ---- pairs ---- */

static struct yaml_pair *find(const struct yaml_pairs *pairs, const char *path)
{
    for (size_t i = 0; i < pairs->count; i++) {
        if (strcmp(pairs->items[i].path, path) == 0) {
            return &pairs->items[i];
        }
    }
    return NULL;
}

const char *yaml_pairs_find(const struct yaml_pairs *pairs, const char *path)
{
    const struct yaml_pair *pair = find(pairs, path);
    return pair != NULL ? pair->value : NULL;
}

bool yaml_pairs_set(struct yaml_pairs *pairs, const char *path, const char *value)
{
    struct yaml_pair *there = find(pairs, path);
    char *copy = strdup(value);
    if (there != NULL && copy != NULL) {
        free(there->value);
        there->value = copy;
        return true;
    }
    if (pairs->count == pairs->room) {
        const size_t room = pairs->room == 0 ? 16 : pairs->room * 2;
        struct yaml_pair *larger = realloc(pairs->items, room * sizeof(*larger));
        if (larger != NULL) {
            pairs->items = larger;
            pairs->room = room;
        }
    }
    char *path_copy = strdup(path);
    if (copy == NULL || path_copy == NULL || pairs->count == pairs->room) {
        free(copy);
        free(path_copy);
        return false;
    }
    pairs->items[pairs->count++] = (struct yaml_pair){path_copy, copy};
    return true;
}

void yaml_pairs_free(struct yaml_pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++) {
        free(pairs->items[i].path);
        free(pairs->items[i].value);
    }
    free(pairs->items);
    *pairs = (struct yaml_pairs){NULL, 0, 0};
}
