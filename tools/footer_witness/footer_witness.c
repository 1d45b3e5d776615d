/* SPDX-License-Identifier: Apache-2.0
 *
 * tarn-footer-witness [FILE]: prints the Thrift tree of a Parquet footer, as Apache Thrift's compact protocol reads it.
 *
 * FILE is a Parquet file; without it the bare FileMetaData is read from standard input. One line a value, indented by depth:
 *
 *     2: list 3 [
 *       0: struct {
 *         4: binary 6 736368656d61
 *         5: i32 1
 *       }
 *     ]
 *
 * Numbers in front are field ids in structs, positions in lists and sets, and 2i, 2i + 1 for key and value number i of a map. Doubles are
 * their bits. Nothing of tarn's is used here: that is the point. Exit code 0, or 1 with a message on standard error.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <thrift/c_glib/protocol/thrift_compact_protocol.h>
#include <thrift/c_glib/transport/thrift_memory_buffer.h>

enum { MAX_DEPTH = 64, TRAILER = 8 };

static void fail(const char *what)
{
    fprintf(stderr, "tarn-footer-witness: %s\n", what);
    exit(EXIT_FAILURE);
}

/* Thrift's calls return -1 and an error. */
static void check(gint32 result, const GError *error)
{
    if (result < 0) {
        fail(error != NULL ? error->message : "the bytes are no Thrift struct");
    }
}

static void print_value(ThriftProtocol *protocol, ThriftType type, int depth, int id);

static void open_line(int depth, int id, const char *type)
{
    printf("%*s%d: %s", 2 * depth, "", id, type);
}

static void print_struct(ThriftProtocol *protocol, int depth)
{
    GError *error = NULL;
    gchar *name = NULL;
    printf(" {\n");
    check(thrift_protocol_read_struct_begin(protocol, &name, &error), error);
    for (;;) {
        ThriftType type;
        gint16 id;
        check(thrift_protocol_read_field_begin(protocol, &name, &type, &id, &error), error);
        if (type == T_STOP) {
            break;
        }
        print_value(protocol, type, depth + 1, id);
        check(thrift_protocol_read_field_end(protocol, &error), error);
    }
    check(thrift_protocol_read_struct_end(protocol, &error), error);
    printf("%*s}\n", 2 * depth, "");
}

static void print_list(ThriftProtocol *protocol, gboolean set, int depth)
{
    GError *error = NULL;
    ThriftType element;
    guint32 count;
    check(set ? thrift_protocol_read_set_begin(protocol, &element, &count, &error)
              : thrift_protocol_read_list_begin(protocol, &element, &count, &error),
          error);
    printf(" %u [\n", count);
    for (guint32 i = 0; i < count; i++) {
        print_value(protocol, element, depth + 1, (int)i);
    }
    check(set ? thrift_protocol_read_set_end(protocol, &error) : thrift_protocol_read_list_end(protocol, &error), error);
    printf("%*s]\n", 2 * depth, "");
}

static void print_map(ThriftProtocol *protocol, int depth)
{
    GError *error = NULL;
    ThriftType key;
    ThriftType value;
    guint32 count;
    check(thrift_protocol_read_map_begin(protocol, &key, &value, &count, &error), error);
    printf(" %u [\n", count);
    for (guint32 i = 0; i < count; i++) {
        print_value(protocol, key, depth + 1, (int)(2 * i));
        print_value(protocol, value, depth + 1, (int)(2 * i + 1));
    }
    check(thrift_protocol_read_map_end(protocol, &error), error);
    printf("%*s]\n", 2 * depth, "");
}

static void print_binary(ThriftProtocol *protocol)
{
    GError *error = NULL;
    gpointer bytes = NULL;
    guint32 size = 0;
    check(thrift_protocol_read_binary(protocol, &bytes, &size, &error), error);
    printf(" %u ", size);
    for (guint32 i = 0; i < size; i++) {
        printf("%02x", ((const unsigned char *)bytes)[i]);
    }
    printf("\n");
    g_free(bytes);
}

static void print_integer(ThriftProtocol *protocol, ThriftType type)
{
    GError *error = NULL;
    gint8 i8 = 0;
    gint16 i16 = 0;
    gint32 i32 = 0;
    gint64 i64 = 0;
    switch (type) {
    case T_BYTE:
        check(thrift_protocol_read_byte(protocol, &i8, &error), error);
        i64 = i8;
        break;
    case T_I16:
        check(thrift_protocol_read_i16(protocol, &i16, &error), error);
        i64 = i16;
        break;
    case T_I32:
        check(thrift_protocol_read_i32(protocol, &i32, &error), error);
        i64 = i32;
        break;
    default:
        check(thrift_protocol_read_i64(protocol, &i64, &error), error);
        break;
    }
    printf(" %" PRId64 "\n", (int64_t)i64);
}

static void print_bool(ThriftProtocol *protocol)
{
    GError *error = NULL;
    gboolean value = FALSE;
    check(thrift_protocol_read_bool(protocol, &value, &error), error);
    printf(" %s\n", value ? "true" : "false");
}

static void print_double(ThriftProtocol *protocol)
{
    GError *error = NULL;
    gdouble value = 0;
    uint64_t bits;
    check(thrift_protocol_read_double(protocol, &value, &error), error);
    memcpy(&bits, &value, sizeof(bits));
    printf(" %016" PRIx64 "\n", bits);
}

static const char *type_name(ThriftType type)
{
    switch (type) {
    case T_BOOL:
        return "bool";
    case T_BYTE:
        return "i8";
    case T_I16:
        return "i16";
    case T_I32:
        return "i32";
    case T_I64:
        return "i64";
    case T_DOUBLE:
        return "double";
    case T_STRING:
        return "binary";
    case T_STRUCT:
        return "struct";
    case T_LIST:
        return "list";
    case T_SET:
        return "set";
    case T_MAP:
        return "map";
    default:
        return NULL;
    }
}

static void print_value(ThriftProtocol *protocol, ThriftType type, int depth, int id)
{
    const char *name = type_name(type);
    if (name == NULL || depth > MAX_DEPTH) {
        fail(name == NULL ? "a type that Apache Thrift does not have" : "structs are nested too deep");
    }
    open_line(depth, id, name);
    switch (type) {
    case T_STRUCT:
        print_struct(protocol, depth);
        break;
    case T_LIST:
    case T_SET:
        print_list(protocol, type == T_SET, depth);
        break;
    case T_MAP:
        print_map(protocol, depth);
        break;
    case T_STRING:
        print_binary(protocol);
        break;
    case T_BOOL:
        print_bool(protocol);
        break;
    case T_DOUBLE:
        print_double(protocol);
        break;
    default:
        print_integer(protocol, type);
        break;
    }
}

static GByteArray *read_all(FILE *file)
{
    GByteArray *bytes = g_byte_array_new();
    guint8 piece[65536];
    size_t got;
    while ((got = fread(piece, 1, sizeof(piece), file)) > 0) {
        g_byte_array_append(bytes, piece, (guint)got);
    }
    if (ferror(file)) {
        fail("the input cannot be read");
    }
    return bytes;
}

/* Only the metadata of a file, in a new array. */
static GByteArray *read_footer(const char *path)
{
    FILE *file = fopen(path, "rb");
    guint8 trailer[TRAILER];
    if (file == NULL || fseek(file, -TRAILER, SEEK_END) != 0) {
        fail("the file cannot be read");
    }
    const long end = ftell(file);
    if (fread(trailer, 1, TRAILER, file) != TRAILER || memcmp(trailer + 4, "PAR1", 4) != 0) {
        fail("the file does not end in PAR1");
    }
    const guint32 size = (guint32)trailer[0] | (guint32)trailer[1] << 8 | (guint32)trailer[2] << 16 | (guint32)trailer[3] << 24;
    if ((long)size > end || fseek(file, end - (long)size, SEEK_SET) != 0) {
        fail("the footer is longer than the file");
    }
    GByteArray *bytes = g_byte_array_sized_new(size);
    g_byte_array_set_size(bytes, size);
    if (fread(bytes->data, 1, size, file) != size) {
        fail("the footer cannot be read");
    }
    fclose(file);
    return bytes;
}

int main(int argc, char **argv)
{
    if (argc > 2) {
        fail("usage: tarn-footer-witness [FILE]");
    }
    GByteArray *bytes = argc == 2 ? read_footer(argv[1]) : read_all(stdin);
    ThriftTransport *transport = g_object_new(THRIFT_TYPE_MEMORY_BUFFER, "buf", bytes, "buf_size", bytes->len, NULL);
    ThriftProtocol *protocol = g_object_new(THRIFT_TYPE_COMPACT_PROTOCOL, "transport", transport, NULL);
    open_line(0, 0, "struct");
    print_struct(protocol, 0);
    g_object_unref(protocol);
    g_object_unref(transport);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fail("the tree cannot be written");
    }
    return EXIT_SUCCESS;
}
