#include "views/cli/demo_packages.h"

#include "fixtures/devices/application.h"
#include "model/access/access.h"
#include "model/base/time.h"
#include "model/store/operation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = 512, CHECKSUM_AT = 148, OLDER_S = 3600 };

/* Which there are; the simulator knows a version that is not well by its name. */
static const struct {
    const char *name, *version;
    bool unwell;
} packages[] = {{"pos-2.4.0.tar", "2.4.0", false}, {"pos-2.5.0-unwell.tar", "2.5.0-unwell", true}};

/* The header of one file in a tar (POSIX.1-1988, ustar). */
static void header_make(char block[BLOCK], const struct application_file *file)
{
    unsigned sum = 0;
    memset(block, 0, BLOCK);
    snprintf(block, 100, "%s", file->name);
    snprintf(block + 100, 8, "%07o", (unsigned)file->mode);
    snprintf(block + 108, 8, "%07o", 0);
    snprintf(block + 116, 8, "%07o", 0);
    snprintf(block + 124, 12, "%011o", (unsigned)strlen(file->text) & 0777777);
    snprintf(block + 136, 12, "%011o", 0);
    memset(block + CHECKSUM_AT, ' ', 8);
    block[156] = '0';
    memcpy(block + 257, "ustar", 6);
    memcpy(block + 263, "00", 2);
    for (int i = 0; i < BLOCK; i++)
        sum += (unsigned char)block[i];
    snprintf(block + CHECKSUM_AT, 8, "%06o", sum);
}

/* Whole blocks, and the two empty ones that end a tar. */
static bool tar_write(FILE *file, const struct application_file *files)
{
    static const char empty[BLOCK];
    char header[BLOCK];
    bool ok = true;
    for (; files->name && ok; files++) {
        size_t n = strlen(files->text), rest = (BLOCK - n % BLOCK) % BLOCK;
        header_make(header, files);
        ok = fwrite(header, BLOCK, 1, file) == 1 && fwrite(files->text, 1, n, file) == n &&
             fwrite(empty, 1, rest, file) == rest;
    }
    return ok && fwrite(empty, BLOCK, 1, file) == 1 && fwrite(empty, BLOCK, 1, file) == 1;
}

static enum status package_write(struct cli *cli, const char *path, size_t i, struct error *err)
{
    FILE *file = fopen(path, "we");
    bool ok = file && tar_write(file, application_files(cli->arena, packages[i].version,
                                                        packages[i].unwell));
    if (file && fclose(file) != 0)
        ok = false;
    /* The form offers the newest first: not the one that is unwell. */
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    now.tv_sec -= packages[i].unwell ? OLDER_S : 0;
    const struct timespec times[2] = {now, now};
    if (ok)
        ok = utimensat(AT_FDCWD, path, times, 0) == 0;
    return ok ? ST_OK : error_set(err, ST_UNUSABLE, "%s: cannot be written", path);
}

static enum status free_set(struct cli *cli, size_t devices, struct error *err)
{
    struct writer *writer;
    enum status status = cli_writer(cli, &writer, err);
    if (status != ST_OK)
        return status;
    json_t *set = json_object();
    json_object_set_new(set, "value", json_sprintf("%zu", devices));
    struct operation op = {.actor = cli->principal,
                           .rights = access_engine().rights,
                           .entity = "setting",
                           .target = "rollout_free_devices",
                           .verb = OPERATION_SET,
                           .base_version = -1,
                           .set = set,
                           .reason = "in a demo nobody else is there to approve"};
    status = operation_apply(writer, &op, NULL, err);
    json_decref(set);
    return status;
}

enum status demo_packages_make(struct cli *cli, size_t devices, struct error *err)
{
    const char *folder = arena_printf(cli->arena, "%s.packages", cli->mall->path);
    enum status status = ST_OK;
    /* Once: whoever took it back afterwards meant it. */
    if (mkdir(folder, 0755) != 0)
        return errno == EEXIST ? ST_OK
                               : error_set(err, ST_UNUSABLE, "%s: %s", folder, strerror(errno));
    for (size_t i = 0; i < sizeof packages / sizeof *packages && status == ST_OK; i++)
        status =
            package_write(cli, arena_printf(cli->arena, "%s/%s", folder, packages[i].name), i, err);
    return status == ST_OK ? free_set(cli, devices, err) : status;
}
