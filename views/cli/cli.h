/*
 * The command line: one file a command, each one const struct cli_command, all listed in
 * views/cli/commands.c. Help, completion and the manual are read from these tables.
 */
#ifndef ATRIUM_CLI_CLI_H
#define ATRIUM_CLI_CLI_H

#include "model/base/arena.h"
#include "model/base/sheet.h"
#include "model/base/status.h"
#include "model/store/mall.h"
#include "model/store/reader.h"
#include "model/store/writer.h"

#include <jansson.h>
#include <stdbool.h>

enum cli_option_flag {
    CLI_REPEATED = 1 << 0, /* may be given several times */
    CLI_REQUIRED = 1 << 1,
};

struct cli_option {
    const char *name;  /* without dashes: "from" */
    const char *value; /* what it takes, for help: "TIME"; NULL: a switch */
    unsigned flags;
    const char *summary;
};

struct cli;

struct cli_command {
    const char *name;
    const char *arguments;            /* for help: "members|events|… FILE" */
    const char *summary;              /* one line */
    const char *help;                 /* paragraphs for --help and the manual */
    const struct cli_option *options; /* ends with a row whose name is NULL */
    int least_args, most_args;        /* positional; most -1: any */
    enum status (*run)(struct cli *cli, struct error *err);
    unsigned rights; /* of enum right, needed to read the mall for it */
};

extern const struct cli_command *const cli_commands[]; /* ends with NULL */

/* One run of a command. */
struct cli {
    const struct cli_command *command;
    const char *mall_path; /* -m, or the default; never NULL */
    const char *principal; /* --as, or the login name */
    bool named;            /* --as was given */
    bool json, csv;
    const char *const *args; /* positional */
    int n_args;
    bool open_console; /* set by a command that ends in the console: it opens after run() */
    void (*leave)(void *context); /* then called when the console was left; NULL: nothing */
    void *leaving;
    struct arena *arena; /* lives as long as the run */
    /* Opened on demand by the functions below, closed after run(). */
    struct mall *mall;
    struct reader *reader;
    struct writer *writer;
    /* Values of options, by cli_value. */
    struct cli_given {
        const struct cli_option *option;
        const char *value;
    } * given;
    size_t n_given;
};

/* The mall, a reader, the writer of this run; the same one each time. */
enum status cli_mall(struct cli *cli, struct mall **mall, struct error *err);
enum status cli_reader(struct cli *cli, struct reader **reader, struct error *err);
enum status cli_writer(struct cli *cli, struct writer **writer, struct error *err);

/* The (last) value of an option, NULL when it was not given; the i-th of a repeated one; a switch.
 */
const char *cli_value(const struct cli *cli, const char *option);
const char *cli_value_at(const struct cli *cli, const char *option, size_t i);
bool cli_switch(const struct cli *cli, const char *option);

/* Values with their types; `fallback` when not given; ST_USAGE naming the option, what was found
 * and what was expected. Times are as contract.md says, in the mall's zone. */
enum status cli_time(struct cli *cli, const char *option, int64_t fallback, int64_t *value,
                     struct error *err);
enum status cli_integer(struct cli *cli, const char *option, int64_t least, int64_t most,
                        int64_t fallback, int64_t *value, struct error *err);
enum status cli_duration(struct cli *cli, const char *option, int64_t fallback, int64_t *value,
                         struct error *err);

/* Prints a document as JSON on stdout (takes the reference). */
enum status cli_print_json(struct cli *cli, json_t *document, struct error *err);

/* Prints rows as a table for people, as CSV (--csv), or as {"<key>": [{…}, …]} (--json). Text is
 * cleaned before a terminal sees it. Money in JSON is a number in currency units, times are RFC
 * 3339 in the mall's zone. */
enum status cli_print_sheet(struct cli *cli, const char *key, const struct sheet *sheet,
                            struct error *err);
json_t *cli_sheet_json(struct cli *cli, const struct sheet *sheet);

/* A line for people that is neither a table nor JSON; goes to stdout, cleaned. */
void cli_say(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Progress on stderr, only on a terminal: done of total (total 0: unknown). Ends with done < 0. */
void cli_progress(struct cli *cli, const char *what, int64_t done, int64_t total);

/* NULL: there is no such command. */
const struct cli_command *cli_command_find(const char *name);

/* Runs the program's command line; returns the exit status. */
int cli_main(int argc, char **argv);

#endif
