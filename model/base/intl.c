#include "model/base/intl.h"

#include <string.h>

/* Words of a column, by its title; the list ends with NULL. */
static const struct {
    const char *column;
    const char *words[32];
} vocabularies[] = {
    {"channel",
     {N_("pos"), N_("till"), N_("app"), N_("desk"), N_("wifi"), N_("web"), N_("referral"),
      N_("sms"), N_("wechat"), N_("mini"), N_("mail"), N_("probe"), N_("door"), N_("group")}},
    {"gender", {N_("f"), N_("m"), N_("F"), N_("M"), N_("female"), N_("male")}},
    {"tier", {N_("basic"), N_("silver"), N_("gold"), N_("black"), N_("platinum"), N_("diamond")}},
    {"category",
     {N_("food"), N_("fashion"), N_("coffee"), N_("cinema"), N_("supermarket"), N_("kids"),
      N_("beauty"), N_("sports"), N_("electronics"), N_("books"), N_("services")}},
    {"topic",
     {N_("beauty"), N_("books"), N_("calligraphy"), N_("cars"), N_("coffee"), N_("cooking"),
      N_("dance"), N_("digital"), N_("fashion"), N_("film"), N_("food"), N_("games"), N_("health"),
      N_("parenting"), N_("photography"), N_("sports"), N_("tea"), N_("travel"), N_("yoga")}},
    {"contact", {N_("sms"), N_("app"), N_("wifi"), N_("pos"), N_("screen"), N_("staff")}},
    {"consent",
     {N_("yes"), N_("no"), N_("sms"), N_("app"), N_("wifi"), N_("sms app"), N_("sms wifi"),
      N_("app wifi"), N_("sms app wifi")}},
    {"smart", {N_("yes"), N_("no")}},
    {"direction", {N_("to"), N_("from")}},
    {"relation",
     {N_("family"), N_("friend"), N_("colleague"), N_("referred"), N_("couple"), N_("parent"),
      N_("child"), N_("spouse"), N_("neighbour"), N_("referral"), N_("referred by another")}},
    {"kind", {N_("card"),   N_("phone"),    N_("app"),       N_("wifi"),      N_("payment"),
              N_("family"), N_("friend"),   N_("colleague"), N_("referred"),  N_("couple"),
              N_("parent"), N_("child"),    N_("spouse"),    N_("neighbour"), N_("probe"),
              N_("screen"), N_("gateway"),  N_("pos"),       N_("members"),   N_("tenants"),
              N_("events"), N_("receipts"), N_("sightings"), N_("devices"),   N_("labels")}},
    {"attribute",
     {N_("tier"), N_("gender"), N_("age"), N_("birth"), N_("income"), N_("community"), N_("car"),
      N_("house")}},
    {"evidence", {N_("own")}},
    {"source", {N_("as registered")}},
    {"income", {N_("low"), N_("middle"), N_("high"), N_("very high")}},
    {"car", {N_("none"), N_("economy"), N_("middle"), N_("luxury")}},
    {"app", {N_("has it")}},
    {"age", {N_("under 18"), N_("65+"), N_("under 20"), N_("70 and over")}},
    {"house", {N_("rented"), N_("owned"), N_("owned, several")}},
    {"thing",
     {N_("member"), N_("tenant"), N_("zone"), N_("device"), N_("campaign"), N_("label"),
      N_("segment"), N_("crowd"), N_("funnel"), N_("task"), N_("points_terms"), N_("points_rule"),
      N_("setting"), N_("principal"), N_("points"), N_("coupon")}},
    {"role",
     {N_("operator"), N_("manager"), N_("analyst"), N_("technician"), N_("admin"), N_("member"),
      N_("owner"), N_("host")}},
};

const char *word_translated(const char *column, const char *word)
{
    if (!column || !word)
        return word;
    for (size_t i = 0; i < sizeof vocabularies / sizeof *vocabularies; i++) {
        if (strcmp(vocabularies[i].column, column) != 0)
            continue;
        for (const char *const *known = vocabularies[i].words; *known; known++)
            if (strcmp(*known, word) == 0)
                return gettext(word);
    }
    return word;
}
