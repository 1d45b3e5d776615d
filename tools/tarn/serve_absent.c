/* SPDX-License-Identifier: Apache-2.0
 *
 * serve, in a tool that was built without the libraries it needs.
 */
#include "tools/tarn/command.h"

int command_serve(struct session *session)
{
    struct tarn_error err = TARN_ERROR_INIT;
    err.code = TARN_UNSUPPORTED;
    snprintf(err.detail, sizeof(err.detail), "serve");
    snprintf(err.message, sizeof(err.message), "this tarn was built without `serve`: it needs libmicrohttpd-dev and libsodium-dev");
    return answer_error(session, &err);
}
