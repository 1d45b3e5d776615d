/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TOOLS_SERVE_SPOOL_H
#define TARN_TOOLS_SERVE_SPOOL_H

#include <sodium.h>

#include "tarn/tarn.h"

/*
 * Where bodies wait: private files in a folder of this process, LAKE/.tarn-tmp/<random>, which a lock marks as alive. Each file goes when
 * its request ends; the folder goes at the end of the process; folders of processes that died go when the next server starts.
 */
struct spool {
    char *folder; /* of this process */
    char *parent;
    int lock; /* the folder, opened and locked */
    _Atomic uint64_t next;
};

struct spool_file {
    int fd; /* -1: none */
    char path[512];
    uint64_t size;
    unsigned char first[4];         /* bytes */
    crypto_generichash_state *hash; /* of all bytes; NULL: not wanted */
};

/** Errors: IO, AUTH, INVALID (the path is too long). */
enum tarn_status spool_open(struct spool *spool, const char *lake, struct tarn_error *err);
void spool_close(struct spool *spool);

/** `ending`: of its name, as ".csv"; letters and digits only, else it is left out. */
enum tarn_status spool_file_open(struct spool *spool, const char *ending, struct spool_file *file, struct tarn_error *err);
enum tarn_status spool_file_write(struct spool_file *file, const void *bytes, size_t size, struct tarn_error *err);
/** The hash of what is written from now on is kept. Errors: NOMEM. */
enum tarn_status spool_file_hash(struct spool_file *file, struct tarn_error *err);
/** Closes and removes it. */
void spool_file_end(struct spool_file *file);

#endif
