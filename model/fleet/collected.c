#include "model/fleet/collected.h"

static enum status numbers_read(struct reader *reader, const char *sql, uint32_t device,
                                int32_t day, int64_t **numbers, int n, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = false;
    enum status status = reader_prepare(reader, sql, &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, device);
    if (sqlite3_bind_parameter_count(stmt) > 1)
        sqlite3_bind_int(stmt, 2, day);
    status = reader_step(reader, stmt, &row, err);
    for (int i = 0; status == ST_OK && row && i < n; i++)
        *numbers[i] = sqlite3_column_int64(stmt, i);
    sqlite3_reset(stmt);
    return status;
}

enum status device_collected_read(struct reader *reader, const struct access *access,
                                  uint32_t device, int32_t day, struct device_collected *c,
                                  struct error *err)
{
    *c = (struct device_collected){0};
    int64_t *of_day[] = {&c->receipts,    &c->amount,    &c->card_receipts,
                         &c->card_amount, &c->sightings, &c->random,
                         &c->duplicates,  &c->refused,   &c->clocked};
    int64_t *of_spool[] = {&c->offset, &c->waiting, &c->resets, &c->time};
    enum status status = access_require(access, RIGHT_DEVICES, "see devices", err);
    if (status == ST_OK)
        status = numbers_read(
            reader,
            "select receipts, amount, card_receipts, card_amount, sightings, random, duplicates,"
            " refused, clocked from collect_day where device = ?1 and day = ?2",
            device, day, of_day, 9, err);
    if (status == ST_OK)
        status = numbers_read(reader,
                              "select sum(offset), sum(max(size - offset, 0)), sum(resets),"
                              " max(time) from collect where device = ?1",
                              device, day, of_spool, 4, err);
    return status;
}
