/* SPDX-License-Identifier: Apache-2.0
 *
 * Matching of file name patterns.
 *
 * Invariant: only the last star seen is ever gone back to (an earlier one never helps, as what stands between them has matched), of each
 * kind; so no pattern takes exponential time.
 */
#include "query/relation/glob.h"

#include <stdint.h>

bool tarn__glob_is_pattern(struct tarn_text text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '*' || text.data[i] == '?' || text.data[i] == '[') {
            return true;
        }
    }
    return false;
}

/* A set that begins at pattern[*at] == '[': is c in it? *at moves behind it; a set without end stands for itself. */
static bool match_set(struct tarn_text pattern, size_t *at, char c)
{
    size_t i = *at + 1;
    const bool negated = i < pattern.size && (pattern.data[i] == '!' || pattern.data[i] == '^');
    bool in = false;
    i += negated;
    for (size_t first = i; i < pattern.size && (pattern.data[i] != ']' || i == first); i++) {
        if (i + 2 < pattern.size && pattern.data[i + 1] == '-' && pattern.data[i + 2] != ']') {
            in = in || ((uint8_t)pattern.data[i] <= (uint8_t)c && (uint8_t)c <= (uint8_t)pattern.data[i + 2]);
            i += 2;
        } else {
            in = in || pattern.data[i] == c;
        }
    }
    if (i >= pattern.size) {
        (*at)++;
        return c == '[';
    }
    *at = i + 1;
    return in != negated && c != '/';
}

/* One character against what stands at pattern[*at], a letter, '?' or a set; *at moves behind it. */
static bool match_one(struct tarn_text pattern, size_t *at, char c)
{
    if (pattern.data[*at] == '[') {
        return match_set(pattern, at, c);
    }
    const char wanted = pattern.data[(*at)++];
    return wanted == '?' ? c != '/' : wanted == c;
}

/* Where matching goes on when it fails: behind a star, one character of the text later. */
struct retreat {
    size_t pattern;
    size_t text;
};

bool tarn__glob_match(struct tarn_text pattern, struct tarn_text text)
{
    struct retreat star = {SIZE_MAX, 0};
    struct retreat deep = {SIZE_MAX, 0};
    size_t p = 0;
    size_t t = 0;
    while (t < text.size || p < pattern.size) {
        if (p < pattern.size && pattern.data[p] == '*') {
            const bool is_deep = p + 1 < pattern.size && pattern.data[p + 1] == '*';
            p += is_deep ? 2 : 1;
            if (is_deep) {
                p += p < pattern.size && pattern.data[p] == '/'; /* ** slash also stands for no segment at all */
                deep = (struct retreat){p, t};
                star.pattern = SIZE_MAX;
            } else {
                star = (struct retreat){p, t};
            }
            continue;
        }
        if (t < text.size && p < pattern.size) {
            size_t next = p;
            if (match_one(pattern, &next, text.data[t])) {
                p = next;
                t++;
                continue;
            }
        }
        if (star.pattern != SIZE_MAX && star.text < text.size && text.data[star.text] != '/') {
            star.text++;
            p = star.pattern;
            t = star.text;
        } else if (deep.pattern != SIZE_MAX && deep.text < text.size) {
            deep.text++;
            p = deep.pattern;
            t = deep.text;
            star.pattern = SIZE_MAX;
        } else {
            return false;
        }
    }
    return true;
}
