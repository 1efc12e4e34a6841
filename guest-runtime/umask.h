/* SPDX-License-Identifier: ISC */
#ifndef RT_UMASK_H
#define RT_UMASK_H

/* umask(2): permissions that new files do not get. */
extern unsigned __rt_umask;

#endif
