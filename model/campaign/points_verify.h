/* Checks of `atrium verify`: the ledger of points. */
#ifndef ATRIUM_CAMPAIGN_POINTS_VERIFY_H
#define ATRIUM_CAMPAIGN_POINTS_VERIFY_H

/* Before verify_run; registering twice does nothing. */
void points_verify_register(void);

#endif
