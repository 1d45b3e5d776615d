/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TESTS_SUPPORT_DELTA_FIXTURE_H
#define TARN_TESTS_SUPPORT_DELTA_FIXTURE_H

#include "tarn/table.h"
#include "tests/support/suite.h"

/*
 * A Delta log written by hand into a store in memory, and what a reader makes of it. One table at a time; its URI is "/t". What fails,
 * fails the test, unless a status is returned.
 */
struct delta_fixture {
    struct tarn_env *env;
    struct tarn_store *store;
    int64_t now; /* of the env's clock, microseconds: what is put is modified then */
    struct tarn_error err;
    uint64_t lists; /* times that something was listed */
    uint64_t opens; /* objects opened, and asked for */
};

#define DELTA_PROTOCOL "{\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":2}}\n"
#define DELTA_SCHEMA                                                                                                                       \
    "\"schemaString\":\"{\\\"type\\\":\\\"struct\\\",\\\"fields\\\":[{\\\"name\\\":\\\"id\\\",\\\"type\\\":\\\"long\\\",\\\"nullable\\\":" \
    "true,\\\"metadata\\\":{}},{\\\"name\\\":\\\"p\\\",\\\"type\\\":\\\"string\\\",\\\"nullable\\\":true,\\\"metadata\\\":{}}]}\""
/** `properties`: the members of the configuration. */
#define DELTA_METADATA_WITH(properties)                                                                                                    \
    "{\"metaData\":{\"id\":\"m\",\"format\":{\"provider\":\"parquet\",\"options\":{}}," DELTA_SCHEMA                                       \
    ",\"partitionColumns\":[],\"configuration\":{" properties "}}}\n"
#define DELTA_METADATA DELTA_METADATA_WITH("")
#define DELTA_ADD(path)                                                                                                                    \
    "{\"add\":{\"path\":\"" path                                                                                                           \
    "\",\"partitionValues\":{},\"size\":10,\"modificationTime\":1,\"dataChange\":true,\"stats\":\"{\\\"numRecords\\\":3}\"}}\n"
#define DELTA_REMOVE(path) "{\"remove\":{\"path\":\"" path "\",\"deletionTimestamp\":1,\"dataChange\":true}}\n"
#define DELTA_CHECKPOINT_METADATA(version) "{\"checkpointMetadata\":{\"version\":" version "}}\n"
#define DELTA_SIDECAR(name) "{\"sidecar\":{\"path\":\"" name "\",\"sizeInBytes\":1,\"modificationTime\":1}}\n"

void delta_open(struct delta_fixture *f);
void delta_close(struct delta_fixture *f);

/** An object of the log; `name` is below _delta_log. */
void delta_put(struct delta_fixture *f, const char *name, const char *text);
void delta_remove(struct delta_fixture *f, const char *name);
void delta_commit(struct delta_fixture *f, int version, const char *text);
/** The same actions as a Parquet file with a checkpoint's columns. */
void delta_put_checkpoint(struct delta_fixture *f, const char *name, const char *actions);

/** The error is in f->err. */
enum tarn_status delta_load(struct delta_fixture *f, int64_t version, struct tarn_snapshot **out);
/** Paths of the live files, sorted, each with ';' behind; valid until the next call. */
const char *delta_live(struct delta_fixture *f, int64_t version);
const char *delta_live_of(struct delta_fixture *f, struct tarn_snapshot *snapshot);
/** Number of notes of a version, and does one of them hold the text? */
uint32_t delta_notes(struct delta_fixture *f, int64_t version, const char *text);

#endif
