/* SPDX-License-Identifier: ISC */
/*
 * Frames on a stream socket.
 *
 * THEORY OF OPERATION
 * What arrives is read in pieces as large as the socket has them into a buffer
 * of the tender, and frames are copied from there to the guest: a length must
 * be judged before anything is believed of what follows. What is sent goes
 * from guest memory to the socket in one system call for all frames. When the
 * socket takes the last of them only in part, the rest is copied, as the guest
 * may use its memory again: that part is owed, and is written before anything
 * else. Lengths come from the tender's own copy of the list, so that a guest
 * that changes its memory spoils nothing but its own frame.
 */
#include "net_stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "interrupt.h"
#include "net_backend.h"

#define FRAME_BYTES  ((size_t)NET_STREAM_HEADER_BYTES + BP_FRAME_MAX_BYTES)
#define SOCKET_BYTES (4 << 20)
#define IN_BYTES     ((size_t)256 << 10)
#define IOV_COUNT    (3 * BP_MAX_FRAMES + BP_MAX_FRAME_ENTRIES)
#define PIECE_BYTES  32768u

struct net_stream {
	size_t start, end; /* of what arrived, in in[] */
	size_t paid, owed; /* [paid, owed) of out[] is to be written */
	uint8_t in[IN_BYTES];
	uint8_t out[FRAME_BYTES];
};

_Static_assert(IN_BYTES >= 2 * FRAME_BYTES, "a frame fits behind another");

int net_stream_next(const uint8_t *data, size_t bytes, uint32_t *frame_bytes)
{
	uint32_t n;

	if (bytes < NET_STREAM_HEADER_BYTES)
		return 0;
	n = (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 |
	    (uint32_t)data[2] << 8 | data[3];
	if (n < BP_FRAME_MIN_BYTES || n > BP_FRAME_MAX_BYTES)
		return -EPROTO;
	if (bytes - NET_STREAM_HEADER_BYTES < n)
		return 0;
	*frame_bytes = n;
	return 1;
}

int net_stream_attach(struct net_dev *dev)
{
	int bytes = SOCKET_BYTES;

	/* Several windows of TCP; the host allows what it allows. */
	(void)setsockopt(dev->fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	/* Not touched, so pages come as they are used. */
	dev->stream = malloc(sizeof(*dev->stream));
	if (!dev->stream)
		return -ENOMEM;
	dev->stream->start = dev->stream->end = 0;
	dev->stream->paid = dev->stream->owed = 0;
	dev->transport = &net_stream_transport;
	return 0;
}

void net_stream_detach(struct net_dev *dev)
{
	free(dev->stream);
	dev->stream = NULL;
}

bool net_stream_has_frame(const struct net_dev *dev)
{
	const struct net_stream *s = dev->stream;
	uint32_t bytes;

	/* What is no frame is news too. */
	return s && net_stream_next(s->in + s->start, s->end - s->start,
				    &bytes) != 0;
}

static void write_length(uint8_t *to, uint32_t bytes)
{
	to[0] = (uint8_t)(bytes >> 24);
	to[1] = (uint8_t)(bytes >> 16);
	to[2] = (uint8_t)(bytes >> 8);
	to[3] = (uint8_t)bytes;
}

void net_stream_insert(struct net_dev *dev, const uint8_t *frame,
		       uint32_t bytes)
{
	size_t room = NET_STREAM_HEADER_BYTES + bytes;
	struct net_stream *s = dev->stream;

	if (s->start < room) {
		size_t shift = room - s->start;

		/* What comes from the other end needs room too. */
		if (IN_BYTES - s->end < FRAME_BYTES + shift)
			return;
		memmove(s->in + room, s->in + s->start, s->end - s->start);
		s->end += shift;
		s->start = room;
	}
	s->start -= room;
	write_length(s->in + s->start, bytes);
	memcpy(s->in + s->start + NET_STREAM_HEADER_BYTES, frame, bytes);
}

static bool owes(const struct net_stream *s)
{
	return s->paid < s->owed;
}

bool net_stream_owes(const struct net_dev *dev)
{
	return dev->stream && owes(dev->stream);
}

/* Bytes that the socket took, 0 when it is full, or -errno. */
static ssize_t write_pieces(const struct net_dev *dev, struct iovec *iov,
			    unsigned count)
{
	struct msghdr message = {.msg_iov = iov, .msg_iovlen = count};

	for (;;) {
		/* seccomp: sendmsg on a network device's descriptor */
		ssize_t n =
			sendmsg(dev->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n >= 0)
			return n;
		if (errno == EINTR && !interrupt_pending())
			continue;
		if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS)
			return 0;
		return -errno;
	}
}

int net_stream_pay(struct net_dev *dev)
{
	struct net_stream *s = dev->stream;
	struct iovec iov;
	ssize_t n;

	if (!owes(s))
		return 0;
	iov.iov_base = s->out + s->paid;
	iov.iov_len = s->owed - s->paid;
	n = write_pieces(dev, &iov, 1);
	if (n < 0) {
		s->paid = s->owed; /* nobody is there to have it */
		return (int)n;
	}
	s->paid += (size_t)n;
	return 0;
}

/* Keeps all of a frame but the first @done bytes, header included. */
static void owe(struct net_stream *s, const uint8_t *header,
		const struct net_frame *frame, size_t done)
{
	uint8_t *at = s->out;

	memcpy(at, header, NET_STREAM_HEADER_BYTES);
	at += NET_STREAM_HEADER_BYTES;
	for (unsigned i = 0; i < frame->iov_count; i++) {
		memcpy(at, frame->iov[i].iov_base, frame->iov[i].iov_len);
		at += frame->iov[i].iov_len;
	}
	s->paid = done;
	s->owed = (size_t)(at - s->out);
}

/*
 * The first frames of the list that are written together, in @iov: as many as
 * Linux hands to the reader at once. passt, at least that of 2023, loses its
 * place in the stream when a frame reaches it in more than two parts.
 */
static unsigned gather(const struct net_frame *frame, unsigned count,
		       uint8_t header[][NET_STREAM_HEADER_BYTES],
		       struct iovec *iov, unsigned *iov_count)
{
	size_t total = 0;
	unsigned i;

	*iov_count = 0;
	for (i = 0; i < count; i++) {
		uint32_t bytes = frame[i].bytes;

		total += NET_STREAM_HEADER_BYTES + bytes;
		if (i && total > PIECE_BYTES)
			break;
		write_length(header[i], bytes);
		iov[(*iov_count)++] =
			(struct iovec){header[i], sizeof(header[i])};
		for (unsigned j = 0; j < frame[i].iov_count; j++)
			iov[(*iov_count)++] = frame[i].iov[j];
	}
	return i;
}

/* Writes some of the frames; how many were taken, the last perhaps in part. */
static int write_frames(struct net_dev *dev, const struct net_frame *frame,
			unsigned count, unsigned *gathered)
{
	uint8_t header[BP_MAX_FRAMES][NET_STREAM_HEADER_BYTES];
	struct iovec iov[IOV_COUNT];
	unsigned iov_count, taken = 0;
	ssize_t done;

	*gathered = gather(frame, count, header, iov, &iov_count);
	done = write_pieces(dev, iov, iov_count);
	if (done < 0)
		return (int)done;
	while (done > 0) {
		size_t whole = NET_STREAM_HEADER_BYTES + frame[taken].bytes;

		if ((size_t)done < whole)
			owe(dev->stream, header[taken], &frame[taken],
			    (size_t)done);
		done -= (ssize_t)whole;
		taken++;
	}
	return (int)taken;
}

static int stream_send(struct net_dev *dev, const struct net_frame *frame,
		       unsigned count)
{
	unsigned sent = 0, gathered = 0;
	int n = net_stream_pay(dev);

	while (n >= 0 && sent < count && !owes(dev->stream)) {
		n = write_frames(dev, frame + sent, count - sent, &gathered);
		if (n > 0)
			sent += (unsigned)n;
		if (n < (int)gathered)
			break;
	}
	return sent || n >= 0 ? (int)sent : n;
}

/* Reads more. Bytes, 0 when there is nothing now, -EPIPE at the end. */
static ssize_t fill(struct net_dev *dev)
{
	struct net_stream *s = dev->stream;
	ssize_t n;

	if (s->start == s->end)
		s->start = s->end = 0;
	if (IN_BYTES - s->end < FRAME_BYTES) {
		memmove(s->in, s->in + s->start, s->end - s->start);
		s->end -= s->start;
		s->start = 0;
	}
	do {
		/* seccomp: recvfrom on a network device's descriptor */
		n = recv(dev->fd, s->in + s->end, IN_BYTES - s->end,
			 MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR && !interrupt_pending());
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (n == 0)
		return -EPIPE;
	s->end += (size_t)n;
	return n;
}

static void copy_out(struct net_frame *frame, const uint8_t *at, uint32_t bytes)
{
	uint32_t left = bytes;

	for (unsigned i = 0; left && i < frame->iov_count; i++) {
		struct iovec *iov = &frame->iov[i];
		size_t n = left < iov->iov_len ? left : iov->iov_len;

		memcpy(iov->iov_base, at, n);
		at += n;
		left -= (uint32_t)n;
	}
	frame->bytes = bytes;
}

static int stream_receive(struct net_dev *dev, struct net_frame *frame,
			  unsigned count)
{
	struct net_stream *s = dev->stream;
	unsigned received = 0;
	ssize_t more = 1;

	while (received < count) {
		uint32_t bytes;
		int next = net_stream_next(s->in + s->start, s->end - s->start,
					   &bytes);

		if (next < 0)
			return received ? (int)received : next;
		if (next == 0) {
			more = fill(dev);
			if (more <= 0)
				break;
			continue;
		}
		s->start += NET_STREAM_HEADER_BYTES;
		if (dev->hear)
			dev->hear(dev, s->in + s->start, bytes);
		/* One that does not fit is lost, as on any network. */
		if (bytes <= frame[received].bytes)
			copy_out(&frame[received++], s->in + s->start, bytes);
		s->start += bytes;
	}
	return received ? (int)received : (int)(more < 0 ? more : 0);
}

const struct net_transport net_stream_transport = {
	.send = stream_send,
	.receive = stream_receive,
};
