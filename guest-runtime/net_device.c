/* SPDX-License-Identifier: ISC */
/*
 * THEORY OF OPERATION
 * Nothing is copied between lwIP and the tender. What lwIP sends waits in a
 * queue, as the pbufs that they are, for the next exchange. What comes is
 * received into buffers of two pieces, one for frames up to 2 KiB, one for the
 * rest of larger ones; each becomes a pbuf, and returns to its list when that
 * is freed. Only very small frames are copied, so that they do not hold a whole
 * piece. The number of buffers offered doubles whenever all of them were
 * filled. What was received waits in a list for net_devices_input(), as an
 * exchange may happen within lwIP's output.
 */
#include "net_device.h"

#include <lwip/etharp.h>
#include <lwip/ethip6.h>
#include <lwip/mem.h>
#include <netif/ethernet.h>
#include <string.h>

#include "boot_info.h"
#include "disk_device.h"
#include "hypercall_x86_64.h"
#include "net_checksum.h"
#include "net_config.h"
#include "runtime.h"

#define SMALL_BYTES  2048
#define LARGE_BYTES  (BP_FRAME_MAX_BYTES - SMALL_BYTES)
#define LEAST_BYTES  60
#define COPY_BYTES   256 /* frames up to this are copied */
#define OUT_QUEUE    256 /* a power of two */
#define OUT_PIECES   16	 /* more than that in a frame are joined */
#define FIRST_OFFERS 8
/* What lwIP can hold: see TCP_MSS in lwipopts.h. */
#define MAX_MTU	     65520

#define NS_PER_US 1000

/* A piece of a buffer to receive into. */
struct piece {
	struct pbuf_custom pbuf; /* first: it is freed by this address */
	struct piece *next;
	struct piece **home; /* the list it goes back to */
	char data[];
};

struct device {
	struct netif netif;
	unsigned number;
	const struct bp_net *info;
	struct piece *small, *large; /* free */
	int has_large;		     /* frames may need a second piece */
	unsigned offers;
	int gone;
	struct pbuf *out[OUT_QUEUE];
	unsigned out_first, out_end; /* modulo OUT_QUEUE */
	struct pbuf *in, **in_end;   /* frames, by ->next of their last one */
};

static struct device *device_of[BP_MAX_DEVICES];
static unsigned device_count;

static void free_piece(struct pbuf *p)
{
	struct piece *piece = (struct piece *)p;

	piece->next = *piece->home;
	*piece->home = piece;
}

static struct piece *take(struct piece **list, size_t bytes)
{
	struct piece *piece = *list;

	if (piece) {
		*list = piece->next;
		return piece;
	}
	piece = mem_malloc(sizeof(*piece) + bytes);
	if (!piece)
		return NULL;
	piece->pbuf.custom_free_function = free_piece;
	piece->home = list;
	return piece;
}

static void give(struct piece *piece)
{
	if (piece)
		free_piece(&piece->pbuf.pbuf);
}

static struct pbuf *as_pbuf(struct piece *piece, unsigned bytes, unsigned room)
{
	return pbuf_alloced_custom(PBUF_RAW, (u16_t)bytes, PBUF_REF,
				   &piece->pbuf, piece->data, (u16_t)room);
}

/* Frames @p, one, to be handed over later. */
static void keep(struct device *d, struct pbuf *p)
{
	p->if_idx = netif_get_index(&d->netif);
	*d->in_end = p;
	while (p->next)
		p = p->next;
	d->in_end = &p->next;
}

/*
 * On a wire no frame is shorter than LEAST_BYTES, and lwIP looks at all of an
 * ARP packet without asking how long it is.
 */
static struct pbuf *copy_small(const char *data, u16_t bytes)
{
	u16_t room = bytes < LEAST_BYTES ? LEAST_BYTES : bytes;
	struct pbuf *p = pbuf_alloc(PBUF_RAW, room, PBUF_RAM);

	if (!p)
		return NULL;
	memcpy(p->payload, data, bytes);
	memset((char *)p->payload + bytes, 0, room - bytes);
	p->len = p->tot_len = bytes;
	return p;
}

static void received(struct device *d, struct piece *small, struct piece *large,
		     const struct bp_frame *entry)
{
	unsigned bytes = entry[0].bytes, more = large ? entry[1].bytes : 0;
	struct pbuf *p, *rest;

	if (bytes + more > BP_FRAME_MAX_BYTES - (65535 - MAX_MTU) + 1) {
		give(small);
		give(large);
		return;
	}
	if (bytes <= COPY_BYTES) {
		p = copy_small(small->data, (u16_t)bytes);
		give(small);
	} else {
		p = as_pbuf(small, bytes, SMALL_BYTES);
	}
	if (more) {
		rest = as_pbuf(large, more, LARGE_BYTES);
		pbuf_cat(p, rest);
	} else {
		give(large);
	}
	if (p)
		keep(d, p);
}

/* Entries for the frames at the front of the queue; how many frames. */
static unsigned list_out(struct device *d, struct bp_frame *entry,
			 unsigned *entry_count)
{
	unsigned frames = 0, used = 0;

	for (unsigned i = d->out_first; i != d->out_end; i++) {
		struct pbuf *p = d->out[i % OUT_QUEUE];

		if (frames == BP_MAX_FRAMES ||
		    used + pbuf_clen(p) > BP_MAX_FRAME_ENTRIES)
			break;
		for (; p; p = p->next)
			entry[used++] =
				(struct bp_frame){(uintptr_t)p->payload, p->len,
						  p->next ? BP_FRAME_MORE : 0};
		frames++;
	}
	*entry_count = used;
	return frames;
}

struct offer {
	struct piece *small, *large;
};

static unsigned list_in(struct device *d, struct offer *offer,
			struct bp_frame *entry)
{
	unsigned count, used = 0;

	for (count = 0; count < d->offers; count++) {
		struct offer *o = &offer[count];

		*o = (struct offer){take(&d->small, SMALL_BYTES), NULL};
		if (!o->small)
			break;
		if (d->has_large)
			o->large = take(&d->large, LARGE_BYTES);
		if (d->has_large && !o->large) {
			give(o->small);
			break;
		}
		entry[used++] = (struct bp_frame){(uintptr_t)o->small->data,
						  SMALL_BYTES,
						  o->large ? BP_FRAME_MORE : 0};
		if (o->large)
			entry[used++] = (struct bp_frame){
				(uintptr_t)o->large->data, LARGE_BYTES, 0};
	}
	return count;
}

/* Waits for so long if nothing comes. Whether anything moved. */
static int exchange(struct device *d, uint64_t wait_us)
{
	const unsigned each = d->has_large ? 2 : 1;
	struct bp_frame out[BP_MAX_FRAME_ENTRIES], in[BP_MAX_FRAME_ENTRIES];
	struct offer offer[BP_MAX_FRAMES];
	unsigned out_entries, in_count, came = 0, went, moved;
	int64_t result;

	if (d->gone)
		return 0;
	went = list_out(d, out, &out_entries);
	in_count = list_in(d, offer, in);
	if (d->out_end - d->out_first != went || !in_count)
		wait_us = 0; /* there is more to do */
	result = hypercall_net_io(d->number, out, out_entries, in,
				  (uint64_t)in_count * each |
					  wait_us << BP_NET_ENTRIES_BITS);
	if (result >= 0) {
		went = BP_NET_SENT(result);
		came = BP_NET_RECEIVED(result);
	} else {
		/* What is on the way is lost, as on a wire that was cut. */
		d->gone = 1;
		netif_set_link_down(&d->netif);
	}
	moved = went + came;
	while (went--)
		pbuf_free(d->out[d->out_first++ % OUT_QUEUE]);
	for (unsigned i = 0; i < in_count; i++) {
		if (i < came) {
			received(d, offer[i].small, offer[i].large,
				 &in[(size_t)i * each]);
			continue;
		}
		give(offer[i].small);
		give(offer[i].large);
	}
	if (came == d->offers && d->offers < BP_MAX_FRAMES)
		d->offers *= 2;
	return moved != 0;
}

static err_t output(struct netif *netif, struct pbuf *p)
{
	struct device *d = netif->state;

	if (d->gone)
		return ERR_IF;
	if (pbuf_clen(p) > OUT_PIECES) {
		p = pbuf_clone(PBUF_RAW, PBUF_RAM, p);
		if (!p)
			return ERR_MEM;
	} else {
		pbuf_ref(p);
	}
	if (d->out_end - d->out_first >= BP_MAX_FRAMES)
		exchange(d, 0);
	if (d->out_end - d->out_first >= OUT_QUEUE) {
		pbuf_free(p);
		return ERR_BUF;
	}
	d->out[d->out_end++ % OUT_QUEUE] = p;
	return ERR_OK;
}

uint64_t net_devices_alive(void)
{
	uint64_t mask = 0;

	for (unsigned i = 0; i < device_count; i++)
		if (!device_of[i]->gone)
			mask |= 1ULL << device_of[i]->number;
	return mask;
}

int net_devices_pending(void)
{
	for (unsigned i = 0; i < device_count; i++)
		if (device_of[i]->out_first != device_of[i]->out_end &&
		    !device_of[i]->gone)
			return 1;
	return 0;
}

int net_devices_exchange(uint64_t devices, int always)
{
	int moved = 0;

	for (unsigned i = 0; i < device_count; i++) {
		struct device *d = device_of[i];

		if ((devices >> d->number & 1) &&
		    (always || d->out_first != d->out_end))
			moved |= exchange(d, 0);
	}
	return moved;
}

void net_device_wait(uint64_t timeout_ns)
{
	uint64_t us = timeout_ns / NS_PER_US + !!(timeout_ns % NS_PER_US);

	if (us > BP_NET_WAIT_FOREVER)
		us = BP_NET_WAIT_FOREVER;
	exchange(device_of[0], us);
}

static void input(struct device *d)
{
	struct pbuf *p, *last;

	while ((p = d->in) != NULL) {
		for (last = p; last->tot_len != last->len; last = last->next)
			;
		d->in = last->next;
		if (!d->in)
			d->in_end = &d->in;
		last->next = NULL;
		if (d->netif.input(p, &d->netif) != ERR_OK)
			pbuf_free(p);
	}
}

void net_devices_input(void)
{
	for (unsigned i = 0; i < device_count; i++)
		input(device_of[i]);
}

static err_t init(struct netif *netif)
{
	struct device *d = netif->state;
	unsigned sums = NETIF_CHECKSUM_ENABLE_ALL;

	netif->name[0] = 'e';
	netif->name[1] = 't';
	netif->output = etharp_output;
	netif->output_ip6 = ethip6_output;
	netif->linkoutput = output;
	netif->mtu = (u16_t)LWIP_MIN(d->info->mtu, MAX_MTU);
	netif->mtu6 = netif->mtu;
	netif->hwaddr_len = ETH_HWADDR_LEN;
	memcpy(netif->hwaddr, d->info->mac, ETH_HWADDR_LEN);
	netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP |
		       NETIF_FLAG_ETHERNET | NETIF_FLAG_IGMP | NETIF_FLAG_MLD6;
	if (d->info->flags & BP_NET_SEND_UNSUMMED)
		sums &= ~(unsigned)(NETIF_CHECKSUM_GEN_UDP |
				    NETIF_CHECKSUM_GEN_TCP);
	else
		net_checksum_wanted();
	if (d->info->flags & BP_NET_RECEIVE_TRUSTED)
		sums &= ~(unsigned)(NETIF_CHECKSUM_CHECK_UDP |
				    NETIF_CHECKSUM_CHECK_TCP);
	NETIF_SET_CHECKSUM_CTRL(netif, (u16_t)sums);
	return ERR_OK;
}

static void start(unsigned number, const struct bp_net *info)
{
	struct device *d = mem_calloc(1, sizeof(*d));

	if (!d)
		return;
	d->number = number;
	d->info = info;
	d->has_large = info->mtu + SIZEOF_ETH_HDR > SMALL_BYTES;
	d->offers = FIRST_OFFERS;
	d->in_end = &d->in;
	if (!netif_add(&d->netif, NULL, NULL, NULL, d, init, ethernet_input)) {
		mem_free(d);
		return;
	}
	device_of[device_count++] = d;
	if (device_count == 1)
		netif_set_default(&d->netif);
	net_config_start(&d->netif, info);
}

uint64_t net_devices_start(void)
{
	const char *base = (const char *)__rt_boot;
	uint64_t mask = 0;

	for (unsigned i = 0; i < __rt_boot->device_count; i++) {
		const struct bp_device *device = __rt_device(i);

		if (device->kind != BP_DEVICE_NET)
			continue;
		start(i, (const void *)(base + device->net_offset));
		mask |= 1ULL << i;
	}
	return mask;
}

const struct bp_net *net_device_info(const struct netif *netif)
{
	return netif->hwaddr_len ? ((struct device *)netif->state)->info : NULL;
}
