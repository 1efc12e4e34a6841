/* SPDX-License-Identifier: ISC */
/* What carries the frames of a network device: one of several backends. */
#ifndef NET_BACKEND_H
#define NET_BACKEND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "boot_info.h"
#include "hypercall.h"
#include "passt.h"

struct net_guard;
struct net_option;
struct net_pcap;
struct net_stream;
struct publish_option;

/* A frame to send, or a buffer for one; all of it is guest memory. */
struct net_frame {
	struct iovec *iov;
	unsigned iov_count;
	uint32_t bytes; /* of the frame; of the buffer until it is received */
};

/*
 * Copies the first bytes of a frame, at most @bytes, to @head; how many. @iov
 * becomes the frame with that copy at its start: one piece more than it had.
 */
size_t net_frame_pull(const struct net_frame *frame, uint8_t *head,
		      size_t bytes, struct iovec *iov);

struct net_dev {
	const struct net_backend *backend;
	const struct net_transport *transport;
	const char *name;
	struct bp_net config;
	int fd;
	bool closed;	 /* nothing comes or goes any more */
	bool blocked;	 /* the last send took less than it was given */
	bool ends_empty; /* an empty message is the end, not a message */
	struct net_stream *stream; /* of a backend with framing, owned */
	struct net_pcap *pcap;	   /* or NULL; shared by all devices */
	uint32_t pcap_number;	   /* of this one in it */
	struct passt passt;	   /* of net_user.c */
	struct net_guard *guard;   /* likewise, owned */
	/* Is shown each frame from a stream before the guest has it; or NULL.
	 */
	void (*hear)(struct net_dev *dev, const uint8_t *frame, size_t bytes);
};

/* What a backend is opened with. */
struct net_request {
	const struct net_option *option;
	const struct publish_option *publish;
	unsigned publish_count;
	struct net_pcap *pcap; /* or NULL */
	uint64_t timeout_us;   /* how long to wait for another end; 0: ever */
};

struct net_backend {
	/*
	 * Opens @dev, whose name and config are set as the user wants them;
	 * an mtu of 0 becomes the backend's own. Prints what is wrong and
	 * returns -errno.
	 */
	int (*open)(struct net_dev *dev, const struct net_request *request);
	/* Says why the device has ended; NULL: nothing more is known. */
	void (*ended)(struct net_dev *dev);
	/* Ends what is behind it, when the descriptor is closed; or NULL. */
	void (*close)(struct net_dev *dev);
};

/* How frames pass through a descriptor. */
struct net_transport {
	/* Frames sent, 0 to @count, without waiting; -errno: the end. */
	int (*send)(struct net_dev *dev, const struct net_frame *frame,
		    unsigned count);
	/* Frames received, likewise; their lengths are in @frame. */
	int (*receive)(struct net_dev *dev, struct net_frame *frame,
		       unsigned count);
};

/* One read or write a frame: taps, sockets that keep messages apart. */
extern const struct net_transport net_packet_transport;

/* A stream socket, with a length before each frame (net_stream.h). */
extern const struct net_transport net_stream_transport;

extern const struct net_backend net_user_backend;
extern const struct net_backend net_tap_backend;
extern const struct net_backend net_fd_backend;
extern const struct net_backend net_unix_backend;

#endif
