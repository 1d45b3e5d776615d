/* SPDX-License-Identifier: Apache-2.0
 *
 * Version checksums, written: what a version comes to, for readers that want to check themselves or to spare the replay.
 *
 * Specification: Delta PROTOCOL.md, "Version Checksum File".
 *
 * Invariants
 *  1. A checksum is made of a whole snapshot, and never replaces one that is there.
 *  2. What is left out is optional; what costs a walk over the files is left out of large tables.
 */
#include "format/base/bytes.h"
#include "txlog/delta/delta_action_print.h"
#include "txlog/delta/delta_state.h"
#include "txlog/delta/delta_upkeep.h"

enum {
    MOST_COUNTED = 1 << 16, /* files, for histograms */
    SIZE_BINS = 27,         /* 0, 8 KiB, and on by doubling to 256 GiB */
    DELETED_BINS = 10,
    SMALLEST_BIN_BITS = 13,
};

/* What takes a walk over the files. */
struct walk {
    uint64_t deleted;
    uint64_t files[SIZE_BINS];
    uint64_t bytes[SIZE_BINS];
    uint64_t deleted_files[DELETED_BINS];
};

static uint64_t size_bound(int bin)
{
    return bin == 0 ? 0 : UINT64_C(1) << (SMALLEST_BIN_BITS + bin - 1);
}

/* 0; 1 to 9; 10 to 99; ... to 9,999,999; below 2^31 - 1; the rest. */
static int deleted_bin(uint64_t rows)
{
    if (rows >= INT32_MAX) {
        return DELETED_BINS - 1;
    }
    int bin = 0;
    for (; rows != 0 && bin < DELETED_BINS - 2; rows /= 10) {
        bin++;
    }
    return bin;
}

static void walk_files(const struct tarn_snapshot *snapshot, struct walk *walk)
{
    for (uint32_t i = 0; i < snapshot->files.count; i++) {
        const struct tarn__tracked_file *file = tarn__file_set_at(&snapshot->files, i);
        const struct tarn__deletion_vector *vector = tarn__file_deletion_vector(file);
        const uint64_t gone = vector != NULL ? vector->cardinality : 0;
        int bin = SIZE_BINS - 1;
        while (file->size < size_bound(bin)) {
            bin--;
        }
        walk->files[bin]++;
        walk->bytes[bin] += file->size;
        walk->deleted += gone;
        walk->deleted_files[deleted_bin(gone)]++;
    }
}

static void key_numbers(struct tarn_json_printer *json, struct tarn_text key, const uint64_t *numbers, int count)
{
    tarn__json_print_key(json, key);
    tarn__json_print_begin_array(json);
    for (int i = 0; i < count; i++) {
        tarn__json_print_uint64(json, numbers != NULL ? numbers[i] : size_bound(i));
    }
    tarn__json_print_end_array(json);
}

static void print_walk(const struct tarn_snapshot *snapshot, struct tarn_json_printer *json)
{
    struct walk walk = {0};
    walk_files(snapshot, &walk);
    tarn__json_print_key(json, TARN_TEXT("fileSizeHistogram"));
    tarn__json_print_begin_object(json);
    key_numbers(json, TARN_TEXT("sortedBinBoundaries"), NULL, SIZE_BINS);
    key_numbers(json, TARN_TEXT("fileCounts"), walk.files, SIZE_BINS);
    key_numbers(json, TARN_TEXT("totalBytes"), walk.bytes, SIZE_BINS);
    tarn__json_print_end_object(json);
    const struct tarn__delta_state *state = tarn__delta_state_of(snapshot);
    if (tarn__delta_protocol_has_writer(&state->protocol, TARN_TEXT("deletionVectors"))) {
        key_int(json, TARN_TEXT("numDeletedRecordsOpt"), (int64_t)walk.deleted);
        key_int(json, TARN_TEXT("numDeletionVectorsOpt"), (int64_t)snapshot->files.vectors);
        tarn__json_print_key(json, TARN_TEXT("deletedRecordCountsHistogramOpt"));
        tarn__json_print_begin_object(json);
        key_numbers(json, TARN_TEXT("deletedRecordCounts"), walk.deleted_files, DELETED_BINS);
        tarn__json_print_end_object(json);
    }
}

static void print_state(const struct tarn__delta_state *state, struct tarn_json_printer *json)
{
    tarn__json_print_key(json, TARN_TEXT("setTransactions"));
    tarn__json_print_begin_array(json);
    for (size_t i = 0; i < state->txn_count; i++) {
        tarn__json_print_begin_object(json);
        tarn__delta_print_txn_fields(json, &state->txns[i]);
        tarn__json_print_end_object(json);
    }
    tarn__json_print_end_array(json);
    tarn__json_print_key(json, TARN_TEXT("domainMetadata"));
    tarn__json_print_begin_array(json);
    for (size_t i = 0; i < state->domain_count; i++) {
        if (!state->domains[i].removed) {
            tarn__json_print_begin_object(json);
            tarn__delta_print_domain_fields(json, &state->domains[i]);
            tarn__json_print_end_object(json);
        }
    }
    tarn__json_print_end_array(json);
    tarn__json_print_key(json, TARN_TEXT("metadata"));
    tarn__json_print_begin_object(json);
    tarn__delta_print_metadata_fields(json, &state->metadata, 0, NULL);
    tarn__json_print_end_object(json);
    tarn__json_print_key(json, TARN_TEXT("protocol"));
    tarn__json_print_begin_object(json);
    tarn__delta_print_protocol_fields(json, &state->protocol);
    tarn__json_print_end_object(json);
}

static void print_checksum(const struct tarn_snapshot *snapshot, struct tarn_text commit_id, struct tarn_text_builder *out)
{
    const struct tarn__delta_state *state = tarn__delta_state_of(snapshot);
    struct tarn_json_printer json;
    tarn__json_printer_init(&json, out);
    tarn__json_print_begin_object(&json);
    if (commit_id.size != 0) {
        key_text(&json, TARN_TEXT("txnId"), commit_id);
    }
    tarn__json_print_key(&json, TARN_TEXT("tableSizeBytes"));
    tarn__json_print_uint64(&json, snapshot->files.bytes);
    key_int(&json, TARN_TEXT("numFiles"), snapshot->files.count);
    key_int(&json, TARN_TEXT("numMetadata"), 1);
    key_int(&json, TARN_TEXT("numProtocol"), 1);
    if (state->has_in_commit_timestamp && tarn__delta_property_is_true(state, TARN_TEXT("delta.enableInCommitTimestamps"))) {
        key_int(&json, TARN_TEXT("inCommitTimestampOpt"), state->in_commit_timestamp);
    }
    print_state(state, &json);
    if (snapshot->files.count <= MOST_COUNTED) {
        print_walk(snapshot, &json);
    }
    tarn__json_print_end_object(&json);
    tarn__builder_add_char(out, '\n');
}

enum tarn_status tarn__delta_checksum_write(const struct tarn_snapshot *snapshot, struct tarn_text commit_id, struct tarn_error *err)
{
    struct tarn_text_builder text;
    tarn__builder_init(&text, snapshot->env);
    print_checksum(snapshot, commit_id, &text);
    enum tarn_status status = tarn__builder_status(&text, err);
    if (status == TARN_OK) {
        char key[TARN_DELTA_KEY];
        struct tarn_error local = TARN_ERROR_INIT;
        tarn__delta_checksum_key(snapshot->info.version, key);
        status = tarn_store_put(snapshot->store, tarn__text_of(key), tarn__span_of_text(tarn__builder_text(&text)), TARN_PUT_IF_ABSENT,
                                TARN_ROLE_HINT, &local);
        if (status == TARN_EXISTS) {
            status = TARN_OK;
        } else if (status != TARN_OK && err != NULL) {
            *err = local;
        }
    }
    tarn__builder_free(&text);
    return status;
}
