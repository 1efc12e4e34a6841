/* SPDX-License-Identifier: ISC */
/*
 * A peer on a stream socket that writes anything: the guest gets frames of good
 * lengths in buffers that are large enough, or the device ends.
 */
#include "net_stream.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net_backend.h"

#define BUFFERS	  3
#define BYTES_MAX 65536 /* what a socket takes without a reader */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static int receive(struct net_dev *dev)
{
	static const uint32_t sizes[BUFFERS] = {60, 1514, 9000};
	struct net_frame frame[BUFFERS];
	struct iovec iov[BUFFERS];
	uint8_t *buffer[BUFFERS];
	int n;

	/* Exactly so large, for the sanitizer to watch over. */
	for (unsigned i = 0; i < BUFFERS; i++) {
		buffer[i] = malloc(sizes[i]);
		iov[i] = (struct iovec){buffer[i], sizes[i]};
		frame[i] = (struct net_frame){&iov[i], 1, sizes[i]};
	}
	n = dev->transport->receive(dev, frame, BUFFERS);
	for (int i = 0; i < n; i++)
		if (frame[i].bytes < BP_FRAME_MIN_BYTES ||
		    frame[i].bytes > sizes[i])
			abort();
	for (unsigned i = 0; i < BUFFERS; i++)
		free(buffer[i]);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	struct net_dev dev = {.name = "net0"};
	int fd[2];

	if (count > BYTES_MAX)
		return -1;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) || net_stream_attach(&dev))
		abort();
	dev.fd = fd[0];
	if (count && write(fd[1], bytes, count) != (ssize_t)count)
		abort();
	close(fd[1]);
	while (receive(&dev) > 0)
		;
	net_stream_detach(&dev);
	close(fd[0]);
	return 0;
}
