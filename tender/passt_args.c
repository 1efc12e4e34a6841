/* SPDX-License-Identifier: ISC */
/*
 * What passt is told. It gets every address from here rather than from an
 * interface of the host, so that it does the same on all hosts, also where
 * there is none but loopback.
 */
#include "passt_args.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "passt.h"

#define SCOPE_LINK "20" /* linux/include/net/ipv6.h */

static void add(struct passt_args *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* One more argument. There is room for all that can come. */
static void add(struct passt_args *a, const char *fmt, ...)
{
	char *to = a->text + a->used;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(to, sizeof(a->text) - a->used, fmt, args);
	va_end(args);
	if (a->count == PASST_MAX_ARGS || n < 0 ||
	    (size_t)n >= sizeof(a->text) - a->used)
		return;
	a->arg[a->count++] = to;
	a->arg[a->count] = NULL;
	a->used += (size_t)n + 1;
}

static void add_address(struct passt_args *a, const char *option, int family,
			const void *address)
{
	char text[INET6_ADDRSTRLEN];

	add(a, "%s", option);
	add(a, "%s", inet_ntop(family, address, text, sizeof(text)));
}

void passt_plan_interface(struct passt_plan *plan)
{
	FILE *f = fopen("/proc/net/if_inet6", "re");
	char name[IFNAMSIZ];
	char scope[3];

	strcpy(plan->interface, "lo");
	plan->ip6 = false;
	/* Address, index, prefix, scope, flags, name: proc(5). */
	while (f && !plan->ip6 &&
	       fscanf(f, "%*32s %*s %*s %2s %*s %15s", scope, name) == 2) {
		plan->ip6 = !strcmp(scope, SCOPE_LINK);
		if (plan->ip6)
			strcpy(plan->interface, name);
	}
	if (f)
		fclose(f);
}

static void add_ports(struct passt_args *a, const struct publish_option *p)
{
	unsigned host_end = p->host_port + p->count - 1u;
	unsigned guest_end = p->guest_port + p->count - 1u;

	add(a, p->udp ? "-u" : "-t");
	if (p->count == 1)
		add(a, "%s%s%u:%u", p->address, *p->address ? "/" : "",
		    p->host_port, p->guest_port);
	else
		add(a, "%s%s%u-%u:%u-%u", p->address, *p->address ? "/" : "",
		    p->host_port, host_end, p->guest_port, guest_end);
}

void passt_args_make(struct passt_args *a, const struct passt_plan *plan)
{
	const struct bp_net *c = plan->config;
	bool tcp = false, udp = false;

	a->count = 0;
	a->used = 0;
	add(a, "passt");
	add(a, "--foreground");
	add(a, "--quiet");
	add(a, "--stderr");
	add(a, "--fd");
	add(a, "%d", PASST_FD);
	add(a, "--interface");
	add(a, "%s", plan->interface);
	add(a, "--mac-addr");
	add(a, PASST_MAC_TEXT);
	add(a, "--mtu");
	add(a, "%u", c->mtu);
	add_address(a, "--address", AF_INET, c->ip4);
	add(a, "--netmask");
	add(a, "%u", c->ip4_prefix);
	add_address(a, "--gateway", AF_INET, c->ip4_gateway);
	if (plan->ip6) {
		add_address(a, "--address", AF_INET6, c->ip6);
		add_address(a, "--gateway", AF_INET6, c->ip6_gateway);
	} else {
		add(a, "--ipv4-only");
	}
	if (plan->forward_dns)
		add_address(a, "--dns-forward", AF_INET, c->ip4_dns);
	for (unsigned i = 0; i < plan->publish_count; i++) {
		const struct publish_option *p = &plan->publish[i];

		add_ports(a, p);
		tcp |= !p->udp;
		udp |= p->udp;
	}
	if (!tcp) {
		add(a, "--tcp-ports");
		add(a, "none");
	}
	if (!udp) {
		add(a, "--udp-ports");
		add(a, "none");
	}
}
