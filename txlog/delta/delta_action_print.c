/* SPDX-License-Identifier: Apache-2.0
 *
 * Actions as JSON.
 *
 * Specification: Delta PROTOCOL.md, "Actions".
 */
#include "txlog/delta/delta_action_print.h"

#include <string.h>

#include "format/base/bytes.h"
#include "txlog/delta/delta_partition.h"
#include "txlog/delta/delta_path.h"

static void print_texts(struct tarn_json_printer *json, struct tarn_text key, const struct tarn_text *texts, uint32_t count)
{
    tarn__json_print_key(json, key);
    tarn__json_print_begin_array(json);
    for (uint32_t i = 0; i < count; i++) {
        tarn__json_print_string(json, texts[i]);
    }
    tarn__json_print_end_array(json);
}

void tarn__delta_print_protocol_fields(struct tarn_json_printer *json, const struct tarn__delta_protocol *protocol)
{
    key_int(json, TARN_TEXT("minReaderVersion"), protocol->reader);
    key_int(json, TARN_TEXT("minWriterVersion"), protocol->writer);
    if (protocol->has_reader_features) {
        print_texts(json, TARN_TEXT("readerFeatures"), protocol->reader_features, protocol->reader_feature_count);
    }
    if (protocol->has_writer_features) {
        print_texts(json, TARN_TEXT("writerFeatures"), protocol->writer_features, protocol->writer_feature_count);
    }
}

void tarn__delta_print_protocol(const struct tarn__delta_protocol *protocol, struct tarn_text_builder *out)
{
    struct tarn_json_printer json;
    begin_action(&json, out, TARN_TEXT("protocol"));
    tarn__delta_print_protocol_fields(&json, protocol);
    end_action(&json);
}

static bool is_among(struct tarn_text key, uint32_t count, const struct tarn_property *properties)
{
    bool among = false;
    for (uint32_t i = 0; i < count; i++) {
        among = among || tarn__text_equal(key, properties[i].key);
    }
    return among;
}

void tarn__delta_print_metadata_fields(struct tarn_json_printer *json, const struct tarn__delta_metadata *metadata, uint32_t count,
                                       const struct tarn_property *instead)
{
    key_text(json, TARN_TEXT("id"), metadata->id);
    if (metadata->name.size != 0) {
        key_text(json, TARN_TEXT("name"), metadata->name);
    }
    if (metadata->description.size != 0) {
        key_text(json, TARN_TEXT("description"), metadata->description);
    }
    tarn__json_print_key(json, TARN_TEXT("format"));
    tarn__json_print_raw(json, TARN_TEXT("{\"provider\":\"parquet\",\"options\":{}}"));
    key_text(json, TARN_TEXT("schemaString"), metadata->schema);
    print_texts(json, TARN_TEXT("partitionColumns"), metadata->partition_columns, metadata->partition_column_count);
    tarn__json_print_key(json, TARN_TEXT("configuration"));
    tarn__json_print_begin_object(json);
    for (uint32_t i = 0; i < metadata->property_count; i++) {
        if (!is_among(metadata->properties[i].key, count, instead)) {
            key_text(json, metadata->properties[i].key, metadata->properties[i].value);
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        key_text(json, instead[i].key, instead[i].value);
    }
    tarn__json_print_end_object(json);
    if (metadata->created != 0) {
        key_int(json, TARN_TEXT("createdTime"), metadata->created);
    }
}

void tarn__delta_print_metadata(const struct tarn__delta_metadata *metadata, uint32_t count, const struct tarn_property *instead,
                                struct tarn_text_builder *out)
{
    struct tarn_json_printer json;
    begin_action(&json, out, TARN_TEXT("metaData"));
    tarn__delta_print_metadata_fields(&json, metadata, count, instead);
    end_action(&json);
}

void tarn__delta_print_txn_fields(struct tarn_json_printer *json, const struct tarn__delta_txn *txn)
{
    key_text(json, TARN_TEXT("appId"), txn->app_id);
    key_int(json, TARN_TEXT("version"), txn->version);
    if (txn->last_updated != 0) {
        key_int(json, TARN_TEXT("lastUpdated"), txn->last_updated);
    }
}

void tarn__delta_print_domain_fields(struct tarn_json_printer *json, const struct tarn__delta_domain *domain)
{
    key_text(json, TARN_TEXT("domain"), domain->domain);
    key_text(json, TARN_TEXT("configuration"), domain->configuration);
    key_bool(json, TARN_TEXT("removed"), domain->removed);
}

void tarn__delta_path_print(struct tarn_text path, struct tarn_text_builder *out)
{
    if (path.size > 1 && path.data[0] == '/') {
        struct tarn_text rest = {path.data + 1, path.size - 1};
        const char *slashes = memmem(rest.data, rest.size, "://", 3);
        const char *first = memchr(rest.data, '/', rest.size);
        if (slashes != NULL && first == slashes + 1) {
            tarn__builder_add_bytes(out, rest.data, (size_t)(slashes - rest.data) + 1);
            path = (struct tarn_text){slashes + 1, rest.size - (size_t)(slashes + 1 - rest.data)};
        } else {
            tarn__builder_add_str(out, "file:");
        }
    }
    tarn__delta_path_encode(path, out);
}

void tarn__delta_print_path(struct tarn_json_printer *json, struct tarn_text path, struct tarn_text_builder *scratch)
{
    tarn__builder_clear(scratch);
    tarn__delta_path_print(path, scratch);
    json->out->failed = json->out->failed || scratch->failed;
    key_text(json, TARN_TEXT("path"), tarn__builder_text(scratch));
}

void tarn__delta_print_partition(struct tarn_json_printer *json, struct tarn_text raw)
{
    tarn__json_print_key(json, TARN_TEXT("partitionValues"));
    tarn__json_print_begin_object(json);
    struct tarn_text key;
    struct tarn_text value;
    bool is_null = false;
    while (tarn__delta_partition_next(&raw, &key, &value, &is_null)) {
        tarn__json_print_key(json, key);
        if (is_null) {
            tarn__json_print_null(json);
        } else {
            tarn__json_print_string(json, value);
        }
    }
    tarn__json_print_end_object(json);
}

void tarn__delta_print_extra(struct tarn_json_printer *json, const struct tarn__file_extra *extra, bool tags)
{
    if (extra == NULL) {
        return;
    }
    if (extra->deletion_vector != NULL) {
        const struct tarn__deletion_vector *vector = extra->deletion_vector;
        tarn__json_print_key(json, TARN_TEXT("deletionVector"));
        tarn__json_print_begin_object(json);
        key_text(json, TARN_TEXT("storageType"), vector->storage);
        key_text(json, TARN_TEXT("pathOrInlineDv"), vector->place);
        if (vector->has_offset) {
            key_int(json, TARN_TEXT("offset"), (int64_t)vector->offset);
        }
        key_int(json, TARN_TEXT("sizeInBytes"), (int64_t)vector->size);
        key_int(json, TARN_TEXT("cardinality"), (int64_t)vector->cardinality);
        tarn__json_print_end_object(json);
    }
    if (extra->first_row_id >= 0) {
        key_int(json, TARN_TEXT("baseRowId"), extra->first_row_id);
    }
    if (extra->row_version >= 0) {
        key_int(json, TARN_TEXT("defaultRowCommitVersion"), extra->row_version);
    }
    if (tags && extra->tags.size != 0) {
        tarn__json_print_key(json, TARN_TEXT("tags"));
        tarn__json_print_raw(json, extra->tags);
    }
}
