/* SPDX-License-Identifier: Apache-2.0
 *
 * From PyIceberg's configuration to the URI of a catalog. What wins, as in PyIceberg: the environment, then the first file that says
 * anything. Values are never shown: a configuration holds secrets.
 */
#include "tools/tarn/catalogs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(TARN_HAS_SQLCATALOG)
#include <tarn/sqlcatalog.h>
#endif

#include "tools/tarn/command.h"
#include "tools/tarn/file_input.h"
#include "tools/tarn/yaml_pairs.h"

enum { MOST_BYTES = 1 << 20 };

#if !defined(TARN_HAS_SQLCATALOG)
static enum tarn_status refuse_catalog(void *ctx, struct tarn_env *env, struct tarn_text uri, struct tarn_catalog **out,
                                       struct tarn_error *err)
{
    (void)ctx;
    (void)env;
    *out = NULL;
    if ((uri.size >= 7 && (memcmp(uri.data, "sqlite:", 7) == 0 || memcmp(uri.data, "sqlite+", 7) == 0)) ||
        (uri.size >= 12 && memcmp(uri.data, "jdbc:sqlite:", 12) == 0)) {
        return tool_error(err, TARN_UNSUPPORTED, "catalog.kind", "this tarn was built without SQLite, and has no SQL catalogs");
    }
    return TARN_OK;
}
#endif

void catalogs_offer(struct tarn_env_options *options)
{
#if defined(TARN_HAS_SQLCATALOG)
    options->open_catalog = tarn_sql_catalog_open;
#else
    options->open_catalog = refuse_catalog;
#endif
}

bool is_catalog(struct tarn_env *env, const char *uri)
{
    struct tarn_catalog *catalog = NULL;
    if (tarn_catalog_open(env, text_of(uri), &catalog, NULL) != TARN_OK) {
        return true; /* one that is written wrong: who opens it will say how */
    }
    tarn_catalog_close(catalog);
    return catalog != NULL;
}

/* ---- the file ---- */

/* *found: there is such a file, and it says something. */
static enum tarn_status read_file(const char *folder, struct yaml_pairs *pairs, bool *found, struct tarn_error *err)
{
    char path[4096];
    *found = false;
    const int length = folder == NULL ? -1 : snprintf(path, sizeof(path), "%s/.pyiceberg.yaml", folder);
    FILE *file = length < 0 || (size_t)length >= sizeof(path) ? NULL : fopen(path, "re");
    if (file == NULL) {
        return length < 0 || errno == ENOENT || errno == ENOTDIR
                   ? TARN_OK
                   : tool_error(err, TARN_IO, "configuration", "%s cannot be read: %s", path, strerror(errno));
    }
    char *text = malloc(MOST_BYTES + 1);
    const size_t size = text != NULL ? fread(text, 1, MOST_BYTES + 1, file) : 0;
    const bool failed = ferror(file) != 0;
    fclose(file);
    enum tarn_status status = TARN_OK;
    if (text == NULL) {
        status = tool_error(err, TARN_NOMEM, "memory", "no memory");
    } else if (failed || size > MOST_BYTES) {
        status = tool_error(err, failed ? TARN_IO : TARN_INVALID, "configuration", "%s cannot be read, or is larger than 1 MiB", path);
    } else {
        text[size] = '\0';
        status = strlen(text) == size ? yaml_parse(text, path, pairs, err)
                                      : tool_error(err, TARN_INVALID, "configuration", "%s is no text", path);
    }
    free(text);
    *found = pairs->count != 0;
    return status;
}

static enum tarn_status read_files(struct yaml_pairs *pairs, struct tarn_error *err)
{
    const char *folders[] = {getenv("PYICEBERG_HOME"), getenv("HOME"), "."};
    bool found = false;
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]) && !found; i++) {
        TARN_TOOL_TRY(read_file(folders[i], pairs, &found, err));
    }
    return TARN_OK;
}

/* ---- the environment ---- */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* PYICEBERG_CATALOG__NAME__SOME_KEY is the path catalog, name, some-key; "__" in the key is a dot. */
static bool variable_path(const char *variable, size_t size, char *path, size_t room)
{
    static const char prefix[] = "pyiceberg_";
    size_t at = 0;
    int parts = 1;
    for (size_t i = 0; i < size; i++) {
        const bool pair = i + 1 < size && variable[i] == '_' && variable[i + 1] == '_';
        if (i < sizeof(prefix) - 1) {
            if (lower(variable[i]) != prefix[i]) {
                return false;
            }
            continue;
        }
        if (at + 3 > room) {
            return false;
        }
        path[at++] = pair && parts < 3 ? '\n' : pair ? '.' : variable[i] == '_' ? '-' : lower(variable[i]);
        parts += pair && parts < 3;
        i += pair ? 1 : 0;
    }
    path[at++] = '\n';
    path[at] = '\0';
    return parts == 3 && strncmp(path, "catalog\n", 8) == 0;
}

static enum tarn_status read_environment(struct yaml_pairs *pairs, struct tarn_error *err)
{
    for (char **variable = environ; variable != NULL && *variable != NULL; variable++) {
        char path[1024];
        const char *equals = strchr(*variable, '=');
        if (equals != NULL && variable_path(*variable, (size_t)(equals - *variable), path, sizeof(path)) &&
            !yaml_pairs_set(pairs, path, equals + 1)) {
            return tool_error(err, TARN_NOMEM, "memory", "no memory");
        }
    }
    return TARN_OK;
}

/* ---- the catalog ---- */

static const char *setting(const struct yaml_pairs *pairs, const char *name, const char *key)
{
    char path[1024];
    const int length = snprintf(path, sizeof(path), "catalog\n%s\n%s\n", name, key);
    for (char *at = path; *at != '\0'; at++) {
        *at = lower(*at);
    }
    return length < 0 || (size_t)length >= sizeof(path) ? NULL : yaml_pairs_find(pairs, path);
}

static bool is_known(const struct yaml_pairs *pairs, const char *name)
{
    const size_t size = strlen(name);
    for (size_t i = 0; i < pairs->count; i++) {
        const char *path = pairs->items[i].path;
        if (strncmp(path, "catalog\n", 8) == 0 && strncasecmp(path + 8, name, size) == 0 && path[8 + size] == '\n') {
            return true;
        }
    }
    return false;
}

static void add_parameter(FILE *to, bool first, const char *key, const char *value)
{
    fprintf(to, "%c%s=", first ? '?' : '&', key);
    for (; *value != '\0'; value++) {
        const char c = *value;
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("/.-_~:", c) != NULL;
        fprintf(to, plain ? "%c" : "%%%02X", (unsigned char)c);
    }
}

/* REST, Hive and the others are told by their words; without a type PyIceberg goes by the URI. */
static enum tarn_status check_kind(const char *name, const char *type, const char *uri, struct tarn_error *err)
{
    if (type != NULL && strcmp(type, "sql") != 0) {
        const bool word = strcmp(type, "rest") == 0 || strcmp(type, "hive") == 0 || strcmp(type, "glue") == 0 ||
                          strcmp(type, "dynamodb") == 0 || strcmp(type, "in-memory") == 0 || strcmp(type, "bigquery") == 0;
        return tool_error(err, TARN_UNSUPPORTED, "catalog.kind", "the catalog \"%s\" is of the type %s; tarn has SQL catalogs in SQLite",
                          name, word ? type : "that its configuration names");
    }
    if (uri == NULL) {
        return tool_error(err, TARN_INVALID, "catalog", "the configuration of the catalog \"%s\" has no uri", name);
    }
    if (strncmp(uri, "sqlite:", 7) != 0 && strncmp(uri, "sqlite+", 7) != 0) {
        return tool_error(err, TARN_UNSUPPORTED, "catalog.kind", "the catalog \"%s\" is none in SQLite; tarn has no other catalogs", name);
    }
    return TARN_OK;
}

static enum tarn_status uri_of(const struct yaml_pairs *pairs, const char *name, char **out, struct tarn_error *err)
{
    const char *uri = setting(pairs, name, "uri");
    const char *warehouse = setting(pairs, name, "warehouse");
    size_t size;
    if (setting(pairs, name, "py-catalog-impl") != NULL) {
        return tool_error(err, TARN_UNSUPPORTED, "catalog.kind", "the catalog \"%s\" is a class in Python", name);
    }
    TARN_TOOL_TRY(check_kind(name, setting(pairs, name, "type"), uri, err));
    FILE *to = open_memstream(out, &size);
    if (to == NULL) {
        return tool_error(err, TARN_NOMEM, "memory", "no memory");
    }
    fputs(uri, to);
    add_parameter(to, strchr(uri, '?') == NULL, "name", name);
    if (warehouse != NULL) {
        add_parameter(to, false, "warehouse", warehouse);
    }
    if (fclose(to) != 0 || *out == NULL) {
        return tool_error(err, TARN_NOMEM, "memory", "no memory");
    }
    return TARN_OK;
}

enum tarn_status lake_by_name(const char *word, char **out, struct tarn_error *err)
{
    struct yaml_pairs pairs = {NULL, 0, 0};
    *out = NULL;
    if (word[0] == '\0' || strpbrk(word, "/:") != NULL || access(word, F_OK) == 0) {
        return TARN_OK;
    }
    enum tarn_status status = read_files(&pairs, err);
    status = status == TARN_OK ? read_environment(&pairs, err) : status;
    if (status == TARN_OK && is_known(&pairs, word)) {
        status = uri_of(&pairs, word, out, err);
    }
    yaml_pairs_free(&pairs);
    return status;
}
