/* SPDX-License-Identifier: Apache-2.0
 *
 * serve: options, tokens, the start, and the end. The threads are in http_daemon.c and work_queue.c.
 *
 * Invariants
 *  1. What can be reached from other machines is encrypted, unless --insecure says that someone else takes care of that.
 *  2. After SIGTERM or SIGINT nothing new is begun and everything begun is answered; a second signal cancels what runs. Either way no
 *     commit is left half-done.
 */
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/tarn/catalogs.h"
#include "tools/tarn/command.h"
#include "tools/tarn/file_input.h"
#include "tools/tarn/serve/server.h"

enum {
    DEFAULT_PORT = 8080,
    DEFAULT_BODY = 256 << 20,
    DEFAULT_ROWS = 1000000,
    DEFAULT_MEMORY = 1 << 30,
    DEFAULT_SECONDS = 120,
    DEFAULT_WORKERS = 8,
    MOST_WORKERS = 256,
    MOST_PEM = 1 << 20,
    TICK_MILLISECONDS = 250,
    LAST_BYTES_MILLISECONDS = 10000, /* for clients to take the last answers */
};

struct pem {
    char *certificate;
    char *key;
};

/* ---- options ---- */

static bool number_in(struct session *session, enum option_id id, const char *name, int64_t otherwise, int64_t least, int64_t most,
                      int64_t *out)
{
    if (!option_number(session, id, otherwise, out)) {
        return false;
    }
    if (*out < least || *out > most) {
        answer_usage(session, "--%s takes %lld to %lld", name, (long long)least, (long long)most);
        return false;
    }
    return true;
}

static bool take_options(struct session *session, struct server *server)
{
    int64_t port;
    int64_t seconds;
    int64_t rows;
    int64_t workers;
    if (!number_in(session, OPTION_PORT, "port", DEFAULT_PORT, 0, 65535, &port) ||
        !number_in(session, OPTION_TIME_LIMIT, "time-limit", DEFAULT_SECONDS, 1, MOST_TIME_SECONDS, &seconds) ||
        !number_in(session, OPTION_ROW_LIMIT, "row-limit", DEFAULT_ROWS, 1, INT64_MAX, &rows) ||
        !number_in(session, OPTION_WORKERS, "workers", DEFAULT_WORKERS, 1, MOST_WORKERS, &workers)) {
        return false;
    }
    server->lake = session->args.positionals[0];
    server->address = has(session, OPTION_ADDRESS) ? session->args.values[OPTION_ADDRESS] : "127.0.0.1";
    server->port = (uint16_t)port;
    server->verbose = has(session, OPTION_VERBOSE);
    server->limits = (struct limits){.body = DEFAULT_BODY, .rows = (uint64_t)rows, .time = seconds * 1000000, .workers = (uint32_t)workers};
    if (has(session, OPTION_MAX_BODY) && (!size_parse(session->args.values[OPTION_MAX_BODY], &server->limits.body) ||
                                          server->limits.body == 0 || server->limits.body > INT64_MAX / 4)) {
        answer_usage(session, "--max-body takes a size, as 64MiB or 2GB");
        return false;
    }
    server->env = session->env_options;
    server->env.memory_limit = server->env.memory_limit != 0 ? server->env.memory_limit : DEFAULT_MEMORY;
    if (has(session, OPTION_TLS_CERT) != has(session, OPTION_TLS_KEY)) {
        answer_usage(session, "--tls-cert and --tls-key come together");
        return false;
    }
    server->tls = has(session, OPTION_TLS_CERT);
    return true;
}

/* ---- the lake and the addresses ---- */

/* The folder, made if it is not there; as an absolute path, so that it can be taken out of messages. */
static enum tarn_status open_lake(struct session *session, struct server *server, char **folder, struct tarn_error *err)
{
    *folder = NULL;
    TARN_TOOL_TRY(lake_set(session, server->lake, err)); /* it may be a catalog's name */
    server->lake = session->lake;
    if (strstr(server->lake, "://") != NULL || is_catalog(session->env, server->lake)) {
        const char *temporary = getenv("TMPDIR");
        return spool_open(&server->spool, temporary != NULL ? temporary : "/tmp", err);
    }
    if (mkdir(server->lake, 0777) != 0 && errno != EEXIST) {
        return tool_error(err, TARN_IO, "lake", "the lake %s cannot be made: %s", server->lake, strerror(errno));
    }
    *folder = realpath(server->lake, NULL);
    if (*folder == NULL) {
        return tool_error(err, TARN_NOT_FOUND, "lake", "there is no folder %s", server->lake);
    }
    server->lake = *folder;
    return spool_open(&server->spool, *folder, err);
}

static enum tarn_status refuse_table(struct session *session, const struct server *server, struct tarn_error *err)
{
    const char *format = NULL;
    if (is_catalog(session->env, server->lake)) {
        return TARN_OK;
    }
    const enum tarn_status status = tarn_table_detect(session->env, text_of(server->lake), &format, err);
    if (status == TARN_OK && format != NULL) {
        return tool_error(err, TARN_INVALID, "lake", "%s is a table; the folder above it is the lake to serve", server->lake);
    }
    return status == TARN_NOT_FOUND ? TARN_OK : status;
}

static enum tarn_status read_pem(const char *path, char **out, struct tarn_error *err)
{
    FILE *file = fopen(path, "re");
    *out = calloc(1, MOST_PEM + 1);
    const size_t size = file != NULL && *out != NULL ? fread(*out, 1, MOST_PEM, file) : 0;
    if (file != NULL) {
        fclose(file);
    }
    return size != 0 ? TARN_OK : tool_error(err, TARN_IO, "tls", "%s cannot be read", path);
}

static void free_pem(struct pem *pem)
{
    if (pem->key != NULL) {
        sodium_memzero(pem->key, MOST_PEM);
    }
    free(pem->key);
    free(pem->certificate);
}

/* ---- tokens ---- */

struct shown {
    char read[TOKEN_TEXT];
    char write[TOKEN_TEXT];
};

static enum tarn_status make_tokens(struct session *session, struct server *server, struct shown *shown, struct tarn_error *err)
{
    const char *path = has(session, OPTION_TOKEN_FILE) ? session->args.values[OPTION_TOKEN_FILE] : NULL;
    if (path != NULL) {
        const enum tarn_status status = tokens_read(&server->tokens, path, err);
        if (status != TARN_NOT_FOUND) {
            return status;
        }
    }
    TARN_TOOL_TRY(tokens_make(&server->tokens, SCOPE_READ, shown->read, err));
    TARN_TOOL_TRY(tokens_make(&server->tokens, SCOPE_WRITE, shown->write, err));
    return path != NULL ? tokens_write(&server->tokens, path, err) : TARN_OK;
}

static void tell_start(struct session *session, const struct server *server, struct shown *shown)
{
    const char *scheme = server->tls ? "https" : "http";
    const bool bracket = strchr(server->address, ':') != NULL;
    char url[300];
    snprintf(url, sizeof(url), "%s://%s%s%s:%u", scheme, bracket ? "[" : "", server->address, bracket ? "]" : "", server->port);
    if (session->json) {
        printf("{\"ok\":true,\"result\":{\"url\":\"%s\"", url);
        if (shown->read[0] != '\0') {
            printf(",\"read_token\":\"%s\",\"write_token\":\"%s\"", shown->read, shown->write);
        }
        fputs("}}\n", stdout);
        session->json_begun = true; /* this was the document */
    } else {
        printf("%s\n", url);
        if (shown->read[0] != '\0') {
            printf("read token   %s\nwrite token  %s\n", shown->read, shown->write);
        }
    }
    fflush(stdout);
    sodium_memzero(shown, sizeof(*shown));
}

/* ---- running ---- */

static int wait_signal(const sigset_t *signals, int milliseconds)
{
    const struct timespec wait = {milliseconds / 1000, (long)(milliseconds % 1000) * 1000000};
    return sigtimedwait(signals, NULL, &wait);
}

static void serve(struct server *server, const sigset_t *signals)
{
    while (wait_signal(signals, TICK_MILLISECONDS) < 0) {
        http_close_late(server);
    }
    http_quiesce(server);
    int64_t idle_since = 0;
    while (http_busy(server) != 0) {
        uint32_t waiting;
        uint32_t running;
        if (wait_signal(signals, 20) >= 0) {
            server->hurry = true;
        }
        work_queue_counts(&server->queue, &waiting, &running);
        if (waiting != 0 || running != 0) {
            idle_since = 0;
        } else if (idle_since == 0) {
            idle_since = monotonic_now();
        } else if (monotonic_now() - idle_since > LAST_BYTES_MILLISECONDS * INT64_C(1000)) {
            break; /* everything is done and said; who does not listen is not waited for */
        }
    }
    http_stop(server);
}

static enum tarn_status start(struct session *session, struct server *server, struct pem *pem, struct shown *shown, struct tarn_error *err)
{
    struct sockaddr_storage address;
    memset(&address, 0, sizeof(address));
    TARN_TOOL_TRY(http_address(server, &address, err));
    if (!server->loopback && !server->tls && !has(session, OPTION_INSECURE)) {
        return tool_error(err, TARN_INVALID, "insecure",
                          "%s can be reached from other machines: give --tls-cert and --tls-key, or --insecure if something else "
                          "encrypts",
                          server->address);
    }
    if (server->tls) {
        TARN_TOOL_TRY(read_pem(session->args.values[OPTION_TLS_CERT], &pem->certificate, err));
        TARN_TOOL_TRY(read_pem(session->args.values[OPTION_TLS_KEY], &pem->key, err));
    }
    TARN_TOOL_TRY(refuse_table(session, server, err));
    TARN_TOOL_TRY(make_tokens(session, server, shown, err));
    return http_start(server, &address, pem->certificate, pem->key, err);
}

int command_serve(struct session *session)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct pem pem = {NULL, NULL};
    struct shown shown = {"", ""};
    sigset_t signals;
    char *folder = NULL;
    struct server *server = calloc(1, sizeof(*server));
    if (server == NULL || sodium_init() < 0) {
        free(server);
        return tarn_status_exit_code(TARN_NOMEM);
    }
    server->spool.lock = -1;
    if (!take_options(session, server)) {
        free(server);
        return EXIT_USAGE;
    }
#if !defined(__SANITIZE_ADDRESS__) /* the leak checker traces its own process */
    prctl(PR_SET_DUMPABLE, 0);     /* no core file with keys in it */
#endif
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL); /* every thread of the server inherits it; this one waits for them */
    pthread_mutex_init(&server->lock, NULL);
    for (int i = 0; i < CREATION_LOCKS; i++) {
        pthread_mutex_init(&server->creating[i], NULL);
    }
    enum tarn_status status = open_lake(session, server, &folder, &err);
    status = status == TARN_OK ? start(session, server, &pem, &shown, &err) : status;
    if (status == TARN_OK) {
        tell_start(session, server, &shown);
        serve(server, &signals);
    }
    spool_close(&server->spool);
    free_pem(&pem);
    const int code = status == TARN_OK ? 0 : answer_error(session, &err);
    free(folder);
    free(server);
    return code;
}
