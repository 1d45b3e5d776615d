/* SPDX-License-Identifier: Apache-2.0
 * Selections of every kind against plain arrays of flags.
 */
#include "format/batch/bitmap.h"
#include "format/batch/selection.h"
#include "tests/support/suite.h"

enum { MOST = 150 };

static uint32_t seed = 7;

static uint32_t pick(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % below;
}

/* A random selection of one kind, with its flags. */
struct sample {
    struct tarn_selection selection;
    bool flags[MOST];
    uint32_t positions[MOST + 16];
    uint8_t mask[MOST / 8 + 16];
};

static void make_sample(struct sample *sample, uint32_t rows, enum tarn_selection_kind kind)
{
    uint32_t count = 0;
    memset(sample, 0, sizeof(*sample));
    for (uint32_t i = 0; i < rows; i++) {
        sample->flags[i] = kind == TARN_SELECT_ALL || pick(3) != 0;
        if (sample->flags[i]) {
            sample->positions[count++] = i;
            tarn__bit_set(sample->mask, i);
        }
    }
    sample->selection = (struct tarn_selection){.kind = kind, .rows = rows, .count = count};
    if (kind == TARN_SELECT_POSITIONS) {
        sample->selection.u.positions = sample->positions;
    } else if (kind == TARN_SELECT_MASK) {
        sample->selection.u.mask = sample->mask;
    }
}

static void assert_flags(const struct tarn_selection *selection, uint32_t rows, const bool *flags)
{
    uint32_t room[MOST + 16];
    uint32_t count = 0;
    ck_assert_uint_eq(selection->rows, rows);
    const uint32_t *positions = tarn__selection_positions(selection, room);
    for (uint32_t i = 0; i < rows; i++) {
        ck_assert_int_eq(tarn__selection_has(selection, i), flags[i]);
        if (flags[i]) {
            ck_assert_uint_lt(count, selection->count);
            ck_assert_uint_eq(positions[count], i);
            ck_assert_uint_eq(tarn__selection_at(selection, count), i);
            count++;
        }
    }
    ck_assert_uint_eq(selection->count, count);
}

static const uint32_t lengths[] = {0, 1, 8, 63, 64, 65, MOST};

START_TEST(selection__answers_in_every_kind)
{
    struct sample sample;
    for (int kind = TARN_SELECT_ALL; kind <= TARN_SELECT_MASK; kind++) {
        make_sample(&sample, lengths[_i], (enum tarn_selection_kind)kind);
        assert_flags(&sample.selection, lengths[_i], sample.flags);
        const struct tarn_selection masked = tarn__selection_of_mask(lengths[_i], sample.mask);
        assert_flags(&masked, lengths[_i], sample.flags);
    }
}
END_TEST

START_TEST(selection__composes_intersects_and_relates)
{
    const uint32_t rows = lengths[_i];
    static struct sample outer;
    static struct sample inner;
    static struct sample other;
    uint32_t room[MOST + 16];
    for (int round = 0; round < 9 * 8; round++) {
        bool flags[MOST] = {false};
        make_sample(&outer, rows, (enum tarn_selection_kind)(round % 3));
        make_sample(&other, rows, (enum tarn_selection_kind)(round / 3 % 3));
        make_sample(&inner, outer.selection.count, (enum tarn_selection_kind)(round / 3 % 3));

        for (uint32_t i = 0; i < outer.selection.count; i++) {
            flags[outer.positions[i]] = inner.flags[i];
        }
        const struct tarn_selection composed = tarn__selection_compose(&outer.selection, &inner.selection, room);
        assert_flags(&composed, rows, flags);

        uint32_t back_room[MOST + 16];
        const struct tarn_selection relative = tarn__selection_relative(&outer.selection, &composed, back_room);
        assert_flags(&relative, outer.selection.count, inner.flags);

        for (uint32_t i = 0; i < rows; i++) {
            flags[i] = outer.flags[i] && other.flags[i];
        }
        const struct tarn_selection both = tarn__selection_intersect(&outer.selection, &other.selection, room);
        assert_flags(&both, rows, flags);
    }
}
END_TEST

START_TEST(bitmap__copies_appends_and_counts_at_any_offset)
{
    uint8_t from[40];
    for (size_t i = 0; i < sizeof(from); i++) {
        from[i] = (uint8_t)pick(256);
    }
    for (uint32_t offset = 0; offset < 17; offset++) {
        for (uint32_t at = 0; at < 17; at += 3) {
            uint8_t to[40] = {0};
            const uint32_t length = lengths[_i];
            tarn__bitmap_append(to, at, from, offset, length);
            uint32_t count = 0;
            for (uint32_t i = 0; i < length; i++) {
                ck_assert_int_eq(tarn__bit_get(to, at + i), tarn__bit_get(from, offset + i));
                count += tarn__bit_get(from, offset + i);
            }
            for (uint32_t i = 0; i < at; i++) {
                ck_assert(!tarn__bit_get(to, i));
            }
            for (uint32_t i = at + length; i < sizeof(to) * 8; i++) {
                ck_assert(!tarn__bit_get(to, i));
            }
            ck_assert_uint_eq(tarn__bitmap_count(from, offset, length), count);
            tarn__bitmap_fill(to, at, length, true);
            ck_assert_uint_eq(tarn__bitmap_count(to, 0, sizeof(to) * 8), length);
        }
    }
}
END_TEST

TARN_SUITE("format/selection", TARN_LOOP_TEST(selection__answers_in_every_kind, lengths),
           TARN_LOOP_TEST(selection__composes_intersects_and_relates, lengths),
           TARN_LOOP_TEST(bitmap__copies_appends_and_counts_at_any_offset, lengths))
