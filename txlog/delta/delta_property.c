/* SPDX-License-Identifier: Apache-2.0
 *
 * The properties of Delta tables.
 *
 * Specification: Delta PROTOCOL.md, the properties that its features name; Spark's DeltaConfig for those that it does not.
 *
 * Invariant: a property that obliges writers to what tarn does not do is refused when it is set, not when rows are written.
 */
#include "txlog/delta/delta_property.h"

#include <string.h>

#include "format/base/bytes.h"
#include "format/base/number.h"
#include "format/base/utf8.h"

enum kind {
    TRUTH,     /* true, false */
    COUNT,     /* a whole number, `least` and above */
    DURATION,  /* interval 7 days */
    WORD,      /* one of `words` */
    ANYTHING,  /* a text */
    OWN,       /* kept by writers, not set by hand */
    REFUSED,   /* asks for what tarn does not do, unless false or empty */
    SUPPORTED, /* delta.feature.NAME: supported, enabled */
};

static const struct property {
    struct tarn_text key;
    enum kind kind;
    int32_t least;
    const char *words; /* between '|' */
    struct tarn_text feature;
    const char *feature_value; /* the value that switches it on; NULL: true */
} properties[] = {
    {{"delta.appendOnly", 16}, TRUTH, 0, NULL, {"appendOnly", 10}, NULL},
    {{"delta.autoOptimize", 18}, TRUTH, 0, NULL, {NULL, 0}, NULL},
    {{"delta.autoOptimize.autoCompact", 30}, WORD, 0, "true|false|auto|legacy", {NULL, 0}, NULL},
    {{"delta.autoOptimize.optimizeWrite", 32}, TRUTH, 0, NULL, {NULL, 0}, NULL},
    {{"delta.checkpoint.writeStatsAsJson", 33}, TRUTH, 0, NULL, {NULL, 0}, NULL},
    {{"delta.checkpoint.writeStatsAsStruct", 35}, TRUTH, 0, NULL, {NULL, 0}, NULL},
    {{"delta.checkpointInterval", 24}, COUNT, 1, NULL, {NULL, 0}, NULL},
    {{"delta.checkpointPolicy", 22}, WORD, 0, "classic|v2", {"v2Checkpoint", 12}, "v2"},
    {{"delta.checkpointRetentionDuration", 33}, DURATION, 0, NULL, {NULL, 0}, NULL},
    {{"delta.columnMapping.mode", 24}, WORD, 0, "none|name|id", {NULL, 0}, NULL},
    {{"delta.columnMapping.maxColumnId", 31}, OWN, 0, NULL, {NULL, 0}, NULL},
    {{"delta.compatibility.symlinkFormatManifest.enabled", 49}, REFUSED, 0, NULL, {NULL, 0}, NULL},
    {{"delta.dataSkippingNumIndexedCols", 32}, COUNT, -1, NULL, {NULL, 0}, NULL},
    {{"delta.dataSkippingStatsColumns", 30}, ANYTHING, 0, NULL, {NULL, 0}, NULL},
    {{"delta.deletedFileRetentionDuration", 34}, DURATION, 0, NULL, {NULL, 0}, NULL},
    {{"delta.enableChangeDataFeed", 26}, TRUTH, 0, NULL, {"changeDataFeed", 14}, NULL},
    {{"delta.enableDeletionVectors", 27}, TRUTH, 0, NULL, {"deletionVectors", 15}, NULL},
    {{"delta.enableExpiredLogCleanup", 29}, TRUTH, 0, NULL, {NULL, 0}, NULL},
    {{"delta.enableFullRetentionRollback", 33}, TRUTH, 0, NULL, {NULL, 0}, NULL},
    {{"delta.enableIcebergCompatV1", 27}, REFUSED, 0, NULL, {NULL, 0}, NULL},
    {{"delta.enableIcebergCompatV2", 27}, REFUSED, 0, NULL, {NULL, 0}, NULL},
    {{"delta.enableIcebergCompatV3", 27}, REFUSED, 0, NULL, {NULL, 0}, NULL},
    {{"delta.enableInCommitTimestamps", 30}, TRUTH, 0, NULL, {"inCommitTimestamp", 17}, NULL},
    {{"delta.enableRowTracking", 23}, TRUTH, 0, NULL, {"rowTracking", 11}, NULL},
    {{"delta.enableTypeWidening", 24}, TRUTH, 0, NULL, {"typeWidening", 12}, NULL},
    {{"delta.enableVariantShredding", 28}, TRUTH, 0, NULL, {"variantShredding", 16}, NULL},
    {{"delta.inCommitTimestampEnablementVersion", 40}, OWN, 0, NULL, {NULL, 0}, NULL},
    {{"delta.inCommitTimestampEnablementTimestamp", 42}, OWN, 0, NULL, {NULL, 0}, NULL},
    {{"delta.isolationLevel", 20}, WORD, 0, "Serializable|WriteSerializable", {NULL, 0}, NULL},
    {{"delta.logRetentionDuration", 26}, DURATION, 0, NULL, {NULL, 0}, NULL},
    {{"delta.minReaderVersion", 22}, OWN, 0, NULL, {NULL, 0}, NULL},
    {{"delta.minWriterVersion", 22}, OWN, 0, NULL, {NULL, 0}, NULL},
    {{"delta.parquet.compression.codec", 31}, ANYTHING, 0, NULL, {NULL, 0}, NULL},
    {{"delta.parquet.format.version", 28}, ANYTHING, 0, NULL, {NULL, 0}, NULL},
    {{"delta.randomizeFilePrefixes", 27}, TRUTH, 0, NULL, {NULL, 0}, NULL},
    {{"delta.randomPrefixLength", 24}, COUNT, 1, NULL, {NULL, 0}, NULL},
    {{"delta.requireCheckpointProtectionBeforeVersion", 46}, OWN, 0, NULL, {NULL, 0}, NULL},
    {{"delta.rowTrackingSuspended", 26}, TRUTH, 0, NULL, {NULL, 0}, NULL},
    {{"delta.rowTracking.materializedRowIdColumnName", 45}, OWN, 0, NULL, {NULL, 0}, NULL},
    {{"delta.rowTracking.materializedRowCommitVersionColumnName", 56}, OWN, 0, NULL, {NULL, 0}, NULL},
    {{"delta.sampleRetentionDuration", 29}, DURATION, 0, NULL, {NULL, 0}, NULL},
    {{"delta.setTransactionRetentionDuration", 37}, DURATION, 0, NULL, {NULL, 0}, NULL},
    {{"delta.targetFileSize", 20}, ANYTHING, 0, NULL, {NULL, 0}, NULL},
    {{"delta.tuneFileSizesForRewrites", 30}, TRUTH, 0, NULL, {NULL, 0}, NULL},
    {{"delta.universalFormat.enabledFormats", 36}, REFUSED, 0, NULL, {NULL, 0}, NULL},
    {{"delta.writePartitionColumnsToParquet", 36}, REFUSED, 0, NULL, {NULL, 0}, NULL},
    {{"delta.feature.", 14}, SUPPORTED, 0, "supported|enabled", {NULL, 0}, NULL},
};

static bool is_one_of(const char *words, struct tarn_text value)
{
    while (*words != '\0') {
        const char *end = strchr(words, '|');
        const size_t size = end != NULL ? (size_t)(end - words) : strlen(words);
        if (tarn__text_equal_caseless((struct tarn_text){words, size}, value)) {
            return true;
        }
        words += size + (end != NULL);
    }
    return false;
}

static struct tarn_text next_word(struct tarn_text *text)
{
    while (text->size != 0 && tarn__is_space(text->data[0])) {
        text->data++;
        text->size--;
    }
    struct tarn_text word = {text->data, 0};
    while (word.size < text->size && !tarn__is_space(text->data[word.size])) {
        word.size++;
    }
    text->data += word.size;
    text->size -= word.size;
    return word;
}

/* [interval] (n unit)+, with units that have a length of their own: no months, no years. */
static bool is_duration(struct tarn_text value)
{
    static const char units[] =
        "microsecond|microseconds|millisecond|milliseconds|second|seconds|minute|minutes|hour|hours|day|days|week|weeks";
    struct tarn_text rest = value;
    struct tarn_text word = next_word(&rest);
    if (tarn__text_equal_caseless(word, TARN_TEXT("interval"))) {
        word = next_word(&rest);
    }
    if (word.size == 0) {
        return false;
    }
    while (word.size != 0) {
        int64_t count;
        if (tarn__int64_parse(word, &count) != TARN_PARSED || count < 0 || !is_one_of(units, next_word(&rest))) {
            return false;
        }
        word = next_word(&rest);
    }
    return true;
}

static const struct property *find(struct tarn_text key)
{
    for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++) {
        const bool prefix = properties[i].kind == SUPPORTED && key.size > properties[i].key.size;
        const struct tarn_text head = {key.data, prefix ? properties[i].key.size : key.size};
        if (tarn__text_equal_caseless(head, properties[i].key)) {
            return &properties[i];
        }
    }
    return NULL;
}

static enum tarn_status bad_value(struct tarn_text key, struct tarn_text value, const char *legal, struct tarn_error *err)
{
    return tarn__invalid(err, "property", "%.*s cannot be \"%.*s\"; it can be %s", TARN_TEXT_ARG(key), TARN_TEXT_ARG(value), legal);
}

static enum tarn_status check_value(const struct property *property, struct tarn_text value, struct tarn_error *err)
{
    int64_t number;
    switch (property->kind) {
    case TRUTH:
        return is_one_of("true|false", value) ? TARN_OK : bad_value(property->key, value, "true or false", err);
    case COUNT:
        if (tarn__int64_parse(value, &number) == TARN_PARSED && number >= property->least && number <= INT32_MAX) {
            return TARN_OK;
        }
        return bad_value(property->key, value, property->least < 0 ? "a whole number, -1 for all columns" : "a whole number above 0", err);
    case DURATION:
        return is_duration(value) ? TARN_OK : bad_value(property->key, value, "a time as \"interval 7 days\", in weeks or less", err);
    case WORD:
    case SUPPORTED:
        return is_one_of(property->words, value) ? TARN_OK : bad_value(property->key, value, property->words, err);
    case OWN:
        return tarn__invalid(err, "property", "%.*s is kept by writers and not set by hand", TARN_TEXT_ARG(property->key));
    case REFUSED:
        return value.size == 0 || tarn__text_equal_caseless(value, TARN_TEXT("false"))
                   ? TARN_OK
                   : tarn__unsupported(err, "delta.property", "the property %.*s asks more of a table's writers than this version does",
                                       TARN_TEXT_ARG(property->key));
    case ANYTHING:
        break;
    }
    return TARN_OK;
}

enum tarn_status tarn__delta_property_check(struct tarn_text key, struct tarn_text value, struct tarn__delta_property_fact *out,
                                            struct tarn_error *err)
{
    static const struct tarn_text own = {"delta.", 6};
    *out = (struct tarn__delta_property_fact){key, value, {NULL, 0}};
    if (key.size == 0) {
        return tarn__invalid(err, "property", "a property needs a name");
    }
    if (key.size < own.size || !tarn__text_equal_caseless((struct tarn_text){key.data, own.size}, own)) {
        return TARN_OK;
    }
    if (tarn__text_starts(key, TARN_TEXT(TARN_DELTA_CONSTRAINTS))) {
        return tarn__invalid(err, "property", "a constraint is added by ADD CONSTRAINT, which proves the rows that are there");
    }
    const struct property *property = find(key);
    if (property == NULL) {
        return tarn__unsupported(err, "delta.property", "there is no property %.*s that this version knows of", TARN_TEXT_ARG(key));
    }
    TARN_RETURN_IF_ERROR(check_value(property, value, err));
    if (property->kind == SUPPORTED) {
        out->feature = (struct tarn_text){key.data + property->key.size, key.size - property->key.size};
        return TARN_OK;
    }
    out->key = property->key;
    if (property->kind == TRUTH) {
        out->value = value.size == 4 ? TARN_TEXT("true") : TARN_TEXT("false");
    }
    if (property->feature.size != 0 &&
        tarn__text_equal_caseless(value, tarn__text_of(property->feature_value != NULL ? property->feature_value : "true"))) {
        out->feature = property->feature;
    }
    return TARN_OK;
}
