/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_WINNER_H
#define TARN_TXLOG_DELTA_DELTA_WINNER_H

#include "txlog/core/transaction.h"
#include "txlog/delta/delta_action.h"

/*
 * A commit that came first, as far as it matters to one transaction: what it did to the table, and which of its files that transaction has
 * read or takes out.
 *
 * Read as a stream: what is kept of its files is a name for the message, however many there are. Texts live in `arena`. Threads: single.
 */
struct tarn__delta_meeting;

/** Rows of a file that the winner has left to a deletion of ours. */
struct tarn__delta_left {
    uint32_t file;
    const struct tarn__deletion_vector *vector; /* NULL: none */
    struct tarn__roaring *deleted;
};

struct tarn__delta_winner {
    struct tarn_arena arena;
    int64_t version;
    bool ours; /* it carries our commit id: the rest is not filled */
    bool blind;
    bool rearranges; /* it has files, and none of them changes rows */
    bool removes;
    bool has_in_commit_timestamp;
    int64_t time; /* microseconds: the in-commit timestamp, else the store's */
    struct tarn_text operation;
    struct tarn_text engine;
    const struct tarn__delta_protocol *protocol; /* NULL: left alone */
    const struct tarn__delta_metadata *metadata;
    struct tarn__delta_domain *domains;
    size_t domain_count;
    size_t domain_capacity;
    bool same_app; /* the application that we commit for */
    int64_t app_version;
    struct tarn_text app_read;     /* an application that we have looked at */
    struct tarn_text added_read;   /* a file it added, with rows that we would have read */
    struct tarn_text removed_read; /* a file it took out that we have read, and keep */
    struct tarn_text removed_both; /* a file that both take out, or rows of it */
    struct tarn__delta_meeting *meetings;
    size_t meeting_count;
    size_t meeting_capacity;
    struct tarn__delta_left *left; /* files in which both delete rows, none of them twice */
    size_t left_count;
    size_t left_capacity;
};

/** A file of our base that the winner adds or takes out. */
struct tarn__delta_meeting {
    uint32_t file; /* number in the base */
    enum tarn__touch touch;
    bool adds;
    const struct tarn__deletion_vector *vector; /* NULL: none */
};

/** Errors: NOT_FOUND (there is no such version yet), CORRUPT, IO, NOMEM. Closed whatever the answer. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_winner_read(struct tarn__delta_winner *winner, struct tarn_transaction *transaction,
                                                          int64_t version, struct tarn_error *err);
void tarn__delta_winner_close(struct tarn__delta_winner *winner);

#endif
