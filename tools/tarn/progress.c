/* SPDX-License-Identifier: Apache-2.0
 *
 * A bar on the terminal for what takes longer than half a second: rows, bytes, time to go. Never anywhere but on a terminal.
 */
#include <stdlib.h>

#include "tools/tarn/command.h"

enum { PATIENCE = 500000, REFRESH = 100000, BAR = 24 };

struct progress {
    const char *what;
    uint64_t total;
    int64_t begun;
    int64_t shown;
};

struct progress *progress_begin(struct session *session, const char *what, uint64_t total_bytes)
{
    struct progress *progress = NULL;
    if (session->stderr_tty && !session->json && !has(session, OPTION_NO_PROGRESS)) {
        progress = calloc(1, sizeof(*progress)); /* without memory there is no bar */
    }
    if (progress != NULL) {
        progress->what = what;
        progress->total = total_bytes;
        progress->begun = monotonic_now();
    }
    return progress;
}

void progress_update(struct progress *progress, uint64_t rows, uint64_t bytes)
{
    if (progress == NULL) {
        return;
    }
    const int64_t now = monotonic_now();
    if (now - progress->begun < PATIENCE || now - progress->shown < REFRESH) {
        return;
    }
    progress->shown = now;
    const double seconds = (double)(now - progress->begun) / 1e6;
    fprintf(stderr, "\r\033[K%s ", progress->what);
    if (progress->total != 0) {
        const double done = bytes >= progress->total ? 1.0 : (double)bytes / (double)progress->total;
        fputc('[', stderr);
        for (int i = 0; i < BAR; i++) {
            fputc(i < (int)(done * BAR) ? '#' : ' ', stderr);
        }
        fprintf(stderr, "] %3d%% ", (int)(done * 100));
        if (done > 0.02) {
            fprintf(stderr, "%d s to go, ", (int)(seconds / done - seconds + 0.5));
        }
    }
    fprintf(stderr, "%llu rows, %llu MB", (unsigned long long)rows, (unsigned long long)(bytes / 1000000));
    fflush(stderr);
}

void progress_end(struct progress *progress)
{
    if (progress != NULL && progress->shown != 0) {
        fputs("\r\033[K", stderr);
    }
    free(progress);
}
