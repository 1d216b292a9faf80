/* The console's period as a question about shops. */
#ifndef ATRIUM_VIEWS_SHOP_QUERY_H
#define ATRIUM_VIEWS_SHOP_QUERY_H

#include "model/people/shop.h"
#include "views/console.h"

struct shop_query shop_query_of(const struct console *console);

#endif
