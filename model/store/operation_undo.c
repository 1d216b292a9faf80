/* Undoing: the opposite of an applied operation, as an operation of its own. */
#include "model/base/text.h"
#include "model/store/column.h"
#include "model/store/operation_parts.h"

#include <string.h>

struct undone {
    char *entity, *target, *act, *before, *undone_by;
    int64_t result_version;
};

static enum status undone_read(struct writer *writer, struct arena *arena, const char *id,
                               struct undone *u, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        writer_prepare(writer,
                       "select o.entity, o.target, a.act, a.before, o.undone_by, o.result_version "
                       "from operation o join audit a on a.seq = o.seq where o.id = ?1",
                       &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, id, -1, SQLITE_STATIC);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW) {
        char **texts[] = {&u->entity, &u->target, &u->act, &u->before, &u->undone_by};
        for (int i = 0; i < 5; i++)
            *texts[i] = arena_strdup(arena, column_text(stmt, i));
        u->result_version = sqlite3_column_int64(stmt, 5);
    } else if (code == SQLITE_DONE) {
        status = error_set(err, ST_REFUSED, "there is no operation %s to undo",
                           text_quote(arena, id, strlen(id)));
    } else {
        status = sqlite_status(writer_db(writer), "looking for the operation", err);
    }
    sqlite3_reset(stmt);
    return status;
}

static enum status undone_mark(struct writer *writer, const char *id, const char *by,
                               struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        writer_prepare(writer, "update operation set undone_by = ?2 where id = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, id, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, by, -1, SQLITE_STATIC);
    return writer_run(writer, stmt, err);
}

static enum status opposite_apply(struct writer *writer, struct arena *arena, const char *id,
                                  const struct undone *u, struct operation *op,
                                  struct operation_result *result, struct error *err)
{
    if (*u->undone_by)
        return error_set(err, ST_CONFLICT, "this was undone before, by operation %s",
                         text_quote(arena, u->undone_by, strlen(u->undone_by)));
    const struct entity *entity = entity_find(u->entity);
    op->verb = strcmp(u->act, "create") == 0   ? OPERATION_DELETE
               : strcmp(u->act, "delete") == 0 ? OPERATION_CREATE
                                               : OPERATION_SET;
    if (op->verb == OPERATION_DELETE && entity && !entity->may_delete)
        return error_set(err, ST_CONFLICT,
                         "a %s cannot be removed once it is made: events may refer to it",
                         u->entity);
    op->entity = u->entity;
    op->target = u->target;
    op->base_version = op->verb == OPERATION_CREATE ? -1 : u->result_version;
    op->reason = arena_printf(arena, "undo of %s", id);
    op->set = *u->before ? json_loads(u->before, 0, NULL) : json_object();
    enum status status = op->set ? change_run(writer, op, true, result, err)
                                 : error_set(err, ST_REFUSED,
                                             "what was before is not readable: "
                                             "run `atrium verify`");
    json_decref(op->set);
    return status == ST_OK ? undone_mark(writer, id, result->id, err) : status;
}

enum status operation_undo(struct writer *writer, const char *id, const char *actor,
                           unsigned rights, struct operation_result *result, struct error *err)
{
    struct operation_result own_result;
    struct operation op = {.actor = actor, .rights = rights};
    struct arena *arena = arena_new();
    struct undone u = {0};
    bool own = !writer_in_transaction(writer);
    enum status status = own ? writer_begin(writer, err) : ST_OK;
    if (status == ST_OK) {
        status = undone_read(writer, arena, id, &u, err);
        if (status == ST_OK)
            status = opposite_apply(writer, arena, id, &u, &op, result ? result : &own_result, err);
        if (status == ST_OK && own)
            status = writer_commit(writer, err);
        else if (own)
            writer_rollback(writer);
    }
    arena_free(arena);
    return status;
}
