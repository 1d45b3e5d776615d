/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TOOLS_TARN_KEY_OPTION_H
#define TARN_TOOLS_TARN_KEY_OPTION_H

#include "tools/tarn/command.h"

/** How --encrypt says that files are to be encrypted; NULL where it is not given. */
enum tarn_status encryption_read(struct session *session, struct tarn_encryption_file **out, struct tarn_error *err);

/** Gives the env the keys of --key-file, which the session then holds: closed with it. */
enum tarn_status keys_offer(struct session *session, struct tarn_env_options *options, struct tarn_error *err);

#endif
