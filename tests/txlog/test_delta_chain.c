/* SPDX-License-Identifier: Apache-2.0
 * The sealed log: every way of changing what was written is found by what came after it, or by its signature.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "format/base/alloc.h"
#include "format/base/bytes.h"
#include "tarn/signing.h"
#include "tarn/upkeep.h"
#include "tests/support/table_rows.h"
#include "txlog/delta/delta_log.h"

static struct tarn_error err = TARN_ERROR_INIT;
static char folder[512];

#ifndef TARN_MINIMAL

static void path_of(char path[1400], const char *name)
{
    snprintf(path, 1400, "%s/%s", folder, name);
}

static char *read_text(struct tarn_env *env, const char *name, size_t *size)
{
    struct tarn_store *store;
    char *text;
    ck_assert_ok(tarn_store_open(env, tarn__text_of(folder), false, &store, &err), &err);
    ck_assert_ok(tarn__delta_read_object(store, tarn__text_of(name), 1 << 24, &text, size, NULL, &err), &err);
    text[*size] = '\0';
    tarn_store_close(store);
    return text;
}

/* An env whose commits are signed. */
static struct tarn_env *signing_env(const struct tarn_signing_key *key)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_env *env;
    options.signing_key = key;
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    return env;
}

static struct tarn_text table_of(struct tarn_env *env, int versions)
{
    static int number;
    snprintf(folder, sizeof(folder), "%s/s%d", tarn_test_folder(), number++);
    const struct tarn_text uri = tarn__text_of(folder);
    ck_assert_ok(tarn_test_table_create(env, uri, false, 0, 1, &err), &err);
    for (int i = 1; i < versions; i++) {
        ck_assert_ok(tarn_test_table_append(env, uri, i, 1, NULL, &err), &err);
    }
    return uri;
}

struct links {
    char states[64]; /* a letter a commit */
    int64_t broken;  /* the first that is broken; -1: none */
    char reason[200];
};

static enum tarn_status note_link(void *arg, const struct tarn_link *link, struct tarn_error *error)
{
    struct links *links = arg;
    (void)error;
    const size_t at = strlen(links->states);
    links->states[at] = "SRsoB"[link->state];
    links->states[at + 1] = '\0';
    if (link->state == TARN_LINK_BROKEN && links->broken < 0) {
        links->broken = link->version;
        snprintf(links->reason, sizeof(links->reason), "%.*s", (int)link->reason.size, link->reason.data);
    }
    return TARN_OK;
}

static struct tarn_chain_result follow(struct tarn_env *env, const struct tarn_chain_options *options, struct links *links)
{
    struct tarn_chain_result result;
    *links = (struct links){.broken = -1};
    ck_assert_ok(tarn_table_verify_chain(env, tarn__text_of(folder), options, note_link, links, &result, &err), &err);
    return result;
}

/* Changes one byte of a commit; the text has to be there. */
static void edit(struct tarn_env *env, const char *name, const char *text, const char *instead)
{
    size_t size;
    char *bytes = read_text(env, name, &size);
    char *at = strstr(bytes, text);
    ck_assert_ptr_nonnull(at);
    ck_assert_uint_eq(strlen(text), strlen(instead));
    memcpy(at, instead, strlen(instead));
    tarn_test_put_file(folder, name, bytes);
    tarn__free(env, bytes);
}

START_TEST(delta_chain__commits_vouch_for_those_below) /* T-DELTA-SEAL-1 */
{
    struct tarn_env *env = tarn_test_env();
    struct links links;
    table_of(env, 4);
    struct tarn_chain_result result = follow(env, NULL, &links);
    ck_assert_str_eq(links.states, "RRRR");
    ck_assert_uint_eq(result.recorded, 4);
    /* Commits of others: vouched for by the next of ours. */
    tarn_test_put_file(folder, "_delta_log/00000000000000000004.json", "{\"commitInfo\":{\"operation\":\"X\"}}\n");
    tarn_test_put_file(folder, "_delta_log/00000000000000000005.json", "{\"commitInfo\":{\"operation\":\"Y\"}}\n");
    follow(env, NULL, &links);
    ck_assert_str_eq(links.states, "RRRRoo");
    ck_assert_ok(tarn_test_table_append(env, tarn__text_of(folder), 9, 1, NULL, &err), &err);
    result = follow(env, NULL, &links);
    ck_assert_str_eq(links.states, "RRRRssR");
    ck_assert_uint_eq(result.sealed, 2);
    edit(env, "_delta_log/00000000000000000004.json", "\"X\"", "\"Z\"");
    follow(env, NULL, &links);
    ck_assert_int_eq(links.broken, 4);
    tarn_test_env_close(env);
}
END_TEST

/* ---- tampering ---- */

static void edit_old(struct tarn_env *env)
{
    edit(env, "_delta_log/00000000000000000001.json", "\"operation\":\"WRITE\"", "\"operation\":\"wRITE\"");
}

static void edit_newest(struct tarn_env *env)
{
    edit(env, "_delta_log/00000000000000000004.json", "\"operation\":\"WRITE\"", "\"operation\":\"wRITE\"");
}

static void cut_last(struct tarn_env *env)
{
    char path[1400];
    (void)env;
    path_of(path, "_delta_log/00000000000000000004.json");
    ck_assert_int_eq(unlink(path), 0);
}

static void cut_last_with_traces(struct tarn_env *env)
{
    char path[1400];
    cut_last(env);
    path_of(path, "_delta_log/00000000000000000004.crc");
    ck_assert_int_eq(unlink(path), 0);
}

static enum tarn_status first_file(void *arg, const struct tarn_file_info *file, struct tarn_error *error)
{
    (void)error;
    snprintf(arg, 200, "%.*s", (int)file->path.size, file->path.data);
    return TARN_OK;
}

static void swap_file(struct tarn_env *env)
{
    struct tarn_snapshot *snapshot;
    char name[200];
    size_t size;
    ck_assert_ok(tarn_snapshot_load(env, tarn__text_of(folder), NULL, &snapshot, &err), &err);
    ck_assert_ok(tarn_snapshot_files(snapshot, first_file, name, &err), &err);
    tarn_snapshot_close(snapshot);
    char *bytes = read_text(env, name, &size);
    char path[1400];
    path_of(path, name);
    bytes[size / 2] = (char)(bytes[size / 2] ^ 1);
    FILE *out = fopen(path, "wb");
    ck_assert_ptr_nonnull(out);
    ck_assert_uint_eq(fwrite(bytes, 1, size, out), size);
    fclose(out);
    tarn__free(env, bytes);
}

static void remove_signature(struct tarn_env *env)
{
    edit(env, "_delta_log/00000000000000000004.json", "\"sig\":", "\"sog\":");
}

static void copy_commit(struct tarn_env *env)
{
    size_t size;
    char *bytes = read_text(env, "_delta_log/00000000000000000003.json", &size);
    tarn_test_put_file(folder, "_delta_log/00000000000000000004.json", bytes); /* signed, but as another version */
    tarn__free(env, bytes);
}

static void resign(struct tarn_env *env)
{
    struct tarn_signing_key *other;
    char path[1400];
    path_of(path, "_delta_log/00000000000000000004.json");
    ck_assert_int_eq(unlink(path), 0);
    path_of(path, "_delta_log/00000000000000000004.crc");
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_ok(tarn_signing_key_make(env, &other, &err), &err);
    struct tarn_env *theirs = signing_env(other);
    ck_assert_ok(tarn_test_table_append(theirs, tarn__text_of(folder), 77, 1, NULL, &err), &err);
    tarn_env_close(theirs);
    tarn_signing_key_close(other);
}

static const struct {
    const char *name;
    void (*tamper)(struct tarn_env *env);
    int64_t broken;
    const char *reason;
    bool anchored;
} tampered[] = {
    {"old commit edited", edit_old, 1, "after it was signed", false},
    {"newest commit edited", edit_newest, 4, "after it was signed", false},
    {"last commit cut off", cut_last, 3, "files of later versions", false},
    {"last commit cut off without a trace", cut_last_with_traces, 3, "known from elsewhere", true},
    {"data file swapped", swap_file, 0, "other bytes than were signed", false},
    {"signature taken off", remove_signature, 4, "it is not signed", false},
    {"another commit in its place", copy_commit, 4, "after it was signed", false},
    {"signed by another key", resign, 4, "another key", false},
};

START_TEST(delta_chain__every_kind_of_tampering_is_found) /* T-DELTA-SEAL-2 T-DELTA-SEAL-3 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_signing_key *key;
    struct links links;
    uint8_t public_key[1][32];
    ck_assert_ok(tarn_signing_key_make(env, &key, &err), &err);
    tarn_signing_key_public(key, public_key[0]);
    struct tarn_env *signer = signing_env(key);
    table_of(signer, 5);
    tarn_env_close(signer);
    struct tarn_chain_options options = TARN_CHAIN_OPTIONS_INIT;
    struct tarn_chain_result result = follow(env, &options, &links);
    ck_assert_str_eq(links.states, "SSSSS");
    options.require = true;
    if (tampered[_i].anchored) {
        options.anchor = result.newest;
        memcpy(options.anchor_digest, result.head, sizeof(result.head));
    }
    follow(env, &options, &links);
    ck_assert_int_eq(links.broken, -1);
    tampered[_i].tamper(env);
    result = follow(env, &options, &links);
    ck_assert_uint_gt(result.broken, 0);
    ck_assert_msg(links.broken == tampered[_i].broken, "%s: %s %s", tampered[_i].name, links.states, links.reason);
    ck_assert_msg(strstr(links.reason, tampered[_i].reason) != NULL, "%s: %s", tampered[_i].name, links.reason);
    if (tampered[_i].tamper == resign) { /* told as such where the keys that may sign are known */
        options.key_count = 1;
        options.keys = public_key;
        follow(env, &options, &links);
        ck_assert_ptr_nonnull(strstr(links.reason, "may not sign"));
    }
    tarn_signing_key_close(key);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(delta_chain__a_table_may_ask_for_signatures) /* T-DELTA-SEAL-4 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_signing_key *key;
    struct links links;
    const struct tarn_property property = {TARN_TEXT("tarn.requireSignature"), TARN_TEXT("true")};
    struct tarn_table_create_options create = TARN_TABLE_CREATE_OPTIONS_INIT;
    struct tarn_transaction *transaction;
    struct tarn_sink *sink;
    create.schema = tarn_test_rows_schema(env);
    create.property_count = 1;
    create.properties = &property;
    ck_assert_ok(tarn_signing_key_make(env, &key, &err), &err);
    snprintf(folder, sizeof(folder), "%s/required", tarn_test_folder());
    struct tarn_env *signer = signing_env(key);
    ck_assert_ok(tarn_transaction_create(signer, tarn__text_of(folder), &create, NULL, &transaction, &err), &err);
    ck_assert_ok(tarn_transaction_sink(transaction, &sink, &err), &err);
    ck_assert_ok(tarn_test_rows_write(sink, 0, 3, &err), &err);
    ck_assert_ok(tarn_transaction_commit(transaction, NULL, &err), &err);
    ck_assert_status(tarn_test_table_append(env, tarn__text_of(folder), 3, 1, NULL, &err), TARN_INVALID);
    ck_assert_str_eq(err.detail, "signature");
    ck_assert_ok(tarn_test_table_append(signer, tarn__text_of(folder), 3, 1, NULL, &err), &err);
    follow(env, NULL, &links);
    ck_assert_str_eq(links.states, "SS");
    tarn_test_put_file(folder, "_delta_log/00000000000000000002.json", "{\"commitInfo\":{\"operation\":\"X\"}}\n");
    follow(env, NULL, &links);
    ck_assert_str_eq(links.states, "SSB");
    tarn_env_close(signer);
    tarn_signing_key_close(key);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(delta_chain__keys_are_sealed_by_a_passphrase) /* T-DELTA-SEAL-5 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_signing_key *key;
    struct tarn_signing_key *again;
    char text[TARN_SEALED_KEY_MOST];
    size_t size;
    uint8_t one[32];
    uint8_t two[32];
    uint8_t signature[TARN_SIGNATURE_SIZE];
    const struct tarn_span pass = {(const uint8_t *)"open sesame", 11};
    const struct tarn_span wrong = {(const uint8_t *)"open barley", 11};
    const struct tarn_span message = {(const uint8_t *)"m", 1};
    ck_assert_ok(tarn_signing_key_make(env, &key, &err), &err);
    ck_assert_status(tarn_signing_key_seal(key, (struct tarn_span){NULL, 0}, text, &size, &err), TARN_INVALID);
    ck_assert_ok(tarn_signing_key_seal(key, pass, text, &size, &err), &err);
    ck_assert_ok(tarn_signing_key_open(env, (struct tarn_text){text, size}, pass, &again, &err), &err);
    tarn_signing_key_public(key, one);
    tarn_signing_key_public(again, two);
    ck_assert_mem_eq(one, two, 32);
    ck_assert_ok(tarn_signing_key_sign(again, message, signature, &err), &err);
    ck_assert(tarn_signature_verify(one, message, signature));
    signature[5] ^= 1;
    ck_assert(!tarn_signature_verify(one, message, signature));
    tarn_signing_key_close(again);
    ck_assert_status(tarn_signing_key_open(env, (struct tarn_text){text, size}, wrong, &again, &err), TARN_AUTH);
    ck_assert_ptr_null(again);
    char *digit = strstr(text, "\"sealed\":\"") + 10;
    *digit = *digit == '0' ? '1' : '0';
    ck_assert_status(tarn_signing_key_open(env, (struct tarn_text){text, size}, pass, &again, &err), TARN_AUTH);
    ck_assert_status(tarn_signing_key_open(env, TARN_TEXT("{}"), pass, &again, &err), TARN_INVALID);
    ck_assert_status(tarn_signing_key_open(env, TARN_TEXT("nonsense"), pass, &again, &err), TARN_INVALID);
    tarn_signing_key_close(key);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("txlog/delta_chain", TARN_TEST(delta_chain__commits_vouch_for_those_below),
           TARN_LOOP_TEST(delta_chain__every_kind_of_tampering_is_found, tampered), TARN_TEST(delta_chain__a_table_may_ask_for_signatures),
           TARN_TEST(delta_chain__keys_are_sealed_by_a_passphrase))

#else

START_TEST(delta_chain__is_not_in_this_build)
{
    struct tarn_signing_key *key;
    struct tarn_env *env = tarn_test_env();
    (void)folder;
    ck_assert_status(tarn_signing_key_make(env, &key, &err), TARN_UNSUPPORTED);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("txlog/delta_chain", TARN_TEST(delta_chain__is_not_in_this_build))

#endif
