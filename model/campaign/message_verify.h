/* Checks of messages for `atrium verify`: registered at the start of the program. */
#ifndef ATRIUM_CAMPAIGN_MESSAGE_VERIFY_H
#define ATRIUM_CAMPAIGN_MESSAGE_VERIFY_H

void message_verify_register(void);

#endif
