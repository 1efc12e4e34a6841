/* SPDX-License-Identifier: ISC */
/* Values of socket options. */
#ifndef RT_NET_OPTION_H
#define RT_NET_OPTION_H

#include <sys/socket.h>

/* An int of setsockopt(2), or for IP ones a byte too. 0 or -EINVAL. */
int net_option_int(const void *value, socklen_t bytes, int *to);

/* For getsockopt(2): as much of @bytes as there is room for. 0. */
int net_option_give(const void *from, size_t bytes, void *value,
		    socklen_t *room);
int net_option_give_int(int from, void *value, socklen_t *room);

#endif
