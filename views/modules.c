#include "views/modules.h"

#include "model/event/verify.h"

void modules_start(void)
{
    event_verify_register();
}
