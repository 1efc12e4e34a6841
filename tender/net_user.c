/* SPDX-License-Identifier: ISC */
/*
 * A network without privileges: passt, a process of its own, turns the guest's
 * frames into sockets of the host and back.
 *
 * THEORY OF OPERATION
 * The guest gets static addresses and need not ask for any. Before it starts,
 * ports to publish are tried, so that a taken one is named, and passt is asked
 * who has the gateway's address: when it answers, it listens. The guest reaches
 * the host's network as any program there does, but not what listens on the
 * host's loopback only, which programs trust: what would lead there stops here
 * (net_guard.h). Frames are judged by a copy of their headers, and that copy is
 * what is sent. (passt's own --no-map-gw also loses answers to datagrams.)
 */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#include "host_port.h"
#include "log.h"
#include "net_backend.h"
#include "net_guard.h"
#include "net_handshake.h"
#include "net_stream.h"
#include "options_net.h"
#include "passt_args.h"

#define MTU	    65520u /* passt gives no more */
#define ARP_BYTES   42
#define PATIENCE_MS 10000
#define MOMENT_NS   20000
#define MOMENTS	    100
#define HEAD_BYTES  NET_GUARD_BYTES

/* QEMU's user network has the same, so that people know them. */
static const struct bp_net defaults = {
	.ip4_prefix = 24,
	.ip6_prefix = 64,
	.ip4 = {10, 0, 2, 15},
	.ip4_gateway = {10, 0, 2, 2},
	.ip4_dns = {10, 0, 2, 3},
	.ip6 = {0xfd, 0, 0, 2, [15] = 0x15},
	.ip6_gateway = {0xfd, 0, 0, 2, [15] = 2},
};

/*
 * Whether passt has read all that was sent, for which it gets a moment. A busy
 * host may not let it run; then the guest will send its SYN, ACK again.
 */
static bool has_read(const struct net_dev *dev)
{
	struct timespec moment = {.tv_nsec = MOMENT_NS};
	int left = 1;

	for (unsigned i = 0; i < MOMENTS; i++) {
		/* seccomp: ioctl SIOCOUTQ on a network device's descriptor */
		if (ioctl(dev->fd, SIOCOUTQ, &left) < 0)
			return false;
		if (left == 0)
			return true;
		/* seccomp: ppoll */
		(void)ppoll(NULL, 0, &moment, NULL);
	}
	return false;
}

/*
 * Tells the guest that its SYN, ACK has arrived: net_handshake.h. Not before
 * passt has read it, as passt goes wrong when it reads that and more of the
 * same connection at once.
 */
static void end_handshake(struct net_dev *dev, const uint8_t *head,
			  size_t bytes)
{
	uint8_t answer[NET_HANDSHAKE_BYTES];
	size_t length = net_handshake_answer(head, bytes, answer);

	if (length && has_read(dev))
		net_stream_insert(dev, answer, (uint32_t)length);
}

/* Sends the frames that it may, each with its first bytes in @head. */
static int user_send(struct net_dev *dev, const struct net_frame *frame,
		     unsigned count)
{
	struct iovec iov[2 * BP_MAX_FRAMES + BP_MAX_FRAME_ENTRIES];
	uint8_t head[BP_MAX_FRAMES][HEAD_BYTES];
	struct net_frame copy[BP_MAX_FRAMES];
	unsigned place[BP_MAX_FRAMES] = {0};
	unsigned used = 0, n = 0;
	int sent;

	for (unsigned i = 0; i < count; i++) {
		const struct net_frame *f = &frame[i];
		struct iovec *to = &iov[used];
		size_t bytes = net_frame_pull(f, head[n], HEAD_BYTES, to);

		if (net_guard_forbids(dev->guard, head[n], bytes))
			continue;
		copy[n].iov = to;
		copy[n].iov_count = 1 + f->iov_count;
		copy[n].bytes = f->bytes;
		used += 1 + f->iov_count;
		place[n++] = i;
	}
	sent = net_stream_transport.send(dev, copy, n);
	if (sent < 0)
		return sent;
	for (unsigned i = 0; i < (unsigned)sent; i++)
		end_handshake(dev, head[i], copy[i].iov[0].iov_len);
	/* Those that were left out count as sent: nobody answers them. */
	return (unsigned)sent == n ? (int)count : (int)place[sent];
}

static void user_hear(struct net_dev *dev, const uint8_t *frame, size_t bytes)
{
	net_guard_hear(dev->guard, frame, bytes);
}

static int user_receive(struct net_dev *dev, struct net_frame *frame,
			unsigned count)
{
	return net_stream_transport.receive(dev, frame, count);
}

static const struct net_transport user_transport = {
	.send = user_send,
	.receive = user_receive,
};

static bool all_zero(const uint8_t *at, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		if (at[i])
			return false;
	return true;
}

#define DEFAULT(c, field)                                   \
	(all_zero((c)->field, sizeof((c)->field))           \
		 ? (void)memcpy((c)->field, defaults.field, \
				sizeof((c)->field))         \
		 : (void)0)

/* The second address of its network, unless it has that one itself. */
static void choose_gateway4(struct bp_net *c)
{
	uint32_t mask = ~0u << (32 - c->ip4_prefix), ip, gateway;

	memcpy(&ip, c->ip4, sizeof(ip));
	gateway = (ntohl(ip) & mask) + 2;
	if (gateway == ntohl(ip))
		gateway--;
	gateway = htonl(gateway);
	memcpy(c->ip4_gateway, &gateway, sizeof(gateway));
}

/* What the user did not say. */
static void configure(struct bp_net *c, bool ip6)
{
	if (!c->mtu)
		c->mtu = MTU;
	if (!c->ip4_prefix) {
		c->ip4_prefix = defaults.ip4_prefix;
		DEFAULT(c, ip4);
		DEFAULT(c, ip4_gateway);
	} else if (all_zero(c->ip4_gateway, sizeof(c->ip4_gateway))) {
		choose_gateway4(c);
	}
	DEFAULT(c, ip4_dns);
	if (ip6) {
		if (!c->ip6_prefix)
			c->ip6_prefix = defaults.ip6_prefix;
		DEFAULT(c, ip6);
		DEFAULT(c, ip6_gateway);
	}
	/* It takes data out of segments and datagrams, unverified. */
	c->flags = BP_NET_SEND_UNSUMMED | BP_NET_RECEIVE_TRUSTED;
}

/* Who has the gateway's address? RFC 826. */
static void make_probe(const struct net_dev *dev, uint8_t frame[ARP_BYTES])
{
	static const uint8_t head[] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0,
		0,    8,    6,	  0,	1,    8,    0, 6, 4, 0, 1,
	};
	const struct bp_net *c = &dev->config;

	memset(frame, 0, ARP_BYTES);
	memcpy(frame, head, sizeof(head));
	memcpy(frame + 6, c->mac, sizeof(c->mac));
	memcpy(frame + 22, c->mac, sizeof(c->mac));
	memcpy(frame + 28, c->ip4, sizeof(c->ip4));
	memcpy(frame + 38, c->ip4_gateway, sizeof(c->ip4_gateway));
}

/* Waits until passt answers. 0, -EPIPE when it has ended, -ETIMEDOUT. */
static int probe(struct net_dev *dev)
{
	struct pollfd p = {.fd = dev->fd, .events = POLLIN};
	uint8_t question[ARP_BYTES], answer[ARP_BYTES];
	struct iovec out_iov = {question, sizeof(question)};
	struct iovec in_iov = {answer, sizeof(answer)};
	struct net_frame out = {&out_iov, 1, sizeof(question)};

	make_probe(dev, question);
	if (net_stream_transport.send(dev, &out, 1) < 0)
		return -EPIPE;
	for (;;) {
		/* Larger frames come too early and are lost. */
		struct net_frame in = {&in_iov, 1, sizeof(answer)};
		int n = net_stream_transport.receive(dev, &in, 1);

		if (n < 0)
			return -EPIPE;
		if (n > 0 && in.bytes == sizeof(answer) && answer[12] == 8 &&
		    answer[13] == 6 && answer[21] == 2)
			return 0;
		if (n == 0 && poll(&p, 1, PATIENCE_MS) == 0)
			return -ETIMEDOUT;
	}
}

/* Whether passt says that it could not enter its own sandbox. */
static bool is_isolation(const char *why)
{
	static const char *const words[] = {
		"namespace", "unshare", "setuid", "setgid", "UID", "GID",
	};

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(why, words[i]))
			return true;
	return false;
}

/* Prints why there is no passt any more. */
static void user_ended(struct net_dev *dev)
{
	char why[256];
	int status;

	/* seccomp: shutdown on a network device's descriptor */
	shutdown(dev->fd, SHUT_RDWR);
	status = passt_end(&dev->passt, why, sizeof(why));
	if (*why)
		log_error("net %s: passt has ended: %s%s", dev->name, why,
			  is_isolation(why) ? "; it isolates itself by user "
					      "namespaces, which a container "
					      "may forbid: allow them, or use "
					      "--net=tap or --net=unix"
					    : "");
	else if (status > 128)
		log_error("net %s: passt has ended by signal %d", dev->name,
			  status - 128);
	else
		log_error("net %s: passt has ended with status %d", dev->name,
			  status);
}

static void user_close(struct net_dev *dev)
{
	char why[256];

	(void)passt_end(&dev->passt, why, sizeof(why));
	free(dev->guard);
	dev->guard = NULL;
}

static int start_passt(struct net_dev *dev, const struct passt_plan *plan)
{
	struct passt_args args;
	char path[PATH_MAX];
	int err;

	if (!passt_find(path, sizeof(path))) {
		log_error("net %s: --net=user needs passt, which is not in "
			  "PATH; install passt",
			  dev->name);
		return -ENOENT;
	}
	passt_args_make(&args, plan);
	err = passt_start(&dev->passt, path, args.arg);
	if (err) {
		log_error("net %s: cannot start %s: %s", dev->name, path,
			  strerror(-err));
		return err;
	}
	dev->fd = dev->passt.fd;
	return 0;
}

static int check_ports(const struct net_dev *dev, const struct passt_plan *plan)
{
	int err = 0;

	for (unsigned i = 0; !err && i < plan->publish_count; i++) {
		const struct publish_option *p = &plan->publish[i];

		err = host_port_check(p, dev->name);
		if (!err && !plan->ip6 && strchr(p->address, ':')) {
			log_error("net %s: --publish=%s: passt does IPv6 only "
				  "where an interface of the host has a "
				  "link-local address",
				  dev->name, p->text);
			err = -EAFNOSUPPORT;
		}
	}
	return err;
}

static int make_guard(struct net_dev *dev, bool gateway_open)
{
	struct net_guard *guard = calloc(1, sizeof(*guard));

	if (!guard)
		return -ENOMEM;
	memcpy(guard->gateway4, dev->config.ip4_gateway, 4);
	memcpy(guard->gateway6, dev->config.ip6_gateway, 16);
	guard->gateway_open = gateway_open;
	dev->guard = guard;
	dev->hear = user_hear;
	return 0;
}

static int user_open(struct net_dev *dev, const struct net_request *request)
{
	struct passt_plan plan = {
		.config = &dev->config,
		.publish = request->publish,
		.publish_count = request->publish_count,
	};
	int err;

	plan.forward_dns =
		all_zero(dev->config.ip4_dns, sizeof(dev->config.ip4_dns));
	passt_plan_interface(&plan);
	configure(&dev->config, plan.ip6);
	err = check_ports(dev, &plan);
	if (err)
		return err;
	err = start_passt(dev, &plan);
	if (err)
		return err;
	err = net_stream_attach(dev);
	if (err)
		return err;
	err = make_guard(dev, request->option->host_loopback);
	if (err)
		return err;
	dev->transport = &user_transport;
	err = probe(dev);
	if (!err)
		passt_forget(&dev->passt);
	else if (err == -ETIMEDOUT)
		log_error("net %s: passt does not answer", dev->name);
	else
		user_ended(dev);
	return err;
}

const struct net_backend net_user_backend = {
	.open = user_open,
	.ended = user_ended,
	.close = user_close,
};
