/* SPDX-License-Identifier: Apache-2.0
 * Many who swap at once: of those who start from one pointer exactly one moves it, whether they are threads on one catalog or processes.
 */
#include "tests/sqlcatalog/catalog_database.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RACERS = 8, WINS = 12 };

/* Reads the pointer and moves it one on, until it has won WINS times. Pointers are numbers: the sum of wins is where they end. */
static int race(struct tarn_catalog *catalog)
{
    int losses = 0;
    for (int won = 0; won < WINS;) {
        struct tarn_error err = TARN_ERROR_INIT;
        char text[1024] = "";
        char next[32];
        enum tarn_status status = tarn_catalog_find(catalog, TARN_TEXT("ns.t"), print_entry, text, &err);
        if (status == TARN_THROTTLED) {
            continue;
        }
        if (status != TARN_OK) {
            fprintf(stderr, "%s %s\n", tarn_status_name(status), err.message);
            return -1;
        }
        text[strlen(text) - 1] = '\0';
        const char *now = text + strlen("ns.t=");
        snprintf(next, sizeof(next), "%d", atoi(now) + 1);
        status = swap(catalog, "ns.t", now, next, &err);
        if (status == TARN_OK) {
            won++;
        } else if (status == TARN_EXISTS) {
            losses++;
        } else if (status != TARN_THROTTLED) {
            fprintf(stderr, "%s %s\n", tarn_status_name(status), err.message);
            return -1;
        }
    }
    return losses;
}

static void *run(void *arg)
{
    static int bad;
    return race(arg) < 0 ? &bad : NULL;
}

static const char *const versions[] = {JAVA_V0 "INSERT INTO iceberg_tables VALUES ('p', 'ns', 't', '0', NULL)",
                                       PYICEBERG_V1 "INSERT INTO iceberg_tables VALUES ('p', 'ns', 't', '0', NULL, 'TABLE')"};

static struct tarn_env *quick_env(void)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_env *env;
    options.durability = TARN_DURABILITY_OFF;
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    return env;
}

START_TEST(sql_catalog_races__threads_share_a_catalog) /* C-SQL-5 */
{
    const struct catalog_database database = database_new(versions[_i]);
    struct tarn_env *env = quick_env();
    struct tarn_catalog *catalog = catalog_open(env, database.uri);
    pthread_t threads[RACERS];
    char expected[32];
    for (int i = 0; i < RACERS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, run, catalog), 0);
    }
    for (int i = 0; i < RACERS; i++) {
        void *bad;
        ck_assert_int_eq(pthread_join(threads[i], &bad), 0);
        ck_assert_ptr_null(bad);
    }
    snprintf(expected, sizeof(expected), "%d", RACERS * WINS);
    ck_assert_str_eq(pointer_of(catalog, "ns.t"), expected);
    tarn_catalog_close(catalog);
    tarn_test_env_close(env);
}
END_TEST

/* Half of the children take the parent's handle over, the others open their own. */
START_TEST(sql_catalog_races__processes_lose_nothing) /* C-SQL-5 C-SQL-9 */
{
    const struct catalog_database database = database_new(versions[_i]);
    struct tarn_env *env = quick_env();
    struct tarn_catalog *catalog = catalog_open(env, database.uri);
    pid_t children[RACERS];
    char expected[32];
    ck_assert_str_eq(pointer_of(catalog, "ns.t"), "0"); /* connected */
    for (int i = 0; i < RACERS; i++) {
        children[i] = fork();
        ck_assert_int_ge(children[i], 0);
        if (children[i] == 0) {
            struct tarn_catalog *own = i % 2 == 0 ? catalog : catalog_open(env, database.uri);
            _exit(race(own) < 0 ? 1 : 0);
        }
    }
    for (int i = 0; i < RACERS; i++) {
        int answer = -1;
        ck_assert_int_eq(waitpid(children[i], &answer, 0), children[i]);
        ck_assert_int_eq(answer, 0);
    }
    snprintf(expected, sizeof(expected), "%d", RACERS * WINS);
    ck_assert_str_eq(pointer_of(catalog, "ns.t"), expected);
    tarn_catalog_close(catalog);
    tarn_test_env_close(env);
}
END_TEST

/* All make the same new entry in a database that is not there yet. */
START_TEST(sql_catalog_races__one_makes_an_entry) /* C-SQL-4 */
{
    const struct catalog_database database = database_new(NULL);
    pid_t children[RACERS];
    int winners = 0;
    for (int i = 0; i < RACERS; i++) {
        children[i] = fork();
        ck_assert_int_ge(children[i], 0);
        if (children[i] == 0) {
            struct tarn_env *env = quick_env();
            struct tarn_error err = TARN_ERROR_INIT;
            struct tarn_catalog *catalog = catalog_open(env, database.uri);
            enum tarn_status status;
            do {
                status = swap(catalog, "ns.t", "", "mine", &err);
            } while (status == TARN_THROTTLED);
            _exit(status == TARN_OK ? 0 : status == TARN_EXISTS ? 1 : 2);
        }
    }
    for (int i = 0; i < RACERS; i++) {
        int answer = -1;
        ck_assert_int_eq(waitpid(children[i], &answer, 0), children[i]);
        ck_assert_msg(WIFEXITED(answer) && WEXITSTATUS(answer) <= 1, "a child answers %d", answer);
        winners += WEXITSTATUS(answer) == 0;
    }
    ck_assert_int_eq(winners, 1);
}
END_TEST

TARN_SUITE("sqlcatalog/sql_catalog_races", TARN_LOOP_TEST(sql_catalog_races__threads_share_a_catalog, versions),
           TARN_LOOP_TEST(sql_catalog_races__processes_lose_nothing, versions), TARN_TEST(sql_catalog_races__one_makes_an_entry))
