/* SPDX-License-Identifier: Apache-2.0
 *
 * Time zones: fixed offsets, and TZif files (RFC 8536, versions 1 to 4) with the rule of their footer.
 *
 * Invariants
 *  1. Transitions rise strictly; each has a type below `type_count`; there is at least one type.
 *  2. Offsets are within 26 hours (RFC 8536 section 3.2), so that no sum with an instant overflows but at the ends of int64, which
 *     saturate.
 *  3. A name never leaves the folder: no '.', no leading '/', and what is opened must be a regular file that begins with "TZif".
 */
#include "format/base/timezone.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format/base/alloc.h"
#include "format/base/bytes.h"
#include "format/base/timezone_rule.h"
#include "format/base/utf8.h"

enum { HEADER_SIZE = 44, TYPE_SIZE = 6, MOST_OFFSET = 26 * 3600, MOST_FILE = 1 << 20 };

struct tarn_timezone {
    struct tarn_env *env;
    size_t count;                   /* transitions */
    int64_t *transitions;           /* instants, in this block */
    int32_t *offsets;               /* from each transition on, in this block */
    int32_t first_offset;           /* before the first transition */
    struct tarn_timezone_rule rule; /* behind the last one */
    bool has_rule;
};

struct header {
    uint8_t version;
    uint32_t is_ut_count;
    uint32_t is_standard_count;
    uint32_t leap_count;
    uint32_t time_count;
    uint32_t type_count;
    uint32_t char_count;
};

static enum tarn_status damaged(struct tarn_error *err, const char *what)
{
    return tarn__corrupt(err, "tzif", "time zone file: %s", what);
}

static enum tarn_status take_header(struct tarn_span *rest, struct header *out, struct tarn_error *err)
{
    if (rest->size < HEADER_SIZE || memcmp(rest->data, "TZif", 4) != 0) {
        return damaged(err, "no header");
    }
    const uint8_t *counts = tarn__span_take(rest, HEADER_SIZE).data + 20;
    *out = (struct header){
        .version = counts[4 - 20],
        .is_ut_count = tarn__load32_be(counts),
        .is_standard_count = tarn__load32_be(counts + 4),
        .leap_count = tarn__load32_be(counts + 8),
        .time_count = tarn__load32_be(counts + 12),
        .type_count = tarn__load32_be(counts + 16),
        .char_count = tarn__load32_be(counts + 20),
    };
    return TARN_OK;
}

/* Counts are 32 bits and parts at most 12 bytes: the sum fits 64 bits. */
static uint64_t block_size(const struct header *header, unsigned time_size)
{
    return (uint64_t)header->time_count * (time_size + 1) + (uint64_t)header->type_count * TYPE_SIZE + header->char_count +
           (uint64_t)header->leap_count * (time_size + 4) + header->is_standard_count + header->is_ut_count;
}

static enum tarn_status zone_new(struct tarn_env *env, size_t count, struct tarn_timezone **out, struct tarn_error *err)
{
    const size_t bytes = sizeof(struct tarn_timezone) + count * (sizeof(int64_t) + sizeof(int32_t)); /* count < 2^20 */
    struct tarn_timezone *zone = tarn__calloc(env, 1, bytes);
    *out = zone;
    if (zone == NULL) {
        return tarn__nomem(env, err, bytes);
    }
    zone->env = tarn__env_retain(env);
    zone->count = count;
    zone->transitions = (int64_t *)(zone + 1);
    zone->offsets = (int32_t *)(zone->transitions + count);
    return TARN_OK;
}

static enum tarn_status type_offset(const uint8_t *types, uint32_t type_count, uint32_t type, int32_t *out, struct tarn_error *err)
{
    if (type >= type_count) {
        return damaged(err, "a transition names a type that is not there");
    }
    *out = (int32_t)tarn__load32_be(types + (size_t)type * TYPE_SIZE);
    if (*out > MOST_OFFSET || *out < -MOST_OFFSET) {
        return damaged(err, "an offset of more than 26 hours");
    }
    return TARN_OK;
}

/* `block` has the size that the header says. */
static enum tarn_status fill(struct tarn_timezone *zone, const struct header *header, unsigned time_size, const uint8_t *block,
                             struct tarn_error *err)
{
    const uint8_t *indices = block + (size_t)header->time_count * time_size;
    const uint8_t *types = indices + header->time_count;
    TARN_RETURN_IF_ERROR(type_offset(types, header->type_count, 0, &zone->first_offset, err));
    for (size_t i = 0; i < zone->count; i++) {
        const uint8_t *time = block + i * time_size;
        zone->transitions[i] = time_size == 8 ? (int64_t)tarn__load64_be(time) : (int32_t)tarn__load32_be(time);
        if (i != 0 && zone->transitions[i] <= zone->transitions[i - 1]) {
            return damaged(err, "transitions out of order");
        }
        TARN_RETURN_IF_ERROR(type_offset(types, header->type_count, indices[i], &zone->offsets[i], err));
    }
    return TARN_OK;
}

/* Newline, rule, newline; an empty rule means that nothing is known of the time behind the last transition. */
static enum tarn_status take_footer(struct tarn_timezone *zone, struct tarn_span rest, struct tarn_error *err)
{
    const uint8_t *end = rest.size > 1 && rest.data[0] == '\n' ? memchr(rest.data + 1, '\n', rest.size - 1) : NULL;
    if (end == NULL) {
        return damaged(err, "no footer");
    }
    const struct tarn_text rule = {(const char *)rest.data + 1, (size_t)(end - rest.data) - 1};
    zone->has_rule = rule.size != 0;
    if (zone->has_rule && !tarn__timezone_rule_parse(rule, &zone->rule)) {
        return damaged(err, "the footer is no rule of POSIX");
    }
    return TARN_OK;
}

enum tarn_status tarn__timezone_decode(struct tarn_env *env, struct tarn_span tzif, struct tarn_timezone **out, struct tarn_error *err)
{
    struct header header;
    unsigned time_size = 4;
    *out = NULL;
    TARN_RETURN_IF_ERROR(take_header(&tzif, &header, err));
    if (header.version >= '2') { /* the first block is for old readers */
        if (block_size(&header, time_size) > tzif.size) {
            return damaged(err, "the first block ends early");
        }
        tarn__span_take(&tzif, (size_t)block_size(&header, time_size));
        TARN_RETURN_IF_ERROR(take_header(&tzif, &header, err));
        time_size = 8;
    }
    if (block_size(&header, time_size) > tzif.size) {
        return damaged(err, "the block ends early");
    }
    if (header.type_count == 0) {
        return damaged(err, "no types");
    }
    if (header.leap_count != 0) {
        return tarn__invalid(err, "timezone", "a zone that counts leap seconds has no place in calendar time: use the one without");
    }
    struct tarn_timezone *zone;
    TARN_RETURN_IF_ERROR(zone_new(env, header.time_count, &zone, err));
    enum tarn_status status = fill(zone, &header, time_size, tarn__span_take(&tzif, (size_t)block_size(&header, time_size)).data, err);
    if (status == TARN_OK && time_size == 8) {
        status = take_footer(zone, tzif, err);
    }
    if (status != TARN_OK) {
        tarn__timezone_close(zone);
        return status;
    }
    *out = zone;
    return TARN_OK;
}

void tarn__timezone_close(struct tarn_timezone *zone)
{
    if (zone != NULL) {
        struct tarn_env *env = zone->env;
        tarn__free(env, zone);
        tarn_env_close(env);
    }
}

/* ---- names ---- */

bool tarn__offset_parse(struct tarn_text text, int32_t *seconds)
{
    int32_t parts[3] = {0, 0, 0};
    size_t at = 1;
    size_t count = 0;
    *seconds = 0;
    if (text.size < 3 || (text.data[0] != '+' && text.data[0] != '-')) {
        return false;
    }
    const bool colons = text.size > 3 && text.data[3] == ':';
    while (at < text.size && count < 3) {
        if (count != 0 && colons && text.data[at++] != ':') {
            return false;
        }
        if (text.size - at < 2 || !tarn__is_digit(text.data[at]) || !tarn__is_digit(text.data[at + 1])) {
            return false;
        }
        parts[count++] = (text.data[at] - '0') * 10 + (text.data[at + 1] - '0');
        at += 2;
    }
    if (at != text.size || parts[0] > 23 || parts[1] > 59 || parts[2] > 59) {
        return false;
    }
    const int32_t magnitude = parts[0] * 3600 + parts[1] * 60 + parts[2];
    *seconds = text.data[0] == '-' ? -magnitude : magnitude;
    return true;
}

static bool is_utc_name(struct tarn_text name)
{
    static const char *const names[] = {"UTC", "GMT", "Z", "Etc/UTC", "Etc/GMT", "UCT", "Zulu", "Universal"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (tarn__text_equal_caseless(name, tarn__text_of(names[i]))) {
            return true;
        }
    }
    return false;
}

/* "localtime" is the machine's own zone on many systems: whoever wants that one says its name. */
static bool name_is_confined(struct tarn_text name)
{
    enum { MOST_NAME = 128 };
    if (name.size == 0 || name.size > MOST_NAME || tarn__text_equal(name, TARN_TEXT("localtime"))) {
        return false;
    }
    for (size_t i = 0; i < name.size; i++) {
        const char c = name.data[i];
        const bool slash = c == '/' && i != 0 && i + 1 != name.size && name.data[i - 1] != '/';
        if (!slash && !tarn__is_letter(c) && !tarn__is_digit(c) && c != '_' && c != '-' && c != '+') {
            return false;
        }
    }
    return true;
}

static enum tarn_status no_zone(struct tarn_text name, struct tarn_error *err)
{
    return tarn__error_set(err, TARN_NOT_FOUND, "timezone", "there is no time zone '%.*s' in the folder of time zones",
                           TARN_TEXT_ARG(name));
}

/* Reads up to `size` bytes; a file that grows or shrinks meanwhile fails later, in decode. */
static enum tarn_status read_whole(int file, uint8_t *bytes, size_t size, size_t *got, struct tarn_error *err)
{
    *got = 0;
    while (*got < size) {
        const ssize_t part = read(file, bytes + *got, size - *got);
        if (part < 0 && errno != EINTR) {
            return tarn__sys_error(err, errno, "reading a time zone");
        }
        if (part == 0) {
            break;
        }
        *got += part > 0 ? (size_t)part : 0;
    }
    return TARN_OK;
}

static enum tarn_status decode_file(struct tarn_env *env, int file, struct tarn_text name, struct tarn_timezone **out,
                                    struct tarn_error *err)
{
    struct stat info;
    if (fstat(file, &info) != 0) {
        return tarn__sys_error(err, errno, "reading a time zone");
    }
    if (!S_ISREG(info.st_mode) || info.st_size < HEADER_SIZE || info.st_size > MOST_FILE) {
        return no_zone(name, err);
    }
    size_t size = (size_t)info.st_size;
    uint8_t *bytes = tarn__alloc(env, size);
    if (bytes == NULL) {
        return tarn__nomem(env, err, size);
    }
    enum tarn_status status = read_whole(file, bytes, size, &size, err);
    if (status == TARN_OK) {
        status = size < 4 || memcmp(bytes, "TZif", 4) != 0 ? no_zone(name, err)
                                                           : tarn__timezone_decode(env, (struct tarn_span){bytes, size}, out, err);
    }
    tarn__free(env, bytes);
    return status;
}

enum tarn_status tarn__timezone_open(struct tarn_env *env, struct tarn_text name, struct tarn_timezone **out, struct tarn_error *err)
{
    int32_t offset = 0;
    *out = NULL;
    if (is_utc_name(name) || tarn__offset_parse(name, &offset)) {
        TARN_RETURN_IF_ERROR(zone_new(env, 0, out, err));
        (*out)->first_offset = offset;
        return TARN_OK;
    }
    if (!name_is_confined(name)) {
        return tarn__invalid(err, "timezone",
                             "'%.*s' is not the name of a time zone: use UTC, an offset as +02:00, or a name as Europe/Berlin",
                             TARN_TEXT_ARG(name));
    }
    char path[512];
    const struct tarn_text folder = tarn__env_options(env)->timezone_folder; /* at most 255 bytes, see env */
    snprintf(path, sizeof(path), "%.*s/%.*s", TARN_TEXT_ARG(folder), TARN_TEXT_ARG(name));
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (file < 0) {
        return errno == ENOENT || errno == ENOTDIR ? no_zone(name, err) : tarn__sys_error(err, errno, "opening time zone '%s'", path);
    }
    const enum tarn_status status = decode_file(env, file, name, out, err);
    close(file);
    return status;
}

/* ---- instants ---- */

int32_t tarn__timezone_offset(const struct tarn_timezone *zone, int64_t utc_seconds)
{
    size_t low = 0;
    size_t high = zone->count; /* the number of transitions at or before the instant */
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (zone->transitions[middle] <= utc_seconds) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == zone->count && zone->has_rule) {
        return tarn__timezone_rule_offset(&zone->rule, utc_seconds);
    }
    return low == 0 ? zone->first_offset : zone->offsets[low - 1];
}

static int64_t saturating_sub(int64_t a, int64_t b)
{
    int64_t out;
    return __builtin_sub_overflow(a, b, &out) ? (a < 0 ? INT64_MIN : INT64_MAX) : out;
}

int64_t tarn__timezone_to_utc(const struct tarn_timezone *zone, int64_t local_seconds)
{
    enum { DAY = 86400 };
    const int32_t before = tarn__timezone_offset(zone, saturating_sub(local_seconds, DAY));
    const int32_t after = tarn__timezone_offset(zone, saturating_sub(local_seconds, -DAY));
    const int64_t first = saturating_sub(local_seconds, before);
    const int32_t between = tarn__timezone_offset(zone, first);
    if (between == before) {
        return first;
    }
    const int64_t second = saturating_sub(local_seconds, between);
    if (between != after && tarn__timezone_offset(zone, second) == between) {
        return second;
    }
    const int64_t third = saturating_sub(local_seconds, after);
    return tarn__timezone_offset(zone, third) == after ? third : first;
}
