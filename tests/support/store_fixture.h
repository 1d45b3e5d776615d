/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TESTS_SUPPORT_STORE_FIXTURE_H
#define TARN_TESTS_SUPPORT_STORE_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "tests/support/store_conformance.h"

/* One store under test at a fresh place, and short words for what tests of stores do. */
struct fixture {
    const struct tarn_store_subject *subject;
    const char *place;
    struct tarn_env *env;
    struct tarn_store *store;
    struct tarn_error err;
    char listing[8192];
};

static inline struct tarn_text text(const char *terminated)
{
    return (struct tarn_text){terminated, strlen(terminated)};
}

static inline struct tarn_span span(const char *terminated)
{
    return (struct tarn_span){(const uint8_t *)terminated, strlen(terminated)};
}

static inline void fixture_open(struct fixture *f, const struct tarn_store_subject *subject)
{
    memset(f, 0, sizeof(*f));
    f->subject = subject;
    f->env = tarn_test_env();
    f->place = tarn_test_folder();
    ck_assert_ok(subject->open(f->env, f->place, &f->store, &f->err), &f->err);
}

static inline enum tarn_status tarn_fixture_left(void *arg, struct tarn_text key, const struct tarn_object_info *info,
                                                 struct tarn_error *err)
{
    (void)arg;
    (void)info;
    (void)err;
    ck_abort_msg("a temporary was left: %.*s", (int)key.size, key.data);
    return TARN_OK;
}

/* Also proves that nothing was left: no temporary, no memory. */
static inline void fixture_close(struct fixture *f)
{
    if (f->store != NULL) {
        ck_assert_ok(tarn_store_list_temporaries(f->store, text(""), tarn_fixture_left, NULL, &f->err), &f->err);
    }
    tarn_store_close(f->store);
    tarn_test_env_close(f->env);
}

static inline enum tarn_status try_put(struct fixture *f, const char *key, const char *bytes, enum tarn_put_mode mode)
{
    return tarn_store_put(f->store, text(key), span(bytes), mode, TARN_ROLE_COMMIT, &f->err);
}

static inline void put(struct fixture *f, const char *key, const char *bytes)
{
    ck_assert_ok(try_put(f, key, bytes, TARN_PUT_OVERWRITE), &f->err);
}

static inline bool object_holds(struct fixture *f, struct tarn_object *object, const char *bytes)
{
    const size_t size = (size_t)tarn_object_info(object).size;
    uint8_t *back = malloc(size + 1);
    const struct tarn_read_range whole = {0, size, back};
    ck_assert_ok(tarn_object_read(object, 1, &whole, &f->err), &f->err);
    const bool same = size == strlen(bytes) && memcmp(back, bytes, size) == 0;
    free(back);
    return same;
}

static inline bool holds(struct fixture *f, const char *key, const char *bytes)
{
    struct tarn_object *object;
    ck_assert_ok(tarn_object_open(f->store, text(key), &object, &f->err), &f->err);
    const bool same = object_holds(f, object, bytes);
    tarn_object_close(object);
    return same;
}

static inline enum tarn_status tarn_fixture_add(void *arg, struct tarn_text key, const struct tarn_object_info *info,
                                                struct tarn_error *err)
{
    char *listing = arg;
    (void)info;
    (void)err;
    strncat(listing, key.data, key.size);
    strcat(listing, " ");
    return TARN_OK;
}

/* The keys listed, each with a space behind; valid until the next call. */
static inline const char *listed(struct fixture *f, const char *prefix, const char *start_after)
{
    f->listing[0] = '\0';
    ck_assert_ok(tarn_store_list(f->store, text(prefix), text(start_after), tarn_fixture_add, f->listing, &f->err), &f->err);
    return f->listing;
}

#endif
