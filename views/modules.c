#include "views/modules.h"

void modules_start(void)
{
}
