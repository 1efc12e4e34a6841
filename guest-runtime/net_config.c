/* SPDX-License-Identifier: ISC */
#include "net_config.h"

#include <lwip/dhcp.h>
#include <lwip/dhcp6.h>
#include <lwip/dns.h>
#include <lwip/nd6.h>
#include <string.h>

#include "boot_info.h"
#include "net.h"
#include "net_device.h"
#include "runtime.h"
#include "wait.h"

#define WAIT_NS 5000000000ULL

static ip_addr_t servers[DNS_MAX_SERVERS];
static struct rt_waitq changed;
static uint64_t give_up_ns;

/* lwIP's resolver is not here: musl's asks the servers that it is told. */
void dns_init(void)
{
}

void dns_setserver(u8_t index, const ip_addr_t *server)
{
	if (index < DNS_MAX_SERVERS)
		servers[index] = server ? *server : *IP_ADDR_ANY;
}

const ip_addr_t *dns_getserver(u8_t index)
{
	return index < DNS_MAX_SERVERS ? &servers[index] : IP_ADDR_ANY;
}

const ip6_addr_t *net_gateway6(struct netif *netif, const ip6_addr_t *to)
{
	static ip6_addr_t gateway;
	const struct bp_net *info = net_device_info(netif);

	(void)to;
	if (!info)
		return NULL;
	memcpy(gateway.addr, info->ip6_gateway, sizeof(gateway.addr));
	ip6_addr_clear_zone(&gateway);
	if (ip6_addr_isany(&gateway))
		return NULL;
	ip6_addr_assign_zone(&gateway, IP6_UNICAST, netif);
	return &gateway;
}

static ip4_addr_t address4(const uint8_t bytes[4])
{
	ip4_addr_t a;

	memcpy(&a.addr, bytes, sizeof(a.addr));
	return a;
}

static void status_changed(struct netif *netif)
{
	(void)netif;
	__rt_waitq_wake(&changed, RT_WAKE_ALL);
}

static void start6(struct netif *netif, const struct bp_net *info)
{
	ip6_addr_t a = {0};

	netif_create_ip6_linklocal_address(netif, 1);
	netif_ip6_addr_set_state(netif, 0, IP6_ADDR_PREFERRED);
	memcpy(a.addr, info->ip6, sizeof(a.addr));
	if (ip6_addr_isany(&a)) {
		netif_set_ip6_autoconfig_enabled(netif, 1);
		dhcp6_enable_stateless(netif);
		return;
	}
	netif_set_ip6_autoconfig_enabled(netif, 0);
	netif_ip6_addr_set(netif, 1, &a);
	netif_ip6_addr_set_state(netif, 1, IP6_ADDR_PREFERRED);
}

static void note_server(unsigned index, const ip_addr_t *server)
{
	if (!ip_addr_isany(server))
		servers[index] = *server;
}

void net_config_start(struct netif *netif, const struct bp_net *info)
{
	ip4_addr_t ip = address4(info->ip4), mask;
	ip4_addr_t gateway = address4(info->ip4_gateway);
	ip_addr_t server = IPADDR4_INIT(0);

	netif_set_status_callback(netif, status_changed);
	netif_set_up(netif);
	netif_set_link_up(netif);
	start6(netif, info);
	ip_addr_copy_from_ip4(server, address4(info->ip4_dns));
	note_server(0, &server);
	memset(&server, 0, sizeof(server));
	IP_SET_TYPE_VAL(server, IPADDR_TYPE_V6);
	memcpy(ip_2_ip6(&server)->addr, info->ip6_dns, 16);
	note_server(ip_addr_isany(&servers[0]) ? 0 : 1, &server);
	if (ip4_addr_isany_val(ip)) {
		netif_set_hostname(netif, "hvt");
		dhcp_start(netif);
		give_up_ns = __rt_monotonic_ns() + WAIT_NS;
		return;
	}
	mask.addr = lwip_htonl((u32_t)(UINT64_MAX << (32 - info->ip4_prefix)));
	netif_set_addr(netif, &ip, &mask, &gateway);
}

static int asking(void)
{
	struct netif *netif;

	NETIF_FOREACH(netif)
	if (netif_dhcp_data(netif) && !dhcp_supplied_address(netif))
		return 1;
	return 0;
}

void net_config_wait(void)
{
	while (asking() && __rt_monotonic_ns() < give_up_ns)
		__rt_wait_on(&changed, give_up_ns);
}

size_t net_resolv(char *to, size_t room)
{
	size_t used = 0;
	char text[IPADDR_STRLEN_MAX];

	if (net_start())
		return 0;
	net_config_wait();
	for (unsigned i = 0; i < DNS_MAX_SERVERS; i++) {
		static const char word[] = "nameserver ";
		size_t bytes;

		if (ip_addr_isany(&servers[i]))
			continue;
		ipaddr_ntoa_r(&servers[i], text, sizeof(text));
		bytes = strlen(text);
		if (used + sizeof(word) + bytes > room)
			break;
		memcpy(to + used, word, sizeof(word) - 1);
		used += sizeof(word) - 1;
		memcpy(to + used, text, bytes);
		used += bytes;
		to[used++] = '\n';
	}
	return used;
}
