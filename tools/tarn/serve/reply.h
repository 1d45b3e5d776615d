/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TOOLS_SERVE_REPLY_H
#define TARN_TOOLS_SERVE_REPLY_H

#include <stdio.h>

#include "tarn/tarn.h"
#include "tools/tarn/serve/spool.h"

/*
 * An answer, whole before its first byte leaves: a failure never hides behind a 200. Small ones are in memory, larger ones in the spool.
 */
struct reply {
    unsigned status; /* HTTP; 0: none yet */
    const char *type;
    char *data; /* in memory, or what is not yet written to `file` */
    size_t size;
    size_t room;
    bool spooled;
    struct spool_file file;
    uint64_t total;
    const char *policy; /* Content-Security-Policy; NULL: the strict one */
    char allow[64];     /* of 405 */
    struct tarn_error err;
};

/** The HTTP status of an error. One table. */
unsigned http_status_of(const struct tarn_error *err);

/** Appends. Errors: NOMEM, IO, LIMIT (detail "answer") beyond `most` bytes. */
enum tarn_status reply_add(struct reply *reply, struct spool *spool, uint64_t most, const void *bytes, size_t size, struct tarn_error *err);
/** What was added goes away, so that something else can be said. */
void reply_reset(struct reply *reply);
void reply_free(struct reply *reply);
/** {"error":...}; texts lose the lake's folder, which is nobody's business. */
void reply_error(struct reply *reply, const char *lake, const struct tarn_error *err);

/** A document made by printf and friends: begin gives the stream, end makes it the reply. */
FILE *reply_document(struct reply *reply);
void reply_document_end(struct reply *reply, FILE *document, unsigned status, const char *type);

#endif
