/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TOOLS_SERVE_REQUEST_H
#define TARN_TOOLS_SERVE_REQUEST_H

#include "tools/tarn/serve/reply.h"
#include "tools/tarn/serve/routes.h"
#include "tools/tarn/serve/server.h"

struct MHD_Connection;
struct MHD_PostProcessor;

enum { MOST_PARTS = 64, MOST_TABLE_NAME = 200, MOST_KEY = 255 };

/** One file of a request's body, in the spool. */
struct part {
    struct spool_file file;
    enum tarn_file_format format; /* AUTO: by its bytes and its name */
    char delimiter;               /* of CSV; 0: sniffed */
    enum tarn_choice header;
    char encoding[16];
    bool gzip; /* the body was said to be compressed */
};

/** One request, from its head to the end of its answer. */
struct request {
    struct server *server;
    struct MHD_Connection *connection;
    struct link *link;
    const struct route *route; /* NULL: none matches */
    char method[16];
    char path[128]; /* for the log */
    char table[MOST_TABLE_NAME + 1];
    enum scope scope; /* what its token allows */
    int64_t begun;    /* monotonic microseconds */
    int64_t deadline; /* of the work */
    enum { REQUEST_RECEIVING, REQUEST_REFUSED, REQUEST_WORKING, REQUEST_DONE } state;
    uint64_t received;
    char *body; /* of POST /query */
    size_t body_size;
    struct MHD_PostProcessor *multipart;
    struct part *parts;
    uint32_t part_count;
    struct tarn_error err; /* what stopped the receiving */
    struct reply reply;
    struct tarn_env *env; /* while it is at work: its memory, its deadline */
};

/** A parameter of the query string or a header; data NULL when it was not given. Valid as long as the request. */
struct tarn_text request_parameter(const struct request *request, const char *name);
struct tarn_text request_header(const struct request *request, const char *name);
/** A whole number that the route table has checked; `otherwise` when it was not given. */
int64_t request_number(const struct request *request, const char *name, int64_t otherwise);
/** The reply becomes an error's. */
void request_fail(struct request *request, const struct tarn_error *err);

/* ---- bodies: body.c ---- */

/** Looks at the head of a request that has a body. Errors: INVALID (media_type), LIMIT (body). */
enum tarn_status body_begin(struct request *request, struct tarn_error *err);
enum tarn_status body_take(struct request *request, const char *bytes, size_t size, struct tarn_error *err);
enum tarn_status body_end(struct request *request, struct tarn_error *err);
void body_free(struct request *request);

#endif
