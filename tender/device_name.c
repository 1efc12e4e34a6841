/* SPDX-License-Identifier: ISC */
#include "device_name.h"

#include <string.h>

#include "boot_info.h"

bool device_name_is_good(const char *s, size_t n)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "0123456789_-";

	return n > 0 && n < BP_DEVICE_NAME_BYTES && strspn(s, allowed) >= n;
}
