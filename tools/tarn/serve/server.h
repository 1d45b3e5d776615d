/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TOOLS_SERVE_SERVER_H
#define TARN_TOOLS_SERVE_SERVER_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "tarn/tarn.h"
#include "tools/tarn/serve/metrics.h"
#include "tools/tarn/serve/spool.h"
#include "tools/tarn/serve/tokens.h"
#include "tools/tarn/serve/work_queue.h"

/*
 * The lake over HTTP: what all requests share.
 *
 * Threads: the main thread waits for signals and closes connections that are late; libmicrohttpd's threads move bytes and never wait for a
 * table; workers run requests, one each at a time. A request belongs to libmicrohttpd's thread until its body is complete, then to a
 * worker while the connection is suspended, then to libmicrohttpd's thread again.
 */

struct MHD_Daemon;

/** All of them have defaults and an option. */
struct limits {
    uint64_t body;    /**< bytes of a request, and of an answer */
    uint64_t rows;    /**< of an answer */
    int64_t time;     /**< microseconds to receive a body, and to work on a request */
    uint32_t workers; /**< requests at work at one time */
};

enum {
    MOST_WAITING = 256,     /* requests that wait for a worker; more are turned away with 503 */
    MOST_CONNECTIONS = 512, /* more wait to be accepted */
    MOST_QUERY_BODY = 1 << 20,
    MOST_TIME_SECONDS = 86400,
    CREATION_LOCKS = 64,
};

/** One connection, from accept to close. */
struct link {
    struct link *next;
    struct link **previous;
    int socket;
    /** What it is waited for: the head of a first or of a later request, a body, our work, the client's reading. */
    enum link_state { LINK_NEW, LINK_IDLE, LINK_RECEIVING, LINK_WORKING } state;
    int64_t since; /* of the state, monotonic microseconds */
};

struct server {
    const char *lake;
    const char *address; /**< as it was asked for */
    uint16_t port;
    bool loopback; /**< only this machine can reach it: then Host must name it */
    bool tls;
    bool verbose;
    struct limits limits;
    struct tarn_env_options env; /**< of each request's env: its memory limit, threads shared by all, hooks */
    struct tokens tokens;
    struct spool spool;
    struct work_queue queue;
    struct metrics metrics;
    struct MHD_Daemon *daemon;
    int listening;        /**< the socket, once the daemon was told to stop */
    atomic_bool stopping; /**< no new requests */
    atomic_bool hurry;    /**< a second signal: what runs is cancelled */
    pthread_mutex_t lock; /**< of the links */
    struct link *links;
    pthread_mutex_t creating[CREATION_LOCKS]; /**< held while a table is made, by the hash of its folder */
};

/** What `address` and `port` stand for; says whether that is loopback. Errors: INVALID. */
enum tarn_status http_address(struct server *server, struct sockaddr_storage *out, struct tarn_error *err);
/** Starts listening. Errors: IO, UNSUPPORTED (tls). `certificate`, `key`: PEM texts that stay valid, or NULL. */
enum tarn_status http_start(struct server *server, const struct sockaddr_storage *address, const char *certificate, const char *key,
                            struct tarn_error *err);
/** Closes connections that have taken too long to say what they want. */
void http_close_late(struct server *server);
/** No new requests; those that are not complete are dropped. */
void http_quiesce(struct server *server);
/** Requests that were accepted and are not answered yet. */
uint32_t http_busy(struct server *server);
void http_stop(struct server *server);

#endif
