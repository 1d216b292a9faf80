#include "model/import/table.h"
#include "model/base/intl.h"

#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define CODE(name, needed, summary)                                                                \
    {                                                                                              \
        name, needed, IMPORT_CODE, 0, IMPORT_CODE_MAX, NULL, NULL, summary                         \
    }
#define ROW_CODE(name, needed, place, refers, summary)                                             \
    {                                                                                              \
        name, needed, IMPORT_CODE, 0, IMPORT_CODE_MAX, place, refers, summary                      \
    }
#define ROW_TEXT(name, most, summary)                                                              \
    {                                                                                              \
        name, false, IMPORT_TEXT, 0, most, name, NULL, summary                                     \
    }
#define ROW_BOOL(name, summary)                                                                    \
    {                                                                                              \
        name, false, IMPORT_BOOL, 0, 1, name, NULL, summary                                        \
    }

static const struct import_column member_columns[] = {
    ROW_CODE("member", true, "card", NULL, "the card's number"),
    ROW_TEXT("name", 200, "of the person"),
    ROW_TEXT("phone", 40, "where messages go"),
    ROW_TEXT("gender", 20, "any word"),
    {"birth", false, IMPORT_DATE, 0, 0, "birth", NULL, "date of birth"},
    {"joined", false, IMPORT_TIME, 0, 0, "joined", NULL, "when the card was issued"},
    ROW_CODE("channel", false, "channel", "channel", "through which the card was issued"),
    ROW_TEXT("tier", 40, "membership level"),
    ROW_TEXT("income", 40, "income level"),
    ROW_TEXT("community", 100, "community grade"),
    ROW_TEXT("car", 100, "car"),
    ROW_TEXT("house", 100, "house"),
    ROW_BOOL("consent_sms", "may be sent short messages"),
    ROW_BOOL("consent_app", "may be sent app messages"),
    ROW_BOOL("consent_wifi", "Wi-Fi devices may be followed"),
    ROW_BOOL("app", "has the phone app"),
};

static const struct import_column tenant_columns[] = {
    ROW_CODE("tenant", true, "code", NULL, "the shop's number"),
    ROW_TEXT("name", 200, "over the door"),
    ROW_TEXT("category", 100, "what it sells"),
    ROW_TEXT("floor", 40, "floor"),
    ROW_CODE("zone", false, "zone", "zone", "the zone it stands in"),
    ROW_BOOL("smart_pos", "has a smart POS"),
    ROW_TEXT("brand", 100, "brand"),
};

static const struct import_column event_columns[] = {
    {"time", true, IMPORT_TIME, 0, 0, NULL, NULL, "when"},
    CODE("subject", true, "who: a card's number or any other name of a person; - for nobody"),
    CODE("kind", true, "what: purchase, register, … or a word of your own"),
    CODE("tenant", false, "in which shop"),
    CODE("zone", false, "in which zone"),
    CODE("device", false, "seen by which device"),
    CODE("channel", false, "through which contact"),
    {"amount", false, IMPORT_AMOUNT, 0, 0, NULL, NULL, "money or points, by kind"},
    CODE("campaign", false, "of which campaign"),
    CODE("ref", false, "unique among events of its kind: makes an import repeatable"),
};

static const struct import_column receipt_columns[] = {
    {"receipt", true, IMPORT_CODE, 0, IMPORT_CODE_MAX - 12, NULL, NULL, "the receipt's number"},
    {"time", true, IMPORT_TIME, 0, 0, NULL, NULL, "when it was paid"},
    CODE("tenant", true, "in which shop"),
    {"amount", true, IMPORT_AMOUNT, 0, 0, NULL, NULL, "of this line"},
    CODE("member", false, "whose card was shown; empty: nobody's"),
    CODE("channel", false, "through which contact"),
    CODE("payment", false, "how it was paid; stands in for channel where that is empty"),
    {"item", false, IMPORT_TEXT, 0, 200, NULL, NULL, "what was bought"},
    {"brand", false, IMPORT_TEXT, 0, 100, NULL, NULL, "of the item"},
    {"category", false, IMPORT_TEXT, 0, 100, NULL, NULL, "of the item"},
    {"color", false, IMPORT_TEXT, 0, 40, NULL, NULL, "of the item"},
    {"quantity", false, IMPORT_INTEGER, -1000000, 1000000, NULL, NULL, "pieces"},
};

static const struct import_column sighting_columns[] = {
    {"time", true, IMPORT_TIME, 0, 0, NULL, NULL, "when"},
    CODE("device", true, "the probe that heard it"),
    {"mac", true, IMPORT_MAC, 0, IMPORT_CODE_MAX, NULL, NULL, "a MAC, or a hash of one"},
    {"rssi", false, IMPORT_INTEGER, -200, 100, NULL, NULL, "signal strength in dBm"},
};

static const struct import_column device_columns[] = {
    ROW_CODE("device", true, "code", NULL, "the device's name"),
    {"kind", true, IMPORT_CODE, 0, 40, "kind", NULL, "pos, probe, screen, gateway, …"},
    {"host", true, IMPORT_CODE, 0, 255, "host", NULL, "name or address to reach it by"},
    {"port", false, IMPORT_INTEGER, 0, 65535, "port", NULL, "of its SSH server"},
    {"user", false, IMPORT_CODE, 0, 64, "user", NULL, "to log in as"},
    ROW_TEXT("model", 100, "make and model"),
    ROW_CODE("tenant", false, "tenant", "tenant", "the shop it serves"),
    ROW_CODE("zone", false, "zone", "zone", "the zone it stands in"),
    ROW_TEXT("floor", 40, "floor"),
    {"pin", false, IMPORT_CODE, 0, 200, "pin", NULL, "fingerprint of its host key"},
    {"identity", false, IMPORT_CODE, 0, 255, "identity", NULL, "file of the user key for it alone"},
    ROW_CODE("bastion", false, "bastion", "device", "the device it is reached over"),
};

static const struct import_column label_columns[] = {
    {"label", true, IMPORT_CODE, 0, 64, "name", NULL, "the label's name"},
    ROW_TEXT("rule", 4000, "whom it stands for; empty: a list kept by hand"),
    ROW_CODE("member", false, NULL, NULL, "who is on the list, one a row"),
};

const struct import_table import_tables[IMPORT_KINDS] = {
    {IMPORT_MEMBERS, N_("members"), member_columns, COUNT(member_columns), true, "member",
     "people with a card, one a row"},
    {IMPORT_TENANTS, N_("tenants"), tenant_columns, COUNT(tenant_columns), false, "tenant",
     "shops, one a row"},
    {IMPORT_EVENTS, N_("events"), event_columns, COUNT(event_columns), false, NULL,
     "what people did, one event a row"},
    {IMPORT_RECEIPTS, N_("receipts"), receipt_columns, COUNT(receipt_columns), false, NULL,
     "receipts, one line a row"},
    {IMPORT_SIGHTINGS, N_("sightings"), sighting_columns, COUNT(sighting_columns), false, NULL,
     "Wi-Fi devices heard by probes, one detection a row"},
    {IMPORT_DEVICES, N_("devices"), device_columns, COUNT(device_columns), false, "device",
     "POS terminals, probes, screens, gateways, one a row"},
    {IMPORT_LABELS, N_("labels"), label_columns, COUNT(label_columns), false, "label",
     "labels: a rule, or one member of a list a row"},
};

const struct import_table *import_table_find(const char *name)
{
    for (size_t i = 0; i < IMPORT_KINDS; i++)
        if (strcmp(import_tables[i].name, name) == 0)
            return &import_tables[i];
    return NULL;
}

char *import_table_names(struct arena *arena)
{
    char *names = arena_strdup(arena, import_tables[0].name);
    for (size_t i = 1; i < IMPORT_KINDS; i++)
        names = arena_printf(arena, "%s, %s", names, import_tables[i].name);
    return names;
}

int import_column_find(const struct import_table *table, const char *name, size_t n)
{
    for (size_t i = 0; i < table->n_columns; i++)
        if (strlen(table->columns[i].name) == n && memcmp(table->columns[i].name, name, n) == 0)
            return (int)i;
    return -1;
}

const char *import_type_text(enum import_type type)
{
    static const char *const texts[] = {
        [IMPORT_CODE] = "a name or number without control characters",
        [IMPORT_TEXT] = "UTF-8 text",
        [IMPORT_TIME] = ("a time such as 2024-10-17 11:15:49, 2024-10-17T11:15:49+08:00 or epoch "
                         "seconds"),
        [IMPORT_DATE] = "a date such as 1990-05-01",
        [IMPORT_AMOUNT] = "an amount in currency units with up to 2 decimals, such as 12.50",
        [IMPORT_INTEGER] = "a whole number",
        [IMPORT_BOOL] = "yes or no (1, 0, true, false)",
        [IMPORT_MAC] = "a MAC such as 3c:22:fb:01:02:03, or a hash of one",
    };
    return texts[type];
}
