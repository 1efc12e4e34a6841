/* SPDX-License-Identifier: ISC */
#include "options_net.h"

#include <arpa/inet.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device_name.h"
#include "log.h"
#include "option_text.h"
#include "options.h"

static bool bad_part(const char *key, const char *value, const char *expected)
{
	log_error("--net: %s=%s: expected %s", key, value, expected);
	return false;
}

static bool parse_name(struct net_option *n, const char *value)
{
	size_t bytes = strlen(value);

	if (!device_name_is_good(value, bytes))
		return bad_part("name", value, "1 to 31 of a-z 0-9 _ -");
	memcpy(n->name, value, bytes + 1);
	return true;
}

static bool hex_digit(char c, uint8_t *value)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = c ? strchr(digits, c) : NULL;

	if (at)
		*value = (uint8_t)((at - digits) % 16);
	return at;
}

static bool parse_mac(struct net_option *n, const char *value)
{
	uint8_t mac[sizeof(n->config.mac)], high, low;
	const char *at = value;
	uint8_t any = 0;

	for (unsigned i = 0; i < sizeof(mac); i++, at += 3) {
		if (!hex_digit(at[0], &high) || !hex_digit(at[1], &low) ||
		    at[2] != (i + 1 < sizeof(mac) ? ':' : '\0'))
			goto bad;
		mac[i] = (uint8_t)(high << 4 | low);
		any |= mac[i];
	}
	if (any && !(mac[0] & 1)) {
		memcpy(n->config.mac, mac, sizeof(mac));
		return true;
	}
bad:
	return bad_part("mac", value,
			"the address of one station, such as "
			"02:00:00:00:00:01");
}

static bool parse_mtu(struct net_option *n, const char *value)
{
	const char *at = value;
	uint64_t mtu;

	if (!option_number(&at, NET_MTU_MAX, &mtu) || *at || mtu < NET_MTU_MIN)
		return bad_part("mtu", value, "a number from 68 to 65535");
	n->config.mtu = (uint32_t)mtu;
	return true;
}

/* An address with the bits of its network behind a slash. */
static bool parse_ip(struct net_option *n, const char *value)
{
	struct bp_net *c = &n->config;
	const char *slash = strchr(value, '/'), *at;
	size_t bytes = slash ? (size_t)(slash - value) : 0;
	char address[INET6_ADDRSTRLEN];
	uint64_t prefix;

	if (!bytes || bytes >= sizeof(address))
		goto bad;
	memcpy(address, value, bytes);
	address[bytes] = '\0';
	at = slash + 1;
	if (!option_number(&at, 128, &prefix) || *at || !prefix)
		goto bad;
	if (inet_pton(AF_INET6, address, c->ip6) == 1)
		c->ip6_prefix = (uint8_t)prefix;
	else if (prefix <= 32 && inet_pton(AF_INET, address, c->ip4) == 1)
		c->ip4_prefix = (uint8_t)prefix;
	else
		goto bad;
	return true;
bad:
	return bad_part("ip", value,
			"an address and a prefix, such as 10.0.0.2/24 or "
			"fd00::2/64");
}

static bool parse_host(const char *key, const char *value, uint8_t *ip4,
		       uint8_t *ip6)
{
	return inet_pton(AF_INET, value, ip4) == 1 ||
	       inet_pton(AF_INET6, value, ip6) == 1 ||
	       bad_part(key, value, "an IPv4 or IPv6 address");
}

static bool parse_net_part(struct net_option *n, char *part)
{
	struct bp_net *c = &n->config;
	char *value = strchr(part, '=');

	if (!strcmp(part, "listen") && n->kind == NET_UNIX) {
		n->listen = true;
		return true;
	}
	if (!strcmp(part, "host-loopback") && n->kind == NET_USER) {
		n->host_loopback = true;
		return true;
	}
	if (value) {
		*value++ = '\0';
		if (!strcmp(part, "name"))
			return parse_name(n, value);
		if (!strcmp(part, "mac"))
			return parse_mac(n, value);
		if (!strcmp(part, "mtu"))
			return parse_mtu(n, value);
		if (!strcmp(part, "ip"))
			return parse_ip(n, value);
		if (!strcmp(part, "gw"))
			return parse_host(part, value, c->ip4_gateway,
					  c->ip6_gateway);
		if (!strcmp(part, "dns"))
			return parse_host(part, value, c->ip4_dns, c->ip6_dns);
	}
	log_error("--net: unknown option '%s'; known are name=, mac=, mtu=, "
		  "ip=, gw=, dns=, for unix: listen, for user host-loopback",
		  part);
	return false;
}

static bool parse_target(struct net_option *n, char *target)
{
	const char *at = target;
	uint64_t fd;

	if (n->kind == NET_USER)
		return true;
	if (!*target)
		return false;
	if (n->kind == NET_FD) {
		if (!option_number(&at, INT_MAX, &fd) || *at || fd < 3)
			return false;
		n->fd = (int)fd;
		return true;
	}
	if (n->kind == NET_TAP && strlen(target) >= IFNAMSIZ)
		return false;
	n->target = strdup(target);
	return n->target;
}

/* What comes first: user, tap:IFNAME, fd:N, unix:PATH. */
static bool parse_kind(struct net_option *n, char *text)
{
	static const char *const prefix[] = {
		[NET_USER] = "user",
		[NET_TAP] = "tap:",
		[NET_FD] = "fd:",
		[NET_UNIX] = "unix:",
	};

	_Static_assert(sizeof(prefix) / sizeof(prefix[0]) == NET_KIND_COUNT,
		       "every kind has a name");
	for (unsigned i = 0; i < NET_KIND_COUNT; i++) {
		size_t bytes = strlen(prefix[i]);

		if (i == NET_USER ? strcmp(text, prefix[i])
				  : strncmp(text, prefix[i], bytes))
			continue;
		n->kind = (enum net_kind)i;
		if (parse_target(n, text + bytes))
			return true;
	}
	log_error("--net=%s: expected user, tap:IFNAME, fd:N with N from 3 on, "
		  "or unix:PATH",
		  text);
	return false;
}

static bool name_net(const struct options *o, struct net_option *n)
{
	if (!*n->name)
		snprintf(n->name, sizeof(n->name), "net%u", o->net_count);
	if (!options_name_taken(o, n->name))
		return true;
	log_error("--net: another device is named '%s'; add ,name=NAME",
		  n->name);
	return false;
}

bool options_add_net(struct options *o, const char *arg)
{
	struct net_option n = {0};
	char *copy = strdup(arg), *at = copy;
	bool good = false;

	if (!copy) {
		log_error("out of memory");
		return false;
	}
	if (o->disk_count + o->net_count >= BP_MAX_DEVICES) {
		log_error("--net: more than %d devices", BP_MAX_DEVICES);
		goto free_copy;
	}
	if (!parse_kind(&n, option_next_part(&at)))
		goto free_copy;
	while (at)
		if (!parse_net_part(&n, option_next_part(&at)))
			goto free_copy;
	good = name_net(o, &n);
	if (good)
		o->net[o->net_count++] = n;
free_copy:
	if (!good)
		free(n.target);
	free(copy);
	return good;
}

/* PORT or PORT-PORT, all of @text. */
static bool parse_ports(const char *text, uint16_t *first, uint16_t *count)
{
	uint64_t low, high;

	if (!option_number(&text, 65535, &low) || !low)
		return false;
	high = low;
	if (*text == '-') {
		text++;
		if (!option_number(&text, 65535, &high) || high < low)
			return false;
	}
	*first = (uint16_t)low;
	*count = (uint16_t)(high - low + 1);
	return !*text;
}

/* An IPv4 address, or an IPv6 address in brackets. */
static bool parse_address(struct publish_option *p, char *text)
{
	size_t bytes = strlen(text);
	struct in6_addr any;
	int family = AF_INET;

	if (bytes > 2 && text[0] == '[' && text[bytes - 1] == ']') {
		text[bytes - 1] = '\0';
		text++;
		family = AF_INET6;
	}
	if (inet_pton(family, text, &any) != 1)
		return false;
	snprintf(p->address, sizeof(p->address), "%s", text);
	return true;
}

static bool parse_publish(struct publish_option *p, char *text)
{
	char *slash = strchr(text, '/'), *guest, *host;
	uint16_t guest_count;

	if (slash) {
		*slash = '\0';
		p->udp = !strcmp(slash + 1, "udp");
		if (!p->udp && strcmp(slash + 1, "tcp") != 0)
			return false;
	}
	guest = strrchr(text, ':');
	if (!guest)
		return false;
	*guest++ = '\0';
	host = strrchr(text, ':');
	if (host) {
		*host++ = '\0';
		if (!parse_address(p, text))
			return false;
	} else {
		host = text;
	}
	return parse_ports(host, &p->host_port, &p->count) &&
	       parse_ports(guest, &p->guest_port, &guest_count) &&
	       p->count == guest_count;
}

bool options_add_publish(struct options *o, const char *arg)
{
	struct publish_option p = {.text = arg};
	char *copy = strdup(arg);
	bool good;

	if (!copy) {
		log_error("out of memory");
		return false;
	}
	good = parse_publish(&p, copy);
	free(copy);
	if (!good) {
		log_error("--publish=%s: expected [ADDRESS:]HOST:GUEST[/udp], "
			  "each a port or a range of as many, such as 8080:80",
			  arg);
		return false;
	}
	if (o->publish_count == PUBLISH_MAX) {
		log_error("--publish: more than %d", PUBLISH_MAX);
		return false;
	}
	o->publish[o->publish_count++] = p;
	return true;
}

bool options_check_nets(const struct options *o)
{
	unsigned users = 0;

	for (unsigned i = 0; i < o->net_count; i++)
		users += o->net[i].kind == NET_USER;
	if (o->publish_count && users != 1) {
		log_error(users ? "--publish: which of %u networks? give one "
				  "--net=user"
				: "--publish needs --net=user",
			  users);
		return false;
	}
	if (o->pcap && !o->net_count) {
		log_error("--pcap needs a network; give --net");
		return false;
	}
	return true;
}
