/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_ACTION_PRINT_H
#define TARN_TXLOG_DELTA_DELTA_ACTION_PRINT_H

#include "format/json/json_print.h"
#include "txlog/delta/delta_action.h"

/*
 * Actions of a Delta log as lines of JSON: what commits, checkpoints of JSON and version checksums are made of.
 *
 * Want of memory is the builder's to tell. Threads: single.
 */
static inline void key_text(struct tarn_json_printer *json, struct tarn_text key, struct tarn_text value)
{
    tarn__json_print_key(json, key);
    tarn__json_print_string(json, value);
}

static inline void key_int(struct tarn_json_printer *json, struct tarn_text key, int64_t value)
{
    tarn__json_print_key(json, key);
    tarn__json_print_int64(json, value);
}

static inline void key_bool(struct tarn_json_printer *json, struct tarn_text key, bool value)
{
    tarn__json_print_key(json, key);
    tarn__json_print_bool(json, value);
}

/** The begin of a line up to the first field of the action called `name`, and the end of the line. */
static inline void begin_action(struct tarn_json_printer *json, struct tarn_text_builder *out, struct tarn_text name)
{
    tarn__json_printer_init(json, out);
    tarn__json_print_begin_object(json);
    tarn__json_print_key(json, name);
    tarn__json_print_begin_object(json);
}

static inline void end_action(struct tarn_json_printer *json)
{
    tarn__json_print_end_object(json);
    tarn__json_print_end_object(json);
    tarn__builder_add_char(json->out, '\n');
}

/** Whole lines. */
void tarn__delta_print_protocol(const struct tarn__delta_protocol *protocol, struct tarn_text_builder *out);
/** `instead`: properties that count instead of those of the metadata. */
void tarn__delta_print_metadata(const struct tarn__delta_metadata *metadata, uint32_t count, const struct tarn_property *instead,
                                struct tarn_text_builder *out);

/** The fields of those actions, inside an object that is open. */
void tarn__delta_print_protocol_fields(struct tarn_json_printer *json, const struct tarn__delta_protocol *protocol);
void tarn__delta_print_metadata_fields(struct tarn_json_printer *json, const struct tarn__delta_metadata *metadata, uint32_t count,
                                       const struct tarn_property *instead);
void tarn__delta_print_txn_fields(struct tarn_json_printer *json, const struct tarn__delta_txn *txn);
void tarn__delta_print_domain_fields(struct tarn_json_printer *json, const struct tarn__delta_domain *domain);

/** Appends the path as a URI; what is not below the table keeps its scheme. */
void tarn__delta_path_print(struct tarn_text path, struct tarn_text_builder *out);
/** The same as the field `path` of an action; `scratch` is cleared. */
void tarn__delta_print_path(struct tarn_json_printer *json, struct tarn_text path, struct tarn_text_builder *scratch);
/** partitionValues. */
void tarn__delta_print_partition(struct tarn_json_printer *json, struct tarn_text raw);
/** deletionVector, baseRowId, defaultRowCommitVersion and, when asked for, tags. NULL: nothing. */
void tarn__delta_print_extra(struct tarn_json_printer *json, const struct tarn__file_extra *extra, bool tags);

#endif
