#include "tui/locale.h"
#include "views/cli/cli.h"
#include "views/modules.h"

int main(int argc, char **argv)
{
    locale_start("atrium", NULL, ATRIUM_PREFIX);
    modules_start();
    return cli_main(argc, argv);
}
