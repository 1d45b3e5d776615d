/* SPDX-License-Identifier: Apache-2.0
 *
 * Dictionaries: values with an identity that no other dictionary of the env ever has.
 */
#include <stdatomic.h>

#include "format/batch/vector.h"

struct owned_dictionary {
    struct tarn_dictionary dictionary; /* first: the two addresses are one */
    struct tarn_env *env;
    atomic_uint_fast32_t references;
};

static struct owned_dictionary *owner_of(const struct tarn_dictionary *dictionary)
{
    return (struct owned_dictionary *)(uintptr_t)dictionary;
}

static struct tarn_dictionary *make(struct tarn_env *env, uint64_t id, struct tarn_vector *values)
{
    struct owned_dictionary *owner = values != NULL ? tarn__calloc(env, 1, sizeof(*owner)) : NULL;
    if (owner == NULL) {
        tarn_vector_release(values);
        return NULL;
    }
    owner->env = tarn__env_retain(env);
    owner->dictionary = (struct tarn_dictionary){id, values};
    atomic_init(&owner->references, 1);
    return &owner->dictionary;
}

struct tarn_dictionary *tarn__dictionary_make(struct tarn_env *env, struct tarn_vector *values)
{
    return make(env, values != NULL ? tarn__next_id(env) : 0, values);
}

struct tarn_dictionary *tarn__dictionary_alias(const struct tarn_dictionary *dictionary, struct tarn_vector *values)
{
    return make(owner_of(dictionary)->env, dictionary->id, values);
}

struct tarn_dictionary *tarn__dictionary_retain(const struct tarn_dictionary *dictionary)
{
    atomic_fetch_add_explicit(&owner_of(dictionary)->references, 1, memory_order_relaxed);
    return &owner_of(dictionary)->dictionary;
}

void tarn__dictionary_release(const struct tarn_dictionary *dictionary)
{
    if (dictionary == NULL || atomic_fetch_sub_explicit(&owner_of(dictionary)->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    struct tarn_env *env = owner_of(dictionary)->env;
    tarn_vector_release(dictionary->values);
    tarn__free(env, owner_of(dictionary));
    tarn_env_close(env);
}
