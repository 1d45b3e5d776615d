/* SPDX-License-Identifier: Apache-2.0
 * SQL over a file or table from C: embed PATH prints the number of its rows, through an Arrow stream. */
#include <stdio.h>
#include <string.h>
#include <tarn/tarn.h>

int main(int argc, char **argv)
{
    char sql[512];
    char text[1024];
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env = NULL;
    struct ArrowArrayStream rows = {0};
    struct ArrowArray batch = {0};

    snprintf(sql, sizeof(sql), "SELECT count(*) FROM '%s'", argc > 1 ? argv[1] : "");
    if (tarn_env_open(NULL, &env, &err) != TARN_OK ||
        tarn_query_run(env, (struct tarn_text){sql, strlen(sql)}, NULL, &rows, &err) != TARN_OK) {
        tarn_error_format(&err, text, sizeof(text));
        fprintf(stderr, "%s\n", text);
        tarn_env_close(env);
        return tarn_status_exit_code(err.code);
    }
    while (rows.get_next(&rows, &batch) == 0 && batch.release != NULL) {
        for (int64_t i = 0; i < batch.length; i++) {
            printf("%lld\n", (long long)((const int64_t *)batch.children[0]->buffers[1])[batch.children[0]->offset + i]);
        }
        batch.release(&batch);
    }
    rows.release(&rows);
    tarn_env_close(env);
    return 0;
}
