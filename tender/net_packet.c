/* SPDX-License-Identifier: ISC */
/*
 * Frames through a descriptor that keeps them apart by itself: a tap, or a
 * socket for messages. One system call each, and no copy in the tender.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "interrupt.h"
#include "net_backend.h"

/* Whether the other end is gone, rather than this frame. */
static bool is_fatal(int err)
{
	switch (err) {
	case EBADFD: /* a tap that was deleted */
	case ECONNREFUSED:
	case ECONNRESET:
	case ENOTCONN:
	case EPIPE:
		return true;
	default:
		return false;
	}
}

static int packet_send(struct net_dev *dev, const struct net_frame *frame,
		       unsigned count)
{
	unsigned sent = 0;

	while (sent < count) {
		/* seccomp: writev on a network device's descriptor */
		ssize_t n = writev(dev->fd, frame[sent].iov,
				   (int)frame[sent].iov_count);

		if (n < 0 && errno == EINTR && !interrupt_pending())
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n < 0 && is_fatal(errno))
			return sent ? (int)sent : -errno;
		/* What the host will not carry is lost, as on any network. */
		sent++;
	}
	return (int)sent;
}

static int packet_receive(struct net_dev *dev, struct net_frame *frame,
			  unsigned count)
{
	unsigned received = 0, lost = 0;

	while (received < count && lost < BP_MAX_FRAMES) {
		struct net_frame *f = &frame[received];
		struct iovec iov[BP_MAX_FRAME_ENTRIES + 1];
		uint8_t more; /* tells a frame that does not fit */
		ssize_t n;

		memcpy(iov, f->iov, f->iov_count * sizeof(iov[0]));
		iov[f->iov_count] = (struct iovec){&more, 1};
		/* seccomp: readv on a network device's descriptor */
		n = readv(dev->fd, iov, (int)f->iov_count + 1);
		if (n < 0 && errno == EINTR && !interrupt_pending())
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n < 0 && !is_fatal(errno) && errno != EIO) {
			lost++;
			continue;
		}
		if (n < 0 || (n == 0 && dev->ends_empty))
			return received ? (int)received
					: (n < 0 ? -errno : -EPIPE);
		if (n < BP_FRAME_MIN_BYTES || (size_t)n > f->bytes) {
			lost++;
			continue;
		}
		f->bytes = (uint32_t)n;
		received++;
	}
	return (int)received;
}

const struct net_transport net_packet_transport = {
	.send = packet_send,
	.receive = packet_receive,
};
