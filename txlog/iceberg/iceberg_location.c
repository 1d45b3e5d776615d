/* SPDX-License-Identifier: Apache-2.0
 *
 * Recorded locations and keys.
 *
 * Specification: Iceberg table spec, "Table Metadata Fields" (location), "Manifests" (file_path: "full URI for the file with FS scheme").
 *
 * Invariants
 *  1. Two locations are compared in one form: "file:" in front of a path says nothing, nor do "s3a:" and "s3n:" other than "s3:"; empty and
 *     "." segments say nothing. ".." is kept: what it would lead to is never opened.
 *  2. Only whole segments match: "/lake/t2" is not below "/lake/t".
 */
#include "txlog/iceberg/iceberg_location.h"

#include <string.h>

#include "format/base/bytes.h"
#include "format/base/utf8.h"
#include "txlog/core/place.h"

/* A location piece by piece in the form of invariant 1, without building it. */
struct walker {
    struct tarn_text head; /* "", "/" or "s3:": what stands before the segments */
    struct tarn_text rest;
};

static struct walker walk(struct tarn_text location)
{
    const size_t size = tarn__place_scheme(location);
    const struct tarn_text scheme = {location.data, size};
    struct walker out = {{"", 0}, {location.data, location.size}};
    if (size != 0) {
        out.rest = (struct tarn_text){location.data + size, location.size - size};
        if (!tarn__text_equal_caseless(scheme, TARN_TEXT("file:"))) {
            const bool s3 = tarn__text_equal_caseless(scheme, TARN_TEXT("s3a:")) || tarn__text_equal_caseless(scheme, TARN_TEXT("s3n:"));
            out.head = s3 ? TARN_TEXT("s3:") : scheme;
            return out;
        }
        if (tarn__text_starts(out.rest, TARN_TEXT("//localhost/"))) {
            out.rest.data += sizeof("//localhost") - 1;
            out.rest.size -= sizeof("//localhost") - 1;
        }
    }
    if (out.rest.size != 0 && out.rest.data[0] == '/') {
        out.head = TARN_TEXT("/");
    }
    return out;
}

/* The next segment; false: there is none. */
static bool next_segment(struct walker *walker, struct tarn_text *segment)
{
    while (walker->rest.size != 0) {
        const char *slash = memchr(walker->rest.data, '/', walker->rest.size);
        const size_t size = slash != NULL ? (size_t)(slash - walker->rest.data) : walker->rest.size;
        const size_t taken = slash != NULL ? size + 1 : size;
        *segment = (struct tarn_text){walker->rest.data, size};
        walker->rest.data += taken;
        walker->rest.size -= taken;
        if (size != 0 && !(size == 1 && segment->data[0] == '.')) {
            return true;
        }
    }
    return false;
}

static bool same_head(struct tarn_text a, struct tarn_text b)
{
    return tarn__text_equal_caseless(a, b);
}

/* Takes the segments of `root` off the front of `location`; false: it does not lie below. */
static bool below(struct tarn_text root, struct tarn_text location, struct walker *rest)
{
    struct walker from = walk(root);
    *rest = walk(location);
    if (root.size == 0 || !same_head(from.head, rest->head)) {
        return false;
    }
    struct tarn_text wanted;
    struct tarn_text segment;
    while (next_segment(&from, &wanted)) {
        if (!next_segment(rest, &segment) || !tarn__text_equal(wanted, segment)) {
            return false;
        }
    }
    return true;
}

static bool add_segments(struct walker *walker, struct tarn_text_builder *out)
{
    struct tarn_text segment;
    bool any = false;
    while (next_segment(walker, &segment)) {
        if (any) {
            tarn__builder_add_char(out, '/');
        }
        tarn__builder_add(out, segment);
        any = true;
    }
    return any;
}

bool tarn__iceberg_location_key(const struct tarn__iceberg_root *root, struct tarn_text location, struct tarn_text_builder *out)
{
    struct walker rest;
    if (location.size == 0 || memchr(location.data, 0, location.size) != NULL) {
        return false;
    }
    if (below(root->recorded, location, &rest) || below(tarn_store_location(root->store), location, &rest)) {
        return add_segments(&rest, out);
    }
    rest = walk(location);
    tarn__builder_add_char(out, '/');
    if (rest.head.size > 1) {
        tarn__builder_add(out, rest.head);
        tarn__builder_add_str(out, "//");
    }
    return add_segments(&rest, out);
}

void tarn__iceberg_location_print(struct tarn_text recorded, struct tarn_text key, struct tarn_text_builder *out)
{
    while (recorded.size != 0 && recorded.data[recorded.size - 1] == '/') {
        recorded.size--;
    }
    tarn__builder_add(out, recorded);
    tarn__builder_add_char(out, '/');
    tarn__builder_add(out, key);
}
