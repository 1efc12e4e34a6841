/* SPDX-License-Identifier: ISC */
/* The one place where a status of the tender becomes an errno. */
#include <errno.h>

#include "hypercall.h"
#include "runtime.h"

int __rt_errno_of(int64_t status)
{
	static const unsigned char table[] = {
		[BP_OK] = 0,
		[BP_AGAIN] = EAGAIN,
		[BP_INVALID] = EINVAL,
		[BP_RANGE] = ENOSPC,
		[BP_READ_ONLY] = EROFS,
		[BP_IO] = EIO,
		[BP_NO_SPACE] = ENOSPC,
		[BP_UNSUPPORTED] = EOPNOTSUPP,
		[BP_CLOSED] = EPIPE,
	};

	_Static_assert(sizeof(table) == BP_STATUS_COUNT, "every status");
	if (status >= BP_STATUS_COUNT)
		return EIO;
	return table[status];
}
