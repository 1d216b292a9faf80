/* What people are known by, as the table `contact` numbers its kinds (schema/001.sql). The view
 * `identity` has their names; bulk work and whoever counts changed rows uses the table. */
#ifndef ATRIUM_STORE_CONTACT_H
#define ATRIUM_STORE_CONTACT_H

enum contact_kind {
    CONTACT_CARD = 1,
    CONTACT_PHONE,
    CONTACT_APP,
    CONTACT_WIFI,
    CONTACT_PAYMENT,
};

#endif
