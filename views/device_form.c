#include "views/device_form.h"

#include "model/base/arena.h"
#include "tui/form.h"
#include "tui/intl.h"

#include <stdlib.h>

const char *const device_form_names[DEVICE_FORM_FIELDS] = {
    [DEVICE_FORM_SHOP] = "tenant",     [DEVICE_FORM_ZONE] = "zone",
    [DEVICE_FORM_FLOOR] = "floor",     [DEVICE_FORM_KIND] = "kind",
    [DEVICE_FORM_MODEL] = "model",     [DEVICE_FORM_HOST] = "host",
    [DEVICE_FORM_PORT] = "port",       [DEVICE_FORM_USER] = "user",
    [DEVICE_FORM_NOTE] = "note",       [DEVICE_FORM_IDENTITY] = "identity",
    [DEVICE_FORM_BASTION] = "bastion",
};

static const struct {
    const char *label, *hint;
    enum field_type type;
    int64_t most;
} shapes[DEVICE_FORM_FIELDS] = {
    [DEVICE_FORM_SHOP] = {N_("shop"), N_("its code; empty: none"), FIELD_TEXT, 64},
    [DEVICE_FORM_ZONE] = {N_("zone"), N_("its code; empty: none"), FIELD_TEXT, 64},
    [DEVICE_FORM_FLOOR] = {N_("floor"), NULL, FIELD_TEXT, 16},
    [DEVICE_FORM_KIND] = {N_("kind"), N_("pos, probe, screen, gateway, …"), FIELD_TEXT, 32},
    [DEVICE_FORM_MODEL] = {N_("model"), NULL, FIELD_TEXT, 64},
    [DEVICE_FORM_HOST] = {N_("host"), N_("name or address"), FIELD_TEXT, 255},
    [DEVICE_FORM_PORT] = {N_("port"), N_("0: 22"), FIELD_NUMBER, 65535},
    [DEVICE_FORM_USER] = {N_("user"), N_("empty: atrium"), FIELD_TEXT, 32},
    [DEVICE_FORM_IDENTITY] = {N_("user key"), N_("a file; empty: that of all"), FIELD_TEXT, 255},
    [DEVICE_FORM_BASTION] = {N_("bastion"), N_("the device it is reached over"), FIELD_TEXT, 64},
    [DEVICE_FORM_NOTE] = {N_("note"), N_("what the next one should know"), FIELD_TEXT, 400},
};

struct device_form {
    struct form *form;
    struct field fields[DEVICE_FORM_FIELDS];
    struct form_page page;
    void (*done)(void *context, bool sent);
    void *context;
};

static void form_done(void *context, struct form *form, bool sent)
{
    struct device_form *f = context;
    (void)form;
    f->done(f->context, sent);
}

struct device_form *device_form_new(const char *const values[DEVICE_FORM_FIELDS],
                                    void (*done)(void *context, bool sent), void *context,
                                    const struct loop *loop)
{
    struct device_form *f = mem_zero(1, sizeof *f);
    f->done = done;
    f->context = context;
    for (int i = 0; i < DEVICE_FORM_FIELDS; i++)
        f->fields[i] = (struct field){.name = device_form_names[i],
                                      .label = _(shapes[i].label),
                                      .hint = shapes[i].hint ? _(shapes[i].hint) : NULL,
                                      .type = shapes[i].type,
                                      .max = shapes[i].most,
                                      .value = values[i]};
    f->page = (struct form_page){_("Device"), f->fields, DEVICE_FORM_FIELDS};
    f->form = form_new(&(struct form_options){.title = _("Device"),
                                              .pages = &f->page,
                                              .n_pages = 1,
                                              .loop = loop,
                                              .done = form_done,
                                              .context = f});
    return f;
}

void device_form_free(struct device_form *f)
{
    if (!f)
        return;
    form_free(f->form);
    free(f);
}

void device_form_draw(struct device_form *f, struct area area)
{
    form_draw(f->form, area);
}

bool device_form_key(struct device_form *f, uint32_t key)
{
    return form_key(f->form, key);
}

bool device_form_action(struct device_form *f, int action_id)
{
    return form_action(f->form, action_id);
}

const char *device_form_value(const struct device_form *f, enum device_field field)
{
    return form_value(f->form, device_form_names[field]);
}
