/* SPDX-License-Identifier: Apache-2.0
 *
 * `inspect --svg`: a Parquet file drawn to scale. A map of its bytes, a band for each row group with its column chunks and pages, a bar for
 * each column; colours are encodings. One document without anything outside of it, the same for the same file.
 *
 * Invariants
 *  1. Widths are proportional to bytes within each of the three drawings, computed in integers.
 *  2. The document stays small whatever the file: neighbouring row groups share a band, pages of one encoding a rectangle, narrow chunks a
 *     group, before there are too many of them; the bytes that a drawing stands for (data-bytes) always sum up to those of the file.
 *  3. Texts of the file are escaped, and what XML cannot hold is replaced.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/tarn/file_input.h"
#include "tools/tarn/inspect.h"

enum {
    WIDTH = 1200,
    LEFT = 150,
    DRAWN = WIDTH - LEFT - 30, /* of bands and bars */
    BAND = 44,
    BAND_GAP = 12,
    ROW = 21,
    MOST_BANDS = 28,
    MOST_SEGMENTS = 1500,
    MOST_ROWS = 60,
    PAGES_UP_TO = 64 << 20, /* bytes of a file whose page headers are read: that reads all of it */
    LEAST = 60,             /* hundredths of a unit: what is narrower is drawn together with its neighbours */
    MOST_CHUNKS = 2000,
};

#define HUNDREDTHS INT64_C(100)

/* ---- colours ---- */

static const struct {
    const char *encoding;
    const char *colour;
    bool dark; /* light letters on it */
} colours[] = {
    {"PLAIN", "#b9c6d8", false},
    {"RLE_DICTIONARY", "#4878a8", true},
    {"PLAIN_DICTIONARY", "#6f93b8", true},
    {"dictionary page", "#22456b", true},
    {"RLE", "#6fb5ad", false},
    {"BIT_PACKED", "#8e9aaf", false},
    {"DELTA_BINARY_PACKED", "#5aa352", true},
    {"DELTA_LENGTH_BYTE_ARRAY", "#e3ad4b", false},
    {"DELTA_BYTE_ARRAY", "#d96f3c", true},
    {"BYTE_STREAM_SPLIT", "#9a6fc4", true},
    {"ALP", "#cf4f86", true},
    {"encrypted, no key", "#7d7d7d", true},
    {"other", "#a7a39b", false},
};

enum { COLOURS = sizeof(colours) / sizeof(colours[0]), DICTIONARY_PAGE = 3, ENCRYPTED = 11, OTHER = 12 };

static uint8_t colour_of(const char *encoding)
{
    for (unsigned i = 0; i < COLOURS; i++) {
        if (strcmp(colours[i].encoding, encoding) == 0) {
            return (uint8_t)i;
        }
    }
    return OTHER;
}

/* ---- what is drawn ---- */

struct segment {
    uint64_t bytes;
    uint32_t band;
    uint32_t leaf;
    uint32_t pages;
    uint8_t colour;
    size_t place; /* among all, before they were ordered */
};

struct column {
    char name[128];
    char type[96];
    char codec[16];
    uint64_t compressed;
    uint64_t uncompressed;
    uint64_t by_colour[COLOURS];
};

struct drawing {
    const struct tarn_parquet_metadata *metadata;
    struct tarn_parquet_file_info file;
    uint32_t groups_a_band;
    uint32_t band_count;
    uint64_t *band_bytes;
    uint64_t *band_rows;
    struct column *columns;
    struct segment *segments; /* by band, leaf, place */
    size_t segment_count;
    size_t segment_capacity;
    int64_t least;  /* hundredths of a unit: chunks that are narrower are drawn together */
    bool pages;     /* they were read */
    uint64_t bytes; /* of all chunks */
    uint64_t by_colour[COLOURS];
};

static enum tarn_status no_memory(struct tarn_error *err)
{
    return tool_error(err, TARN_NOMEM, "memory", "no memory for the drawing");
}

/* Pages of one encoding that stand together become one rectangle where each by itself would be too many. */
static enum tarn_status add_segment(struct drawing *d, struct segment segment, bool join, struct tarn_error *err)
{
    struct segment *last = d->segment_count != 0 ? &d->segments[d->segment_count - 1] : NULL;
    if (join && last != NULL && last->band == segment.band && last->leaf == segment.leaf && last->colour == segment.colour) {
        last->bytes += segment.bytes;
        last->pages += segment.pages;
        return TARN_OK;
    }
    if (d->segment_count == d->segment_capacity) {
        const size_t capacity = d->segment_capacity != 0 ? 2 * d->segment_capacity : 256;
        struct segment *larger = realloc(d->segments, capacity * sizeof(*larger));
        if (larger == NULL) {
            return no_memory(err);
        }
        d->segments = larger;
        d->segment_capacity = capacity;
    }
    d->segments[d->segment_count++] = segment;
    return TARN_OK;
}

struct page_walk {
    struct drawing *drawing;
    struct segment segment;
    uint64_t bytes;
};

static enum tarn_status take_page(void *arg, const struct tarn_parquet_page_info *page, struct tarn_error *err)
{
    struct page_walk *walk = arg;
    struct segment segment = walk->segment;
    segment.bytes = (uint64_t)page->header_size + page->compressed_size;
    segment.pages = 1;
    segment.colour = strcmp(page->type, "DICTIONARY_PAGE") == 0 ? (uint8_t)DICTIONARY_PAGE : colour_of(page->encoding);
    walk->bytes += segment.bytes;
    return add_segment(walk->drawing, segment, false, err);
}

/* The encoding of most data pages, or the one that is listed beside those of levels and dictionaries. */
static uint8_t main_colour(const struct tarn_parquet_metadata *metadata, uint32_t group, uint32_t leaf)
{
    struct tarn_parquet_chunk *chunk;
    uint8_t colour = OTHER;
    int64_t most = 0;
    if (tarn_parquet_chunk_open(metadata, group, leaf, &chunk, NULL) != TARN_OK) {
        return OTHER;
    }
    for (uint32_t i = 0; i < chunk->page_encoding_count; i++) {
        const struct tarn_parquet_page_encoding *stated = &chunk->page_encodings[i];
        if (strncmp(stated->page_type, "DATA_PAGE", 9) == 0 && stated->count > most) {
            most = stated->count;
            colour = colour_of(stated->encoding);
        }
    }
    for (uint32_t i = 0; most == 0 && i < chunk->encoding_count; i++) {
        const uint8_t here = colour_of(chunk->encodings[i]);
        const bool better = colour == OTHER || (strcmp(chunk->encodings[i], "RLE") != 0 && strcmp(chunk->encodings[i], "BIT_PACKED") != 0 &&
                                                strcmp(chunk->encodings[i], "PLAIN") != 0);
        colour = better ? here : colour;
    }
    tarn_parquet_chunk_close(chunk);
    return colour;
}

static enum tarn_status add_chunk(struct drawing *d, uint32_t group, uint32_t leaf, struct tarn_error *err)
{
    struct tarn_parquet_chunk_info chunk;
    struct page_walk walk = {.drawing = d, .segment = {.band = group / d->groups_a_band, .leaf = leaf}};
    struct column *column = &d->columns[leaf];
    TARN_TOOL_TRY(tarn_parquet_chunk_info(d->metadata, group, leaf, &chunk, err));
    if (group == 0) {
        snprintf(column->name, sizeof(column->name), "%.*s", (int)(chunk.path.size < 120 ? chunk.path.size : 120),
                 chunk.path.data != NULL ? chunk.path.data : "");
        snprintf(column->type, sizeof(column->type), "%s%s%.*s", chunk.physical_type, chunk.logical_type.size != 0 ? " " : "",
                 (int)(chunk.logical_type.size < 60 ? chunk.logical_type.size : 60),
                 chunk.logical_type.data != NULL ? chunk.logical_type.data : "");
        snprintf(column->codec, sizeof(column->codec), "%s", chunk.codec);
    }
    if (strcmp(column->codec, chunk.codec) != 0) {
        snprintf(column->codec, sizeof(column->codec), "mixed");
    }
    column->compressed += chunk.compressed_size;
    column->uncompressed += chunk.uncompressed_size;
    const size_t before = d->segment_count;
    if (!chunk.has_key) {
        walk.segment.colour = ENCRYPTED;
    } else if (d->pages && chunk.value_count != 0) {
        TARN_TOOL_TRY(tarn_parquet_pages(d->metadata, group, leaf, take_page, &walk, err));
    }
    if (d->segment_count == before || walk.bytes > chunk.compressed_size) { /* pages were not read, or say more than the footer */
        d->segment_count = before;
        walk.segment.bytes = chunk.compressed_size;
        walk.segment.colour = chunk.has_key ? main_colour(d->metadata, group, leaf) : (uint8_t)ENCRYPTED;
        return chunk.compressed_size != 0 ? add_segment(d, walk.segment, true, err) : TARN_OK;
    }
    d->segments[d->segment_count - 1].bytes += chunk.compressed_size - walk.bytes; /* what stands behind the last page */
    return TARN_OK;
}

static int by_place(const void *a, const void *b)
{
    const struct segment *x = a;
    const struct segment *y = b;
    return x->band != y->band   ? (x->band < y->band ? -1 : 1)
           : x->leaf != y->leaf ? (x->leaf < y->leaf ? -1 : 1)
                                : (x->place > y->place) - (x->place < y->place);
}

static void join_segments(struct drawing *d)
{
    size_t kept = 0;
    for (size_t i = 0; i < d->segment_count; i++) {
        struct segment *last = kept != 0 ? &d->segments[kept - 1] : NULL;
        const struct segment *here = &d->segments[i];
        if (last != NULL && last->band == here->band && last->leaf == here->leaf && last->colour == here->colour) {
            last->bytes += here->bytes;
            last->pages += here->pages;
        } else {
            d->segments[kept++] = *here;
        }
    }
    d->segment_count = kept;
}

/* A band of several row groups: the chunks of each column one after the other. */
static void order_segments(struct drawing *d)
{
    for (size_t i = 0; i < d->segment_count; i++) {
        d->segments[i].place = i;
    }
    if (d->segment_count != 0) {
        qsort(d->segments, d->segment_count, sizeof(*d->segments), by_place);
    }
}

static enum tarn_status gather(struct drawing *d, struct tarn_error *err)
{
    d->groups_a_band = d->file.row_group_count / MOST_BANDS + (d->file.row_group_count % MOST_BANDS != 0);
    d->groups_a_band = d->groups_a_band != 0 ? d->groups_a_band : 1;
    d->band_count = (d->file.row_group_count + d->groups_a_band - 1) / d->groups_a_band;
    d->band_bytes = calloc((size_t)d->band_count + 1, sizeof(*d->band_bytes));
    d->band_rows = calloc((size_t)d->band_count + 1, sizeof(*d->band_rows));
    d->columns = calloc((size_t)d->file.leaf_count + 1, sizeof(*d->columns));
    d->pages = d->file.file_size <= PAGES_UP_TO;
    d->least = (int64_t)d->band_count * DRAWN * HUNDREDTHS / MOST_CHUNKS;
    d->least = d->least > LEAST ? d->least : LEAST;
    if (d->band_bytes == NULL || d->band_rows == NULL || d->columns == NULL) {
        return no_memory(err);
    }
    for (uint32_t g = 0; g < d->file.row_group_count; g++) {
        struct tarn_parquet_row_group_info group;
        TARN_TOOL_TRY(tarn_parquet_row_group_info(d->metadata, g, &group, err));
        d->band_rows[g / d->groups_a_band] += group.row_count;
        for (uint32_t leaf = 0; leaf < d->file.leaf_count; leaf++) {
            TARN_TOOL_TRY(add_chunk(d, g, leaf, err));
        }
    }
    if (d->groups_a_band > 1) {
        order_segments(d);
    }
    if (d->segment_count > MOST_SEGMENTS || d->groups_a_band > 1) {
        join_segments(d);
    }
    for (size_t i = 0; i < d->segment_count; i++) {
        const struct segment *segment = &d->segments[i];
        d->band_bytes[segment->band] += segment->bytes;
        d->columns[segment->leaf].by_colour[segment->colour] += segment->bytes;
        d->by_colour[segment->colour] += segment->bytes;
        d->bytes += segment->bytes;
    }
    return TARN_OK;
}

/* ---- words ---- */

/* Text inside of an element or a value in quotes. What XML cannot hold, and what is no UTF-8, becomes U+FFFD. */
static void put_text(const char *text, size_t size)
{
    for (size_t i = 0; i < size;) {
        const unsigned char c = (unsigned char)text[i];
        size_t length = c < 0x80 ? 1 : c >= 0xf0 && c < 0xf5 ? 4 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xc2 && c < 0xe0 ? 2 : 0;
        bool good = length != 0 && length <= size - i && (c >= 0x20 || c == '\t');
        for (size_t k = 1; good && k < length; k++) {
            good = ((unsigned char)text[i + k] & 0xc0) == 0x80;
        }
        if (good && length == 3) { /* overlong forms, surrogates, U+FFFE and U+FFFF */
            const unsigned char second = (unsigned char)text[i + 1];
            good = !(c == 0xe0 && second < 0xa0) && !(c == 0xed && second >= 0xa0) &&
                   !(c == 0xef && second == 0xbf && (unsigned char)text[i + 2] >= 0xbe);
        }
        if (good && length == 4) {
            const unsigned char second = (unsigned char)text[i + 1];
            good = !(c == 0xf0 && second < 0x90) && !(c == 0xf4 && second >= 0x90);
        }
        if (!good) {
            fputs("\xef\xbf\xbd", stdout);
            i++;
            continue;
        }
        const char *escaped = c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '"' ? "&quot;" : NULL;
        if (escaped != NULL) {
            fputs(escaped, stdout);
        } else {
            fwrite(text + i, 1, length, stdout);
        }
        i += length;
    }
}

static void put_string(const char *text)
{
    put_text(text, strlen(text));
}

/* At most `most` characters of a name, with dots where it was cut. */
static void put_cut(const char *text, size_t most)
{
    size_t at = 0;
    size_t count = 0;
    while (text[at] != '\0' && count < most) {
        at++;
        while (((unsigned char)text[at] & 0xc0) == 0x80) {
            at++;
        }
        count++;
    }
    const bool cut = text[at] != '\0';
    while (cut && at != 0 && count >= most) {
        at--;
        while (at != 0 && ((unsigned char)text[at] & 0xc0) == 0x80) {
            at--;
        }
        count--;
    }
    put_text(text, at);
    if (cut) {
        fputs("\xe2\x80\xa6", stdout);
    }
}

static size_t characters(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++) {
        count += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return count;
}

/* 1,234,567 */
static const char *grouped(uint64_t number, char out[32])
{
    char digits[24];
    const int size = snprintf(digits, sizeof(digits), "%" PRIu64, number);
    int used = 0;
    for (int i = 0; i < size; i++) {
        if (i != 0 && (size - i) % 3 == 0) {
            out[used++] = ',';
        }
        out[used++] = digits[i];
    }
    out[used] = '\0';
    return out;
}

/* 1.2 MiB */
static const char *amount(uint64_t bytes, char out[32])
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    unsigned unit = 0;
    uint64_t whole = bytes;
    uint64_t tenths = 0;
    while (whole >= 1024) {
        tenths = whole % 1024 * 10 / 1024;
        whole /= 1024;
        unit++;
    }
    if (unit == 0) {
        snprintf(out, 32, "%" PRIu64 " bytes", bytes);
    } else {
        snprintf(out, 32, "%" PRIu64 ".%" PRIu64 " %s", whole, tenths, units[unit]);
    }
    return out;
}

/* 12.3 %, of a part in a whole. */
static const char *share(uint64_t part, uint64_t whole, char out[32])
{
    const uint64_t tenths = whole != 0 ? (uint64_t)((double)part * 1000 / (double)whole + 0.5) : 0;
    snprintf(out, 32, "%" PRIu64 ".%" PRIu64 " %%", tenths / 10, tenths % 10);
    return out;
}

/* ---- shapes; places in hundredths of a unit ---- */

static int64_t scaled(uint64_t bytes, uint64_t of, int64_t width)
{
    __extension__ typedef unsigned __int128 wide;
    return of != 0 ? (int64_t)((wide)bytes * (wide)(width * HUNDREDTHS) / of) : 0;
}

static void put_place(const char *name, int64_t place)
{
    printf(" %s=\"%" PRId64, name, place / HUNDREDTHS);
    if (place % HUNDREDTHS != 0) {
        printf(".%02" PRId64, place % HUNDREDTHS);
    }
    fputc('"', stdout);
}

static void put_rectangle(int64_t x, int y, int64_t width, int height, const char *more)
{
    fputs("<rect", stdout);
    put_place("x", x);
    printf(" y=\"%d\"", y);
    put_place("width", width);
    printf(" height=\"%d\"%s", height, more);
}

static void begin_words(int64_t x, int y, const char *more)
{
    fputs("<text", stdout);
    put_place("x", x);
    printf(" y=\"%d\"%s>", y, more);
}

/* ---- the head and the legend ---- */

static void put_style(int height)
{
    printf("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
           "font-family=\"Inter,'Helvetica Neue',Helvetica,Arial,sans-serif\" font-size=\"12\" fill=\"#2b3440\">\n<style>",
           WIDTH, height, WIDTH, height);
    for (int i = 0; i < COLOURS; i++) {
        printf(".e%d{fill:%s}", i, colours[i].colour);
    }
    fputs(".b{fill:#fcfbf8}.t{font-size:21px;font-weight:600}.h{font-size:13px;font-weight:600}.m{fill:#7a8490}.s{font-size:11px}"
          ".r{text-anchor:end}.w{fill:#fff}.n{pointer-events:none}.g{fill:none;stroke:#fff;stroke-width:1}"
          ".k{fill:none;stroke:#fcfbf8;stroke-width:3}.u{fill:#ece8df}.x{fill:#d8cfa8}.y{fill:#c08a3e}.z{fill:#3c4652}"
          "g[data-bytes]:hover>rect{opacity:.75}</style>\n",
          stdout);
    printf("<rect class=\"b\" width=\"%d\" height=\"%d\"/>\n", WIDTH, height);
}

static void put_head(const struct drawing *d, const char *path)
{
    char numbers[4][32];
    const char *slash = strrchr(path, '/');
    begin_words(30 * HUNDREDTHS, 44, " class=\"t\"");
    put_cut(slash != NULL ? slash + 1 : path, 80);
    fputs("</text>\n", stdout);
    begin_words(30 * HUNDREDTHS, 66, " class=\"m\"");
    printf("%s row%s \xc2\xb7 %s row group%s \xc2\xb7 %s columns \xc2\xb7 %s \xc2\xb7 written by ", grouped(d->file.row_count, numbers[0]),
           d->file.row_count == 1 ? "" : "s", grouped(d->file.row_group_count, numbers[1]), d->file.row_group_count == 1 ? "" : "s",
           grouped(d->file.leaf_count, numbers[2]), amount(d->file.file_size, numbers[3]));
    char writer[100];
    snprintf(writer, sizeof(writer), "%.*s", (int)(d->file.created_by.size < 90 ? d->file.created_by.size : 90),
             d->file.created_by.size != 0 ? d->file.created_by.data : "nobody it names");
    put_cut(writer, 70);
    fputs("</text>\n", stdout);
}

/* Returns where it ends. */
static int put_legend(const struct drawing *d, int y)
{
    int x = 30;
    for (int i = 0; i < COLOURS; i++) {
        char part[32];
        char label[80];
        if (d->by_colour[i] == 0) {
            continue;
        }
        snprintf(label, sizeof(label), "%s  %s", colours[i].encoding, share(d->by_colour[i], d->bytes, part));
        const int width = 24 + (int)characters(label) * 7;
        if (x + width > WIDTH - 30) {
            x = 30;
            y += 22;
        }
        printf("<rect class=\"e%d\" x=\"%d\" y=\"%d\" width=\"13\" height=\"13\" rx=\"3\"/>", i, x, y - 11);
        begin_words((x + 19) * (int64_t)HUNDREDTHS, y, " class=\"s\"");
        put_string(label);
        fputs("</text>\n", stdout);
        x += width + 12;
    }
    return y;
}

/* ---- the map of the file ---- */

static void put_map_part(const struct drawing *d, int y, uint64_t begin, uint64_t size, const char *shape, const char *title)
{
    char bytes[32];
    const int64_t x = scaled(begin, d->file.file_size, WIDTH - 60);
    int64_t width = scaled(begin + size, d->file.file_size, WIDTH - 60) - x;
    if (begin > d->file.file_size || size > d->file.file_size - begin) {
        return; /* the footer tells of a place that is not there */
    }
    width = width < 20 ? 20 : width;
    put_rectangle(x + 30 * HUNDREDTHS, y, width, 24, shape);
    fputs("><title>", stdout);
    put_string(title);
    printf(", %s bytes at %" PRIu64 "</title></rect>", grouped(size, bytes), begin);
}

/* Places that follow each other are one part. */
struct run {
    uint64_t begin;
    uint64_t end;
    const char *shape;
    const char *title;
};

static void extend_run(const struct drawing *d, int y, struct run *run, struct tarn_parquet_place place, uint64_t length)
{
    if (place.offset <= 0 || length == 0) {
        return;
    }
    const uint64_t begin = (uint64_t)place.offset;
    if (begin == run->end && run->end != 0) {
        run->end += length;
        return;
    }
    if (run->end != 0) {
        put_map_part(d, y, run->begin, run->end - run->begin, run->shape, run->title);
    }
    run->begin = begin;
    run->end = begin + length;
}

static enum tarn_status put_indexes(const struct drawing *d, int y, struct tarn_error *err)
{
    struct run runs[3] = {
        {0, 0, " class=\"x\"", "column index"}, {0, 0, " class=\"x\"", "offset index"}, {0, 0, " class=\"y\"", "bloom filter"}};
    uint64_t chunks = 0;
    for (uint32_t g = 0; g < d->file.row_group_count; g++) {
        for (uint32_t leaf = 0; leaf < d->file.leaf_count && chunks < 20000; leaf++, chunks++) {
            struct tarn_parquet_chunk *chunk;
            const enum tarn_status status = tarn_parquet_chunk_open(d->metadata, g, leaf, &chunk, err);
            if (status == TARN_AUTH) {
                continue;
            }
            TARN_TOOL_TRY(status);
            extend_run(d, y, &runs[0], chunk->column_index, chunk->column_index.length > 0 ? (uint64_t)chunk->column_index.length : 0);
            extend_run(d, y, &runs[1], chunk->offset_index, chunk->offset_index.length > 0 ? (uint64_t)chunk->offset_index.length : 0);
            extend_run(d, y, &runs[2], chunk->bloom_filter, chunk->bloom_filter.length > 0 ? (uint64_t)chunk->bloom_filter.length : 0);
            tarn_parquet_chunk_close(chunk);
        }
    }
    for (int i = 0; i < 3; i++) {
        if (runs[i].end != 0) {
            put_map_part(d, y, runs[i].begin, runs[i].end - runs[i].begin, runs[i].shape, runs[i].title);
        }
    }
    return TARN_OK;
}

static enum tarn_status put_map(const struct drawing *d, int y, struct tarn_error *err)
{
    put_rectangle(30 * HUNDREDTHS, y, (int64_t)(WIDTH - 60) * HUNDREDTHS, 24, " class=\"u\" rx=\"4\"/>\n");
    for (uint32_t band = 0; band < d->band_count; band++) { /* where the first row group of a band begins, and where its bytes would end */
        struct tarn_parquet_chunk_info chunk;
        char title[64];
        uint64_t begin = UINT64_MAX;
        for (uint32_t leaf = 0; leaf < d->file.leaf_count; leaf++) {
            TARN_TOOL_TRY(tarn_parquet_chunk_info(d->metadata, band * d->groups_a_band, leaf, &chunk, err));
            const uint64_t first = chunk.dictionary_page_offset != 0 && chunk.dictionary_page_offset < chunk.data_page_offset
                                       ? chunk.dictionary_page_offset
                                       : chunk.data_page_offset;
            begin = chunk.compressed_size != 0 && first < begin ? first : begin;
        }
        snprintf(title, sizeof(title), "row group %" PRIu32 "%s", band * d->groups_a_band,
                 d->groups_a_band > 1 ? " and those behind it" : "");
        if (begin != UINT64_MAX) {
            put_map_part(d, y, begin, d->band_bytes[band], band % 2 == 0 ? " fill=\"#8fa9c4\"" : " fill=\"#a9bed3\"", title);
        }
    }
    TARN_TOOL_TRY(put_indexes(d, y, err));
    put_map_part(d, y, d->file.file_size - d->file.footer_size - 8, d->file.footer_size + 8, " class=\"z\"", "footer");
    fputc('\n', stdout);
    return TARN_OK;
}

/* ---- the bands ---- */

static void put_chunk_title(const struct drawing *d, uint32_t band, uint32_t leaf, uint64_t bytes, size_t begin, size_t end)
{
    char numbers[2][32];
    uint64_t sums[COLOURS] = {0};
    uint64_t pages[COLOURS] = {0};
    fputs("<title>", stdout);
    put_string(d->columns[leaf].name);
    printf("\nrow group %" PRIu32, band * d->groups_a_band);
    if (d->groups_a_band > 1) {
        const uint32_t last =
            (band + 1) * d->groups_a_band < d->file.row_group_count ? (band + 1) * d->groups_a_band : d->file.row_group_count;
        printf(" to %" PRIu32, last - 1);
    }
    fputs("\n", stdout);
    put_string(d->columns[leaf].type);
    printf(", %s\n%s bytes, %s of the row group", d->columns[leaf].codec, grouped(bytes, numbers[0]),
           share(bytes, d->band_bytes[band], numbers[1]));
    for (size_t i = begin; i < end; i++) {
        sums[d->segments[i].colour] += d->segments[i].bytes;
        pages[d->segments[i].colour] += d->segments[i].pages;
    }
    for (int i = 0; i < COLOURS; i++) {
        if (sums[i] != 0) {
            printf("\n%s: %s bytes", colours[i].encoding, grouped(sums[i], numbers[0]));
            if (pages[i] != 0) {
                printf(" in %s page%s", grouped(pages[i], numbers[1]), pages[i] == 1 ? "" : "s");
            }
        }
    }
    fputs("</title>", stdout);
}

static void put_segments(const struct drawing *d, size_t begin, size_t end, uint64_t before, uint64_t largest, int y)
{
    uint64_t at = before;
    for (size_t i = begin; i < end;) {
        const uint8_t colour = d->segments[i].colour;
        const int64_t x = scaled(at, largest, DRAWN);
        char shape[48];
        at += d->segments[i++].bytes;
        while (i < end &&
               (d->segments[i].colour == colour && scaled(at, largest, DRAWN) - x < INT64_C(2) * LEAST)) { /* pages too narrow to be seen */
            at += d->segments[i++].bytes;
        }
        snprintf(shape, sizeof(shape), " class=\"e%d\"/>", colour);
        put_rectangle(x + LEFT * HUNDREDTHS, y, scaled(at, largest, DRAWN) - x, BAND, shape);
        if (i < end) { /* between pages */
            fputs("<path class=\"g\" opacity=\".45\"", stdout);
            const int64_t line = scaled(at, largest, DRAWN) + LEFT * HUNDREDTHS;
            printf(" d=\"M%" PRId64 ".%02" PRId64 " %dv%d\"/>", line / HUNDREDTHS, line % HUNDREDTHS, y, BAND);
        }
    }
}

static void put_chunk_label(const struct drawing *d, uint32_t leaf, const struct segment *widest, int64_t x, int64_t width, int y)
{
    const size_t room = (size_t)(width > 12 * HUNDREDTHS ? (width / HUNDREDTHS - 10) * 10 / 66 : 0);
    if (room < 3 && room < characters(d->columns[leaf].name)) {
        return;
    }
    begin_words(x + 6 * HUNDREDTHS, y + 18, colours[widest->colour].dark ? " class=\"s n w\"" : " class=\"s n\"");
    put_cut(d->columns[leaf].name, room);
    fputs("</text>", stdout);
}

/* The colour of most bytes. */
static int main_of(const struct drawing *d, size_t begin, size_t end)
{
    uint64_t sums[COLOURS] = {0};
    int most = 0;
    for (size_t i = begin; i < end; i++) {
        sums[d->segments[i].colour] += d->segments[i].bytes;
    }
    for (int i = 1; i < COLOURS; i++) {
        most = sums[i] > sums[most] ? i : most;
    }
    return most;
}

/* One column's chunk in a band, or several that are too narrow to be seen by themselves. */
static size_t put_chunk(const struct drawing *d, uint32_t band, size_t begin, uint64_t *before, uint64_t largest, int y)
{
    const int64_t x = scaled(*before, largest, DRAWN);
    const uint32_t leaf = d->segments[begin].leaf;
    const struct segment *widest = &d->segments[begin];
    uint64_t bytes = 0;
    size_t end = begin;
    for (; end < d->segment_count && d->segments[end].band == band && d->segments[end].leaf == leaf; end++) {
        bytes += d->segments[end].bytes;
        widest = d->segments[end].bytes > widest->bytes ? &d->segments[end] : widest;
    }
    size_t last = end;
    uint64_t all = bytes;
    uint32_t columns = 1;
    while (scaled(*before + all, largest, DRAWN) - x < d->least && last < d->segment_count && d->segments[last].band == band) {
        all += d->segments[last].bytes;
        columns += d->segments[last].leaf != d->segments[last - 1].leaf;
        last++;
    }
    while (last != end && last < d->segment_count && d->segments[last].band == band &&
           d->segments[last].leaf == d->segments[last - 1].leaf) {
        all += d->segments[last++].bytes;
    }
    const int64_t width = scaled(*before + all, largest, DRAWN) - x;
    if (last != end) {
        char number[32];
        char shape[48];
        printf("<g data-row-group=\"%" PRIu32 "\" data-columns=\"%" PRIu32 "\" data-bytes=\"%" PRIu64 "\">", band * d->groups_a_band,
               columns, all);
        snprintf(shape, sizeof(shape), " class=\"e%d\"/>", main_of(d, begin, last));
        put_rectangle(x + LEFT * HUNDREDTHS, y, width, BAND, shape);
        printf("<title>%" PRIu32 " columns, ", columns);
        put_string(d->columns[leaf].name);
        fputs(" to ", stdout);
        put_string(d->columns[d->segments[last - 1].leaf].name);
        printf("\n%s bytes</title></g>\n", grouped(all, number));
    } else {
        printf("<g data-row-group=\"%" PRIu32 "\" data-column=\"%" PRIu32 "\" data-bytes=\"%" PRIu64 "\">", band * d->groups_a_band, leaf,
               bytes);
        put_segments(d, begin, end, *before, largest, y);
        put_chunk_title(d, band, leaf, bytes, begin, end);
        put_chunk_label(d, leaf, widest, x + LEFT * HUNDREDTHS, width, y);
        fputs("</g>\n", stdout);
    }
    *before += all;
    const int64_t line = scaled(*before, largest, DRAWN) + LEFT * HUNDREDTHS;
    if (width >= 4 * HUNDREDTHS) { /* between chunks */
        printf("<path class=\"k\" d=\"M%" PRId64 ".%02" PRId64 " %dv%d\"/>\n", line / HUNDREDTHS, line % HUNDREDTHS, y, BAND);
    }
    return last;
}

static int put_bands(const struct drawing *d, int y)
{
    uint64_t largest = 0;
    size_t at = 0;
    for (uint32_t band = 0; band < d->band_count; band++) {
        largest = d->band_bytes[band] > largest ? d->band_bytes[band] : largest;
    }
    begin_words(30 * HUNDREDTHS, y, " class=\"h\"");
    printf("Row groups</text>");
    begin_words((int64_t)LEFT * HUNDREDTHS, y, " class=\"m s\"");
    printf("column chunks%s by their size; hover for more</text>\n", d->pages ? " and their pages" : "");
    y += 14;
    for (uint32_t band = 0; band < d->band_count; band++, y += BAND + BAND_GAP) {
        char number[32];
        uint64_t before = 0;
        begin_words(30 * HUNDREDTHS, y + 18, "");
        if (d->groups_a_band == 1) {
            printf("%" PRIu32 "</text>", band);
        } else {
            const uint32_t last =
                (band + 1) * d->groups_a_band < d->file.row_group_count ? (band + 1) * d->groups_a_band : d->file.row_group_count;
            printf("%" PRIu32 "\xe2\x80\x93%" PRIu32 "</text>", band * d->groups_a_band, last - 1);
        }
        begin_words((LEFT - 12) * (int64_t)HUNDREDTHS, y + 18, " class=\"s r\"");
        printf("%s</text>", amount(d->band_bytes[band], number));
        begin_words((LEFT - 12) * (int64_t)HUNDREDTHS, y + 35, " class=\"s m r\"");
        printf("%s row%s</text>\n", grouped(d->band_rows[band], number), d->band_rows[band] == 1 ? "" : "s");
        while (at < d->segment_count && d->segments[at].band == band) {
            at = put_chunk(d, band, at, &before, largest, y);
        }
    }
    return y;
}

/* ---- the columns ---- */

static void put_column(const struct drawing *d, const struct column *column, uint64_t largest, int y)
{
    char numbers[3][32];
    enum { NAMES = 300, BARS = WIDTH - NAMES - 250 };
    uint64_t at = 0;
    begin_words((NAMES - 12) * (int64_t)HUNDREDTHS, y + 12, " class=\"s r\"");
    put_cut(column->name, 42);
    fputs("</text>", stdout);
    put_rectangle(NAMES * HUNDREDTHS, y, scaled(column->uncompressed, largest, BARS), 15, " class=\"u\" rx=\"2\"/>");
    fputs("<g>", stdout);
    for (int i = 0; i < COLOURS; i++) {
        char shape[32];
        const int64_t x = scaled(at, largest, BARS);
        if (column->by_colour[i] == 0) {
            continue;
        }
        at += column->by_colour[i];
        snprintf(shape, sizeof(shape), " class=\"e%d\"/>", i);
        put_rectangle(x + NAMES * HUNDREDTHS, y, scaled(at, largest, BARS) - x, 15, shape);
    }
    fputs("<title>", stdout);
    put_string(column->name);
    fputs("\n", stdout);
    put_string(column->type);
    printf(", %s\n%s bytes stored, %s before compression</title></g>", column->codec, grouped(column->compressed, numbers[0]),
           grouped(column->uncompressed, numbers[1]));
    begin_words((WIDTH - 140) * (int64_t)HUNDREDTHS, y + 12, " class=\"s r\"");
    printf("%s</text>", amount(column->compressed, numbers[0]));
    begin_words((WIDTH - 85) * (int64_t)HUNDREDTHS, y + 12, " class=\"s m r\"");
    printf("%s</text>", share(column->compressed, d->bytes, numbers[1]));
    begin_words((WIDTH - 75) * (int64_t)HUNDREDTHS, y + 12, " class=\"s m\"");
    put_string(strcmp(column->codec, "UNCOMPRESSED") == 0 ? "none" : column->codec);
    fputs("</text>\n", stdout);
}

static void put_columns(const struct drawing *d, int y)
{
    const uint32_t drawn = d->file.leaf_count <= MOST_ROWS ? d->file.leaf_count : MOST_ROWS;
    struct column rest = {.codec = ""};
    uint64_t largest = 1;
    for (uint32_t leaf = 0; leaf < d->file.leaf_count; leaf++) {
        const struct column *column = &d->columns[leaf];
        if (leaf >= drawn) {
            rest.compressed += column->compressed;
            rest.uncompressed += column->uncompressed;
            for (int i = 0; i < COLOURS; i++) {
                rest.by_colour[i] += column->by_colour[i];
            }
        }
        const uint64_t here = column->uncompressed > column->compressed ? column->uncompressed : column->compressed;
        largest = here > largest ? here : largest;
    }
    begin_words(30 * HUNDREDTHS, y, " class=\"h\"");
    fputs("Columns</text>", stdout);
    begin_words(300 * HUNDREDTHS, y, " class=\"m s\"");
    fputs("bytes stored by encoding, over those before compression</text>\n", stdout);
    y += 12;
    for (uint32_t leaf = 0; leaf < drawn; leaf++, y += ROW) {
        put_column(d, &d->columns[leaf], largest, y);
    }
    if (drawn < d->file.leaf_count) {
        snprintf(rest.name, sizeof(rest.name), "%" PRIu32 " more columns", d->file.leaf_count - drawn);
        put_column(d, &rest, rest.uncompressed > rest.compressed ? rest.uncompressed : rest.compressed, y); /* to a scale of its own */
    }
}

enum tarn_status inspect_svg(struct session *session, const struct tarn_parquet_metadata *metadata, struct tarn_error *err)
{
    struct drawing d = {.metadata = metadata, .file = tarn_parquet_file_info(metadata)};
    enum tarn_status status = gather(&d, err);
    if (status == TARN_OK) {
        const uint32_t rows = d.file.leaf_count <= MOST_ROWS ? d.file.leaf_count : MOST_ROWS + 1;
        put_style(260 + (int)d.band_count * (BAND + BAND_GAP) + (int)rows * ROW);
        put_head(&d, session->args.positionals[0]);
        status = put_map(&d, 84, err);
        int y = put_legend(&d, 138);
        y = put_bands(&d, y + 40);
        put_columns(&d, y + 26);
        fputs("</svg>\n", stdout);
    }
    free(d.band_bytes);
    free(d.band_rows);
    free(d.columns);
    free(d.segments);
    return status;
}
