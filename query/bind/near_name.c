/* SPDX-License-Identifier: Apache-2.0
 *
 * The nearest names. Long names are compared by their first 48 bytes: a suggestion needs no more.
 */
#include "query/bind/near_name.h"

#include <stdio.h>

#include "format/base/utf8.h"

enum { LONGEST = 48 };

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t distance(struct tarn_text a, struct tarn_text b)
{
    uint32_t rows[3][LONGEST + 1];
    for (uint32_t k = 0; k <= b.size; k++) {
        rows[0][k] = k;
    }
    for (uint32_t i = 1; i <= a.size; i++) {
        uint32_t *now = rows[i % 3];
        const uint32_t *last = rows[(i + 2) % 3];
        const uint32_t *before = rows[(i + 1) % 3];
        const char x = tarn__ascii_lower(a.data[i - 1]);
        now[0] = i;
        for (uint32_t k = 1; k <= b.size; k++) {
            const char y = tarn__ascii_lower(b.data[k - 1]);
            now[k] = least(least(last[k] + 1, now[k - 1] + 1), last[k - 1] + (x != y));
            if (i > 1 && k > 1 && x == tarn__ascii_lower(b.data[k - 2]) && tarn__ascii_lower(a.data[i - 2]) == y) {
                now[k] = least(now[k], before[k - 2] + 1);
            }
        }
    }
    return rows[a.size % 3][b.size];
}

static struct tarn_text cut(struct tarn_text text)
{
    return (struct tarn_text){text.data, text.size > LONGEST ? LONGEST : text.size};
}

void tarn__near_offer(struct tarn__near_names *near, struct tarn_text name)
{
    const struct tarn_text a = cut(near->wanted);
    const struct tarn_text b = cut(name);
    const uint32_t allowed = a.size <= 2 ? 1 : (uint32_t)(a.size / 3 + 1);
    uint32_t found = distance(a, b);
    if (found > allowed && a.size >= 3 && b.size > a.size && tarn__text_equal_caseless(a, (struct tarn_text){b.data, a.size})) {
        found = allowed; /* the begin of a longer name */
    }
    if (found > allowed) {
        return;
    }
    for (uint32_t i = 0; i < near->count; i++) {
        if (tarn__text_equal_caseless(near->names[i], name)) {
            return;
        }
    }
    uint32_t at = near->count < 3 ? near->count++ : 3;
    while (at > 0 && near->distances[at - 1] > found) {
        if (at < 3) {
            near->names[at] = near->names[at - 1];
            near->distances[at] = near->distances[at - 1];
        }
        at--;
    }
    if (at < 3) {
        near->names[at] = name;
        near->distances[at] = found;
    }
}

void tarn__near_print(const struct tarn__near_names *near, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < near->count && used < size; i++) {
        const char *before = i == 0 ? "; did you mean " : i + 1 == near->count ? " or " : ", ";
        const int wrote = snprintf(out + used, size - used, "%s\"%.*s\"", before,
                                   (int)(near->names[i].size > 60 ? 60 : near->names[i].size), near->names[i].data);
        used += wrote > 0 ? (size_t)wrote : 0;
    }
    if (near->count != 0 && used + 1 < size) {
        out[used] = '?';
        out[used + 1] = '\0';
    }
}
