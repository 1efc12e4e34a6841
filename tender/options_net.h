/* SPDX-License-Identifier: ISC */
/* Networks on the command line: --net, --publish. */
#ifndef OPTIONS_NET_H
#define OPTIONS_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "boot_info.h"

#define NET_MTU_MIN	68u    /* RFC 791 */
#define NET_MTU_MAX	65535u /* of an IPv4 packet */
#define NET_MTU_DEFAULT 1500u

#define PUBLISH_MAX 64

struct options;

enum net_kind {
	NET_USER, /* through passt */
	NET_TAP,
	NET_FD,
	NET_UNIX,
	NET_KIND_COUNT
};

struct net_option {
	char name[BP_DEVICE_NAME_BYTES];
	enum net_kind kind;
	char *target;	      /* interface or path, owned; or NULL */
	int fd;		      /* NET_FD */
	bool listen;	      /* NET_UNIX: be called */
	bool host_loopback;   /* NET_USER: the gateway is the host */
	struct bp_net config; /* zero where nothing was said */
};

/* Ports of the host that lead to the guest. */
struct publish_option {
	const char *text;    /* as given */
	char address[46];    /* of the host, or "" for all */
	uint16_t host_port;  /* the first of them */
	uint16_t guest_port; /* likewise */
	uint16_t count;	     /* of ports, 1 or more */
	bool udp;
};

/* Reads the value of one option into @o; prints what is wrong. */
bool options_add_net(struct options *o, const char *arg);
bool options_add_publish(struct options *o, const char *arg);

/* Whether they fit each other; prints what does not. */
bool options_check_nets(const struct options *o);

#endif
