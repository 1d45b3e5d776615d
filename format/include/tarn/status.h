/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_STATUS_H
#define TARN_STATUS_H

#include "tarn/base.h"

/*
 * What a call can come to. One meaning each; the numbers and names never change.
 *
 * name, number, errno that an Arrow stream reports, exit code of the command line, meaning
 */
#define TARN_STATUS_TABLE(X)                                                                                                               \
    X(OK, 0, 0, 0, "done")                                                                                                                 \
    X(INTERNAL, 1, EIO, 1, "a fault of tarn itself; please report it")                                                                     \
    X(INVALID, 2, EINVAL, 4, "the caller's argument, SQL, constraint or input row is not acceptable")                                      \
    X(CORRUPT, 3, EBADMSG, 5, "stored bytes break the rules of their format")                                                              \
    X(UNSUPPORTED, 4, ENOTSUP, 6, "valid, but needs a feature that this build does not have; the detail names it")                         \
    X(IO, 5, EIO, 9, "the operating system or the store failed")                                                                           \
    X(NOT_FOUND, 6, ENOENT, 3, "no such file, table, version, column or name")                                                             \
    X(EXISTS, 7, EEXIST, 11, "already there")                                                                                              \
    X(CONFLICT, 8, EAGAIN, 7, "another commit came first and the two cannot both hold; nothing was changed")                               \
    X(COMMIT_UNKNOWN, 9, EINPROGRESS, 8, "the store did not say whether the commit landed; nothing staged was removed")                    \
    X(LIMIT, 10, EDQUOT, 10, "a budget of memory, size, depth or rows is used up")                                                         \
    X(NOMEM, 11, ENOMEM, 10, "the allocator returned nothing")                                                                             \
    X(AUTH, 12, EACCES, 9, "credentials are missing or were refused, or a path leads outside its root")                                    \
    X(THROTTLED, 13, EBUSY, 9, "the store asks to slow down")                                                                              \
    X(TIMEOUT, 14, ETIMEDOUT, 10, "the deadline passed")                                                                                   \
    X(CANCELLED, 15, ECANCELED, 130, "the caller's cancel hook said stop")

enum tarn_status {
#define TARN_STATUS_ENUM(name, number, sys_errno, exit_code, meaning) TARN_##name = number,
    TARN_STATUS_TABLE(TARN_STATUS_ENUM)
#undef TARN_STATUS_ENUM
};

TARN_BEGIN_DECLS

/** The name without prefix ("CORRUPT"); "UNKNOWN" for a number that is no status. Static. */
TARN_API const char *tarn_status_name(enum tarn_status status);

/** One sentence saying what the status means. Static. */
TARN_API const char *tarn_status_meaning(enum tarn_status status);

/** The errno an Arrow stream reports for it. */
TARN_API int tarn_status_errno(enum tarn_status status);

/** The exit code of the command line for it. */
TARN_API int tarn_status_exit_code(enum tarn_status status);

TARN_END_DECLS

#endif
