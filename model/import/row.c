#include "model/import/row.h"

#include "model/base/hash.h"
#include "model/base/text.h"

#include <string.h>

void cell_refuse(struct page *page, const struct import_table *table, size_t column,
                 const struct row_cell *cell, const char *expected)
{
    page_refuse(page, cell->line, cell->column, "found %s, expected %s (column '%s')",
                cell->n ? text_quote(page->arena, cell->at, cell->n) : "nothing", expected,
                column < table->n_columns ? table->columns[column].name : "");
}

static bool refuse(struct parser *parser, size_t column, const char *expected)
{
    cell_refuse(parser->page, parser->shared->layout->table, column, &parser->cells[column],
                expected);
    return false;
}

/* Texts that the reader made itself go with its next record: they are kept with the page. */
static const char *lasting(struct parser *parser, const struct row_cell *cell)
{
    const struct csv_reader *csv = &parser->csv;
    uintptr_t at = (uintptr_t)cell->at, made = (uintptr_t)csv->unquoted;
    if (!csv->unquoted || at < made || at >= made + csv->unquoted_cap)
        return cell->at;
    return arena_strndup(parser->page->arena, cell->at, cell->n);
}

/* ---- Checks; false after a refusal ---- */

static bool check_code(struct parser *parser, size_t column)
{
    const struct import_column *about = &parser->shared->layout->table->columns[column];
    const struct row_cell *cell = &parser->cells[column];
    if (cell->n == 0)
        return !about->needed || refuse(parser, column, import_type_text(IMPORT_CODE));
    if ((int64_t)cell->n > about->most)
        return refuse(
            parser, column,
            arena_printf(parser->page->arena, "at most %lld bytes", (long long)about->most));
    if (!parser->plain && !text_valid(cell->at, cell->n))
        return refuse(parser, column, "UTF-8 text without control characters");
    return true;
}

/* A text with the line ends in it made blanks. */
static bool check_text(struct parser *parser, size_t column)
{
    struct row_cell *cell = &parser->cells[column];
    if (memchr(cell->at, '\n', cell->n)) {
        char *copy = arena_strndup(parser->page->arena, cell->at, cell->n);
        size_t n = strlen(copy) == cell->n ? cell->n : 0, kept = 0;
        for (size_t i = 0; i < n; i++)
            if (copy[i] != '\r' || copy[i + 1] != '\n')
                copy[kept++] = copy[i] == '\n' ? ' ' : copy[i];
        if (n) {
            cell->at = copy;
            cell->n = (uint32_t)kept;
        }
    }
    return check_code(parser, column);
}

static bool check_time(struct parser *parser, size_t column, int64_t *utc)
{
    const struct row_cell *cell = &parser->cells[column];
    return value_time(&parser->times, cell->at, cell->n, utc) ||
           refuse(parser, column,
                  parser->times.format ? "a time as the map's date format says"
                                       : import_type_text(IMPORT_TIME));
}

static bool check_amount(struct parser *parser, size_t column, enum kind_unit unit, int64_t *amount)
{
    const struct row_cell *cell = &parser->cells[column];
    double factor = parser->shared->layout->slots[column].factor;
    bool good;
    if (factor != 0)
        good = value_scaled(cell->at, cell->n, factor, amount);
    else if (unit == UNIT_POINTS)
        good = value_points(cell->at, cell->n, amount);
    else
        good = value_money(cell->at, cell->n, amount);
    if (good && factor != 0 && unit == UNIT_POINTS) {
        good = *amount % 100 == 0;
        *amount /= 100;
    }
    if (good)
        return true;
    return refuse(parser, column,
                  unit == UNIT_POINTS ? "a whole number of points"
                                      : import_type_text(IMPORT_AMOUNT));
}

static bool check_integer(struct parser *parser, size_t column, int64_t *value)
{
    const struct import_column *about = &parser->shared->layout->table->columns[column];
    const struct row_cell *cell = &parser->cells[column];
    double factor = parser->shared->layout->slots[column].factor;
    bool good;
    if (factor != 0) {
        good = value_scaled(cell->at, cell->n, factor, value) && *value % 100 == 0;
        *value /= 100;
        good = good && *value >= about->least && *value <= about->most;
    } else {
        good = value_integer(cell->at, cell->n, about->least, about->most, value);
    }
    return good || refuse(parser, column,
                          arena_printf(parser->page->arena, "a whole number, %lld to %lld",
                                       (long long)about->least, (long long)about->most));
}

/* ---- Names ---- */

static uint64_t load(const char *at, size_t n)
{
    uint64_t word = 0;
    memcpy(&word, at, n);
    return word;
}

/* The first and last eight bytes: all of a name of at most sixteen. */
static void ends(const char *at, uint32_t n, uint64_t *head, uint64_t *tail)
{
    if (n >= 8) {
        *head = load(at, 8);
        *tail = load(at + n - 8, 8);
    } else if (n >= 4) {
        *head = load(at, 4);
        *tail = load(at + n - 4, 4);
    } else {
        *head = (uint64_t)(unsigned char)at[0] << 16 | (uint64_t)(unsigned char)at[n / 2] << 8 |
                (unsigned char)at[n - 1];
        *tail = 0;
    }
}

/* The number of a name, 0 where it is new. */
static uint32_t name_known(struct parser *parser, enum names_of of, const struct row_cell *cell)
{
    const struct names *names = parser->shared->names[of];
    if (cell->n > 16)
        return names_find(names, cell->at, cell->n, hash64(cell->at, cell->n));
    uint64_t head, tail;
    ends(cell->at, cell->n, &head, &tail);
    uint64_t mixed = (head ^ (tail << 7 | tail >> 57)) * 0x9E3779B97F4A7C15u;
    struct cached_name *cached = &parser->cached[of][mixed >> (64 - NAME_CACHE_BITS)];
    if (cached->n == cell->n && cached->head == head && cached->tail == tail)
        return cached->number;
    uint32_t number = names_find(names, cell->at, cell->n, hash64(cell->at, cell->n));
    if (number)
        *cached = (struct cached_name){head, tail, cell->n, number};
    return number;
}

/* The number of a name; of a new one 0 for now, and the event at `row` gets it later. */
static uint32_t name_number(struct parser *parser, enum names_of of, const struct row_cell *cell)
{
    if (cell->n == 0)
        return 0;
    uint32_t number = name_known(parser, of, cell);
    if (number)
        return number;
    uint32_t fresh = fresh_add(&parser->page->fresh[of], lasting(parser, cell), cell->n,
                               hash64(cell->at, cell->n));
    struct fresh_name *name = &parser->page->fresh[of].names.at[fresh];
    if (!name->line) {
        name->line = cell->line;
        name->column = cell->column;
    }
    struct patch patch = {.row = (uint32_t)parser->page->events.n, .fresh = fresh, .of = of};
    vec_push(&parser->page->patches, patch);
    return 0;
}

/* Keeps a finished event; its person is found with the page's others. */
static void event_keep(struct parser *parser, const struct event *event,
                       const struct row_cell *person)
{
    struct person_key key = {0};
    if (person && person->n)
        key =
            (struct person_key){lasting(parser, person), person->n, hash64(person->at, person->n)};
    vec_push(&parser->page->people, key);
    vec_push(&parser->page->events, *event);
}

/* ---- Events ---- */

static bool event_checked(struct parser *parser, struct event *event)
{
    const struct row_cell *cells = parser->cells;
    if (!check_time(parser, EVENT_FILE_TIME, &event->time) ||
        !check_code(parser, EVENT_FILE_SUBJECT) || !check_code(parser, EVENT_FILE_KIND))
        return false;
    uint32_t kind = name_known(parser, NAMES_KIND, &cells[EVENT_FILE_KIND]);
    if (cells[EVENT_FILE_AMOUNT].n &&
        !check_amount(parser, EVENT_FILE_AMOUNT, kind_unit((uint16_t)kind), &event->amount))
        return false;
    if (kind == KIND_REFUND && event->amount < 0)
        return refuse(parser, EVENT_FILE_AMOUNT, "the positive amount that was given back");
    return check_code(parser, EVENT_FILE_TENANT) && check_code(parser, EVENT_FILE_ZONE) &&
           check_code(parser, EVENT_FILE_DEVICE) && check_code(parser, EVENT_FILE_CHANNEL) &&
           check_code(parser, EVENT_FILE_CAMPAIGN) && check_code(parser, EVENT_FILE_REF);
}

void event_row(struct parser *parser)
{
    struct event event = {0};
    if (!event_checked(parser, &event))
        return;
    const struct row_cell *cells = parser->cells;
    event.kind = (uint16_t)name_number(parser, NAMES_KIND, &cells[EVENT_FILE_KIND]);
    event.tenant = name_number(parser, NAMES_TENANT, &cells[EVENT_FILE_TENANT]);
    event.zone = name_number(parser, NAMES_ZONE, &cells[EVENT_FILE_ZONE]);
    event.device = name_number(parser, NAMES_DEVICE, &cells[EVENT_FILE_DEVICE]);
    event.channel = (uint16_t)name_number(parser, NAMES_CHANNEL, &cells[EVENT_FILE_CHANNEL]);
    event.campaign = name_number(parser, NAMES_CAMPAIGN, &cells[EVENT_FILE_CAMPAIGN]);
    if (cells[EVENT_FILE_REF].n) {
        event.ref = lasting(parser, &cells[EVENT_FILE_REF]);
        event.ref_size = cells[EVENT_FILE_REF].n;
    }
    const struct row_cell *subject = &cells[EVENT_FILE_SUBJECT];
    bool nobody = subject->n == 1 && *subject->at == '-';
    event_keep(parser, &event, nobody ? NULL : subject);
}

/* ---- Receipts ---- */

static bool receipt_checked(struct parser *parser, struct event *event)
{
    int64_t quantity = 1;
    if (!check_code(parser, RECEIPT_FILE_RECEIPT) ||
        !check_time(parser, RECEIPT_FILE_TIME, &event->time) ||
        !check_code(parser, RECEIPT_FILE_TENANT) ||
        !check_amount(parser, RECEIPT_FILE_AMOUNT, UNIT_MONEY, &event->amount) ||
        !check_code(parser, RECEIPT_FILE_MEMBER) || !check_code(parser, RECEIPT_FILE_CHANNEL) ||
        !check_code(parser, RECEIPT_FILE_PAYMENT))
        return false;
    for (size_t column = RECEIPT_FILE_ITEM; column <= RECEIPT_FILE_COLOR; column++)
        if (!check_text(parser, column))
            return false;
    if (parser->cells[RECEIPT_FILE_QUANTITY].n &&
        !check_integer(parser, RECEIPT_FILE_QUANTITY, &quantity))
        return false;
    event->value = (int32_t)quantity;
    return true;
}

/* Item, brand, category and color as one name; empty where all are. */
static struct row_cell item_cell(struct parser *parser)
{
    const struct row_cell *c = &parser->cells[RECEIPT_FILE_ITEM];
    size_t n = (size_t)c[0].n + c[1].n + c[2].n + c[3].n;
    struct row_cell item = {.at = ""};
    if (n == 0)
        return item;
    char *text = arena_alloc(parser->page->arena, n + 4), *at = text;
    for (int i = 0; i < 4; i++) {
        memcpy(at, c[i].at, c[i].n);
        at += c[i].n;
        *at++ = '\x1F';
    }
    item.at = text;
    item.n = (uint32_t)(n + 3);
    return item;
}

void receipt_row(struct parser *parser)
{
    struct event event = {.kind = KIND_LINE};
    if (!receipt_checked(parser, &event))
        return;
    const struct row_cell *cells = parser->cells;
    const struct row_cell receipt = cells[RECEIPT_FILE_RECEIPT];
    event.ref = lasting(parser, &receipt);
    event.ref_size = receipt.n;
    event.tenant = name_number(parser, NAMES_TENANT, &cells[RECEIPT_FILE_TENANT]);
    size_t channel = cells[RECEIPT_FILE_CHANNEL].n ? RECEIPT_FILE_CHANNEL : RECEIPT_FILE_PAYMENT;
    event.channel = (uint16_t)name_number(parser, NAMES_CHANNEL, &cells[channel]);
    const struct row_cell item = item_cell(parser);
    event.item = name_number(parser, NAMES_ITEM, &item);
    vec_push(&parser->page->lines, receipt.line);
    event_keep(parser, &event, &cells[RECEIPT_FILE_MEMBER]);
}

/* ---- Sightings ---- */

/* A MAC in its canonical form becomes the name of a person; a randomised one only an address, as
 * does "random:" and the sixteen digits of such an address, which is how they are exported. */
static bool mac_checked(struct parser *parser, struct event *event, struct row_cell *person)
{
    struct row_cell *cell = &parser->cells[SIGHTING_FILE_MAC];
    uint64_t mac;
    if (cell->n == 23 && memcmp(cell->at, "random:", 7) == 0) {
        for (size_t i = 7; i < 23; i++) {
            char c = cell->at[i];
            unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a') + 10;
            if (digit > 15)
                return refuse(parser, SIGHTING_FILE_MAC, "random: and 16 hexadecimal digits");
            event->address = event->address << 4 | digit;
        }
        return event->address != 0 || refuse(parser, SIGHTING_FILE_MAC, "an address other than 0");
    }
    if (!text_to_mac(cell->at, cell->n, &mac)) {
        *person = *cell;
        return check_code(parser, SIGHTING_FILE_MAC);
    }
    char *text = arena_printf(parser->page->arena, "%02x:%02x:%02x:%02x:%02x:%02x",
                              (unsigned)(mac >> 40) & 255, (unsigned)(mac >> 32) & 255,
                              (unsigned)(mac >> 24) & 255, (unsigned)(mac >> 16) & 255,
                              (unsigned)(mac >> 8) & 255, (unsigned)mac & 255);
    if (mac_is_random(mac)) {
        event->address = hash64(text, 17);
        event->address += event->address == 0;
    } else {
        *person =
            (struct row_cell){.at = text, .n = 17, .line = cell->line, .column = cell->column};
    }
    return true;
}

void sighting_row(struct parser *parser)
{
    struct event event = {.kind = KIND_SIGHTING};
    struct row_cell person = {.at = ""};
    int64_t rssi = 0;
    if (!check_time(parser, SIGHTING_FILE_TIME, &event.time) ||
        !check_code(parser, SIGHTING_FILE_DEVICE) || !mac_checked(parser, &event, &person) ||
        (parser->cells[SIGHTING_FILE_RSSI].n && !check_integer(parser, SIGHTING_FILE_RSSI, &rssi)))
        return;
    event.value = (int32_t)rssi;
    event.device = name_number(parser, NAMES_DEVICE, &parser->cells[SIGHTING_FILE_DEVICE]);
    event_keep(parser, &event, &person);
}
