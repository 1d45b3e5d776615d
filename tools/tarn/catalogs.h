/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TOOLS_TARN_CATALOGS_H
#define TARN_TOOLS_TARN_CATALOGS_H

#include "tarn/tarn.h"

/*
 * Catalogs of the command line: which there are, and those that PyIceberg's configuration knows by name.
 */

/** Gives the env the catalogs that this build has. */
void catalogs_offer(struct tarn_env_options *options);

/** Does the URI name a catalog, without a table? */
bool is_catalog(struct tarn_env *env, const char *uri);

/**
 * The lake that a word means: a folder, a path or a URI is meant as it is written; another word may be the name of a catalog, as
 * PYICEBERG_CATALOG__NAME__URI or .pyiceberg.yaml (in PYICEBERG_HOME, the home folder or here) have it. *out is the caller's; NULL: the
 * word stands for itself. Errors: INVALID (the file, or the catalog's URI, says what tarn does not understand), UNSUPPORTED
 * ("catalog.kind"), IO, NOMEM.
 */
enum tarn_status lake_by_name(const char *word, char **out, struct tarn_error *err);

#endif
