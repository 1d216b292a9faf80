#include "model/segment/keep.h"

#include "model/segment/plan.h"

static enum status keep_write(struct writer *writer, const struct access *access, const char *name,
                              const char *note, const struct set *people,
                              struct operation_result *result, struct error *err)
{
    struct arena *arena = arena_new();
    int64_t edition = 0;
    enum status status = people_set_edition(writer, &edition, err);
    char *expression = arena_printf(arena, "segment:%s", segment_name_text(arena, name));
    json_t *set = json_pack("{s:s s:s s:s s:s s:I s:I}", "expression", expression, "kind", "frozen",
                            "author", access->principal, "note", note, "as_of",
                            (json_int_t)time_now(), "edition", (json_int_t)edition);
    struct operation op = {.actor = access->principal,
                           .rights = access->rights,
                           .entity = "segment",
                           .target = name,
                           .verb = OPERATION_CREATE,
                           .base_version = -1,
                           .set = set};
    if (status == ST_OK)
        status = operation_apply(writer, &op, result, err);
    if (status == ST_OK)
        status = people_set_write(
            writer, "insert into people_set (edition, block, people) values (?1, ?2, ?3)", edition,
            people, err);
    json_decref(set);
    arena_free(arena);
    return status;
}

enum status segment_keep(struct writer *writer, const struct access *access, const char *name,
                         const char *note, const struct set *people,
                         struct operation_result *result, struct error *err)
{
    enum status status = writer_begin(writer, err);
    if (status != ST_OK)
        return status;
    status = keep_write(writer, access, name, note, people, result, err);
    if (status == ST_OK)
        return writer_commit(writer, err);
    writer_rollback(writer);
    return status;
}
