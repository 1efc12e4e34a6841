/* SPDX-License-Identifier: ISC */
/* Who the tender is: as little as can be. */
#ifndef SANDBOX_IDS_H
#define SANDBOX_IDS_H

#define NOBODY 65534 /* whom no file belongs to */

/*
 * From root to nobody, and no capability can ever be had again. For others, and
 * where that is not possible (a container of one user), does what it can: what
 * root could do goes with the capabilities.
 */
void sandbox_drop_ids(void);

/* Gives up all capabilities, for good. 0 or -errno. */
int sandbox_drop_capabilities(void);

#endif
