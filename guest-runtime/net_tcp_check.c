/* SPDX-License-Identifier: ISC */
/*
 * Options of TCP that lwIP believes too readily: a maximum segment size in the
 * middle of a connection, or one that would make a frame of every few bytes.
 */
#include <lwip/priv/tcp_priv.h>
#include <lwip/prot/tcp.h>

#define LEAST_MSS 88

/* Options may be in two pieces, as a header may cross buffers. */
struct options {
	uint8_t *first, *rest;
	unsigned first_bytes, bytes;
};

static uint8_t *at(const struct options *o, unsigned i)
{
	return i < o->first_bytes ? o->first + i
				  : o->rest + (i - o->first_bytes);
}

static void check_mss(const struct options *o, unsigned i, int wanted)
{
	unsigned mss = (unsigned)(*at(o, i + 2) << 8 | *at(o, i + 3));

	if (!wanted) {
		for (unsigned j = 0; j < LWIP_TCP_OPT_LEN_MSS; j++)
			*at(o, i + j) = LWIP_TCP_OPT_NOP;
	} else if (mss && mss < LEAST_MSS) {
		*at(o, i + 2) = 0;
		*at(o, i + 3) = LEAST_MSS;
	}
}

signed char net_tcp_check(struct tcp_pcb *pcb, struct tcp_hdr *head,
			  uint16_t bytes, uint16_t first_bytes, uint8_t *rest)
{
	const struct options o = {(uint8_t *)(head + 1), rest, first_bytes,
				  bytes};
	const int wanted = (TCPH_FLAGS(head) & TCP_SYN) &&
			   (pcb->state == LISTEN || pcb->state == SYN_SENT);
	unsigned i = 0, n;

	while (i < o.bytes && *at(&o, i) != LWIP_TCP_OPT_EOL) {
		if (*at(&o, i) == LWIP_TCP_OPT_NOP) {
			i++;
			continue;
		}
		n = i + 1 < o.bytes ? *at(&o, i + 1) : 0;
		if (n < 2 || n > o.bytes - i)
			break;
		if (*at(&o, i) == LWIP_TCP_OPT_MSS && n == LWIP_TCP_OPT_LEN_MSS)
			check_mss(&o, i, wanted);
		i += n;
	}
	return ERR_OK;
}
