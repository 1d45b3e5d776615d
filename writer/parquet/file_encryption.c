/* SPDX-License-Identifier: Apache-2.0
 *
 * Encryption of a file by its options.
 *
 * Specification: parquet-format Encryption.md, 4.1, 5.1. SPEC: P-CRYPT-WRITE-4, P-CRYPT-WRITE-8.
 *
 * Invariants
 *  1. A column that is named is encrypted, with all leaves below it, or the file is not begun.
 */
#include "writer/parquet/file_encryption.h"

#include "format/batch/schema.h"

/* Pages of a chunk are counted by rows and by bytes: half of the ordinals for either, and room for what is only about right. */
enum { PAGES_BY_EITHER = 12000, LARGEST_PAGE = 1 << 30 };

static enum tarn_status keep_metadata(struct tarn_arena *arena, struct tarn_span given, struct tarn_span *out, struct tarn_error *err)
{
    *out = (struct tarn_span){NULL, 0};
    if (given.data == NULL) {
        return TARN_OK;
    }
    *out = tarn__arena_span(arena, given);
    return out->data != NULL ? TARN_OK : tarn__nomem(arena->env, err, given.size);
}

/* ---- columns ---- */

static enum tarn_status seal_leaf(struct tarn__column_seal *seal, struct tarn__sealing_key *key, bool own_key, struct tarn_span metadata,
                                  const struct tarn_leaf *leaf, struct tarn_arena *arena, struct tarn_error *err)
{
    struct parquet_column_crypto_metadata *crypto = tarn__arena_calloc(arena, 1, sizeof(*crypto));
    if (crypto == NULL) {
        return tarn__nomem(arena->env, err, sizeof(*crypto));
    }
    crypto->id = PARQUET_ENCRYPTION_WITH_FOOTER_KEY;
    if (own_key) {
        crypto->id = PARQUET_ENCRYPTION_WITH_COLUMN_KEY;
        crypto->column_key.path_in_schema.count = leaf->step_count;
        crypto->column_key.path_in_schema.items = (struct tarn_text *)(uintptr_t)leaf->steps;
        crypto->column_key.has_key_metadata = metadata.data != NULL;
        crypto->column_key.key_metadata = metadata;
    }
    *seal = (struct tarn__column_seal){key, crypto};
    return TARN_OK;
}

/* Which leaves a key is for: those below `index`, or of that dotted name. */
struct tarn__encrypted_column {
    struct tarn_text name;
    uint32_t depth;
    uint32_t index[TARN_MAX_DEPTH];
    struct tarn__sealing_key *key;
    bool own_key;
    struct tarn_span metadata;
};

static bool is_meant(const struct tarn__encrypted_column *column, const struct tarn__leaf_path *path, struct tarn_text dotted)
{
    if (column->depth != 0) {
        return path->depth >= column->depth && memcmp(path->index, column->index, column->depth * sizeof(column->index[0])) == 0;
    }
    return tarn__text_starts(dotted, column->name) && (dotted.size == column->name.size || dotted.data[column->name.size] == '.');
}

static enum tarn_status keep_place(const struct tarn_parquet_column_key *column, const struct tarn_schema *schema, struct tarn_arena *arena,
                                   struct tarn__encrypted_column *out, struct tarn_error *err)
{
    const struct tarn_type *type;
    bool nullable;
    out->depth = column->path.depth;
    if (column->path.depth != 0 || column->name.size == 0) {
        return tarn_path_resolve(schema, &column->path, &type, &nullable, out->index, err);
    }
    out->name = tarn__arena_text(arena, column->name);
    return out->name.data != NULL ? TARN_OK : tarn__nomem(arena->env, err, column->name.size);
}

static enum tarn_status keep_column(struct tarn__file_encryption *encryption, const struct tarn_parquet_column_key *column,
                                    const struct tarn_schema *schema, struct tarn_arena *arena, struct tarn__encrypted_column *out,
                                    struct tarn_error *err)
{
    out->key = encryption->footer.key;
    out->own_key = column->key.size != 0;
    TARN_RETURN_IF_ERROR(keep_place(column, schema, arena, out, err));
    if (out->own_key) {
        TARN_RETURN_IF_ERROR(tarn__file_sealer_key(encryption->sealer, column->key, &out->key, err));
    }
    return keep_metadata(arena, column->metadata, &out->metadata, err);
}

static enum tarn_status no_column(const struct tarn__encrypted_column *column, struct tarn_error *err)
{
    return column->depth == 0 ? tarn__error_set(err, TARN_NOT_FOUND, "column",
                                                "a key is given for \"%.*s\", which is no column of the file", TARN_TEXT_ARG(column->name))
                              : tarn__invalid(err, "encryption", "a key is given for what is no column of its own: the path has %u steps",
                                              (unsigned)column->depth);
}

static enum tarn_status seal_column(struct tarn__file_encryption *encryption, const struct tarn__encrypted_column *column,
                                    const struct tarn_file_schema *described, const struct tarn__leaf_path *paths, struct tarn_arena *arena,
                                    struct tarn_error *err)
{
    bool found = false;
    for (uint32_t i = 0; i < described->leaf_count; i++) {
        const struct tarn_leaf *leaf = &described->leaves[i];
        if (!is_meant(column, &paths[i], leaf->path)) {
            continue;
        }
        if (encryption->columns[i].key != NULL) {
            return tarn__invalid(err, "encryption", "the column \"%.*s\" is given two keys", TARN_TEXT_ARG(leaf->path));
        }
        TARN_RETURN_IF_ERROR(seal_leaf(&encryption->columns[i], column->key, column->own_key, column->metadata, leaf, arena, err));
        found = true;
    }
    return found ? TARN_OK : no_column(column, err);
}

enum tarn_status tarn__file_encryption_bind(struct tarn__file_encryption *encryption, const struct tarn_file_schema *described,
                                            const struct tarn__leaf_path *paths, struct tarn_arena *arena, struct tarn_error *err)
{
    const struct tarn_span none = {NULL, 0};

    if (encryption->sealer == NULL) {
        return TARN_OK;
    }
    if (described->leaf_count > TARN__MODULE_MOST_ORDINAL + 1) {
        return tarn__invalid(err, "module_ordinal", "a file of %u columns cannot be encrypted: at most %d can", described->leaf_count,
                             TARN__MODULE_MOST_ORDINAL + 1);
    }
    encryption->columns = tarn__arena_calloc(arena, described->leaf_count, sizeof(*encryption->columns));
    if (encryption->columns == NULL) {
        return tarn__nomem(arena->env, err, described->leaf_count * sizeof(*encryption->columns));
    }
    for (uint32_t i = 0; encryption->asked_count == 0 && i < described->leaf_count; i++) {
        TARN_RETURN_IF_ERROR(seal_leaf(&encryption->columns[i], encryption->footer.key, false, none, &described->leaves[i], arena, err));
    }
    for (uint32_t i = 0; i < encryption->asked_count; i++) {
        TARN_RETURN_IF_ERROR(seal_column(encryption, &encryption->asked[i], described, paths, arena, err));
    }
    return TARN_OK;
}

/* ---- the file ---- */

static enum tarn_status fill(struct tarn__file_encryption *encryption, const struct tarn_parquet_encryption *options,
                             const struct tarn_schema *schema, struct tarn_arena *arena, struct tarn_error *err)
{
    const struct tarn__sealer_options how = {
        .ctr = options->cipher == TARN_CIPHER_AES_GCM_CTR, .aad_prefix = options->aad_prefix, .prefix_apart = options->aad_prefix_apart};

    TARN_RETURN_IF_ERROR(tarn__file_sealer_open(arena->env, &how, &encryption->sealer, err));
    encryption->footer = (struct tarn__footer_seal){.sealer = encryption->sealer, .plain = options->plaintext_footer};
    TARN_RETURN_IF_ERROR(tarn__file_sealer_key(encryption->sealer, options->footer_key, &encryption->footer.key, err));
    TARN_RETURN_IF_ERROR(keep_metadata(arena, options->footer_key_metadata, &encryption->footer.key_metadata, err));
    encryption->asked = tarn__arena_calloc(arena, (size_t)options->column_count + 1, sizeof(*encryption->asked));
    if (encryption->asked == NULL) {
        return tarn__nomem(arena->env, err, options->column_count * sizeof(*encryption->asked));
    }
    encryption->asked_count = options->column_count;
    for (uint32_t i = 0; i < options->column_count; i++) {
        TARN_RETURN_IF_ERROR(keep_column(encryption, &options->columns[i], schema, arena, &encryption->asked[i], err));
    }
    return TARN_OK;
}

enum tarn_status tarn__file_encryption_open(const struct tarn_parquet_encryption *options, const struct tarn_schema *schema,
                                            struct tarn_arena *arena, struct tarn__file_encryption *out, struct tarn_error *err)
{
    static const struct tarn_parquet_encryption defaults = TARN_PARQUET_ENCRYPTION_INIT;
    struct tarn_parquet_encryption given = defaults;

    *out = (struct tarn__file_encryption){.sealer = NULL};
    if (options == NULL) {
        return TARN_OK;
    }
    if (options->size == 0) {
        return tarn__invalid(err, "encryption", "the encryption has no size; begin with TARN_PARQUET_ENCRYPTION_INIT");
    }
    memcpy(&given, options, options->size < sizeof(given) ? options->size : sizeof(given));
    if ((unsigned)given.cipher > TARN_CIPHER_AES_GCM_CTR) {
        return tarn__invalid(err, "encryption", "%u is no cipher", (unsigned)given.cipher);
    }
    const enum tarn_status status = fill(out, &given, schema, arena, err);
    if (status != TARN_OK) {
        tarn__file_encryption_close(out);
    }
    return status;
}

void tarn__file_encryption_close(struct tarn__file_encryption *encryption)
{
    tarn__file_sealer_close(encryption->sealer);
    *encryption = (struct tarn__file_encryption){.sealer = NULL};
}

uint32_t tarn__file_encryption_page_size(const struct tarn__file_encryption *encryption, uint32_t wanted, uint64_t most)
{
    const uint64_t least = encryption->sealer != NULL ? most / PAGES_BY_EITHER + 1 : 0;
    const uint32_t possible = least < LARGEST_PAGE ? (uint32_t)least : LARGEST_PAGE;
    return wanted > possible ? wanted : possible;
}
