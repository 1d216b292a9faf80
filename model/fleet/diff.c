#include "model/fleet/diff.h"

#include "model/base/vec.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Cells of the table that the longest common subsequence is found with: 4 MB at most. */
enum { CELLS_MOST = 1000000 };

struct lines {
    struct diff_line *at;
    size_t n;
};

static struct lines lines_of(struct arena *arena, const char *text, size_t size)
{
    size_t n = 0, most = 1;
    for (size_t i = 0; i < size; i++)
        most += text[i] == '\n';
    struct diff_line *at = arena_array(arena, struct diff_line, most);
    for (size_t i = 0; i < size;) {
        const char *stop = memchr(text + i, '\n', size - i);
        size_t length = stop ? (size_t)(stop - text) - i : size - i;
        at[n++] = (struct diff_line){' ', text + i, length};
        i += length + 1;
    }
    return (struct lines){at, n};
}

static bool same(const struct diff_line *a, const struct diff_line *b)
{
    return a->n == b->n && (a->n == 0 || memcmp(a->text, b->text, a->n) == 0);
}

struct diff {
    struct diff_line *at;
    size_t n;
};

static void put(struct diff *diff, char mark, const struct diff_line *line)
{
    diff->at[diff->n] = *line;
    diff->at[diff->n++].mark = mark;
}

static void put_all(struct diff *diff, char mark, const struct diff_line *lines, size_t n)
{
    for (size_t i = 0; i < n; i++)
        put(diff, mark, &lines[i]);
}

/* length[i][j]: how many lines a[i..] and b[j..] have in common. */
static void middle(struct diff *diff, const struct diff_line *a, size_t n,
                   const struct diff_line *b, size_t m)
{
    if (!n || !m || n > CELLS_MOST / m - 1 || m + 1 > CELLS_MOST / (n + 1)) {
        put_all(diff, '-', a, n);
        put_all(diff, '+', b, m);
        return;
    }
    size_t wide = m + 1, i, j;
    uint32_t *length = mem_zero((n + 1) * wide, sizeof *length);
    for (i = n; i-- > 0;)
        for (j = m; j-- > 0;) {
            uint32_t down = length[(i + 1) * wide + j], right = length[i * wide + j + 1];
            length[i * wide + j] = same(&a[i], &b[j]) ? length[(i + 1) * wide + j + 1] + 1
                                   : down > right     ? down
                                                      : right;
        }
    for (i = j = 0; i < n && j < m;) {
        if (same(&a[i], &b[j])) {
            put(diff, ' ', &a[i++]);
            j++;
        } else if (length[(i + 1) * wide + j] >= length[i * wide + j + 1]) {
            put(diff, '-', &a[i++]);
        } else {
            put(diff, '+', &b[j++]);
        }
    }
    free(length);
    put_all(diff, '-', a + i, n - i);
    put_all(diff, '+', b + j, m - j);
}

const struct diff_line *text_diff(struct arena *arena, const char *a, size_t a_size, const char *b,
                                  size_t b_size, size_t *n)
{
    struct lines first = lines_of(arena, a, a_size), second = lines_of(arena, b, b_size);
    struct diff diff = {arena_array(arena, struct diff_line, first.n + second.n + 1), 0};
    size_t begin = 0, end = 0, most = first.n < second.n ? first.n : second.n;
    while (begin < most && same(&first.at[begin], &second.at[begin]))
        begin++;
    while (end < most - begin && same(&first.at[first.n - 1 - end], &second.at[second.n - 1 - end]))
        end++;
    put_all(&diff, ' ', first.at, begin);
    middle(&diff, first.at + begin, first.n - begin - end, second.at + begin,
           second.n - begin - end);
    put_all(&diff, ' ', first.at + first.n - end, end);
    *n = diff.n;
    return diff.at;
}
