/* Canonical texts of tests and figures: equal ones are computed once. */
#include "model/segment/plan.h"

#include <stdio.h>
#include <stdlib.h>

static void key_bytes(struct key *key, const char *text, size_t n)
{
    if (!n)
        return;
    vec_reserve(&key->text, n);
    memcpy(key->text.at + key->text.n, text, n);
    key->text.n += n;
}

/* With its length in front, so that no two rows of texts read the same. */
static void key_counted(struct key *key, const char *text, size_t n)
{
    key_number(key, (int64_t)n);
    key_bytes(key, text, n);
}

void key_text(struct key *key, const char *text)
{
    key_counted(key, text, strlen(text));
}

void key_number(struct key *key, int64_t number)
{
    char text[32];
    int n = snprintf(text, sizeof text, "%lld ", (long long)number);
    key_bytes(key, text, (size_t)n);
}

void key_values(struct key *key, const struct people_expr *leaf)
{
    key_number(key, leaf->bare ? -1 : (int64_t)leaf->op);
    key_number(key, (int64_t)leaf->n_values);
    for (size_t i = 0; i < leaf->n_values; i++)
        key_counted(key, leaf->values[i].text, leaf->values[i].size);
}

void key_events(struct key *key, const struct expr *expr)
{
    for (; expr; expr = expr->left) {
        key_number(key, expr->type);
        if (expr->type == EXPR_LEAF) {
            key_text(key, expr->field->name);
            key_number(key, expr->op);
            key_number(key, (int64_t)expr->n_values);
            for (size_t i = 0; i < expr->n_values; i++)
                key_counted(key, expr->values[i].text, expr->values[i].size);
            return;
        }
        key_events(key, expr->right);
    }
}

const char *key_take(struct key *key, struct arena *arena)
{
    const char *text = arena_strndup(arena, key->text.at ? key->text.at : "", key->text.n);
    vec_free(&key->text);
    return text;
}
