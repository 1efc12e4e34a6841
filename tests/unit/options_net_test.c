/* SPDX-License-Identifier: ISC */
/* Networks on the command line: what good ones come to, and what is not one. */
#include "options.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tap.h"

static const char *const bad_nets[] = {
	"",
	"users",
	"user:x",
	"tap",
	"tap:",
	"tap:sixteen-letters-",
	"fd:",
	"fd:x",
	"fd:2",
	"fd:-3",
	"fd:3x",
	"fd:2147483648",
	"unix:",
	"vhost:x",
	"user,",
	"user,bogus",
	"user,listen",
	"unix:a,host-loopback",
	"user,name=",
	"user,name=A",
	"user,name=01234567890123456789012345678901",
	"user,mac=",
	"user,mac=02:00:00:00:00",
	"user,mac=02:00:00:00:00:01:",
	"user,mac=02:00:00:00:00:0g",
	"user,mac=02-00-00-00-00-01",
	"user,mac=2:0:0:0:0:1",
	"user,mac=00:00:00:00:00:00",
	"user,mac=01:00:00:00:00:01",
	"user,mac=ff:ff:ff:ff:ff:ff",
	"user,mtu=",
	"user,mtu=67",
	"user,mtu=65536",
	"user,mtu=1500x",
	"user,mtu=4294968796",
	"user,ip=10.0.0.2",
	"user,ip=10.0.0.2/",
	"user,ip=10.0.0.2/0",
	"user,ip=10.0.0.2/33",
	"user,ip=10.0.0/24",
	"user,ip=10.0.0.256/24",
	"user,ip=/24",
	"user,ip=fd00::1/129",
	"user,ip=fd00::g/64",
	"user,ip=fd00:0000:0000:0000:0000:0000:0000:0000:0000:0001/64",
	"user,gw=",
	"user,gw=10.0.0",
	"user,gw=10.0.0.1/24",
	"user,dns=host.example",
};

static const char *const bad_ports[] = {
	"",
	"80",
	":80",
	"80:",
	"a:80",
	"80:a",
	"0:80",
	"80:0",
	"65536:80",
	"80:65536",
	"80:80/sctp",
	"80:80/",
	"80:80/UDP",
	"80-79:80-79",
	"80-82:80",
	"80:80-82",
	"80-82:90-93",
	"1.2.3:80:80",
	"::1:80:80",
	"[::1:80:80",
	"[]:80:80",
	":80:80",
	"[1.2.3.4]:80:80",
	"host:80:80",
	"80:80:80",
	"65535-65536:1-2",
};

static void test_bad(void)
{
	struct options o = {0};

	for (unsigned i = 0; i < COUNT_OF(bad_nets); i++)
		EXPECT(!options_add_net(&o, bad_nets[i]), "--net=%s",
		       bad_nets[i]);
	for (unsigned i = 0; i < COUNT_OF(bad_ports); i++)
		EXPECT(!options_add_publish(&o, bad_ports[i]), "--publish=%s",
		       bad_ports[i]);
	EXPECT(!o.net_count && !o.publish_count, "one of them counts");
	promise("what is no network and no port is refused");
}

static const struct net_option *parse(struct options *o, const char *arg)
{
	*o = (struct options){0};
	if (!options_add_net(o, arg) || o->net_count != 1) {
		EXPECT(false, "--net=%s is refused", arg);
		exit(promises_end());
	}
	return &o->net[0];
}

static void test_kinds(void)
{
	static const struct {
		const char *arg;
		enum net_kind kind;
		const char *name, *target;
		int fd;
		bool listen, host_loopback;
	} rows[] = {
		{"user", NET_USER, "net0", NULL, 0, false, false},
		{"user,host-loopback", NET_USER, "net0", NULL, 0, false, true},
		{"user,name=lan-1", NET_USER, "lan-1", NULL, 0, false, false},
		{"tap:tap0", NET_TAP, "net0", "tap0", 0, false, false},
		{"tap:fifteen-letters", NET_TAP, "net0", "fifteen-letters", 0,
		 false, false},
		{"fd:3", NET_FD, "net0", NULL, 3, false, false},
		{"fd:1023,name=a", NET_FD, "a", NULL, 1023, false, false},
		{"unix:/run/x", NET_UNIX, "net0", "/run/x", 0, false, false},
		{"unix:a,,b,listen", NET_UNIX, "net0", "a,b", 0, true, false},
		{"unix:user,name=n", NET_UNIX, "n", "user", 0, false, false},
	};

	for (unsigned i = 0; i < COUNT_OF(rows); i++) {
		struct options o;
		const struct net_option *n = parse(&o, rows[i].arg);

		EXPECT(n->kind == rows[i].kind &&
			       !strcmp(n->name, rows[i].name) &&
			       !n->target == !rows[i].target &&
			       (!n->target ||
				!strcmp(n->target, rows[i].target)) &&
			       n->fd == rows[i].fd &&
			       n->listen == rows[i].listen &&
			       n->host_loopback == rows[i].host_loopback,
		       "%s", rows[i].arg);
		options_finish(&o);
	}
	promise("each kind of network takes its own name and options");
}

static void test_config(void)
{
	static const uint8_t mac[] = {0xfe, 0xdc, 0xBA, 0x98, 0x76, 0x54};
	static const struct bp_net none;
	const struct bp_net *c;
	struct options o;

	EXPECT(!memcmp(&parse(&o, "user")->config, &none, sizeof(none)),
	       "something is set though nothing was said");
	c = &parse(&o, "user,mac=fe:dc:BA:98:76:54,mtu=68,ip=10.0.0.2/32,"
		       "gw=10.0.0.1,dns=10.0.0.3,ip=fd00::2/128,gw=fd00::1,"
		       "dns=fd00::3")
		     ->config;
	EXPECT(!memcmp(c->mac, mac, 6) && c->mtu == 68, "MAC or MTU");
	EXPECT(c->ip4_prefix == 32 && !memcmp(c->ip4, "\12\0\0\2", 4) &&
		       !memcmp(c->ip4_gateway, "\12\0\0\1", 4) &&
		       !memcmp(c->ip4_dns, "\12\0\0\3", 4),
	       "IPv4");
	EXPECT(c->ip6_prefix == 128 && c->ip6[0] == 0xfd && c->ip6[15] == 2 &&
		       c->ip6_gateway[15] == 1 && c->ip6_dns[15] == 3,
	       "IPv6");
	EXPECT(parse(&o, "user,mtu=65535")->config.mtu == 65535, "MTU");
	promise("addresses of both families, MAC and MTU are taken as given");
}

static void test_ports(void)
{
	static const struct {
		const char *arg, *address;
		uint16_t host, guest, count;
		bool udp;
	} rows[] = {
		{"8080:80", "", 8080, 80, 1, false},
		{"8080:80/tcp", "", 8080, 80, 1, false},
		{"53:5353/udp", "", 53, 5353, 1, true},
		{"1:65535", "", 1, 65535, 1, false},
		{"8000-8010:9000-9010", "", 8000, 9000, 11, false},
		{"1-65535:1-65535", "", 1, 1, 65535, false},
		{"7-7:8", "", 7, 8, 1, false},
		{"127.0.0.1:8080:80", "127.0.0.1", 8080, 80, 1, false},
		{"[::1]:8080:80", "::1", 8080, 80, 1, false},
		{"[fd00::1]:1-2:3-4/udp", "fd00::1", 1, 3, 2, true},
	};
	struct options o = {0};

	for (unsigned i = 0; i < COUNT_OF(rows); i++) {
		const struct publish_option *p = &o.publish[i];

		EXPECT(options_add_publish(&o, rows[i].arg), "%s is refused",
		       rows[i].arg);
		EXPECT(!strcmp(p->address, rows[i].address) &&
			       p->host_port == rows[i].host &&
			       p->guest_port == rows[i].guest &&
			       p->count == rows[i].count &&
			       p->udp == rows[i].udp &&
			       !strcmp(p->text, rows[i].arg),
		       "%s", rows[i].arg);
	}
	while (o.publish_count < PUBLISH_MAX)
		options_add_publish(&o, "80:80");
	EXPECT(!options_add_publish(&o, "80:80"), "one too many");
	promise("--publish takes ports and ranges, with an address or without");
}

static void test_names(void)
{
	struct options o = {0};

	EXPECT(options_add_disk(&o, "lan=x") && options_add_net(&o, "user") &&
		       options_add_net(&o, "fd:3"),
	       "good ones are refused");
	EXPECT(!strcmp(o.net[1].name, "net1"), "%s", o.net[1].name);
	EXPECT(!options_add_net(&o, "fd:4,name=lan"), "a disk's name");
	EXPECT(!options_add_net(&o, "fd:4,name=net0"), "a network's name");
	EXPECT(!options_add_disk(&o, "net1=y"), "a disk named as a network");
	while (o.disk_count + o.net_count < BP_MAX_DEVICES)
		if (!options_add_net(&o, "fd:3"))
			break;
	EXPECT(o.net_count == 31, "%u networks", o.net_count);
	EXPECT(!options_add_net(&o, "fd:3,name=x") &&
		       !options_add_disk(&o, "z"),
	       "one too many");
	options_finish(&o);
	promise("names of devices differ, and there are at most 32 devices");
}

static void test_together(void)
{
	struct options o = {0};

	EXPECT(options_check_nets(&o), "nothing at all");
	options_add_publish(&o, "80:80");
	EXPECT(!options_check_nets(&o), "a port without a network");
	options_add_net(&o, "fd:3");
	EXPECT(!options_check_nets(&o), "a port without --net=user");
	options_add_net(&o, "user");
	EXPECT(options_check_nets(&o), "a port with --net=user");
	options_add_net(&o, "user");
	EXPECT(!options_check_nets(&o), "a port with two of them");
	o.publish_count = 0;
	EXPECT(options_check_nets(&o), "two of them");
	o.pcap = "file";
	EXPECT(options_check_nets(&o), "a capture");
	o.net_count = 0;
	EXPECT(!options_check_nets(&o), "a capture of nothing");
	promise("ports need one network that can publish, a capture needs any");
}

int main(void)
{
	int null = open("/dev/null", O_WRONLY);

	tap_file = fdopen(dup(STDOUT_FILENO), "w");
	if (!tap_file || null < 0)
		return 1;
	dup2(null, STDERR_FILENO);
	test_bad();
	test_kinds();
	test_config();
	test_ports();
	test_names();
	test_together();
	return promises_end();
}
