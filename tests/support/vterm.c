#include "tests/support/vterm_parts.h"

#include "tui/memory.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int64_t vt_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int on_property(VTermProp property, VTermValue *value, void *user)
{
    struct vt *vt = user;
    if (property == VTERM_PROP_CURSORVISIBLE)
        vt->visible = value->boolean;
    if (property == VTERM_PROP_ALTSCREEN)
        vt->alternate = value->boolean;
    return 1;
}

static const VTermScreenCallbacks callbacks = {.settermprop = on_property};

struct vt *vt_new(int rows, int cols)
{
    struct vt *vt = tui_zero(1, sizeof *vt);
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
    assert_int_equal(openpty(&vt->master, &vt->slave, NULL, NULL, &size), 0);
    fcntl(vt->master, F_SETFL, O_NONBLOCK);
    fcntl(vt->master, F_SETFD, FD_CLOEXEC);
    fcntl(vt->slave, F_SETFD, FD_CLOEXEC);
    vt->rows = rows;
    vt->cols = cols;
    vt->visible = true;
    vt->model = vterm_new(rows, cols);
    vterm_set_utf8(vt->model, 1);
    vt->screen = vterm_obtain_screen(vt->model);
    vterm_screen_set_callbacks(vt->screen, &callbacks, vt);
    vterm_screen_enable_altscreen(vt->screen, 1);
    vterm_screen_reset(vt->screen, 1);
    vt->written_before = screen_bytes();
    setenv("TERM", "xterm-256color", 1);
    unsetenv("LINES");
    unsetenv("COLUMNS");
    return vt;
}

void vt_free(struct vt *vt)
{
    if (vt->child > 0)
        kill(vt->child, SIGKILL);
    if (vt->child > 0 && !vt->leader)
        waitpid(vt->child, NULL, 0);
    if (vt->leader) {
        waitpid(vt->leader, NULL, 0);
        close(vt->events);
    }
    if (vt->master >= 0)
        close(vt->master);
    if (vt->slave >= 0)
        close(vt->slave);
    vterm_free(vt->model);
    free(vt->raw);
    free(vt->text);
    free(vt->row_text);
    free(vt->dump);
    free(vt);
}

int vt_fd(const struct vt *vt)
{
    return vt->slave;
}

void vt_attach(struct vt *vt, struct loop *loop, size_t (*busy)(void *context), void *context)
{
    vt->loop = loop;
    vt->busy = busy;
    vt->context = context;
    vt->sent = 0;
    vt->read_before = loop_bytes_read(loop);
}

bool vt_take_output(struct vt *vt, int ms)
{
    struct pollfd ready = {.fd = vt->master, .events = POLLIN};
    bool any = false;
    if (vt->stalled || vt->hung_up)
        return false;
    while (poll(&ready, 1, any ? 0 : ms) > 0) {
        char bytes[8192];
        ssize_t n = read(vt->master, bytes, sizeof bytes);
        if (n <= 0) {
            vt->hung_up = n == 0 || (errno != EAGAIN && errno != EINTR);
            break;
        }
        any = true;
        vt->received += (uint64_t)n;
        if (vt->n_raw + (size_t)n + 1 > vt->raw_cap) {
            vt->raw_cap = (vt->n_raw + (size_t)n) * 2 + 1;
            vt->raw = tui_resize(vt->raw, vt->raw_cap, 1);
        }
        memcpy(vt->raw + vt->n_raw, bytes, (size_t)n);
        vt->n_raw += (size_t)n;
        vt->raw[vt->n_raw] = '\0';
        vterm_input_write(vt->model, bytes, (size_t)n);
    }
    return any;
}

void vt_drain(struct vt *vt)
{
    int64_t until = vt_now_ms() + PATIENCE_MS;
    while (vt->received < screen_bytes() - vt->written_before) {
        vt_take_output(vt, 1000);
        if (vt_now_ms() > until)
            fail_msg("%llu bytes were written, %llu came", (unsigned long long)screen_bytes(),
                     (unsigned long long)vt->received);
    }
}

void vt_settle(struct vt *vt)
{
    int64_t until = vt_now_ms() + PATIENCE_MS;
    for (;;) {
        loop_step(vt->loop, 0);
        vt_take_output(vt, 0);
        size_t busy = vt->busy ? vt->busy(vt->context) : 0;
        uint64_t unread = vt->sent - (loop_bytes_read(vt->loop) - vt->read_before);
        uint64_t untaken = screen_bytes() - vt->written_before - vt->received;
        if (vt->stalled)
            untaken = 0;
        bool stopped = loop_stopped(vt->loop);
        if (untaken == 0 &&
            (stopped || (busy == 0 && unread == 0 &&
                         (loop_idle(vt->loop) || (vt->stalled && screen_pending())))))
            return;
        if (vt_now_ms() > until)
            fail_msg("not idle: %zu in flight, %llu bytes unread, %llu not shown, loop %s", busy,
                     (unsigned long long)unread, (unsigned long long)untaken,
                     loop_idle(vt->loop) ? "idle" : "busy");
        if (untaken > 0)
            vt_take_output(vt, 100);
        else if (busy > 0 || unread > 0 || loop_idle(vt->loop) == false)
            loop_step(vt->loop, 5);
    }
}

void vt_write(struct vt *vt, const char *bytes, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t sent = write(vt->master, bytes + done, n - done);
        if (sent > 0) {
            done += (size_t)sent;
            vt->sent += (uint64_t)sent;
            continue;
        }
        if (vt->loop)
            loop_step(vt->loop, 1); /* its buffer is full: let the program read */
        vt_take_output(vt, 0);
    }
}

void vt_send(struct vt *vt, const char *bytes, size_t n)
{
    vt_write(vt, bytes, n);
    vt_settle(vt);
}

void vt_type(struct vt *vt, const char *text)
{
    vt_send(vt, text, strlen(text));
}

void vt_paste(struct vt *vt, const char *text)
{
    char *bytes = tui_printf("\033[200~%s\033[201~", text);
    vt_type(vt, bytes);
    free(bytes);
}

/* libvterm's own encoder, so that ours and theirs check each other. */
void vt_press(struct vt *vt, uint32_t key)
{
    static const struct {
        uint32_t key;
        VTermKey theirs;
    } keys[] = {
        {KEYS_UP, VTERM_KEY_UP},          {KEYS_DOWN, VTERM_KEY_DOWN},
        {KEYS_LEFT, VTERM_KEY_LEFT},      {KEYS_RIGHT, VTERM_KEY_RIGHT},
        {KEYS_HOME, VTERM_KEY_HOME},      {KEYS_END, VTERM_KEY_END},
        {KEYS_PAGE_UP, VTERM_KEY_PAGEUP}, {KEYS_PAGE_DOWN, VTERM_KEY_PAGEDOWN},
        {KEYS_ENTER, VTERM_KEY_ENTER},    {KEYS_ESC, VTERM_KEY_ESCAPE},
        {KEYS_TAB, VTERM_KEY_TAB},        {KEYS_BACKSPACE, VTERM_KEY_BACKSPACE},
        {KEYS_DELETE, VTERM_KEY_DEL},     {KEYS_INSERT, VTERM_KEY_INS},
    };
    VTermModifier modifiers = (key & KEYS_CTRL ? VTERM_MOD_CTRL : 0) | //
                              (key & KEYS_ALT ? VTERM_MOD_ALT : 0);
    uint32_t plain = key & ~(uint32_t)(KEYS_CTRL | KEYS_ALT);
    if (plain == KEYS_BACK_TAB) {
        vterm_keyboard_key(vt->model, VTERM_KEY_TAB, modifiers | VTERM_MOD_SHIFT);
    } else if (plain >= KEYS_F1 && plain <= KEYS_F12) {
        vterm_keyboard_key(vt->model, (VTermKey)VTERM_KEY_FUNCTION(plain - KEYS_F1 + 1), modifiers);
    } else if (plain < KEYS_BASE) {
        vterm_keyboard_unichar(vt->model, plain, modifiers);
    } else {
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
            if (keys[i].key == plain)
                vterm_keyboard_key(vt->model, keys[i].theirs, modifiers);
    }
    char bytes[256];
    vt_send(vt, bytes, vterm_output_read(vt->model, bytes, sizeof bytes));
}

void vt_keys(struct vt *vt, const char *keys)
{
    char *copy = tui_strdup(keys), *rest = NULL;
    for (char *name = strtok_r(copy, " ", &rest); name; name = strtok_r(NULL, " ", &rest)) {
        uint32_t key = key_by_name(name);
        if (key == 0)
            fail_msg("'%s' is not a key", name);
        vt_press(vt, key);
    }
    free(copy);
}

void vt_click(struct vt *vt, int row, int col, int button)
{
    static const int codes[] = {0, 0, 1, 2, 64, 65};
    char *bytes = tui_printf("\033[<%d;%d;%dM", codes[button], col + 1, row + 1);
    vt_type(vt, bytes);
    free(bytes);
}

void vt_resize(struct vt *vt, int rows, int cols)
{
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
    vt->rows = rows;
    vt->cols = cols;
    vterm_set_size(vt->model, rows, cols);
    ioctl(vt->master, TIOCSWINSZ, &size); /* tells the child's group, where there is one */
    if (vt->loop) {
        raise(SIGWINCH); /* what the kernel does where this is the controlling terminal */
        vt_settle(vt);
    }
}

void vt_stall(struct vt *vt, bool stalled)
{
    vt->stalled = stalled;
}

static void put_row(struct vt *vt, FILE *out, int row)
{
    int spaces = 0;
    for (int col = 0; col < vt->cols; col++) {
        VTermScreenCell cell;
        vterm_screen_get_cell(vt->screen, (VTermPos){row, col}, &cell);
        if (cell.chars[0] == (uint32_t)-1)
            continue;
        if (cell.chars[0] == 0 || (cell.chars[0] == ' ' && cell.chars[1] == 0)) {
            spaces++;
            continue;
        }
        fprintf(out, "%*s", spaces, "");
        spaces = 0;
        for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i]; i++) {
            char bytes[4];
            fwrite(bytes, 1, rune_put(cell.chars[i], bytes), out);
        }
    }
}

/* Runs `put` into a string that replaces *into. */
static const char *written(char **into, struct vt *vt, void (*put)(struct vt *vt, FILE *out))
{
    size_t n;
    free(*into);
    *into = NULL;
    FILE *out = open_memstream(into, &n);
    put(vt, out);
    fclose(out);
    return *into;
}

static void put_text(struct vt *vt, FILE *out)
{
    for (int row = 0; row < vt->rows; row++) {
        put_row(vt, out, row);
        fputc('\n', out);
    }
}

const char *vt_text(struct vt *vt)
{
    return written(&vt->text, vt, put_text);
}

const char *vt_row(struct vt *vt, int row)
{
    size_t n;
    free(vt->row_text);
    FILE *out = open_memstream(&vt->row_text, &n);
    put_row(vt, out, row);
    fclose(out);
    return vt->row_text;
}

bool vt_shows(struct vt *vt, const char *text)
{
    return strstr(vt_text(vt), text) != NULL;
}

static int color_index(const VTermColor *color)
{
    if (VTERM_COLOR_IS_DEFAULT_FG(color) || VTERM_COLOR_IS_DEFAULT_BG(color))
        return -1;
    return VTERM_COLOR_IS_INDEXED(color) ? color->indexed.idx : 999;
}

/* The model keeps no look for the right half of a wide character: it has the left one's. */
struct vt_look vt_look(struct vt *vt, int row, int col)
{
    VTermScreenCell cell;
    vterm_screen_get_cell(vt->screen, (VTermPos){row, col}, &cell);
    if (cell.chars[0] == (uint32_t)-1 && col > 0) {
        struct vt_look left = vt_look(vt, row, col - 1);
        left.cells = 0;
        left.rune = 0;
        return left;
    }
    return (struct vt_look){.fg = color_index(&cell.fg),
                            .bg = color_index(&cell.bg),
                            .bold = cell.attrs.bold,
                            .underline = cell.attrs.underline,
                            .reverse = cell.attrs.reverse,
                            .cells = cell.width,
                            .rune = cell.chars[0]};
}

static bool same_look(struct vt_look a, struct vt_look b)
{
    return a.fg == b.fg && a.bg == b.bg && a.bold == b.bold && a.underline == b.underline &&
           a.reverse == b.reverse;
}

static void put_look(FILE *out, int from, int to, struct vt_look look)
{
    fprintf(out, " %d-%d:", from, to);
    const char *comma = "";
    if (look.fg >= 0)
        fprintf(out, "%d", look.fg), comma = ",";
    if (look.bg >= 0)
        fprintf(out, "/%d", look.bg), comma = ",";
    if (look.bold)
        fprintf(out, "%sbold", comma), comma = ",";
    if (look.underline)
        fprintf(out, "%sunderline", comma), comma = ",";
    if (look.reverse)
        fprintf(out, "%sreverse", comma);
}

static void put_looks(struct vt *vt, FILE *out)
{
    static const struct vt_look plain = {.fg = -1, .bg = -1};
    for (int row = 0; row < vt->rows; row++) {
        bool any = false;
        for (int from = 0, to; from < vt->cols; from = to) {
            struct vt_look look = vt_look(vt, row, from);
            for (to = from + 1; to < vt->cols && same_look(look, vt_look(vt, row, to));)
                to++;
            if (same_look(look, plain))
                continue;
            if (!any)
                fprintf(out, "%d:", row);
            any = true;
            put_look(out, from, to - 1, look);
        }
        if (any)
            fputc('\n', out);
    }
}

static void put_dump(struct vt *vt, FILE *out)
{
    int row, col;
    put_text(vt, out);
    if (vt_cursor(vt, &row, &col))
        fprintf(out, "-- %d x %d, cursor at %d,%d\n", vt->rows, vt->cols, row, col);
    else
        fprintf(out, "-- %d x %d, no cursor\n", vt->rows, vt->cols);
    put_looks(vt, out);
}

const char *vt_dump(struct vt *vt)
{
    return written(&vt->dump, vt, put_dump);
}

bool vt_cursor(struct vt *vt, int *row, int *col)
{
    VTermPos at;
    vterm_state_get_cursorpos(vterm_obtain_state(vt->model), &at);
    *row = at.row;
    *col = at.col;
    return vt->visible;
}

bool vt_alternate(const struct vt *vt)
{
    return vt->alternate;
}

void vt_mark(struct vt *vt)
{
    vt->mark = vt->n_raw;
}

size_t vt_bytes(const struct vt *vt)
{
    return vt->n_raw - vt->mark;
}

const char *vt_raw(const struct vt *vt, size_t *n)
{
    *n = vt->n_raw - vt->mark;
    return vt->raw ? vt->raw + vt->mark : "";
}

size_t vt_frames(const struct vt *vt)
{
    static const char begin[] = "\033[?2026h";
    size_t n, frames = 0;
    const char *at = vt_raw(vt, &n), *end = at + n;
    while ((at = memmem(at, (size_t)(end - at), begin, strlen(begin)))) {
        frames++;
        at += strlen(begin);
    }
    return frames;
}
