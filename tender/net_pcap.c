/* SPDX-License-Identifier: ISC */
/*
 * Capture. Blocks go from guest memory to the file in one system call for all
 * frames of a call; a block that the file took only in part is cut off again,
 * so that what is there can be read.
 */
#include "net_pcap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "interrupt.h"
#include "log.h"
#include "net_backend.h"

#define NS_PER_S 1000000000ULL

enum block_type {
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 6,
	BLOCK_SECTION = 0x0a0d0d0a,
};

#define BYTE_ORDER_MAGIC	   0x1a2b3c4du
#define LINKTYPE_ETHERNET	   1u
#define OPTION_IF_NAME		   2u
#define OPTION_IF_TSRESOL	   9u
#define OPTION_EPB_FLAGS	   2u
#define OPTION_HEADER(code, bytes) ((uint32_t)(bytes) << 16 | (code))

struct net_pcap {
	int fd; /* -1: the file takes no more */
	const char *path;
	uint64_t bytes; /* of whole blocks */
	uint32_t devices;
};

struct section_block {
	uint32_t type, bytes, magic, version;
	uint32_t section_bytes[2];
	uint32_t bytes_again;
};

struct interface_block {
	uint32_t type, bytes, link_type, snap_bytes;
	uint32_t name_option;
	char name[BP_DEVICE_NAME_BYTES];
	uint32_t resolution_option, resolution;
	uint32_t end_option;
	uint32_t bytes_again;
};

struct packet_head {
	uint32_t type, bytes, interface, time_high, time_low;
	uint32_t captured, original;
};

struct packet_tail {
	uint32_t pad; /* of which as much is used as is needed */
	uint32_t flags_option, flags, end_option, bytes_again;
};

#define TAIL_BYTES (sizeof(struct packet_tail) - sizeof(uint32_t))

/* Tells it once, and ends the capture at the last whole block. */
static void give_up(struct net_pcap *pcap, int err)
{
	log_error("%s: %s; the capture ends here", pcap->path, strerror(err));
	/* seccomp: ftruncate, close on the capture's descriptor */
	(void)ftruncate(pcap->fd, (off_t)pcap->bytes);
	close(pcap->fd);
	pcap->fd = -1;
}

static void write_blocks(struct net_pcap *pcap, struct iovec *iov,
			 unsigned count)
{
	uint64_t whole = pcap->bytes;

	for (unsigned i = 0; i < count; i++)
		whole += iov[i].iov_len;
	while (count) {
		/* seccomp: writev on the capture's descriptor */
		ssize_t n = writev(pcap->fd, iov, (int)count);

		if (n < 0 && errno == EINTR && !interrupt_pending())
			continue;
		if (n < 0) {
			give_up(pcap, errno);
			return;
		}
		while (count && (size_t)n >= iov->iov_len) {
			n -= (ssize_t)iov->iov_len;
			iov++;
			count--;
		}
		if (count) {
			iov->iov_base = (char *)iov->iov_base + n;
			iov->iov_len -= (size_t)n;
		}
	}
	pcap->bytes = whole;
}

int net_pcap_create(struct net_pcap **out, const char *path)
{
	struct section_block block = {
		.type = BLOCK_SECTION,
		.bytes = sizeof(block),
		.magic = BYTE_ORDER_MAGIC,
		.version = 1, /* and minor version 0 */
		.section_bytes = {UINT32_MAX, UINT32_MAX}, /* not known */
		.bytes_again = sizeof(block),
	};
	struct iovec iov = {&block, sizeof(block)};
	struct net_pcap *pcap = calloc(1, sizeof(*pcap));

	if (!pcap) {
		log_error("%s: out of memory", path);
		return -ENOMEM;
	}
	pcap->path = path;
	pcap->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (pcap->fd < 0) {
		int err = errno;

		log_error("--pcap=%s: %s", path, strerror(err));
		free(pcap);
		return -err;
	}
	write_blocks(pcap, &iov, 1);
	*out = pcap;
	return 0;
}

int net_pcap_fd(const struct net_pcap *pcap)
{
	return pcap->fd;
}

void net_pcap_destroy(struct net_pcap *pcap)
{
	if (pcap && pcap->fd >= 0)
		close(pcap->fd);
	free(pcap);
}

void net_pcap_add(struct net_pcap *pcap, struct net_dev *dev)
{
	struct interface_block block = {
		.type = BLOCK_INTERFACE,
		.bytes = sizeof(block),
		.link_type = LINKTYPE_ETHERNET,
		.snap_bytes = 0, /* no limit */
		.name_option =
			OPTION_HEADER(OPTION_IF_NAME, sizeof(block.name)),
		.resolution_option = OPTION_HEADER(OPTION_IF_TSRESOL, 1),
		.resolution = 9, /* 10^-9 s */
		.bytes_again = sizeof(block),
	};
	struct iovec iov = {&block, sizeof(block)};

	memcpy(block.name, dev->name, strlen(dev->name));
	dev->pcap_number = pcap->devices++;
	if (pcap->fd >= 0)
		write_blocks(pcap, &iov, 1);
}

void net_pcap_write(struct net_pcap *pcap, const struct net_dev *dev,
		    enum net_pcap_direction direction,
		    const struct net_frame *frame, unsigned count)
{
	struct iovec iov[2 * BP_MAX_FRAMES + BP_MAX_FRAME_ENTRIES];
	struct packet_head head[BP_MAX_FRAMES];
	struct packet_tail tail[BP_MAX_FRAMES];
	struct timespec now;
	uint64_t ns;
	unsigned n = 0;

	if (pcap->fd < 0 || count == 0)
		return;
	/* seccomp: clock_gettime */
	clock_gettime(CLOCK_REALTIME, &now);
	ns = (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
	for (unsigned i = 0; i < count; i++) {
		uint32_t left = frame[i].bytes, pad = -left % 4;
		uint32_t bytes =
			(uint32_t)(sizeof(head[i]) + left + pad + TAIL_BYTES);

		head[i] = (struct packet_head){
			BLOCK_PACKET,
			bytes,
			dev->pcap_number,
			(uint32_t)(ns >> 32),
			(uint32_t)ns,
			left,
			left,
		};
		tail[i] = (struct packet_tail){
			0,     OPTION_HEADER(OPTION_EPB_FLAGS, 4), direction, 0,
			bytes,
		};
		iov[n++] = (struct iovec){&head[i], sizeof(head[i])};
		for (unsigned j = 0; left; j++) {
			iov[n] = frame[i].iov[j];
			if (iov[n].iov_len > left)
				iov[n].iov_len = left;
			left -= (uint32_t)iov[n++].iov_len;
		}
		iov[n++] = (struct iovec){(char *)&tail[i] + sizeof(pad) - pad,
					  pad + TAIL_BYTES};
	}
	write_blocks(pcap, iov, n);
}
