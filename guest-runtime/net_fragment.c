/* SPDX-License-Identifier: ISC */
/* Fragments of IPv6: of a copy, see scripts/build-lwip.sh. */
#include <lwip/ip6_frag.h>
#include <lwip/pbuf.h>

err_t ip6_frag_in_place(struct pbuf *p, struct netif *netif,
			const ip6_addr_t *to);

err_t ip6_frag(struct pbuf *p, struct netif *netif, const ip6_addr_t *to)
{
	struct pbuf *copy = pbuf_clone(PBUF_LINK, PBUF_RAM, p);
	err_t err;

	if (!copy)
		return ERR_MEM;
	err = ip6_frag_in_place(copy, netif, to);
	pbuf_free(copy);
	return err;
}
