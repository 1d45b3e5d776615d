/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TOOLS_TARN_YAML_PAIRS_H
#define TARN_TOOLS_TARN_YAML_PAIRS_H

#include "tarn/error.h"

/*
 * The part of YAML that configuration files use: maps by indentation, of scalars that are plain or quoted on one line, and comments. Lists,
 * flow collections, anchors, tags, block scalars, tabs and repeated keys are errors that name the line, never what stands in it: it may be
 * a secret.
 */
struct yaml_pair {
    char *path; /* keys from the top in lower case, each followed by '\n': "catalog\nprod\nuri\n" */
    char *value;
};

struct yaml_pairs {
    struct yaml_pair *items;
    size_t count;
    size_t room;
};

/** Adds the scalars of a text, with their paths. `name` is the file's, for errors. Errors: INVALID, NOMEM. */
enum tarn_status yaml_parse(const char *text, const char *name, struct yaml_pairs *out, struct tarn_error *err);
/** Adds a pair, or gives one that is there another value. False: no memory. */
bool yaml_pairs_set(struct yaml_pairs *pairs, const char *path, const char *value);
/** NULL: there is none. */
const char *yaml_pairs_find(const struct yaml_pairs *pairs, const char *path);
void yaml_pairs_free(struct yaml_pairs *pairs);

#endif
