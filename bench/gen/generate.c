/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tarn-bench-gen: data for benchmarks, the same bytes on every machine.
 *   tarn-bench-gen lineitem --scale 0.01 --format csv --out FILE     ("-": standard output)
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/gen/lineitem.h"

struct request {
    const char *table;
    const char *out;
    double scale;
};

static int usage(const char *wrong)
{
    fprintf(stderr, "tarn-bench-gen: %s\nusage: tarn-bench-gen lineitem --scale S [--format csv] --out FILE\n", wrong);
    return 2;
}

/* NULL, or what is wrong. */
static const char *read_arguments(int count, char **words, struct request *request)
{
    if (count < 2 || strcmp(words[1], "lineitem") != 0) {
        return "which table? Only lineitem is here";
    }
    request->table = words[1];
    for (int i = 2; i < count; i += 2) {
        if (i + 1 == count) {
            return "an option lacks its value";
        }
        if (strcmp(words[i], "--scale") == 0) {
            char *end = NULL;
            request->scale = strtod(words[i + 1], &end);
            if (end == words[i + 1] || *end != '\0' || !(request->scale > 0 && request->scale < LINEITEM_SCALE_END)) {
                return "--scale is a number above 0 and below 30000";
            }
        } else if (strcmp(words[i], "--out") == 0) {
            request->out = words[i + 1];
        } else if (strcmp(words[i], "--format") != 0 || strcmp(words[i + 1], "csv") != 0) {
            return "the options are --scale, --out and --format csv";
        }
    }
    return request->scale > 0 && request->out != NULL ? NULL : "--scale and --out are needed";
}

int main(int count, char **words)
{
    struct request request = {0};
    const char *wrong = read_arguments(count, words, &request);
    if (wrong != NULL) {
        return usage(wrong);
    }
    const int descriptor =
        strcmp(request.out, "-") == 0 ? STDOUT_FILENO : open(request.out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (descriptor < 0 || !lineitem_write_csv(descriptor, request.scale) || close(descriptor) != 0) {
        fprintf(stderr, "tarn-bench-gen: %s: %s\n", request.out, strerror(errno));
        return 1;
    }
    return 0;
}
