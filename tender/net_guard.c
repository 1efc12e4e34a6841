/* SPDX-License-Identifier: ISC */
#include "net_guard.h"

#include <string.h>

#define ETHER_BYTES	 14
#define IP4_TO		 (ETHER_BYTES + 16) /* RFC 791: destination address */
#define IP6_TO		 (ETHER_BYTES + 24) /* RFC 8200 */
#define ETHERTYPE_IP4	 0x0800
#define ETHERTYPE_IP6	 0x86dd
#define IP4_NET_THIS	 0 /* connecting to it reaches loopback */
#define IP4_NET_LOOPBACK 127

static bool forbids_ip4(const uint8_t *to)
{
	return to[0] == IP4_NET_THIS || to[0] == IP4_NET_LOOPBACK;
}

/* ::, ::1, and all that is an IPv4 address in another form (RFC 4291, 2.5). */
static bool forbids_ip6(const uint8_t *to)
{
	static const uint8_t zero[10];

	return !memcmp(to, zero, sizeof(zero)) &&
	       ((!to[10] && !to[11]) || (to[10] == 0xff && to[11] == 0xff));
}

bool net_guard_forbids(const uint8_t *head, size_t bytes)
{
	unsigned type;

	if (bytes < ETHER_BYTES)
		return false;
	type = (unsigned)head[12] << 8 | head[13];
	if (type == ETHERTYPE_IP4 && bytes >= IP4_TO + 4)
		return forbids_ip4(head + IP4_TO);
	if (type == ETHERTYPE_IP6 && bytes >= IP6_TO + 16)
		return forbids_ip6(head + IP6_TO);
	return false;
}
