/* SPDX-License-Identifier: ISC */
/*
 * lwIP's timers: each is a tick at a fixed interval. One whose tick would do
 * nothing does not wake the guest: it costs an exit, 20 times a second for TCP.
 */
#include "net_timer.h"

#include <lwip/dhcp.h>
#include <lwip/dhcp6.h>
#include <lwip/etharp.h>
#include <lwip/igmp.h>
#include <lwip/ip4_frag.h>
#include <lwip/ip6_frag.h>
#include <lwip/mld6.h>
#include <lwip/nd6.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/prot/dhcp.h>
#include <lwip/prot/dhcp6.h>
#include <lwip/sys.h>

#include "net_memory.h"
#include "runtime.h"
#include "wait.h"

#define NS_PER_MS 1000000ULL

/* How soon a timer is needed. */
enum need {
	NOT,	/* not at all: it stops */
	LAZILY, /* some of its ticks may be made up for later */
	NOW
};

u32_t sys_now(void)
{
	return (u32_t)(__rt_monotonic_ns() / NS_PER_MS);
}

static enum need tcp_need(void)
{
	const unsigned soon =
		TF_ACK_DELAY | TF_ACK_NOW | TF_CLOSEPEND | TF_NAGLEMEMERR;
	enum need need = tcp_tw_pcbs ? LAZILY : NOT;

	for (const struct tcp_pcb *pcb = tcp_active_pcbs; pcb;
	     pcb = pcb->next) {
		if (pcb->unacked || pcb->unsent || pcb->refused_data ||
		    (pcb->flags & soon) || pcb->state < ESTABLISHED)
			return NOW;
		need = LAZILY;
	}
	return need;
}

static enum need ip_need(void)
{
	return net_memory_count(MEMP_REASSDATA) ? NOW : NOT;
}

static enum need ip6_need(void)
{
	return net_memory_count(MEMP_IP6_REASSDATA) ? NOW : NOT;
}

/* Any interface but loopback, which has no hardware address. */
static enum need device_need(void)
{
	const struct netif *netif;

	NETIF_FOREACH(netif)
	if (netif->hwaddr_len)
		return NOW;
	return NOT;
}

static enum need dhcp_need(void)
{
	struct netif *netif;

	NETIF_FOREACH(netif)
	if (netif_dhcp_data(netif) && netif_dhcp_data(netif)->request_timeout)
		return NOW;
	return NOT;
}

static enum need dhcp_coarse_need(void)
{
	struct netif *netif;

	NETIF_FOREACH(netif)
	if (netif_dhcp_data(netif))
		return NOW;
	return NOT;
}

static enum need dhcp6_need(void)
{
	struct netif *netif;

	NETIF_FOREACH(netif)
	if (netif_dhcp6_data(netif) && netif_dhcp6_data(netif)->request_timeout)
		return NOW;
	return NOT;
}

static enum need igmp_need(void)
{
	struct netif *netif;
	const struct igmp_group *group;

	NETIF_FOREACH(netif)
	for (group = netif_igmp_data(netif); group; group = group->next)
		if (group->timer)
			return NOW;
	return NOT;
}

static enum need mld6_need(void)
{
	struct netif *netif;
	const struct mld_group *group;

	NETIF_FOREACH(netif)
	for (group = netif_mld6_data(netif); group; group = group->next)
		if (group->timer)
			return NOW;
	return NOT;
}

static const struct {
	unsigned interval_ms;
	unsigned lazy_ms;
	void (*tick)(void);
	enum need (*need)(void);
} timers[] = {
	{TCP_TMR_INTERVAL, 1000, tcp_tmr, tcp_need},
	{IP_TMR_INTERVAL, 0, ip_reass_tmr, ip_need},
	{IP6_REASS_TMR_INTERVAL, 0, ip6_reass_tmr, ip6_need},
	{ARP_TMR_INTERVAL, 0, etharp_tmr, device_need},
	{ND6_TMR_INTERVAL, 0, nd6_tmr, device_need},
	{DHCP_FINE_TIMER_MSECS, 0, dhcp_fine_tmr, dhcp_need},
	{DHCP_COARSE_TIMER_MSECS, 0, dhcp_coarse_tmr, dhcp_coarse_need},
	{DHCP6_TIMER_MSECS, 0, dhcp6_tmr, dhcp6_need},
	{IGMP_TMR_INTERVAL, 0, igmp_tmr, igmp_need},
	{MLD6_TMR_INTERVAL, 0, mld6_tmr, mld6_need},
};

#define TIMER_COUNT (sizeof(timers) / sizeof(timers[0]))

static uint64_t due_ns[TIMER_COUNT]; /* 0: stopped */

/* What asked for it is seen by tcp_need(). */
void tcp_timer_needed(void)
{
}

static void run(unsigned i, enum need need, uint64_t now)
{
	const uint64_t interval = timers[i].interval_ms * NS_PER_MS;
	const uint64_t missed = (now - due_ns[i]) / interval + 1;

	/*
	 * While the guest did not look, a peer may well have answered: little
	 * of that time counts against it.
	 */
	const unsigned most = need == LAZILY ? 1000 : 4;
	unsigned count = missed < most ? (unsigned)missed : most;

	due_ns[i] += missed * interval;
	while (count--)
		timers[i].tick();
}

uint64_t net_timers_run(void)
{
	const uint64_t now = __rt_monotonic_ns();
	uint64_t next = RT_NEVER, at;

	for (unsigned i = 0; i < TIMER_COUNT; i++) {
		enum need need = timers[i].need();

		if (need != NOT && due_ns[i] && now >= due_ns[i]) {
			run(i, need, now);
			need = timers[i].need();
		}
		if (need == NOT) {
			due_ns[i] = 0;
			continue;
		}
		if (!due_ns[i])
			due_ns[i] = now + timers[i].interval_ms * NS_PER_MS;
		at = due_ns[i];
		if (need == LAZILY)
			at += (timers[i].lazy_ms - timers[i].interval_ms) *
			      NS_PER_MS;
		if (at < next)
			next = at;
	}
	return next;
}
