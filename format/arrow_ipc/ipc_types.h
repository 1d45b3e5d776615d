/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_ARROW_IPC_IPC_TYPES_H
#define TARN_FORMAT_ARROW_IPC_IPC_TYPES_H

#include "format/arrow_ipc/flatbuffer.h"
#include "tarn/arrow.h"

/*
 * The numbers of Schema.fbs, Message.fbs and File.fbs, and its types as format strings of the C data interface and back, so that what a
 * type means to tarn is said in one place only (format/arrow).
 */

enum tarn__ipc_version { TARN__IPC_V4 = 3, TARN__IPC_V5 = 4 };

enum tarn__ipc_header {
    TARN__IPC_SCHEMA = 1,
    TARN__IPC_DICTIONARY = 2,
    TARN__IPC_RECORDS = 3,
    TARN__IPC_TENSOR = 4,
    TARN__IPC_SPARSE_TENSOR = 5,
};

enum tarn__ipc_codec { TARN__IPC_PLAIN = -1, TARN__IPC_LZ4_FRAME = 0, TARN__IPC_ZSTD = 1 };

enum tarn__ipc_message_slot { TARN__IPC_MESSAGE_VERSION, TARN__IPC_MESSAGE_HEADER_TYPE, TARN__IPC_MESSAGE_HEADER, TARN__IPC_MESSAGE_BODY };
enum tarn__ipc_schema_slot { TARN__IPC_SCHEMA_ENDIANNESS, TARN__IPC_SCHEMA_FIELDS, TARN__IPC_SCHEMA_METADATA };
enum tarn__ipc_field_slot {
    TARN__IPC_FIELD_NAME,
    TARN__IPC_FIELD_NULLABLE,
    TARN__IPC_FIELD_TYPE_TYPE,
    TARN__IPC_FIELD_TYPE,
    TARN__IPC_FIELD_DICTIONARY,
    TARN__IPC_FIELD_CHILDREN,
    TARN__IPC_FIELD_METADATA,
};
enum tarn__ipc_encoding_slot { TARN__IPC_ENCODING_ID, TARN__IPC_ENCODING_INDEX, TARN__IPC_ENCODING_ORDERED };
enum tarn__ipc_records_slot {
    TARN__IPC_RECORDS_LENGTH,
    TARN__IPC_RECORDS_NODES,
    TARN__IPC_RECORDS_BUFFERS,
    TARN__IPC_RECORDS_COMPRESSION,
    TARN__IPC_RECORDS_VARIADIC,
};
enum tarn__ipc_dictionary_slot { TARN__IPC_DICTIONARY_ID, TARN__IPC_DICTIONARY_DATA, TARN__IPC_DICTIONARY_DELTA };
enum tarn__ipc_footer_slot {
    TARN__IPC_FOOTER_VERSION,
    TARN__IPC_FOOTER_SCHEMA,
    TARN__IPC_FOOTER_DICTIONARIES,
    TARN__IPC_FOOTER_RECORDS,
    TARN__IPC_FOOTER_METADATA,
};

/** Bytes of the structs FieldNode, Buffer and Block. */
enum { TARN__IPC_NODE = 16, TARN__IPC_BUFFER = 16, TARN__IPC_BLOCK = 24 };

/** The two ends of a file: "ARROW1", before which the footer's size stands. */
enum { TARN__IPC_MAGIC = 6, TARN__IPC_HEAD = 8, TARN__IPC_TAIL = 4 + TARN__IPC_MAGIC };

/** What stands before a message's size since format version 0.15. */
#define TARN__IPC_CONTINUATION UINT32_MAX

/**
 * The format string of a type (of a Field, or an Int alone). Fails when its numbers say nothing; a type of a later specification is
 * UNSUPPORTED. `out` gets the text.
 */
TARN_WARN_UNUSED enum tarn_status tarn__ipc_format_read(unsigned type_type, const struct tarn__flat_table *type,
                                                        struct tarn_text_builder *out, struct tarn_error *err);

/** The other way: the number of the type that a format string names. `reference` is made to point at its table. */
unsigned tarn__ipc_format_type(const char *format);
void tarn__ipc_format_put(struct tarn_text_builder *builder, size_t reference, const char *format);

#endif
