/* SPDX-License-Identifier: ISC */
/*
 * A program that sends when what it would have to wait for comes in the same
 * exchange that it makes: it must not wait for it again.
 */
#include "lwip_peer.h"

#include <lwip/netif.h>
#include <netinet/in.h>
#include <sys/uio.h>

#define PEER_PORT 1000
#define FOREVER	  UINT64_MAX

/* What the peer has of the guest's numbers, and its own next one. */
static uint32_t seen, next = 5000;

static void listen_to_guest(void)
{
	const struct frame *f;

	while ((f = take_frame(&from_guest))) {
		const uint8_t *tcp = f->data + ETH_BYTES + IP_BYTES;
		uint32_t number;

		if (f->data[12] != 8 || f->data[13] ||
		    f->data[ETH_BYTES + 9] != IPPROTO_TCP)
			continue;
		memcpy(&number, tcp + 4, 4);
		seen = ntohl(number) + f->bytes - ETH_BYTES - IP_BYTES -
		       (tcp[12] >> 4) * 4 + !!(tcp[13] & TH_SYN);
	}
}

static void say(unsigned flags, uint32_t acknowledged, unsigned data)
{
	static struct packet p;

	begin_ip4(&p, IPPROTO_TCP);
	add16(&p, PEER_PORT);
	add16(&p, 80);
	add32(&p, next);
	add32(&p, acknowledged);
	add16(&p, 0x5000 | flags);
	add16(&p, 65535);
	add32(&p, 0);
	add(&p, NULL, data);
	end_ip(&p);
	deliver(&p);
	next += data + !!(flags & TH_SYN);
}

static void introduce_peer(void)
{
	struct packet p;

	begin_frame(&p, 0x0806);
	add16(&p, 1);
	add16(&p, 0x0800);
	add16(&p, 0x0604);
	add16(&p, 1);
	add(&p, peer_mac, 6);
	add(&p, peer_ip4, 4);
	add(&p, NULL, 6);
	add(&p, guest_ip4, 4);
	deliver(&p);
	pass(MS);
}

static struct rt_socket *connection(struct rt_socket *listener)
{
	struct rt_socket *s = NULL;
	const int few = 4096;
	long err;

	say(TH_SYN, 0, 0);
	pass(MS);
	listen_to_guest();
	say(TH_ACK, seen, 0);
	pass(MS);
	err = listener->ops->accept(listener, &s, 0);
	EXPECT(err == 0, "accept: %ld", err);
	if (err)
		return NULL;
	s->send_bytes = few;
	/* Notes only that it was said; the number is socket_option.c's. */
	s->ops->set_option(s, SOL_SOCKET, SO_SNDBUF, &few, sizeof(few));
	return s;
}

static long send_some(struct rt_socket *s, size_t bytes, uint64_t until_ns)
{
	static char data[65536];
	struct iovec iov = {data, bytes};
	struct rt_message m = {.iov = &iov, .iov_count = 1, .bytes = bytes};

	return s->ops->send(s, &m, until_ns);
}

/*
 * The buffer is full, and something lies in the queue of the device: an
 * acknowledgement of what the peer sent. The next call will send that, as the
 * guest has not looked for a while.
 */
static void fill_and_owe(struct rt_socket *s)
{
	long n;

	while ((n = send_some(s, 1000, 0)) > 0)
		;
	EXPECT(n == -EAGAIN, "%ld", n);
	pass(MS);
	listen_to_guest();
	say(TH_ACK | TH_PUSH, seen - 4000, 1000);
	say(TH_ACK | TH_PUSH, seen - 4000, 1000);
	net_poller->ready(1);
	n = send_some(s, 1000, 0);
	EXPECT(n == -EAGAIN, "not full: %ld", n);
	clock_ns += MS;
}

int main(void)
{
	struct sockaddr_in name = {.sin_family = AF_INET,
				   .sin_port = htons(80)};
	struct rt_socket *listener = open_socket(AF_INET, SOCK_STREAM, 0), *s;
	long n;

	EXPECT(!listener->ops->bind(listener, (struct sockaddr *)&name,
				    sizeof(name)),
	       "bind");
	EXPECT(listener->ops->listen(listener, 16) == 0, "listen");
	NETIF_SET_CHECKSUM_CTRL(netif_default, 0);
	introduce_peer();
	s = connection(listener);
	if (!s)
		return promises_end();
	fill_and_owe(s);
	say(TH_ACK, seen, 0);
	/* Waiting ends with EAGAIN here: see __rt_socket_wait(). */
	n = send_some(s, 1, FOREVER);
	EXPECT(n == 1, "%ld", n);
	promise("what comes while a program sends lets it go on");

	fill_and_owe(s);
	say(TH_RST | TH_ACK, seen, 0);
	n = send_some(s, 1, FOREVER);
	EXPECT(n == -ECONNRESET, "%ld", n);
	promise("a reset that comes while a program sends is told");
	close_socket(s);
	close_socket(listener);
	return promises_end();
}
