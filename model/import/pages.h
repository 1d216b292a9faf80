/* The pages of a file: read by the calling thread, parsed on others, handed out in order. */
#ifndef ATRIUM_IMPORT_PAGES_H
#define ATRIUM_IMPORT_PAGES_H

#include "model/import/job.h"
#include "model/import/page.h"

struct pages;

/* threads 0: the calling thread parses. */
struct pages *pages_start(struct job *job, const struct parse_shared *shared, int threads);

/* The next page in the order of the file, parsed; *page NULL at the end. */
enum status pages_next(struct pages *pages, struct page **page, struct error *err);

/* Gives a page back for the next bytes. A page that is not given back belongs to the caller. */
void pages_give_back(struct pages *pages, struct page *page);

/* Stops the threads and frees every page that was given back or never handed out. */
void pages_end(struct pages *pages);

#endif
