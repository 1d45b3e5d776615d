/* SPDX-License-Identifier: Apache-2.0
 *
 * From a table's name to its place: as the library says, and never inside another table.
 */
#include "tools/tarn/serve/lake_table.h"

#include <stdlib.h>
#include <string.h>

#include "tools/tarn/command.h"
#include "tools/tarn/file_input.h"

static enum tarn_status is_table(struct tarn_env *env, const char *uri, bool *yes, struct tarn_error *err)
{
    const char *format = NULL;
    const enum tarn_status status = tarn_table_detect(env, text_of(uri), &format, err);
    *yes = status == TARN_OK && format != NULL;
    return status == TARN_NOT_FOUND ? TARN_OK : status;
}

/* LAKE/a/b of LAKE/a/b/c and so on: no table may lie in the folder of another. */
static enum tarn_status check_above(struct tarn_env *env, const char *lake, char *uri, struct tarn_error *err)
{
    const size_t size = strlen(lake);
    if (strncmp(uri, lake, size) != 0 || uri[size] != '/') {
        return TARN_OK; /* a catalog has no folders to mix up */
    }
    for (char *slash = strchr(uri + size + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        bool yes;
        *slash = '\0';
        const enum tarn_status status = is_table(env, uri, &yes, err);
        *slash = '/';
        TARN_TOOL_TRY(status);
        if (yes) {
            return tool_error(err, TARN_AUTH, "confined", "the name leads into the folder of another table");
        }
    }
    return TARN_OK;
}

static enum tarn_status keep_text(void *arg, struct tarn_text text, struct tarn_error *err)
{
    char **kept = arg;
    *kept = strndup(text.data, text.size);
    return *kept != NULL ? TARN_OK : tool_error(err, TARN_NOMEM, "memory", "no memory");
}

enum tarn_status lake_table_find(struct tarn_env *env, const char *lake, const char *name, char **uri, bool *exists, struct tarn_error *err)
{
    *uri = NULL;
    *exists = false;
    enum tarn_status status = tarn_lake_table_uri(env, text_of(lake), text_of(name), keep_text, uri, err);
    status = status == TARN_OK ? is_table(env, *uri, exists, err) : status;
    if (status == TARN_OK && !*exists) {
        status = check_above(env, lake, *uri, err);
    }
    if (status != TARN_OK) {
        free(*uri);
        *uri = NULL;
    }
    return status;
}
