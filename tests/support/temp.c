#include "tests/support/temp.h"

#include "model/base/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what, const char *why)
{
    fprintf(stderr, "tests: %s: %s\n", what, why);
    abort();
}

char *temp_folder(void)
{
    const char *base = getenv("TMPDIR");
    char *folder = mem_printf("%s/atrium-test-XXXXXX", base && *base ? base : "/tmp");
    if (!mkdtemp(folder))
        die(folder, strerror(errno));
    return folder;
}

static int entry_remove(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

void temp_folder_remove(char *folder)
{
    chmod(folder, 0700);
    nftw(folder, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
    free(folder);
}

char *temp_path(const char *folder, const char *name)
{
    return mem_printf("%s/%s", folder, name);
}

struct temp_mall temp_mall_new(void)
{
    struct error err = {0};
    struct temp_mall temp = {.folder = temp_folder()};
    temp.path = temp_path(temp.folder, "test.mall");
    if (mall_create(temp.path, &(struct mall_options){.name = "Test mall"}, &err) != ST_OK ||
        mall_open(temp.path, &temp.mall, &err) != ST_OK ||
        writer_open(temp.mall, &temp.writer, &err) != ST_OK ||
        reader_open(temp.mall, &temp.reader, &err) != ST_OK)
        die("making a mall", error_text(&err));
    return temp;
}

void temp_mall_free(struct temp_mall *temp)
{
    reader_close(temp->reader);
    writer_close(temp->writer);
    mall_close(temp->mall);
    free(temp->path);
    temp_folder_remove(temp->folder);
    *temp = (struct temp_mall){0};
}

/* ---- Programs ---- */

struct stream {
    int fd;
    char **text;
    size_t *size;
};

static void stream_read(struct stream *s)
{
    char part[4096];
    ssize_t n = read(s->fd, part, sizeof part);
    if (n < 0 && errno == EINTR)
        return;
    if (n <= 0) {
        close(s->fd);
        s->fd = -1;
        return;
    }
    *s->text = mem_resize(*s->text, *s->size + (size_t)n + 1, 1);
    memcpy(*s->text + *s->size, part, (size_t)n);
    *s->size += (size_t)n;
    (*s->text)[*s->size] = 0;
}

static void streams_pump(int in, const char *input, struct stream *out, struct stream *err)
{
    size_t left = input ? strlen(input) : 0;
    while (out->fd >= 0 || err->fd >= 0 || in >= 0) {
        if (in >= 0 && left == 0) {
            close(in);
            in = -1;
        }
        struct pollfd polls[] = {{out->fd, POLLIN, 0}, {err->fd, POLLIN, 0}, {in, POLLOUT, 0}};
        if (poll(polls, 3, -1) < 0)
            continue;
        if (polls[0].revents)
            stream_read(out);
        if (polls[1].revents)
            stream_read(err);
        if (polls[2].revents) {
            ssize_t n = write(in, input, left);
            input += n > 0 ? n : 0;
            left = n > 0 ? left - (size_t)n : 0;
        }
    }
}

struct run_result run_program(const char *const *argv, const char *input)
{
    int in[2], out[2], err[2];
    if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
        die("pipe", strerror(errno));
    signal(SIGPIPE, SIG_IGN);
    pid_t pid = fork();
    if (pid < 0)
        die("fork", strerror(errno));
    if (pid == 0) {
        signal(SIGPIPE, SIG_DFL);
        dup2(in[0], 0);
        dup2(out[1], 1);
        dup2(err[1], 2);
        execvp(argv[0], (char *const *)argv);
        fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    close(err[1]);
    fcntl(in[1], F_SETFL, O_NONBLOCK);
    struct run_result result = {.out = mem_strdup(""), .err = mem_strdup("")};
    streams_pump(in[1], input, &(struct stream){out[0], &result.out, &result.out_size},
                 &(struct stream){err[0], &result.err, &result.err_size});
    int status;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return result;
}

void run_result_free(struct run_result *result)
{
    free(result->out);
    free(result->err);
    *result = (struct run_result){0};
}

/* ---- Files ---- */

char *file_read_all(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        die(path, strerror(errno));
    struct stat st;
    fstat(fileno(file), &st);
    char *bytes = mem_alloc((size_t)st.st_size + 1);
    size_t n = fread(bytes, 1, (size_t)st.st_size, file);
    bytes[n] = 0;
    fclose(file);
    if (size)
        *size = n;
    return bytes;
}

void file_write_all(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0)
        die(path, strerror(errno));
}
