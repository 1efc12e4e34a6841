/* SPDX-License-Identifier: ISC */
/*
 * Frames that no peer should send: lwIP and the runtime around it, under the
 * sanitizers, while a program serves connections. Nothing may be touched that
 * is not there, and in the end nothing may be left.
 *
 *   lwip_hostile_test [SEED [STEPS]]
 */
#include "lwip_peer.h"
#include "net_memory.h"

#include <lwip/netif.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/uio.h>

#define CONNECTIONS 32
#define PEER_PORT   1000

/* What the peer knows of one of its connections. */
struct flow {
	uint32_t next, acknowledged; /* numbers that would be right */
};

static struct flow flows[CONNECTIONS];
static struct rt_socket *listener, *datagrams, *echoes;
static struct rt_socket *served[CONNECTIONS];

static void add_tcp(struct packet *p, unsigned flow, unsigned flags,
		    unsigned window)
{
	struct flow *f = &flows[flow];
	uint32_t lie = any(4) ? 0 : any(70000) - 2000u;

	add16(p, PEER_PORT + flow);
	add16(p, 80);
	add32(p, f->next + lie);
	add32(p, f->acknowledged + (any(8) ? 0 : any(3000) - 1000u));
	add16(p, 0x5000 | flags);
	add16(p, window);
	add32(p, 0);
}

/* Options, good and bad: a multiple of four bytes. */
static void add_options(struct packet *p, unsigned tcp_at)
{
	static const uint8_t good[] = {2, 4, 5, 180, 1, 3, 3, 7,
				       1, 1, 4, 2,   1, 1, 1, 0};
	unsigned bytes = any(11) * 4, start = p->bytes;

	for (unsigned i = 0; i < bytes; i++) {
		uint8_t b = any(8) ? good[i % sizeof(good)]
				   : (uint8_t)random_next(&seed);
		add(p, &b, 1);
	}
	p->data[tcp_at + 12] = (uint8_t)((20 + p->bytes - start) << 2);
}

static void make_tcp(struct packet *p)
{
	static const unsigned common[] = {
		TH_SYN, TH_ACK,		 TH_ACK | TH_PUSH, TH_ACK | TH_FIN,
		TH_RST, TH_RST | TH_ACK, TH_SYN | TH_ACK};
	unsigned flow = any(CONNECTIONS), flags = common[any(7)], at, data;

	if (!any(16))
		flags = any(64);
	if (any(2))
		begin_ip4(p, IPPROTO_TCP);
	else
		begin_ip6(p, IPPROTO_TCP);
	at = p->bytes;
	add_tcp(p, flow, flags, any(3) ? 65535 : any(2000));
	if (!any(4) || (flags & TH_SYN))
		add_options(p, at);
	data = flags & TH_PUSH ? any(1400) : 0;
	add(p, NULL, data);
	if (!any(3))
		flows[flow].next += data + !!(flags & (TH_SYN | TH_FIN));
	end_ip(p);
}

static void make_udp(struct packet *p)
{
	const unsigned bytes = any(1400);

	if (any(2))
		begin_ip4(p, IPPROTO_UDP);
	else
		begin_ip6(p, IPPROTO_UDP);
	/* Of DHCP and DHCPv6 too. */
	add_udp(p,
		any(4)	 ? 9
		: any(2) ? 67
			 : 547,
		any(4)	 ? 53
		: any(2) ? 68
			 : 546,
		bytes);
	for (unsigned i = 0; i < bytes; i++)
		p->data[p->bytes + i] = (uint8_t)(any(4) ? i % 7 : any(256));
	p->bytes += bytes;
	end_ip(p);
}

static void make_fragment(struct packet *p)
{
	const unsigned offset = any(40) * 8, bytes = (1 + any(40)) * 8;
	const unsigned id = any(4), more = any(3) != 0;

	if (any(2)) {
		begin_ip4(p, IPPROTO_UDP);
		set16(p, ETH_BYTES + 4, id);
		set16(p, ETH_BYTES + 6, more << 13 | offset / 8);
	} else {
		begin_ip6(p, 44);
		add16(p, IPPROTO_UDP << 8);
		add16(p, offset | more);
		add32(p, id);
	}
	if (!offset)
		add_udp(p, 9, 53, 312);
	add(p, NULL, bytes);
	end_ip(p);
}

static void make_icmp(struct packet *p)
{
	static const uint8_t types6[] = {1,   2,   3,	4,   128, 129, 130,
					 131, 132, 133, 134, 135, 136, 137};
	const unsigned bytes = any(200);
	uint8_t type = any(2) ? 8 : (uint8_t)any(20);

	if (any(3)) {
		begin_ip6(p, IPPROTO_ICMPV6);
		type = types6[any(sizeof(types6))];
		/* Of routers and neighbours, with options behind. */
		add16(p, (unsigned)type << 8 | (any(3) ? 0 : any(5)));
	} else {
		begin_ip4(p, any(4) ? IPPROTO_ICMP : IPPROTO_IGMP);
		add16(p, (unsigned)type << 8 | (any(3) ? 0 : any(5)));
	}
	add16(p, 0);
	add32(p, (uint32_t)random_next(&seed));
	if (any(2) && p->data[ETH_BYTES] >> 4 == 6)
		add_link_local(p, 1);
	for (unsigned i = 0; i < bytes; i++) {
		uint8_t b = (uint8_t)(any(3) ? (i % 8 ? i % 8 : 1 + any(26))
					     : random_next(&seed));
		add(p, &b, 1);
	}
	end_ip(p);
}

static void make_arp(struct packet *p)
{
	begin_frame(p, 0x0806);
	add16(p, 1);
	add16(p, 0x0800);
	add16(p, 0x0604);
	add16(p, 1 + any(2));
	add(p, peer_mac, 6);
	add(p, peer_ip4, 4);
	add(p, boot.net.mac, 6);
	add(p, guest_ip4, 4);
}

/* Reads what the guest says, so that the next lies are close to the truth. */
static void listen_to_guest(void)
{
	const struct frame *f;

	while ((f = take_frame(&from_guest))) {
		const int is6 = f->data[12] == 0x86;
		const unsigned ip = is6 ? IP6_BYTES : IP_BYTES;
		const uint8_t *tcp = f->data + ETH_BYTES + ip;
		uint32_t sequence, acknowledgement;
		unsigned flow;

		if (f->bytes < ETH_BYTES + ip + 20 ||
		    f->data[ETH_BYTES + (is6 ? 6 : 9)] != IPPROTO_TCP)
			continue;
		flow = (unsigned)(tcp[2] << 8 | tcp[3]) - PEER_PORT;
		if (flow >= CONNECTIONS)
			continue;
		memcpy(&sequence, tcp + 4, 4);
		memcpy(&acknowledgement, tcp + 8, 4);
		flows[flow].acknowledged = ntohl(sequence) + f->bytes -
					   ETH_BYTES - ip - (tcp[12] >> 4) * 4 +
					   !!(tcp[13] & (TH_SYN | TH_FIN));
		flows[flow].next = ntohl(acknowledgement);
	}
}

static long transfer(struct rt_socket *s, int out, void *data, size_t bytes,
		     struct sockaddr_storage *name)
{
	struct iovec iov = {data, bytes};
	struct rt_message m = {.iov = &iov,
			       .iov_count = 1,
			       .bytes = bytes,
			       .to = out ? (void *)name : NULL,
			       .from = out ? NULL : (void *)name,
			       .name_bytes = name ? sizeof(*name) : 0};

	return out ? s->ops->send(s, &m, 0) : s->ops->receive(s, &m, 0);
}

static void serve(unsigned i)
{
	static char data[3000];
	struct rt_socket *s = served[i];
	long n;

	if (!s)
		return;
	s->ops->poll(s);
	n = transfer(s, 0, data, any(sizeof(data)), NULL);
	if (n > 0 || !any(4))
		transfer(s, 1, data, any(sizeof(data)), NULL);
	if (!any(20))
		s->ops->shutdown(s, (int)any(3));
	if (!any(10) || (n <= 0 && n != -EAGAIN && !any(3))) {
		if (!any(4)) {
			s->options |= 1u << SO_LINGER;
			s->linger.l_linger = 0;
		}
		close_socket(s);
		served[i] = NULL;
	}
}

static void answer(struct rt_socket *s)
{
	static char data[4000];
	struct sockaddr_storage name;
	long n;

	/* An answer may come back, as a source may be the guest itself. */
	for (unsigned i = 0; i < 20; i++) {
		n = transfer(s, 0, data, sizeof(data), &name);
		if (n < 0)
			break;
		transfer(s, 1, data, (size_t)n, &name);
	}
}

/* The program in the guest. */
static void run_program(void)
{
	for (unsigned i = 0; i < CONNECTIONS; i++) {
		if (!served[i] &&
		    listener->ops->accept(listener, &served[i], 0) < 0)
			served[i] = NULL;
		serve(i);
	}
	answer(datagrams);
	answer(echoes);
}

static void step(void)
{
	static void (*const make[])(struct packet * p) = {
		make_tcp,      make_tcp,  make_tcp, make_udp,
		make_fragment, make_icmp, make_arp,
	};
	static struct packet p;

	for (unsigned i = any(16); i--;) {
		make[any(sizeof(make) / sizeof(make[0]))](&p);
		if (any(2))
			mutate(&p);
		deliver(&p);
	}
	pass(any(10) ? any(3) * MS : any(3000) * MS);
	run_program();
	listen_to_guest();
}

static struct rt_socket *bound(int type, int protocol, unsigned port)
{
	struct sockaddr_in6 name = {.sin6_family = AF_INET6,
				    .sin6_port = htons((uint16_t)port)};
	struct rt_socket *s = open_socket(AF_INET6, type, protocol);
	long err = s->ops->bind(s, (struct sockaddr *)&name, sizeof(name));

	EXPECT(err == 0, "bind: %ld", err);
	return s;
}

static void expect_nothing_left(void)
{
	static const struct {
		memp_t kind;
		const char *name;
		unsigned most;
	} kinds[] = {
		{MEMP_TCP_PCB, "connections", 0},
		{MEMP_TCP_PCB_LISTEN, "listeners", 0},
		{MEMP_TCP_SEG, "segments", 0},
		{MEMP_UDP_PCB, "UDP control blocks", 2}, /* of DHCP */
		{MEMP_RAW_PCB, "raw control blocks", 2}, /* net_raw.c's */
		{MEMP_REASSDATA, "datagrams in parts", 0},
		{MEMP_IP6_REASSDATA, "IPv6 datagrams in parts", 0},
		{MEMP_FRAG_PBUF, "fragments", 0},
	};

	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		unsigned n = net_memory_count(kinds[i].kind);

		EXPECT(n <= kinds[i].most, "%u %s", n, kinds[i].name);
	}
}

int main(int argc, char **argv)
{
	unsigned steps = argc > 2 ? (unsigned)atoi(argv[2]) : 20000;

	seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 0x5eed;
	listener = bound(SOCK_STREAM, 0, 80);
	datagrams = bound(SOCK_DGRAM, 0, 53);
	echoes = open_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	EXPECT(listener->ops->listen(listener, 16) == 0, "listen");
	/* What was changed at random is to be believed, not dropped. */
	NETIF_SET_CHECKSUM_CTRL(netif_default, 0);
	for (unsigned i = 0; i < steps; i++)
		step();
	promise("frames made up at random touch nothing that is not there");
	for (unsigned i = 0; i < CONNECTIONS; i++)
		if (served[i])
			close_socket(served[i]);
	close_socket(listener);
	close_socket(datagrams);
	close_socket(echoes);
	pass(2000 * 1000 * MS);
	expect_nothing_left();
	promise("of connections that were made and broken nothing is left");
	return promises_end();
}
