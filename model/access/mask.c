#include "model/access/access.h"
#include "model/base/text.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

enum { WIDE_FROM = 0x2E80 }; /* from here on scripts write a syllable or a word a character */

static size_t rune_size(const char *text, size_t left)
{
    uint32_t rune;
    return (unsigned char)*text < 0x80 ? 1 : text_rune(text, left, &rune);
}

/* Where the character `n` begins; with more than there are, the end. *there: how many there were
 * before. */
static size_t rune_offset(const char *text, size_t n, size_t *there)
{
    size_t size = strlen(text), at = 0, count = 0;
    for (; at < size && count < n; count++)
        at += rune_size(text + at, size - at);
    if (there)
        *there = count;
    return at;
}

static size_t rune_count(const char *text)
{
    size_t n;
    rune_offset(text, SIZE_MAX, &n);
    return n;
}

/* The first `head` and the last `tail` of n characters, `stars` in between. By the million in a
 * first copy, so without printf. */
static char *keep_ends(struct arena *arena, const char *text, size_t n, size_t head, size_t tail,
                       const char *stars)
{
    size_t first = rune_offset(text, head, NULL), last = rune_offset(text, n - tail, NULL);
    size_t n_stars = strlen(stars), rest = strlen(text + last) + 1;
    char *masked = arena_alloc(arena, first + n_stars + rest);
    memcpy(masked, text, first);
    memcpy(masked + first, stars, n_stars);
    memcpy(masked + first + n_stars, text + last, rest);
    return masked;
}

char *mask_name(struct arena *arena, const char *name)
{
    if (!*name)
        return arena_strdup(arena, "");
    uint32_t rune;
    size_t n = text_rune(name, strlen(name), &rune);
    /* The number of stars says nothing about the length of the name. */
    const char *stars = rune >= WIDE_FROM ? "*" : "***";
    char *masked = arena_alloc(arena, n + strlen(stars) + 1);
    memcpy(masked, name, n);
    memcpy(masked + n, stars, strlen(stars) + 1);
    return masked;
}

char *mask_phone(struct arena *arena, const char *phone)
{
    size_t n = rune_count(phone);
    if (n >= 11)
        return keep_ends(arena, phone, n, n - 8, 4, "****");
    if (n >= 8)
        return keep_ends(arena, phone, n, 2, 2, "****");
    return n ? arena_strdup(arena, "****") : arena_strdup(arena, "");
}

char *mask_card(struct arena *arena, const char *card)
{
    size_t n = rune_count(card);
    if (!n)
        return arena_strdup(arena, "");
    return keep_ends(arena, card, n, 0, n > 4 ? 3 : n > 1 ? 1 : 0, "*****");
}

char *mask_address(struct arena *arena, const char *address)
{
    uint64_t mac;
    size_t n = rune_count(address);
    if (!n)
        return arena_strdup(arena, "");
    if (text_to_mac(address, strlen(address), &mac))
        return arena_printf(arena, "%02x:%02x:**:**:**:**", (unsigned)(mac >> 40 & 0xFF),
                            (unsigned)(mac >> 32 & 0xFF));
    return n >= 8 ? keep_ends(arena, address, n, 2, 2, "****") : arena_strdup(arena, "****");
}

enum mask access_mask(const struct access *access, uint32_t person)
{
    return person && person == access->revealed ? MASK_NONE : access->mask;
}

static const char *pseudonym(const struct access *access, struct arena *arena, uint32_t person)
{
    char text[PSEUDONYM_SIZE];
    pseudonym_write(access->key, person, text);
    return arena_strdup(arena, text);
}

/* As a replica has it: behind '#' stands what makes it one of its kind. */
static const char *masked_already(struct arena *arena, const char *text)
{
    const char *mark = strrchr(text, '#');
    return mark ? arena_strndup(arena, text, (size_t)(mark - text)) : arena_strdup(arena, text);
}

const char *access_text(const struct access *access, struct arena *arena, enum personal what,
                        uint32_t person, const char *text)
{
    switch (access_mask(access, person)) {
    case MASK_PEOPLE:
        return NULL;
    case MASK_PSEUDONYM:
        return what == PERSONAL_CARD && person ? pseudonym(access, arena, person) : NULL;
    case MASK_NONE:
        return text ? arena_strdup(arena, text) : NULL;
    case MASK_CONTACTS:
        break;
    }
    if (!text)
        return NULL;
    if (access->masked)
        return what == PERSONAL_NAME || what == PERSONAL_PHONE ? arena_strdup(arena, text)
                                                               : masked_already(arena, text);
    switch (what) {
    case PERSONAL_NAME:
        return mask_name(arena, text);
    case PERSONAL_PHONE:
        return mask_phone(arena, text);
    case PERSONAL_CARD:
        return mask_card(arena, text);
    case PERSONAL_ADDRESS:
        return mask_address(arena, text);
    }
    return NULL;
}

enum personal personal_of_identity(const char *kind)
{
    return strcmp(kind, "card") == 0    ? PERSONAL_CARD
           : strcmp(kind, "phone") == 0 ? PERSONAL_PHONE
                                        : PERSONAL_ADDRESS;
}

bool personal_attribute(const char *name)
{
    static const char *const words[] = {"mail",   "address", "phone", "name",
                                        "wechat", "licence", "plate", "passport"};
    if (strcasecmp(name, "id") == 0 || strncasecmp(name, "id_", 3) == 0)
        return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasestr(name, words[i]))
            return true;
    return false;
}
