/* The migrations, in order: the SQL files of model/store/schema, built in. A mall file's
 * `user_version` is the number of migrations it has had. */
#ifndef ATRIUM_STORE_SCHEMA_H
#define ATRIUM_STORE_SCHEMA_H

extern const char *const schema_migrations[];
extern const int schema_version;

#endif
