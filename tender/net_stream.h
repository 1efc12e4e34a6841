/* SPDX-License-Identifier: ISC */
/*
 * Frames on a stream socket: before each its length, 4 bytes, the highest
 * first. QEMU's "stream" network backend and passt speak the same.
 */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct net_dev;
struct net_stream;

#define NET_STREAM_HEADER_BYTES 4

/*
 * Looks at the frame at the start of @data, behind its length. 1: all of it is
 * there, *@frame_bytes long. 0: some of it is not there yet. -EPROTO: no frame
 * has such a length, so whoever wrote it does not speak this.
 */
int net_stream_next(const uint8_t *data, size_t bytes, uint32_t *frame_bytes);

/* Buffers for @dev, whose fd is a connected stream socket. 0 or -ENOMEM. */
int net_stream_attach(struct net_dev *dev);
void net_stream_detach(struct net_dev *dev);

/* Whether a frame has arrived, so that the socket need not be asked. */
bool net_stream_has_frame(const struct net_dev *dev);

/* Makes @frame the next one received. Without room it is lost. */
void net_stream_insert(struct net_dev *dev, const uint8_t *frame,
		       uint32_t bytes);

/* Whether the end of a frame that was sent is not in the socket yet. */
bool net_stream_owes(const struct net_dev *dev);

/*
 * Writes what is owed, without waiting. 0, also when some is left; -errno, and
 * nothing is owed any more, when there is no other end.
 */
int net_stream_pay(struct net_dev *dev);

#endif
