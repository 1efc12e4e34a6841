/* SPDX-License-Identifier: ISC */
/*
 * What e2fsprogs asks its configure script about the system, answered for the
 * guest. The same answers serve the unit tests on the host, so that they test
 * what runs in the guest.
 *
 * It is included before anything else, so that nothing in there finds a
 * standard stream, an environment or a message catalogue.
 */
#ifndef RT_E2FSPROGS_CONFIG_H
#define RT_E2FSPROGS_CONFIG_H

#include <stdio.h>
#include <stdlib.h>

#define HAVE_ERRNO_H		  1
#define HAVE_INTPTR_T		  1
#define HAVE_INTTYPES_H		  1
#define HAVE_NETINET_IN_H	  1
#define HAVE_STDLIB_H		  1
#define HAVE_STRNLEN		  1
#define HAVE_SYS_STAT_H		  1
#define HAVE_SYS_TYPES_H	  1
#define HAVE_TYPE_SSIZE_T	  1
#define HAVE_UNISTD_H		  1
#define HAVE_STRUCT_STAT_ST_FLAGS 0
#define OMIT_COM_ERR		  1
#define DEBUGFS			  1 /* recovery.c without e2fsck's context */

#undef HAVE_STRUCT_STAT_ST_FLAGS

#define N_(text)	    (text)
#define _(text)		    (text)
#define printf(...)	    ((void)0)
#define fprintf(...)	    ((void)0)
#define getenv(name)	    ((char *)NULL)
#define secure_getenv(name) ((char *)NULL)

#endif
