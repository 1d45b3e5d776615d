/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_CHECKSUM_READ_H
#define TARN_TXLOG_DELTA_DELTA_CHECKSUM_READ_H

#include "txlog/core/snapshot.h"

/**
 * Holds a filled snapshot against the version checksum of its version (`N.crc`): numbers of files and bytes, protocol, metadata, in-commit
 * timestamp, deletion vectors. What the checksum does not say is not compared; no checksum is OK. Errors: CORRUPT version_checksum (with
 * what differs), CORRUPT version_checksum_unread (the checksum itself is damaged); those of the store; NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__delta_checksum_verify(const struct tarn_snapshot *snapshot, struct tarn_error *err);

#endif
