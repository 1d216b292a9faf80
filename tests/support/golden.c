/* Golden screens: what a screen looked like when somebody last approved of it. */
#include "tests/support/vterm.h"
#include "tui/memory.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *file_text(const char *path)
{
    FILE *file = fopen(path, "r");
    if (!file)
        return NULL;
    char *text = NULL;
    size_t cap = 0;
    ssize_t n = getdelim(&text, &cap, '\0', file);
    fclose(file);
    if (n < 0) {
        free(text);
        return tui_strdup("");
    }
    return text;
}

struct lines {
    const char **at;
    int *n; /* bytes of each */
    int count;
};

static struct lines lines_of(const char *text)
{
    struct lines lines = {0};
    for (const char *at = text; *at; at += strcspn(at, "\n"), at += *at == '\n')
        lines.count++;
    lines.at = tui_zero((size_t)lines.count + 1, sizeof *lines.at);
    lines.n = tui_zero((size_t)lines.count + 1, sizeof *lines.n);
    int line = 0;
    for (const char *at = text; *at; at += *at == '\n', line++) {
        lines.at[line] = at;
        lines.n[line] = (int)strcspn(at, "\n");
        at += lines.n[line];
    }
    return lines;
}

static void lines_free(struct lines *lines)
{
    free(lines->at);
    free(lines->n);
}

static bool same_line(const struct lines *a, int i, const struct lines *b, int k)
{
    return a->n[i] == b->n[k] && memcmp(a->at[i], b->at[k], (size_t)a->n[i]) == 0;
}

/* How many lines the two have in common, in order, from (i, k) on: a table of (a + 1) x (b + 1). */
static int *common_lines(const struct lines *a, const struct lines *b)
{
    int wide = b->count + 1;
    int *most = tui_zero((size_t)(a->count + 1) * (size_t)wide, sizeof *most);
    for (int i = a->count - 1; i >= 0; i--)
        for (int k = b->count - 1; k >= 0; k--) {
            int down = most[(i + 1) * wide + k], right = most[i * wide + k + 1];
            most[i * wide + k] = same_line(a, i, b, k) ? 1 + most[(i + 1) * wide + k + 1]
                                 : down > right        ? down
                                                       : right;
        }
    return most;
}

/* What was there (-) and what is there now (+), as diff does, each with its number. */
static void print_difference(const char *path, const char *before, const char *now)
{
    struct lines a = lines_of(before), b = lines_of(now);
    int *most = common_lines(&a, &b), wide = b.count + 1;
    printf("--- %s\n", path);
    for (int i = 0, k = 0; i < a.count || k < b.count;) {
        if (i < a.count && k < b.count && same_line(&a, i, &b, k)) {
            i++, k++;
        } else if (i < a.count &&
                   (k == b.count || most[(i + 1) * wide + k] >= most[i * wide + k + 1])) {
            printf("-%3d| %.*s\n", i + 1, a.n[i], a.at[i]);
            i++;
        } else {
            printf("+%3d| %.*s\n", k + 1, b.n[k], b.at[k]);
            k++;
        }
    }
    free(most);
    lines_free(&a);
    lines_free(&b);
}

static void file_put(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    if (!file)
        fail_msg("%s cannot be written", path);
    bool good = fputs(text, file) >= 0;
    if (fclose(file) != 0 || !good)
        fail_msg("%s could not be written to its end", path);
}

bool vt_golden_same(struct vt *vt, const char *name)
{
    const char *now = vt_dump(vt), *update = getenv("UPDATE_GOLDEN");
    char *path = tui_printf("tests/screen/golden/%s.txt", name);
    char *before = file_text(path);
    bool same = before && strcmp(before, now) == 0;
    if (!before && !(update && *update))
        printf("there is no %s\n", path);
    else if (before && !same)
        print_difference(path, before, now);
    if (!same && update && *update) {
        file_put(path, now);
        same = true;
    }
    free(before);
    free(path);
    return same;
}

void vt_golden(struct vt *vt, const char *name)
{
    if (!vt_golden_same(vt, name))
        fail_msg("%s looks different; UPDATE_GOLDEN=1 accepts it", name);
}
