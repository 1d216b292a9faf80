/* What the model's modules add to one another's: verify's checks, SQL's tables. Called once at the
 * start of every program that opens malls, tests included. */
#ifndef ATRIUM_VIEWS_MODULES_H
#define ATRIUM_VIEWS_MODULES_H

void modules_start(void);

#endif
