/* SPDX-License-Identifier: ISC */
/*
 * Memory of lwIP, in place of its mem.c and memp.c: from the runtime's
 * allocator, at most a quarter of the heap, and of each kind of control block
 * no more than lwipopts.h says. lwIP copes with less: it drops a packet, or
 * ends its oldest connection in TIME_WAIT.
 */
#include "net_memory.h"

#include <string.h>

/* The sizes of the kinds. */
#include <lwip/dhcp.h>
#include <lwip/etharp.h>
#include <lwip/igmp.h>
#include <lwip/ip4_frag.h>
#include <lwip/ip6_frag.h>
#include <lwip/mld6.h>
#include <lwip/priv/nd6_priv.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/raw.h>
#include <lwip/udp.h>

#include "memory_hook.h"
#include "vnode.h"

/* In front of each piece; keeps the alignment of 16 bytes. */
struct piece {
	_Alignas(16) size_t bytes;
};

static size_t used, most;

static const struct {
	unsigned most;
	unsigned bytes;
} kinds[] = {
#define LWIP_MEMPOOL(name, count, size, text) [MEMP_##name] = {count, size},
#include <lwip/priv/memp_std.h>
};

static unsigned counts[MEMP_MAX];

void mem_init(void)
{
	most = __rt_memory_total() / 4;
}

void memp_init(void)
{
}

void *mem_malloc(size_t bytes)
{
	struct piece *piece;

	if (bytes > most || used > most - bytes)
		return NULL;
	piece = __rt_malloc(sizeof(*piece) + bytes);
	if (!piece)
		return NULL;
	piece->bytes = bytes;
	used += bytes;
	return piece + 1;
}

void *mem_calloc(size_t count, size_t bytes)
{
	void *p = mem_malloc(count * bytes);

	return p ? memset(p, 0, count * bytes) : NULL;
}

void *mem_trim(void *p, size_t bytes)
{
	(void)bytes; /* it will soon be freed anyway */
	return p;
}

void mem_free(void *p)
{
	struct piece *piece = p;

	if (!p)
		return;
	piece--;
	used -= piece->bytes;
	__rt_free(piece);
}

void *memp_malloc(memp_t kind)
{
	void *p;

	if (counts[kind] >= kinds[kind].most)
		return NULL;
	p = mem_malloc(kinds[kind].bytes);
	if (p)
		counts[kind]++;
	return p;
}

void memp_free(memp_t kind, void *p)
{
	if (!p)
		return;
	counts[kind]--;
	mem_free(p);
}

unsigned net_memory_count(memp_t kind)
{
	return counts[kind];
}
