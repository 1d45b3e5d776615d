/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_THRIFT_COMPACT_H
#define TARN_FORMAT_THRIFT_COMPACT_H

#include "format/base/arena.h"
#include "format/base/buffer.h"

/*
 * The Thrift compact protocol, both ways, over tables that say which field of a C struct is which field on the wire.
 *
 * Reading: unknown field ids, and known ids of another wire type, are skipped whatever they hold, as Thrift asks; unknown enum values stay
 * numbers. Nothing is allocated but through the arena, and never more elements than the bytes left could hold. Binaries are not copied:
 * they point into the input, which must live as long as the result.
 * Writing: fields in ascending id; what is absent is left out.
 *
 * Threads: any, one arena each. Cost: one pass.
 */

/** Wire types of the compact protocol. */
enum tarn_thrift_type {
    TARN_THRIFT_STOP = 0,
    TARN_THRIFT_TRUE = 1, /**< in a table: a bool */
    TARN_THRIFT_FALSE = 2,
    TARN_THRIFT_I8 = 3,
    TARN_THRIFT_I16 = 4,
    TARN_THRIFT_I32 = 5, /**< also enums */
    TARN_THRIFT_I64 = 6,
    TARN_THRIFT_DOUBLE = 7,
    TARN_THRIFT_BINARY = 8, /**< also strings */
    TARN_THRIFT_LIST = 9,
    TARN_THRIFT_SET = 10,
    TARN_THRIFT_MAP = 11,
    TARN_THRIFT_STRUCT = 12,
    TARN_THRIFT_UUID = 13,
};

/** Structs, lists, maps within each other; more is LIMIT. */
enum { TARN_THRIFT_DEPTH = 32 };

/** How a field lies in its C struct; scalars and binaries lie there themselves (bool, intN_t, double, struct tarn_span or _text). */
enum tarn_thrift_storage {
    TARN_THRIFT_INLINE = 0, /**< the value itself */
    TARN_THRIFT_POINTER,    /**< structs: a pointer, NULL when absent */
    TARN_THRIFT_EMPTY,      /**< structs without fields: nothing is stored (the union's id says it) */
};

/** A list in a C struct: `items` holds `count` elements inline. */
#define TARN_THRIFT_LIST_OF(type)                                                                                                          \
    struct {                                                                                                                               \
        uint32_t count;                                                                                                                    \
        type *items;                                                                                                                       \
    }

/** What every such list looks like. */
struct tarn_thrift_list {
    uint32_t count;
    void *items;
};

enum { TARN_THRIFT_ALWAYS = UINT16_MAX };

struct tarn_thrift_struct;

/** One field. Its id is its index in the table; `name` NULL marks an id that is not used. */
struct tarn_thrift_field {
    const char *name;
    uint8_t type;      /**< enum tarn_thrift_type */
    uint8_t element;   /**< of a list */
    uint8_t storage;   /**< enum tarn_thrift_storage */
    bool required;     /**< missing: CORRUPT */
    uint16_t offset;   /**< of the member */
    uint16_t presence; /**< offset of the bool that says it is there; TARN_THRIFT_ALWAYS: required fields, pointers, union members */
    const struct tarn_thrift_struct *of; /**< of a struct or a list of structs */
};

/** A struct or union of the IDL. A union's C struct begins with `int32_t id`: the id of its member, 0 for none, unknown ones included. */
struct tarn_thrift_struct {
    const char *name;
    uint16_t size;        /**< bytes of the C struct */
    uint16_t field_count; /**< entries of `fields`, that is the highest id + 1 */
    bool is_union;
    const struct tarn_thrift_field *fields;
};

/** How far a decoding went. */
struct tarn_thrift_progress {
    size_t used;    /**< bytes taken, when it succeeded */
    bool truncated; /**< it failed only because the bytes ended: more of them may help */
};

/**
 * Decodes one struct from the begin of `bytes` into `out` (zeroed first; `of->size` bytes). `arena` may be NULL for a struct that holds no
 * lists and no pointers. Bytes behind the struct are legal: progress->used says where it ends.
 * Errors: CORRUPT detail "thrift" (offset relative to `bytes`), LIMIT (depth), NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__thrift_decode(const struct tarn_thrift_struct *of, struct tarn_span bytes, struct tarn_arena *arena,
                                                      void *out, struct tarn_thrift_progress *progress, struct tarn_error *err);

/**
 * Takes elements of lists of one struct in the table's stead, for structs that come by the ten thousand. It must agree with the table about
 * what is legal.
 */
struct tarn_thrift_taker {
    const struct tarn_thrift_struct *of;
    bool drops; /**< the list has its count, but no items, and `take` sees NULL */
    /** NULL, or called before the first element, and before memory is asked for. */
    enum tarn_status (*begin)(void *arg, uint32_t count, struct tarn_error *err);
    /** The element at `bytes.data`, which may be followed by others: how many bytes it has. 0: the table shall do it (not with `drops`). */
    enum tarn_status (*take)(void *arg, struct tarn_span bytes, uint32_t depth, void *item, size_t *used, struct tarn_error *err);
    void *arg;
};

/** The same for a struct that lies `depth` deep in others, with takers. What a taker places in `err` is relative to its bytes. */
TARN_WARN_UNUSED enum tarn_status tarn__thrift_decode_with(const struct tarn_thrift_struct *of, struct tarn_span bytes, uint32_t depth,
                                                           const struct tarn_thrift_taker *takers, size_t taker_count,
                                                           struct tarn_arena *arena, void *out, struct tarn_thrift_progress *progress,
                                                           struct tarn_error *err);

/** The fewest bytes that a struct of the table takes: lists of more elements than fit are refused by it. */
size_t tarn__thrift_least_size(const struct tarn_thrift_struct *of);

/** Appends the encoding of `value` to `out`, which must be unshared. Errors: INVALID (a union without member, a text over 2 GiB), NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__thrift_encode(const struct tarn_thrift_struct *of, const void *value, struct tarn_buffer *out,
                                                      struct tarn_error *err);

/** What tarn__thrift_walk meets. Scalars: `integer` (also bools), `real` or `bytes`. */
enum tarn_thrift_event { TARN_THRIFT_VALUE = 0, TARN_THRIFT_BEGIN, TARN_THRIFT_END };
struct tarn_thrift_item {
    enum tarn_thrift_event event;
    uint32_t depth;  /**< 0: the outermost struct */
    int32_t id;      /**< field id in a struct; index in a list or set; 2i and 2i + 1 for key and value of a map */
    uint8_t type;    /**< enum tarn_thrift_type; TARN_THRIFT_TRUE for all bools */
    uint8_t element; /**< BEGIN of list, set, map: element or key type, bools as TARN_THRIFT_TRUE */
    uint8_t value;   /**< BEGIN of map: value type */
    uint32_t count;  /**< BEGIN of list, set, map */
    int64_t integer;
    double real;
    struct tarn_span bytes;
};

/** Visits one struct without a table (`fn` NULL: only checks it). A status other than OK from `fn` ends the walk. Errors: as
 * tarn__thrift_decode. */
TARN_WARN_UNUSED enum tarn_status
tarn__thrift_walk(struct tarn_span bytes, enum tarn_status (*fn)(void *arg, const struct tarn_thrift_item *item, struct tarn_error *err),
                  void *arg, struct tarn_thrift_progress *progress, struct tarn_error *err);

#endif
