/* SPDX-License-Identifier: ISC */
#include <errno.h>

#include "file_poll.h"
#include "signals.h"

long __rt_sigmask_begin(const uint64_t *mask, size_t bytes, uint64_t *before)
{
	if (!mask)
		return 0;
	if (bytes != sizeof(*mask))
		return -EINVAL;
	__rt_signal_mask_begin(*mask, before);
	return 0;
}

void __rt_sigmask_end(const uint64_t *mask, const uint64_t *before)
{
	if (mask)
		__rt_signal_mask_end(*before);
}
