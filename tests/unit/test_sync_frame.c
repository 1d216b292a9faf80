/* Frames: what is put comes out, in whatever pieces it travels; what is too long, cut, damaged,
 * replayed, out of order or a bomb is refused with its reason. */
#include "model/sync/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include <cmocka.h>

static void test_crc(void **state)
{
    (void)state;
    unsigned char bytes[32] = {0};
    assert_int_equal(frame_crc(0, "123456789", 9), 0xe3069283);
    assert_int_equal(frame_crc(0, bytes, 32), 0x8a9136aa); /* RFC 3720, B.4 */
    memset(bytes, 0xff, 32);
    assert_int_equal(frame_crc(0, bytes, 32), 0x62a8ab43);
    for (size_t cut = 0; cut <= 9; cut++)
        assert_int_equal(frame_crc(frame_crc(0, "123456789", cut), "123456789" + cut, 9 - cut),
                         0xe3069283);
}

/* Payloads of all kinds: none, short, long and the same, long and by chance. */
static size_t payload_make(unsigned char *at, unsigned i)
{
    static const size_t sizes[] = {0, 1, 95, 96, 1000, 70000, 500000};
    size_t n = sizes[i % (sizeof sizes / sizeof *sizes)];
    uint64_t chance = i * 977 + 1;
    for (size_t k = 0; k < n; k++) {
        chance = chance * 6364136223846793005u + 1442695040888963407u;
        at[k] = i % 2 ? (unsigned char)(chance >> 40) : (unsigned char)(i + k / 9);
    }
    return n;
}

enum { PUTS = 40 };

static void put_all(struct frame_out *out, unsigned char *room)
{
    for (unsigned i = 0; i < PUTS; i++)
        frame_put(out, (enum frame_type)(1 + i % (FRAME_TYPES - 1)), room, payload_make(room, i));
}

static void test_pieces(void **state)
{
    (void)state;
    unsigned char *room = malloc(1 << 20);
    assert_non_null(room);
    for (size_t piece = 1; piece <= 1 << 20; piece = piece * 5 + 2) {
        struct frame_out out = {0};
        struct frame_in in = {0};
        struct error err = {0};
        unsigned got = 0;
        put_all(&out, room);
        for (size_t n; frame_next(&out, &n);) {
            const unsigned char *at = frame_next(&out, &n);
            n = n < piece ? n : piece;
            frame_feed(&in, at, n);
            frame_took(&out, n);
            struct frame frame;
            for (bool there = true; there;) {
                assert_int_equal(frame_get(&in, &frame, &there, &err), ST_OK);
                if (!there)
                    break;
                assert_int_equal(frame.type, 1 + got % (FRAME_TYPES - 1));
                assert_int_equal(frame.size, payload_make(room, got));
                assert_memory_equal(frame.payload, room, frame.size);
                got++;
            }
        }
        assert_int_equal(got, PUTS);
        assert_int_equal(out.bytes.n, 0);
        frame_feed(&in, NULL, 0);
        bool there;
        struct frame frame;
        assert_int_equal(frame_get(&in, &frame, &there, &err), ST_OK); /* ended between frames */
        assert_false(there);
        frame_in_free(&in);
        frame_out_free(&out);
    }
    free(room);
}

static void test_packed(void **state)
{
    (void)state;
    unsigned char *room = calloc(1, FRAME_MOST);
    struct frame_out out = {0};
    struct frame_in in = {0};
    struct frame frame;
    bool there;
    size_t n;
    assert_non_null(room);
    frame_put(&out, FRAME_ROWS, room, FRAME_MOST); /* the most there may be */
    const unsigned char *at = frame_next(&out, &n);
    assert_true(n < 2000 && at[5] == FRAME_ZSTD);
    frame_feed(&in, at, n);
    assert_int_equal(frame_get(&in, &frame, &there, NULL), ST_OK);
    assert_true(there && frame.size == FRAME_MOST);
    assert_memory_equal(frame.payload, room, FRAME_MOST);
    frame_in_free(&in);
    frame_out_free(&out);
    free(room);
}

/* ---- What is refused ---- */

struct bad {
    unsigned char bytes[4096];
    size_t n;
};

static void u32_put(unsigned char *at, size_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (unsigned char)(value >> (8 * i));
}

static void bad_put(struct bad *bad, size_t says, int type, int flags, uint32_t number,
                    const void *payload, size_t n)
{
    unsigned char *at = bad->bytes + bad->n;
    u32_put(at, says);
    at[4] = (unsigned char)type;
    at[5] = (unsigned char)flags;
    u32_put(at + 6, number);
    memcpy(at + 10, payload, n);
    u32_put(at + 10 + n, frame_crc(0, at, 10 + n));
    bad->n += 14 + n;
}

/* All of it is fed; so many frames come out, then one is refused for that reason, and from then on
 * nothing is taken. */
static void refused(const struct bad *bad, int good, bool ended, const char *reason)
{
    struct frame_in in = {0};
    struct error err = {0};
    struct frame frame;
    bool there;
    frame_feed(&in, bad->bytes, bad->n);
    if (ended)
        frame_feed(&in, NULL, 0);
    while (good-- > 0) {
        assert_int_equal(frame_get(&in, &frame, &there, &err), ST_OK);
        assert_true(there);
    }
    assert_int_equal(frame_get(&in, &frame, &there, &err), ST_REFUSED);
    assert_false(there);
    if (!strstr(error_text(&err), reason))
        fail_msg("\"%s\" does not say \"%s\"", error_text(&err), reason);
    frame_feed(&in, bad->bytes, bad->n);
    assert_int_equal(frame_get(&in, &frame, &there, &err), ST_REFUSED);
    assert_true(in.plain.cap <= 8192 && in.bytes.n <= 2 * sizeof bad->bytes);
    frame_in_free(&in);
    error_clear(&err);
}

static void test_refused(void **state)
{
    (void)state;
    struct bad bad = {.n = 0};
    bad_put(&bad, FRAME_MOST + 1, FRAME_ROWS, 0, 0, "x", 1);
    refused(&bad, 0, false, "4194305 bytes long");
    bad.n = 0;
    bad_put(&bad, UINT32_MAX, FRAME_ROWS, 0, 0, "x", 1);
    bad.n = FRAME_HEAD; /* already from its head */
    refused(&bad, 0, false, "4294967295 bytes long");
    for (int i = 0; i < 3; i++) {
        static const int types[] = {0, FRAME_TYPES, 255};
        bad.n = 0;
        bad_put(&bad, 1, types[i], 0, 0, "x", 1);
        refused(&bad, 0, false, "of a type");
    }
    bad.n = 0;
    bad_put(&bad, 1, FRAME_EDIT, 2, 0, "x", 1);
    refused(&bad, 0, false, "has flags 2");
    bad.n = 0;
    bad_put(&bad, 1, FRAME_EDIT, 0, 0, "x", 1);
    bad_put(&bad, 1, FRAME_EDIT, 0, 0, "x", 1);
    refused(&bad, 1, false, "replayed");
    bad.n = 0;
    bad_put(&bad, 1, FRAME_EDIT, 0, 0, "x", 1);
    bad_put(&bad, 1, FRAME_EDIT, 0, 2, "x", 1);
    refused(&bad, 1, false, "out of order");
    bad.n = 0;
    bad_put(&bad, 1, FRAME_EDIT, 0, 1, "x", 1);
    refused(&bad, 0, false, "out of order");
    bad.n = 0;
    bad_put(&bad, 1, FRAME_EDIT, 0, 0, "x", 1);
    bad_put(&bad, 5, FRAME_EDIT, 0, 1, "hello", 5);
    for (bad.n -= 1; bad.n > 15; bad.n--)
        refused(&bad, 1, true, "cut in the middle");
}

/* A bit that is another anywhere in a frame is seen. */
static void test_damaged(void **state)
{
    (void)state;
    struct bad whole = {.n = 0};
    bad_put(&whole, 5, FRAME_EDIT, 0, 0, "hello", 5);
    for (size_t bit = 0; bit < whole.n * 8; bit++) {
        struct frame_in in = {0};
        struct frame frame;
        bool there;
        struct bad bad = whole;
        bad.bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        frame_feed(&in, bad.bytes, bad.n);
        frame_feed(&in, NULL, 0);
        assert_int_equal(frame_get(&in, &frame, &there, NULL), ST_REFUSED);
        frame_in_free(&in);
    }
}

static void test_bombs(void **state)
{
    (void)state;
    static unsigned char nothing[FRAME_MOST + 1];
    unsigned char packed[3000];
    struct bad bad = {.n = 0};
    size_t n = ZSTD_compress(packed, sizeof packed, nothing, sizeof nothing, 3);
    assert_false(ZSTD_isError(n));
    bad_put(&bad, n, FRAME_ROWS, FRAME_ZSTD, 0, packed, n);
    refused(&bad, 0, false, "unpacks to 4194305 bytes");

    n = ZSTD_compress(packed, sizeof packed, nothing, 5000, 3);
    bad.n = 0; /* two pieces in one payload */
    memcpy(packed + n, packed, n);
    bad_put(&bad, 2 * n, FRAME_ROWS, FRAME_ZSTD, 0, packed, 2 * n);
    refused(&bad, 0, false, "not one whole piece");
    bad.n = 0; /* cut */
    bad_put(&bad, n - 1, FRAME_ROWS, FRAME_ZSTD, 0, packed, n - 1);
    refused(&bad, 0, false, "not one whole piece");
    bad.n = 0; /* no zstd at all */
    bad_put(&bad, 5, FRAME_ROWS, FRAME_ZSTD, 0, "hello", 5);
    refused(&bad, 0, false, "does not say how long");

    ZSTD_CCtx *packer = ZSTD_createCCtx(); /* keeps its length to itself */
    ZSTD_CCtx_setParameter(packer, ZSTD_c_contentSizeFlag, 0);
    n = ZSTD_compress2(packer, packed, sizeof packed, nothing, 5000);
    bad.n = 0;
    bad_put(&bad, n, FRAME_ROWS, FRAME_ZSTD, 0, packed, n);
    refused(&bad, 0, false, "does not say how long");
    ZSTD_freeCCtx(packer);

    n = ZSTD_compress(packed, sizeof packed, nothing, 5000, 3);
    packed[5]++; /* says another length than it has */
    bad.n = 0;
    bad_put(&bad, n, FRAME_ROWS, FRAME_ZSTD, 0, packed, n);
    refused(&bad, 0, false, "damaged");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crc),     cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_packed),  cmocka_unit_test(test_refused),
        cmocka_unit_test(test_damaged), cmocka_unit_test(test_bombs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
