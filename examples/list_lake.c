/* SPDX-License-Identifier: Apache-2.0
 * Lists the tables of a lake: of a folder, or of an Iceberg catalog in SQLite, as `list_lake "sqlite:///lake/catalog.db"`.
 */
#include <stdio.h>
#include <string.h>
#include <tarn/sqlcatalog.h>
#include <tarn/tarn.h>

static enum tarn_status print_table(void *arg, const struct tarn_lake_table *table, struct tarn_error *err)
{
    (void)arg;
    (void)err;
    printf("%.*s\t%s\n", (int)table->name.size, table->name.data, table->is_view ? "view" : table->format);
    return TARN_OK;
}

int main(int argc, char **argv)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_env *env;
    const char *lake = argc > 1 ? argv[1] : ".";
    const struct tarn_text uri = {lake, strlen(lake)};
    options.open_catalog = tarn_sql_catalog_open;
    if (tarn_env_open(&options, &env, &err) != TARN_OK || tarn_lake_tables(env, uri, print_table, NULL, &err) != TARN_OK) {
        char text[1024];
        tarn_error_format(&err, text, sizeof(text));
        fprintf(stderr, "%s\n", text);
        return 1;
    }
    tarn_env_close(env);
    return 0;
}
