/* SPDX-License-Identifier: Apache-2.0
 *
 * The tree of a serialised footer as text, for eyes and for a second witness (tools/footer_witness prints the same words).
 *
 * Specification: Apache Thrift compact protocol. SPEC: P-VERIFY-10.
 */
#include <inttypes.h>
#include <stdio.h>

#include "format/thrift/compact.h"
#include "tarn/parquet.h"

struct printer {
    void (*write)(void *arg, struct tarn_text piece);
    void *arg;
};

static const char *type_name(uint8_t type)
{
    static const char *const names[] = {
        [TARN_THRIFT_TRUE] = "bool", [TARN_THRIFT_FALSE] = "bool", [TARN_THRIFT_I8] = "i8",         [TARN_THRIFT_I16] = "i16",
        [TARN_THRIFT_I32] = "i32",   [TARN_THRIFT_I64] = "i64",    [TARN_THRIFT_DOUBLE] = "double", [TARN_THRIFT_BINARY] = "binary",
        [TARN_THRIFT_LIST] = "list", [TARN_THRIFT_SET] = "set",    [TARN_THRIFT_MAP] = "map",       [TARN_THRIFT_STRUCT] = "struct",
        [TARN_THRIFT_UUID] = "uuid",
    };
    return names[type];
}

static void write_piece(const struct printer *printer, const char *text, int size)
{
    printer->write(printer->arg, (struct tarn_text){text, (size_t)size});
}

static void print_bytes(const struct printer *printer, struct tarn_span bytes)
{
    char piece[256];
    write_piece(printer, piece, snprintf(piece, sizeof(piece), " %zu ", bytes.size));
    for (size_t i = 0; i < bytes.size;) {
        int at = 0;
        for (; i < bytes.size && at < (int)sizeof(piece) - 2; i++) {
            piece[at++] = "0123456789abcdef"[bytes.data[i] >> 4];
            piece[at++] = "0123456789abcdef"[bytes.data[i] & 15];
        }
        write_piece(printer, piece, at);
    }
    write_piece(printer, "\n", 1);
}

static void print_value(const struct printer *printer, const struct tarn_thrift_item *item)
{
    char piece[32];
    uint64_t bits;
    switch (item->type) {
    case TARN_THRIFT_TRUE:
        write_piece(printer, piece, snprintf(piece, sizeof(piece), " %s\n", item->integer != 0 ? "true" : "false"));
        break;
    case TARN_THRIFT_DOUBLE:
        memcpy(&bits, &item->real, sizeof(bits));
        write_piece(printer, piece, snprintf(piece, sizeof(piece), " %016" PRIx64 "\n", bits));
        break;
    case TARN_THRIFT_BINARY:
    case TARN_THRIFT_UUID:
        print_bytes(printer, item->bytes);
        break;
    default:
        write_piece(printer, piece, snprintf(piece, sizeof(piece), " %" PRId64 "\n", item->integer));
        break;
    }
}

static enum tarn_status print_item(void *arg, const struct tarn_thrift_item *item, struct tarn_error *err)
{
    const struct printer *printer = arg;
    const int indent = 2 * (int)item->depth;
    char piece[160];
    (void)err;
    if (item->event == TARN_THRIFT_END) {
        write_piece(printer, piece, snprintf(piece, sizeof(piece), "%*s%c\n", indent, "", item->type == TARN_THRIFT_STRUCT ? '}' : ']'));
        return TARN_OK;
    }
    write_piece(printer, piece, snprintf(piece, sizeof(piece), "%*s%d: %s", indent, "", (int)item->id, type_name(item->type)));
    if (item->event == TARN_THRIFT_VALUE) {
        print_value(printer, item);
    } else if (item->type == TARN_THRIFT_STRUCT) {
        write_piece(printer, " {\n", 3);
    } else {
        write_piece(printer, piece, snprintf(piece, sizeof(piece), " %u [\n", item->count));
    }
    return TARN_OK;
}

enum tarn_status tarn_parquet_footer_tree(struct tarn_span footer, void (*write)(void *arg, struct tarn_text piece), void *arg,
                                          struct tarn_error *err)
{
    struct printer printer = {write, arg};
    struct tarn_thrift_progress progress;
    return tarn__thrift_walk(footer, print_item, &printer, &progress, err);
}
