#include "model/campaign/template.h"

#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/base/vec.h"

#include <string.h>

const struct template_field_info template_fields[TEMPLATE_FIELDS] = {
    [TEMPLATE_NAME] = {"name", N_("the person's name"), "王小明"},
    [TEMPLATE_CARD] = {"card", N_("number of the person's card"), "80012345678"},
    [TEMPLATE_TIER] = {"tier", N_("membership level"), "gold"},
    [TEMPLATE_POINTS] = {"points", N_("points on the account"), "12,500"},
    [TEMPLATE_COUPON] = {"coupon", N_("code of the person's coupon"), "7KQM-2XHA-94DR"},
    [TEMPLATE_SHOP] = {"shop", N_("the shops of the offer"), "Blue Door Coffee"},
    [TEMPLATE_POPULAR] = {"popular", N_("the shops that most people go to"),
                          "Uniqlo, Haidilao, Blue Door Coffee"},
    [TEMPLATE_VALUE] = {"value", N_("what the coupon is worth"), "50"},
    [TEMPLATE_MINIMUM] = {"minimum", N_("what must be spent for it"), "500"},
    [TEMPLATE_UNTIL] = {"until", N_("the last day"), "2017-10-31"},
    [TEMPLATE_GIFT] = {"gift", N_("what is given"), "a cup of tea"},
    [TEMPLATE_CAMPAIGN] = {"campaign", N_("name of the campaign"), "October points days"},
    [TEMPLATE_MALL] = {"mall", N_("name of the mall"), "Joy City"},
};

/* Text, or a field with the text that stands in for it. */
struct part {
    int field; /* -1: text */
    const char *text;
};

struct template
{
    unsigned uses;
    size_t n;
    const struct part *parts;
};

/* ---- Reading ---- */

struct reading {
    struct arena *arena;
    const char *text;
    const char *problem;
    VEC(struct part) parts;
};

static size_t characters(const char *text, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += ((unsigned char)text[i] & 0xC0) != 0x80;
    return count;
}

static int field_named(const char *name, size_t n)
{
    for (int i = 0; i < TEMPLATE_FIELDS; i++)
        if (strlen(template_fields[i].name) == n && memcmp(template_fields[i].name, name, n) == 0)
            return i;
    return n == 4 && memcmp(name, "code", 4) == 0 ? TEMPLATE_COUPON : -1;
}

static const char *field_names(struct arena *arena)
{
    const char *names = "";
    for (int i = 0; i < TEMPLATE_FIELDS; i++)
        names = arena_printf(arena, "%s%s{%s}", names, i ? " " : "", template_fields[i].name);
    return names;
}

/* A field from its brace on; returns what follows it. */
static const char *field_read(struct reading *reading, const char *at)
{
    const char *end = strchr(at, '}');
    size_t place = characters(reading->text, (size_t)(at - reading->text)) + 1;
    if (!end) {
        reading->problem = arena_printf(reading->arena,
                                        "character %zu: found { without }, expected a field such "
                                        "as {name}; {{ is a brace",
                                        place);
        return NULL;
    }
    const char *bar = memchr(at, '|', (size_t)(end - at));
    size_t n = (size_t)((bar ? bar : end) - at - 1);
    struct part part = {field_named(at + 1, n), ""};
    if (part.field < 0) {
        reading->problem = arena_printf(
            reading->arena, "character %zu: found %s, expected one of %s", place,
            text_quote(reading->arena, at, (size_t)(end - at) + 1), field_names(reading->arena));
        return NULL;
    }
    if (bar)
        part.text = arena_strndup(reading->arena, bar + 1, (size_t)(end - bar) - 1);
    vec_push(&reading->parts, part);
    return end + 1;
}

static const char *text_read(struct reading *reading, const char *at)
{
    char *copy = arena_alloc(reading->arena, strlen(at) + 1);
    size_t n = 0;
    while (*at && (*at != '{' || at[1] == '{')) {
        if (*at == '}' && at[1] != '}') {
            reading->problem = arena_printf(
                reading->arena, "character %zu: found } without {, expected }} for a brace",
                characters(reading->text, (size_t)(at - reading->text)) + 1);
            return NULL;
        }
        at += *at == '{' || *at == '}';
        copy[n++] = *at++;
    }
    vec_push(&reading->parts, (struct part){-1, copy});
    return at;
}

const struct template *template_read(struct arena *arena, const char *text, const char **problem)
{
    struct reading reading = {.arena = arena, .text = text};
    struct template *template = arena_new_of(arena, struct template);
    if (strlen(text) > TEMPLATE_MOST)
        reading.problem = arena_printf(arena, "found %zu bytes, expected at most %d", strlen(text),
                                       TEMPLATE_MOST);
    for (const char *at = text; !reading.problem && *at;) {
        bool field = *at == '{' && at[1] != '{';
        at = field ? field_read(&reading, at) : text_read(&reading, at);
    }
    struct part *parts = arena_array(arena, struct part, reading.parts.n);
    for (size_t i = 0; i < reading.parts.n; i++) {
        parts[i] = reading.parts.at[i];
        if (parts[i].field >= 0)
            template->uses |= 1u << parts[i].field;
    }
    template->parts = parts;
    template->n = reading.parts.n;
    vec_free(&reading.parts);
    *problem = reading.problem;
    return reading.problem ? NULL : template;
}

unsigned template_uses(const struct template *template)
{
    return template->uses;
}

/* ---- Filling ---- */

/* Nobody may be turned around or written over by what a name has in it. */
static bool rune_harmful(uint32_t rune)
{
    return rune < 0x20 || (rune >= 0x7F && rune < 0xA0) || rune == 0xFFFD || rune == 0x2028 ||
           rune == 0x2029 || (rune >= 0x202A && rune <= 0x202E) ||
           (rune >= 0x2066 && rune <= 0x2069) || rune == 0x200E || rune == 0x200F || rune == 0xFEFF;
}

/* At most `most` characters; a run of spaces and what becomes one is one space. */
static size_t clean_put(char *to, size_t at, const char *text, size_t most)
{
    size_t n = strlen(text), written = 0;
    for (size_t i = 0; i < n && written < most; written++) {
        uint32_t rune;
        size_t step = text_rune(text + i, n - i, &rune);
        if (!rune_harmful(rune)) {
            memcpy(to + at, text + i, step);
            at += step;
        } else if (at && to[at - 1] != ' ') {
            to[at++] = ' ';
        }
        i += step;
    }
    return at;
}

char *template_fill(struct arena *arena, const struct template *template,
                    const char *const values[TEMPLATE_FIELDS])
{
    const char *texts[64];
    size_t size = 1, few = sizeof texts / sizeof *texts;
    const char **at = template->n <= few ? texts : arena_array(arena, const char *, template->n);
    for (size_t i = 0; i < template->n; i++) {
        const struct part *part = &template->parts[i];
        const char *value = part->field >= 0 ? values[part->field] : NULL;
        at[i] = value && *value ? value : part->text;
        size += strlen(at[i]) + 1;
    }
    char *filled = arena_alloc(arena, size);
    size_t n = 0;
    for (size_t i = 0; i < template->n; i++)
        n = clean_put(filled, n, at[i],
                      template->parts[i].field >= 0 ? TEMPLATE_VALUE_MOST : SIZE_MAX);
    while (n && filled[n - 1] == ' ')
        n--;
    filled[n] = 0;
    return filled;
}

/* ---- What a campaign's message says ---- */

static bool has_contact(const struct campaign *campaign, enum contact contact)
{
    for (size_t i = 0; i < campaign->n_contacts; i++)
        if (campaign->contacts[i] == contact)
            return true;
    return false;
}

const char *template_example(struct arena *arena, const struct campaign *campaign,
                             struct sms_count *count, const char **problem)
{
    const char *values[TEMPLATE_FIELDS];
    const struct template *template = template_read(arena, campaign->message, problem);
    *count = (struct sms_count){0};
    if (!template)
        return NULL;
    for (int i = 0; i < TEMPLATE_FIELDS; i++)
        values[i] = template_fields[i].example;
    if (campaign->offer.value)
        values[TEMPLATE_VALUE] = text_from_fen(arena, campaign->offer.value);
    if (campaign->offer.minimum)
        values[TEMPLATE_MINIMUM] = text_from_fen(arena, campaign->offer.minimum);
    if (campaign->offer.gift && *campaign->offer.gift)
        values[TEMPLATE_GIFT] = campaign->offer.gift;
    if (campaign->name && *campaign->name)
        values[TEMPLATE_CAMPAIGN] = campaign->name;
    if (campaign->schedule.to != INT32_MAX)
        values[TEMPLATE_UNTIL] = date_text(arena, campaign->schedule.to);
    const char *text = template_fill(arena, template, values);
    *count = sms_count(text);
    return text;
}

const char *template_problem(struct arena *arena, const struct campaign *campaign)
{
    const char *problem;
    struct sms_count count;
    const struct template *template = template_read(arena, campaign->message, &problem);
    if (!template)
        return problem;
    if (!*campaign->message && campaign->n_contacts)
        return "found no text, expected what the message says";
    if ((template->uses >> TEMPLATE_COUPON & 1) && !campaign_kinds[campaign->kind].gives_coupons)
        return arena_printf(arena, "found {coupon}, but a campaign of the kind %s gives none",
                            campaign_kinds[campaign->kind].name);
    template_example(arena, campaign, &count, &problem);
    if (has_contact(campaign, CONTACT_SMS) && count.parts > SMS_PARTS_MOST)
        return arena_printf(arena, "found a text of %d SMS, expected %d at most", count.parts,
                            SMS_PARTS_MOST);
    return NULL;
}
