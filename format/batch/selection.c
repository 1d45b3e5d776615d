/* SPDX-License-Identifier: Apache-2.0
 *
 * Selections.
 */
#include "format/batch/selection.h"

#include "format/batch/bitmap.h"

uint32_t tarn__mask_positions(const uint8_t *mask, uint32_t rows, uint32_t *positions)
{
    uint32_t count = 0;
    uint32_t base = 0;
    for (; rows - base >= 64; base += 64) {
        for (uint64_t word = tarn__load64(mask + base / 8); word != 0; word &= word - 1) {
            positions[count++] = base + (uint32_t)__builtin_ctzll(word);
        }
    }
    for (; base < rows; base++) {
        if (tarn__bit_get(mask, base)) {
            positions[count++] = base;
        }
    }
    return count;
}

const uint32_t *tarn__selection_positions(const struct tarn_selection *selection, uint32_t *room)
{
    switch (selection->kind) {
    case TARN_SELECT_POSITIONS:
        return selection->u.positions;
    case TARN_SELECT_MASK:
        tarn__mask_positions(selection->u.mask, selection->rows, room);
        break;
    case TARN_SELECT_ALL:
        for (uint32_t i = 0; i < selection->rows; i++) {
            room[i] = i;
        }
        break;
    }
    return room;
}

uint32_t tarn__selection_at(const struct tarn_selection *selection, uint32_t i)
{
    if (selection->kind == TARN_SELECT_POSITIONS) {
        return selection->u.positions[i];
    }
    if (selection->kind == TARN_SELECT_ALL) {
        return i;
    }
    for (uint32_t row = 0; row < selection->rows; row++) {
        if (tarn__bit_get(selection->u.mask, row) && i-- == 0) {
            return row;
        }
    }
    return selection->rows;
}

bool tarn__selection_has(const struct tarn_selection *selection, uint32_t row)
{
    if (selection->kind != TARN_SELECT_POSITIONS) {
        return selection->kind == TARN_SELECT_ALL || tarn__bit_get(selection->u.mask, row);
    }
    uint32_t low = 0;
    uint32_t high = selection->count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (selection->u.positions[middle] < row) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < selection->count && selection->u.positions[low] == row;
}

struct tarn_selection tarn__selection_of_mask(uint32_t rows, const uint8_t *mask)
{
    const uint32_t count = tarn__bitmap_count(mask, 0, rows);
    if (count == rows) {
        return tarn_selection_all(rows);
    }
    return (struct tarn_selection){.kind = TARN_SELECT_MASK, .rows = rows, .count = count, .u.mask = mask};
}

struct tarn_selection tarn__selection_of_positions(uint32_t rows, uint32_t count, const uint32_t *positions)
{
    if (count == rows) {
        return tarn_selection_all(rows);
    }
    return (struct tarn_selection){.kind = TARN_SELECT_POSITIONS, .rows = rows, .count = count, .u.positions = positions};
}

/* Positions of `selection`, one after the other. */
struct walk {
    const struct tarn_selection *selection;
    uint32_t next;
};

static uint32_t walk_next(struct walk *walk)
{
    const struct tarn_selection *selection = walk->selection;
    if (selection->kind == TARN_SELECT_POSITIONS) {
        return selection->u.positions[walk->next++];
    }
    while (selection->kind == TARN_SELECT_MASK && !tarn__bit_get(selection->u.mask, walk->next)) {
        walk->next++;
    }
    return walk->next++;
}

struct tarn_selection tarn__selection_compose(const struct tarn_selection *outer, const struct tarn_selection *inner, uint32_t *room)
{
    if (outer->kind == TARN_SELECT_ALL) {
        return *inner;
    }
    if (inner->kind == TARN_SELECT_ALL) {
        return *outer;
    }
    struct walk picks = {inner, 0};
    if (outer->kind == TARN_SELECT_POSITIONS) {
        for (uint32_t i = 0; i < inner->count; i++) {
            room[i] = outer->u.positions[walk_next(&picks)];
        }
    } else {
        struct walk rows = {outer, 0};
        uint32_t passed = 0;
        for (uint32_t i = 0; i < inner->count; i++) {
            const uint32_t pick = walk_next(&picks);
            uint32_t row;
            do {
                row = walk_next(&rows);
            } while (passed++ != pick);
            room[i] = row;
        }
    }
    return tarn__selection_of_positions(outer->rows, inner->count, room);
}

struct tarn_selection tarn__selection_intersect(const struct tarn_selection *a, const struct tarn_selection *b, uint32_t *room)
{
    if (a->kind == TARN_SELECT_ALL) {
        return *b;
    }
    if (b->kind == TARN_SELECT_ALL) {
        return *a;
    }
    uint32_t count = 0;
    struct walk left = {a, 0};
    struct walk right = {b, 0};
    uint32_t taken_left = 0;
    uint32_t taken_right = 0;
    uint32_t at_left = 0;
    uint32_t at_right = 0;
    bool fresh_left = true;
    bool fresh_right = true;
    for (;;) {
        if (fresh_left) {
            if (taken_left++ == a->count) {
                break;
            }
            at_left = walk_next(&left);
        }
        if (fresh_right) {
            if (taken_right++ == b->count) {
                break;
            }
            at_right = walk_next(&right);
        }
        fresh_left = at_left <= at_right;
        fresh_right = at_right <= at_left;
        if (at_left == at_right) {
            room[count++] = at_left;
        }
    }
    return tarn__selection_of_positions(a->rows, count, room);
}

struct tarn_selection tarn__selection_relative(const struct tarn_selection *whole, const struct tarn_selection *part, uint32_t *room)
{
    if (whole->kind == TARN_SELECT_ALL) {
        return *part;
    }
    struct walk rows = {whole, 0};
    struct walk picks = {part, 0};
    uint32_t index = 0;
    for (uint32_t i = 0; i < part->count; i++) {
        const uint32_t pick = walk_next(&picks);
        while (walk_next(&rows) != pick) {
            index++;
        }
        room[i] = index++;
    }
    return tarn__selection_of_positions(whole->count, part->count, room);
}
