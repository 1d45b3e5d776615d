/* SPDX-License-Identifier: Apache-2.0 */
#include "format/codec/lzo.h"

#include <stdlib.h>

#include "format/codec/hadoop_frames.h"
#include "tests/support/suite.h"

enum { MOST = 40000 };

#define BLOCK(...)                                                                                                                         \
    {                                                                                                                                      \
        (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})                                                             \
    }
#define END 0x11, 0x00, 0x00

/* Blocks written out by hand, one for each form of instruction. */
static const struct {
    const char *name;
    struct tarn_span block;
    const char *text;
} blocks[] = {
    {"nothing", BLOCK(END), ""},
    {"first byte: one literal", BLOCK(0x12, 'a', END), "a"},
    {"first byte: three literals", BLOCK(0x14, 'a', 'b', 'c', END), "abc"},
    {"first byte: four literals", BLOCK(0x15, 'a', 'b', 'c', 'd', END), "abcd"},
    {"run of four", BLOCK(0x01, 'a', 'b', 'c', 'd', END), "abcd"},
    {"run of 19, its length in a byte",
     BLOCK(0x00, 0x01, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', END),
     "abcdefghijklmnopqrs"},
    {"2 bytes behind few literals", BLOCK(0x13, 'a', 'b', 0x04, 0x00, END), "abab"},
    {"2 bytes, then a literal", BLOCK(0x13, 'a', 'b', 0x05, 0x00, 'z', END), "ababz"},
    {"2 bytes behind the literal of a match", BLOCK(0x13, 'a', 'b', 0x05, 0x00, 'z', 0x00, 0x00, END), "ababzzz"},
    {"run behind a match without literals", BLOCK(0x13, 'a', 'b', 0x04, 0x00, 0x01, 'w', 'x', 'y', 'z', END), "ababwxyz"},
    {"3 and 4 bytes", BLOCK(0x13, 'a', 'b', 0x44, 0x00, 0x64, 0x00, END), "ababababa"},
    {"4 bytes, then three literals", BLOCK(0x13, 'a', 'b', 0x67, 0x00, 'x', 'y', 'z', END), "abababxyz"},
    {"5 bytes", BLOCK(0x13, 'a', 'b', 0x84, 0x00, END), "abababa"},
    {"8 bytes", BLOCK(0x13, 'a', 'b', 0xe4, 0x00, END), "ababababab"},
    {"8 bytes from 9 back", BLOCK(0x1a, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 0xe0, 0x01, END), "abcdefghiabcdefgh"},
    {"7 bytes by the form of 16 KiB", BLOCK(0x12, 'x', 0x25, 0x00, 0x00, END), "xxxxxxxx"},
    {"the same, then two literals", BLOCK(0x12, 'x', 0x25, 0x02, 0x00, 'y', 'z', END), "xxxxxxxxyz"},
    {"34 bytes, their length in a byte", BLOCK(0x12, 'x', 0x20, 0x01, 0x00, 0x00, END), "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"},
};

/* Decodes with both ends exact, for sanitizers. */
static bool decode(struct tarn_span block, size_t room, uint8_t *out, size_t *written)
{
    uint8_t *in = malloc(block.size + 1);
    uint8_t *exact = malloc(room + (room == 0));
    memcpy(in + 1, block.data, block.size);
    const bool ok = tarn__lzo_decode((struct tarn_span){in + 1, block.size}, exact, room, written);
    ck_assert_uint_le(*written, room);
    if (ok && *written != 0) {
        memcpy(out, exact, *written);
    }
    free(in);
    free(exact);
    return ok;
}

START_TEST(lzo__decodes_each_instruction) /* P-CODEC-LZO-1 P-CODEC-LZO-2 */
{
    uint8_t out[64];
    size_t written;
    const size_t size = strlen(blocks[_i].text);
    ck_assert_msg(decode(blocks[_i].block, size, out, &written), "%s", blocks[_i].name);
    ck_assert_uint_eq(written, size);
    ck_assert_msg(memcmp(out, blocks[_i].text, size) == 0, "%s", blocks[_i].name);
    ck_assert(decode(blocks[_i].block, size + 20, out, &written)); /* room for more */
    ck_assert_uint_eq(written, size);
    ck_assert(memcmp(out, blocks[_i].text, size) == 0);
    ck_assert(size == 0 || !decode(blocks[_i].block, size - 1, out, &written));
    for (size_t cut = 0; cut < blocks[_i].block.size; cut++) {
        ck_assert_msg(!decode((struct tarn_span){blocks[_i].block.data, cut}, 64, out, &written), "%s, cut to %zu", blocks[_i].name, cut);
    }
}
END_TEST

static const struct {
    const char *name;
    struct tarn_span block;
} damaged[] = {
    {"bytes behind the end", BLOCK(0x12, 'a', END, 0x00)},
    {"another length in the end marker", BLOCK(0x12, 'a', 0x12, 0x00, 0x00)},
    {"literals behind the end marker", BLOCK(0x12, 'a', 0x11, 0x01, 0x00, 'b')},
    {"match first", BLOCK(0x11, 0x04, 0x00, END)},
    {"near match before the begin", BLOCK(0x12, 'a', 0x04, 0x00, END)},
    {"3 bytes before the begin", BLOCK(0x15, 'a', 'b', 'c', 'd', 0x00, 0x00, END)},
    {"4 bytes before the begin", BLOCK(0x12, 'a', 0x64, 0x00, END)},
    {"8 bytes before the begin", BLOCK(0x12, 'a', 0xe0, 0x01, END)},
    {"16 KiB before the begin", BLOCK(0x12, 'a', 0x25, 0xfc, 0xff, END)},
    {"48 KiB before the begin", BLOCK(0x12, 'a', 0x1f, 0xfc, 0xff, END)},
    {"run longer than the input", BLOCK(0x0f, 'a', 'b', END)},
    {"run of many 255", BLOCK(0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff, 'a', END)},
    {"length that does not end", BLOCK(0x12, 'a', 0x20, 0x00, 0x00, 0x00, 0x00, 0x00)},
    {"match longer than the output", BLOCK(0x12, 'a', 0x20, 0x00, 0xff, 0x00, 0x00, END)},
};

START_TEST(lzo__refuses_damage) /* P-CODEC-LZO-3 */
{
    uint8_t out[64];
    size_t written;
    ck_assert_msg(!decode(damaged[_i].block, 64, out, &written), "%s", damaged[_i].name);
}
END_TEST

/* A block put together by the rules, and beside it the text that it stands for. */
struct made {
    uint8_t block[MOST];
    size_t size;
    uint8_t text[MOST];
    size_t length;
};

static void add(struct made *m, unsigned byte)
{
    m->block[m->size++] = (uint8_t)byte;
}

static void add_length(struct made *m, size_t rest)
{
    for (; rest > 255; rest -= 255) {
        add(m, 0);
    }
    add(m, (unsigned)rest);
}

static void copy(struct made *m, size_t distance, size_t length)
{
    for (size_t i = 0; i < length; i++, m->length++) {
        m->text[m->length] = m->text[m->length - distance];
    }
}

static void add_literals(struct made *m, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const uint8_t byte = (uint8_t)(m->length * 167 >> 4);
        m->text[m->length++] = byte;
        add(m, byte);
    }
}

static void add_run(struct made *m, size_t count)
{
    if (count <= 18) {
        add(m, (unsigned)count - 3);
    } else {
        add(m, 0);
        add_length(m, count - 18);
    }
    add_literals(m, count);
}

/* By the form for up to 16 KiB, or the one for up to 48 KiB. */
static void add_match(struct made *m, size_t distance, size_t length, unsigned literals)
{
    const bool far = distance > 16384;
    const size_t most = far ? 7 : 31;
    const size_t low = far ? (distance - 16384) & 16383 : distance - 1;
    const unsigned code = far ? 0x10 | (distance >= 32768 ? 8 : 0) : 0x20;
    add(m, code | (length - 2 <= most ? (unsigned)length - 2 : 0));
    if (length - 2 > most) {
        add_length(m, length - 2 - most);
    }
    add(m, (unsigned)(low << 2 | literals) & 255);
    add(m, (unsigned)low >> 6);
    copy(m, distance, length);
    add_literals(m, literals);
}

/* Distance and length of a match, each at the borders of its form. */
static const struct {
    size_t distance;
    size_t length;
} borders[] = {
    {1, 3},     {1, 33},     {1, 34},    {7, 300},     {8, 289},     {9, 544},   {16383, 3},  {16384, 3}, {16384, 33},  {16385, 3},
    {16385, 9}, {16385, 10}, {20000, 3}, {32767, 264}, {32768, 265}, {32769, 9}, {35000, 20}, {32768, 3}, {35000, 600},
};

START_TEST(lzo__reaches_as_far_as_its_forms_do) /* P-CODEC-LZO-1 P-CODEC-LZO-2 */
{
    static struct made m;
    static uint8_t out[MOST];
    size_t written;
    for (unsigned literals = 0; literals < 4; literals++) {
        m.size = m.length = 0;
        add_run(&m, 273);
        add_match(&m, 273, 34800, 0);
        add_run(&m, 19);
        add_match(&m, borders[_i].distance, borders[_i].length, literals);
        add(&m, 0x11);
        add(&m, 0);
        add(&m, 0);
        ck_assert(decode((struct tarn_span){m.block, m.size}, m.length, out, &written));
        ck_assert_uint_eq(written, m.length);
        ck_assert(memcmp(out, m.text, m.length) == 0);
        ck_assert(!decode((struct tarn_span){m.block, m.size}, m.length - 1, out, &written));
    }
}
END_TEST

START_TEST(lzo__takes_3_bytes_from_2_kib_back_behind_a_run) /* P-CODEC-LZO-2 */
{
    static struct made m;
    static uint8_t out[MOST];
    size_t written;
    static const size_t distances[] = {2049, 2050, 2053, 3072};
    for (size_t i = 0; i < 4; i++) {
        const size_t low = distances[i] - 2049;
        m.size = m.length = 0;
        add_run(&m, 3072);
        add(&m, (unsigned)(low & 3) << 2);
        add(&m, (unsigned)(low >> 2));
        copy(&m, distances[i], 3);
        add_run(&m, 4);
        add(&m, 0x11);
        add(&m, 0);
        add(&m, 0);
        ck_assert(decode((struct tarn_span){m.block, m.size}, m.length, out, &written));
        ck_assert_uint_eq(written, m.length);
        ck_assert(memcmp(out, m.text, m.length) == 0);
    }
}
END_TEST

/* ---- frames ---- */

static bool decode_frames(struct tarn_span in, size_t size, uint8_t *out)
{
    uint8_t *exact = malloc(in.size + 1);
    memcpy(exact + 1, in.data, in.size);
    const bool ok = tarn__hadoop_decode((struct tarn_span){exact + 1, in.size}, out, size, tarn__lzo_decode);
    free(exact);
    return ok;
}

#define ABC 0x14, 'a', 'b', 'c', END
#define DE 0x13, 'd', 'e', END

static const struct {
    const char *name;
    struct tarn_span in;
    const char *text; /* NULL: refused */
} frames[] = {
    {"one block", BLOCK(0, 0, 0, 3, 0, 0, 0, 7, ABC), "abc"},
    {"two pieces", BLOCK(0, 0, 0, 3, 0, 0, 0, 7, ABC, 0, 0, 0, 2, 0, 0, 0, 6, DE), "abcde"},
    {"a piece of two blocks", BLOCK(0, 0, 0, 5, 0, 0, 0, 7, ABC, 0, 0, 0, 6, DE), "abcde"},
    {"an empty piece", BLOCK(0, 0, 0, 0), ""},
    {"empty pieces around", BLOCK(0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 7, ABC, 0, 0, 0, 0), "abc"},
    {"an empty block in a piece", BLOCK(0, 0, 0, 3, 0, 0, 0, 3, END, 0, 0, 0, 7, ABC), "abc"},
    {"nothing", {(const uint8_t *)"", 0}, NULL},
    {"piece larger than the output", BLOCK(0, 0, 0, 4, 0, 0, 0, 7, ABC), NULL},
    {"piece smaller than its block", BLOCK(0, 0, 0, 2, 0, 0, 0, 7, ABC), NULL},
    {"block larger than the input", BLOCK(0, 0, 0, 3, 0, 0, 0, 8, ABC), NULL},
    {"sizes of 2^32 - 1", BLOCK(255, 255, 255, 255, 255, 255, 255, 255, ABC), NULL},
    {"a byte behind", BLOCK(0, 0, 0, 3, 0, 0, 0, 7, ABC, 0), NULL},
};

START_TEST(hadoop_frames__hold_pieces_of_blocks) /* P-CODEC-4 */
{
    uint8_t out[16];
    const size_t size = frames[_i].text != NULL ? strlen(frames[_i].text) : 3;
    const bool ok = decode_frames(frames[_i].in, size, out);
    ck_assert_msg(ok == (frames[_i].text != NULL), "%s", frames[_i].name);
    if (ok) {
        ck_assert_msg(memcmp(out, frames[_i].text, size) == 0, "%s", frames[_i].name);
        ck_assert(!decode_frames(frames[_i].in, size + 1, out));
        ck_assert(size == 0 || !decode_frames(frames[_i].in, size - 1, out));
    }
}
END_TEST

/* 700 bytes as the Hadoop streams of another implementation (aircompressor) have packed them, in pieces of 173. */
static const char foreign[] =
    "000000ad0000002c2f7461726e2072656164732077686174206f74686572732077726f74652c2020697400026865727320110000000000ad0000004e2f77726f7465"
    "2c207461726e2072656164732077686174206f746865727320f403000c62736f2173666265742178696275217075696673742178737075662d2175204374000278"
    "69627521110000000000ad000000502f7075696673742178737075662d217562736f217366626574217869627521200d7400000c747022746763667522796a6376"
    "2271766a6774752279747176672e227663201d7400022274676366110000000000ad0000004f2f7522796a63762271766a6774752279747176672e227663747022"
    "74676366203374"
    "0000"
    "0c71237568646776237a6b64772372776b687576237a757277682f2377647536740002682f237764110000000000080000000c197571237568646776110000";

static unsigned nibble(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

START_TEST(hadoop_frames__of_another_writer_are_read) /* P-CODEC-4 P-CODEC-LZO-1 */
{
    static const char words[] = "tarn reads what others wrote, ";
    uint8_t in[512];
    uint8_t out[700];
    const size_t size = (sizeof(foreign) - 1) / 2;
    for (size_t i = 0; i < size; i++) {
        in[i] = (uint8_t)(nibble(foreign[2 * i]) << 4 | nibble(foreign[2 * i + 1]));
    }
    ck_assert(decode_frames((struct tarn_span){in, size}, sizeof(out), out));
    for (size_t i = 0; i < sizeof(out); i++) {
        ck_assert_uint_eq(out[i], (uint8_t)((size_t)words[i % 30] + i / 211));
    }
    for (size_t cut = 0; cut < size; cut++) {
        ck_assert(!decode_frames((struct tarn_span){in, cut}, sizeof(out), out));
    }
}
END_TEST

TARN_SUITE("format/lzo", TARN_LOOP_TEST(lzo__decodes_each_instruction, blocks), TARN_LOOP_TEST(lzo__refuses_damage, damaged),
           TARN_LOOP_TEST(lzo__reaches_as_far_as_its_forms_do, borders), TARN_TEST(lzo__takes_3_bytes_from_2_kib_back_behind_a_run),
           TARN_LOOP_TEST(hadoop_frames__hold_pieces_of_blocks, frames), TARN_TEST(hadoop_frames__of_another_writer_are_read))
