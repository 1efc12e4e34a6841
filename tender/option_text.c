/* SPDX-License-Identifier: ISC */
#include "option_text.h"

#include <stddef.h>

bool option_number(const char **s, uint64_t max, uint64_t *out)
{
	const char *at = *s;
	uint64_t n = 0;

	if (*at < '0' || *at > '9')
		return false;
	for (; *at >= '0' && *at <= '9'; at++) {
		uint64_t digit = (uint64_t)(*at - '0');

		if (n > max / 10 || digit > max - n * 10)
			return false;
		n = n * 10 + digit;
	}
	*s = at;
	*out = n;
	return true;
}

bool option_bytes(const char **s, uint64_t max, uint64_t *out)
{
	unsigned shift = 0;
	uint64_t n;

	if (!option_number(s, max, &n))
		return false;
	if (**s == 'k' || **s == 'K')
		shift = 10;
	else if (**s == 'm' || **s == 'M')
		shift = 20;
	else if (**s == 'g' || **s == 'G')
		shift = 30;
	if (shift)
		++*s;
	if (n > max >> shift)
		return false;
	*out = n << shift;
	return true;
}

char *option_next_part(char **at)
{
	char *start = *at, *from = *at, *to = *at;

	for (; *from; from++) {
		if (*from == ',' && from[1] != ',')
			break;
		if (*from == ',')
			from++;
		*to++ = *from;
	}
	*at = *from ? from + 1 : NULL;
	*to = '\0';
	return start;
}
