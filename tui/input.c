#include "tui/input.h"

#include "tui/memory.h"
#include "tui/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

enum {
    ESC = 0x1B,
    ESC_MS = 25,            /* after this a lone Esc is the key */
    PASTE_MS = 2000,        /* a paste whose end was lost */
    STRING_MAX = 4096,      /* no sequence or reply is longer */
    PASTE_MAX = 1024 * 1024 /* the rest is left out */
};

static const char paste_end[] = "\033[201~";

void input_free(struct input *input)
{
    free(input->bytes);
    free(input->paste);
    memset(input, 0, sizeof *input);
}

static void put(char **at, size_t *n, size_t *cap, const char *bytes, size_t more)
{
    if (*n + more + 1 > *cap) {
        *cap = (*n + more) * 2 + 64;
        *at = tui_resize(*at, *cap, 1);
    }
    memcpy(*at + *n, bytes, more);
    *n += more;
    (*at)[*n] = '\0';
}

void input_add(struct input *input, const char *bytes, size_t n)
{
    if (input->from > 0)
        memmove(input->bytes, input->bytes + input->from, input->n);
    input->from = 0;
    put(&input->bytes, &input->n, &input->cap, bytes, n);
}

static const char *undecoded(const struct input *input)
{
    return input->bytes + input->from;
}

static void drop(struct input *input, size_t n)
{
    n = n < input->n ? n : input->n;
    input->n -= n;
    input->from += n;
}

/* CSI numbers to keys: "CSI 3 ~". */
static const uint32_t tilde_keys[] = {
    [1] = KEYS_HOME,      [2] = KEYS_INSERT, [3] = KEYS_DELETE, [4] = KEYS_END,  [5] = KEYS_PAGE_UP,
    [6] = KEYS_PAGE_DOWN, [7] = KEYS_HOME,   [8] = KEYS_END,    [11] = KEYS_F1,  [12] = KEYS_F2,
    [13] = KEYS_F3,       [14] = KEYS_F4,    [15] = KEYS_F5,    [17] = KEYS_F6,  [18] = KEYS_F7,
    [19] = KEYS_F8,       [20] = KEYS_F9,    [21] = KEYS_F10,   [23] = KEYS_F11, [24] = KEYS_F12,
};

/* Final letters of CSI and SS3. */
static uint32_t letter_key(char letter)
{
    static const struct {
        char letter;
        uint32_t key;
    } letters[] = {
        {'A', KEYS_UP},
        {'B', KEYS_DOWN},
        {'C', KEYS_RIGHT},
        {'D', KEYS_LEFT},
        {'H', KEYS_HOME},
        {'F', KEYS_END},
        {'P', KEYS_F1},
        {'Q', KEYS_F2},
        {'R', KEYS_F3},
        {'S', KEYS_F4},
        {'M', KEYS_ENTER},
        {'Z', KEYS_BACK_TAB},
        {'a', KEYS_CTRL | KEYS_UP},
        {'b', KEYS_CTRL | KEYS_DOWN},
        {'c', KEYS_CTRL | KEYS_RIGHT},
        {'d', KEYS_CTRL | KEYS_LEFT},
    };
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
        if (letters[i].letter == letter)
            return letters[i].key;
    return 0;
}

static uint32_t control_key(unsigned char byte)
{
    switch (byte) {
    case 0:
        return KEYS_CTRL | ' ';
    case '\b':
    case 0x7F:
        return KEYS_BACKSPACE;
    case '\t':
        return KEYS_TAB;
    case '\r':
        return KEYS_ENTER;
    case ESC:
        return KEYS_ESC;
    }
    return KEYS_CTRL | (byte <= 26 ? byte - 1u + 'a' : byte + 0x40u);
}

/* xterm's modifier parameter: 1 + shift, 2 alt, 4 ctrl. Shift alone changes nothing here. */
static uint32_t modified(uint32_t key, int parameter)
{
    int bits = parameter > 1 ? parameter - 1 : 0;
    if (key == KEYS_TAB && (bits & 1))
        key = KEYS_BACK_TAB;
    return key | (bits & 2 ? KEYS_ALT : 0) | (bits & 4 ? KEYS_CTRL : 0);
}

/* "CSI 97 ; 5 u": a code point with modifiers. */
static uint32_t coded_key(int code, int modifiers)
{
    if (code < 0x20 || code == 0x7F)
        return modified(control_key((unsigned char)code), modifiers);
    if (code > 0x10FFFF || rune_unsafe(code) || (code >= 0xD800 && code <= 0xDFFF))
        return 0;
    bool letter = code >= 'a' && code <= 'z';
    if (modifiers == 2 && letter)
        return (uint32_t)code - 'a' + 'A';
    return modified((uint32_t)code, modifiers);
}

struct csi {
    char private; /* '<', '?', '=' or '>'; 0: none */
    int values[4];
    int n;
    char final;
};

/* Reads a control sequence after "ESC [". Returns the bytes used, -1: unfinished; csi->final stays
 * 0 where a byte cut it short, which is left for the next key. */
static ssize_t csi_read(const char *at, size_t n, struct csi *csi)
{
    size_t i = 0;
    *csi = (struct csi){0};
    if (n > 0 && at[0] >= '<' && at[0] <= '?')
        csi->private = at[i++];
    for (; i < n; i++) {
        unsigned char c = (unsigned char)at[i];
        if (c >= '0' && c <= '9') {
            int *value = &csi->values[csi->n < 4 ? csi->n : 3];
            if (*value < 10000000)
                *value = *value * 10 + (c - '0');
        } else if (c == ';' || c == ':') {
            csi->n++;
        } else if (c >= 0x40 && c <= 0x7E) {
            csi->final = (char)c;
            csi->n++;
            return (ssize_t)i + 1;
        } else if (c < 0x20 || c > 0x2F) {
            return (ssize_t)i;
        }
    }
    return n > STRING_MAX ? (ssize_t)n : -1;
}

static uint32_t mouse_key(struct input *input, const struct csi *csi)
{
    int code = csi->values[0];
    if (code & 32)
        return 0; /* movement */
    int button = code & 64 ? 4 + (code & 3) : 1 + (code & 3);
    if (button < 1 || button > 5 || csi->n < 3)
        return 0;
    input->mouse = (struct loop_mouse){.row = csi->values[2] - 1,
                                       .col = csi->values[1] - 1,
                                       .button = button,
                                       .pressed = csi->final == 'M'};
    return KEYS_MOUSE;
}

static uint32_t csi_key(struct input *input, const struct csi *csi)
{
    int first = csi->values[0], second = csi->values[1];
    if (csi->private == '<' && (csi->final == 'M' || csi->final == 'm'))
        return mouse_key(input, csi);
    if (csi->private)
        return 0;
    if (csi->final == 'u')
        return coded_key(first, second);
    if (csi->final == '~' && first == 27 && csi->n >= 3)
        return coded_key(csi->values[2], second);
    if (csi->final == '~' && first == 200) {
        input->pasting = true;
        input->n_paste = 0;
        return 0;
    }
    if (csi->final == '~' || csi->final == '^') { /* rxvt: ^ is Ctrl */
        size_t known = sizeof tilde_keys / sizeof *tilde_keys;
        uint32_t key = first > 0 && (size_t)first < known ? tilde_keys[first] : 0;
        return key ? modified(key, csi->final == '^' ? 5 : second) : 0;
    }
    if (csi->final == 'R' && csi->n == 2 && first > 1)
        return 0; /* a cursor report */
    uint32_t key = csi->final == 'M' ? 0 : letter_key(csi->final);
    return key ? modified(key, second) : 0;
}

/* Terminals without SGR reports: "CSI M" and three bytes, from 32 up. */
static size_t read_old_mouse(struct input *input, uint32_t *key)
{
    const unsigned char *at = (const unsigned char *)undecoded(input);
    if (input->n < 6)
        return 0;
    int code = at[3] - 32;
    bool released = (code & 3) == 3 && !(code & 64);
    struct csi csi = {.values = {released ? 0 : code, at[4] - 32, at[5] - 32}, .n = 3};
    csi.final = released ? 'm' : 'M';
    *key = at[3] >= 32 && at[4] > 32 && at[5] > 32 ? mouse_key(input, &csi) : 0;
    return 6;
}

/* Results of the readers below: bytes used, 0 when the rest is still missing. */
static size_t read_csi(struct input *input, uint32_t *key)
{
    const char *at = undecoded(input);
    if (input->n > 2 && at[2] == '[') { /* the Linux console's F1 to F5 */
        if (input->n < 4)
            return 0;
        *key = at[3] >= 'A' && at[3] <= 'E' ? KEYS_F1 + (uint32_t)(at[3] - 'A') : 0;
        return 4;
    }
    if (input->n > 2 && at[2] == 'M')
        return read_old_mouse(input, key);
    struct csi csi;
    ssize_t n = csi_read(at + 2, input->n - 2, &csi);
    if (n < 0)
        return 0;
    *key = csi.final ? csi_key(input, &csi) : 0;
    return 2 + (size_t)n;
}

static size_t read_ss3(struct input *input, uint32_t *key)
{
    size_t i = 2;
    int modifiers = 0;
    for (; i < input->n && undecoded(input)[i] >= '0' && undecoded(input)[i] <= '9' && i < 4; i++)
        modifiers = undecoded(input)[i] - '0';
    if (i >= input->n)
        return 0;
    uint32_t plain = letter_key(undecoded(input)[i]);
    *key = plain ? modified(plain, modifiers) : 0;
    return i + 1;
}

/* Strings that a terminal sends as an answer: up to BEL or ST, or until another Esc. */
static size_t read_string(struct input *input)
{
    for (size_t i = 2; i < input->n; i++) {
        if (undecoded(input)[i] == '\a')
            return i + 1;
        if (undecoded(input)[i] == ESC)
            return i + 1 >= input->n ? 0 : i + (undecoded(input)[i + 1] == '\\' ? 2 : 0);
    }
    return input->n > STRING_MAX ? input->n : 0;
}

static size_t read_rune(struct input *input, size_t from, uint32_t *key, bool late)
{
    unsigned char lead = (unsigned char)undecoded(input)[from];
    if (lead < 0x20 || lead == 0x7F) {
        *key = control_key(lead);
        return from + 1;
    }
    size_t want = lead < 0xC2 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 1;
    size_t have = 1;
    while (have < want && from + have < input->n &&
           ((unsigned char)undecoded(input)[from + have] & 0xC0) == 0x80)
        have++;
    if (have < want && from + have == input->n && !late)
        return 0;
    int32_t rune;
    size_t n = rune_next(undecoded(input) + from, undecoded(input) + input->n, &rune);
    *key = rune > 0 && !rune_unsafe(rune) ? (uint32_t)rune : 0;
    return from + n;
}

static size_t read_escape(struct input *input, uint32_t *key, bool late)
{
    if (input->n == 1) {
        *key = KEYS_ESC;
        return late ? 1 : 0;
    }
    char second = undecoded(input)[1];
    if (second == ESC) {
        *key = KEYS_ESC;
        return 1;
    }
    bool alone = late && input->n == 2; /* Alt-[ and the like */
    size_t n = 0;
    if (!alone && second == '[')
        n = read_csi(input, key);
    else if (!alone && second == 'O')
        n = read_ss3(input, key);
    else if (!alone && second && strchr("]PX^_", second))
        n = read_string(input);
    else {
        n = read_rune(input, 1, key, late);
        *key |= *key ? KEYS_ALT : 0;
    }
    return n == 0 && late ? input->n : n;
}

/* Newlines and tabs stay, other control characters go; CR and CR LF are newlines. */
static void paste_add(struct input *input, const char *bytes, size_t n)
{
    const char *end = bytes + n;
    int32_t rune;
    for (size_t length; (length = rune_next(bytes, end, &rune)) > 0; bytes += length) {
        if (input->n_paste + 4 > PASTE_MAX)
            return;
        if (rune == '\r') {
            put(&input->paste, &input->n_paste, &input->paste_cap, "\n", 1);
            if (bytes + 1 < end && bytes[1] == '\n')
                bytes++;
        } else if (rune == '\n' || rune == '\t' || !rune_unsafe(rune)) {
            put(&input->paste, &input->n_paste, &input->paste_cap, bytes, length);
        }
    }
}

/* Everything stays in `bytes` until the end is seen, so that no character is cut. */
static uint32_t read_paste(struct input *input, bool late)
{
    const char *end = memmem(undecoded(input), input->n, paste_end, strlen(paste_end));
    if (!end && !late && input->n <= 2 * PASTE_MAX)
        return 0;
    size_t n = end ? (size_t)(end - undecoded(input)) : input->n;
    put(&input->paste, &input->n_paste, &input->paste_cap, "", 0);
    paste_add(input, undecoded(input), n);
    drop(input, end ? n + strlen(paste_end) : n);
    input->pasting = false;
    return KEYS_PASTE;
}

uint32_t input_key(struct input *input, bool late)
{
    while (input->n > 0 || (input->pasting && late)) {
        if (input->pasting)
            return read_paste(input, late);
        uint32_t key = 0;
        size_t used = undecoded(input)[0] == ESC ? read_escape(input, &key, late)
                                                 : read_rune(input, 0, &key, late);
        if (used == 0)
            return 0;
        drop(input, used);
        if (key)
            return key;
    }
    return 0;
}

int input_patience(const struct input *input)
{
    return input->pasting ? PASTE_MS : input->n > 0 ? ESC_MS : -1;
}
