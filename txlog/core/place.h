/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_CORE_PLACE_H
#define TARN_TXLOG_CORE_PLACE_H

#include "tarn/catalog.h"
#include "tarn/store.h"

/*
 * Where a table is: from a URI to the folder that holds it, and to who says which of its metadata is the newest.
 *
 * Three kinds of URI: a folder, which judges itself; one metadata file in a folder "metadata", whose table is the folder above; a name in a
 * catalog ("CATALOG#ns.name"). Ownership: a place owns its references and texts. Threads: shareable once made.
 */
struct tarn__place_root {
    char *folder; /* as the host gave it */
    struct tarn_store *store;
};

struct tarn__place {
    struct tarn_env *env;
    struct tarn_store *store; /* the table's folder; NULL: not opened yet */
    char *uri;                /* as the caller named the table */
    char *entry;              /* key of the metadata file to begin with; NULL: the newest in the folder */
    struct tarn_catalog *catalog;
    char *name;    /* in the catalog */
    char *pointer; /* what the catalog said when the place was found; NULL: it has no such table */
    uint32_t root_count;
    struct tarn__place_root *roots; /* other folders that files of the table may lie in: the env's allowed_folders that are there */
};

/** An existing place. Errors: NOT_FOUND (table), INVALID, UNSUPPORTED, those of stores and catalogs. */
TARN_WARN_UNUSED enum tarn_status tarn__place_find(struct tarn_env *env, struct tarn_text uri, struct tarn__place *out,
                                                   struct tarn_error *err);
/** A folder, whatever is in it and whatever its name looks like. Errors: those of stores. */
TARN_WARN_UNUSED enum tarn_status tarn__place_open_folder(struct tarn_env *env, struct tarn_text uri, struct tarn__place *out,
                                                          struct tarn_error *err);
/** The place of a table that is to be made; its folder is made. Errors also: EXISTS (the catalog has it), INVALID (a metadata file). */
TARN_WARN_UNUSED enum tarn_status tarn__place_make(struct tarn_env *env, struct tarn_text uri, struct tarn__place *out,
                                                   struct tarn_error *err);
/** A copy with references of its own. */
TARN_WARN_UNUSED enum tarn_status tarn__place_copy(const struct tarn__place *from, struct tarn__place *out, struct tarn_error *err);
void tarn__place_close(struct tarn__place *place);

/**
 * Splits the location of a metadata file, FOLDER/metadata/NAME, into the folder and the key below it. False: it is none.
 */
bool tarn__place_split_metadata(struct tarn_text location, struct tarn_text *folder, struct tarn_text *key);

/**
 * Where a file lies that the table calls `path`: below the table's folder, or, when it leads out of that, below an allowed one. The store
 * is borrowed. Errors: AUTH outside_table.
 */
TARN_WARN_UNUSED enum tarn_status tarn__place_locate(const struct tarn__place *place, struct tarn_text path, struct tarn_store **store,
                                                     struct tarn_text *key, struct tarn_error *err);
/** The key of an absolute path that lies below the table's own folder; any other path as it is. */
struct tarn_text tarn__place_own_key(const struct tarn__place *place, struct tarn_text path);

/** Parts of making, copying and closing a place. A folder that is not there is passed over. Errors: those of stores, NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__place_open_roots(struct tarn__place *place, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__place_copy_roots(const struct tarn__place *from, struct tarn__place *to, struct tarn_error *err);
void tarn__place_close_roots(struct tarn__place *place);

/** The length of "scheme:" at the begin of a URI, or 0. A partition folder ("p=a:b") is none: '=' is not of a scheme. */
size_t tarn__place_scheme(struct tarn_text uri);
/** Does what a table calls the path of a file lead out of its folder: an absolute path, or one with ".."? */
bool tarn__place_leads_out(struct tarn_text path);

#endif
