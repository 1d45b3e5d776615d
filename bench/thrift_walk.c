/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tarn-bench-thrift-walk TIMES FILE: the footer of a Parquet file passed over by Apache Thrift's C library, which checks nothing and keeps
 * nothing. The yardstick beside tarn-bench-footer. Prints one JSON object: the median time of TIMES.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <thrift/c_glib/protocol/thrift_compact_protocol.h>
#include <thrift/c_glib/transport/thrift_memory_buffer.h>
#include <time.h>

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
    const int64_t one = *(const int64_t *)a;
    const int64_t two = *(const int64_t *)b;
    return (one > two) - (one < two);
}

/* Reads the footer and walks it; its size, 0 when it cannot be done. */
static uint32_t walk_file(const char *path)
{
    uint8_t trailer[8];
    uint32_t size = 0;
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, -8, SEEK_END) != 0 || fread(trailer, 1, 8, file) != 8) {
        return 0;
    }
    memcpy(&size, trailer, 4);
    guint8 *bytes = g_malloc(size);
    if (fseek(file, -8 - (long)size, SEEK_END) != 0 || fread(bytes, 1, size, file) != size) {
        size = 0;
    }
    fclose(file);
    GByteArray *array = g_byte_array_new_take(bytes, size);
    ThriftTransport *transport = g_object_new(THRIFT_TYPE_MEMORY_BUFFER, "buf", array, "owner", FALSE, NULL);
    ThriftProtocol *protocol = g_object_new(THRIFT_TYPE_COMPACT_PROTOCOL, "transport", transport, NULL);
    GError *error = NULL;
    if (size != 0 && thrift_protocol_skip(protocol, T_STRUCT, &error) < 0) {
        size = 0;
    }
    g_object_unref(protocol);
    g_object_unref(transport);
    g_byte_array_unref(array);
    return size;
}

int main(int argc, char **argv)
{
    enum { MOST = 1000 };
    static int64_t spent[MOST];
    const int times = argc == 3 ? (int)strtol(argv[1], NULL, 10) : 0;
    if (times < 1 || times > MOST) {
        fprintf(stderr, "usage: tarn-bench-thrift-walk TIMES FILE\n");
        return 2;
    }
    for (int i = 0; i < times; i++) {
        const int64_t begun = now();
        if (walk_file(argv[2]) == 0) {
            fprintf(stderr, "tarn-bench-thrift-walk: %s has no footer that can be walked\n", argv[2]);
            return 1;
        }
        spent[i] = now() - begun;
    }
    qsort(spent, (size_t)times, sizeof(*spent), by_size);
    printf("{\"work_ns\": %lld, \"answer\": \"walked\"}\n", (long long)spent[times / 2]);
    return 0;
}
