/* SPDX-License-Identifier: ISC */
#include "net_option.h"

#include <errno.h>
#include <string.h>

int net_option_int(const void *value, socklen_t bytes, int *to)
{
	if (bytes >= sizeof(*to))
		memcpy(to, value, sizeof(*to));
	else if (bytes)
		*to = *(const unsigned char *)value;
	else
		return -EINVAL;
	return 0;
}

int net_option_give(const void *from, size_t bytes, void *value,
		    socklen_t *room)
{
	if (*room > bytes)
		*room = (socklen_t)bytes;
	memcpy(value, from, *room);
	return 0;
}

int net_option_give_int(int from, void *value, socklen_t *room)
{
	return net_option_give(&from, sizeof(from), value, room);
}
