/* Marks texts of const tables for translation; whoever shows them passes them through gettext. The
 * model itself speaks English: messages of errors and findings are the same everywhere. */
#ifndef ATRIUM_BASE_INTL_H
#define ATRIUM_BASE_INTL_H

#define N_(text) text

#endif
