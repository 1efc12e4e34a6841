/* SPDX-License-Identifier: ISC */
/* Capture of all frames, in the pcapng format (IETF opsawg draft). */
#ifndef NET_PCAP_H
#define NET_PCAP_H

#include <stdint.h>

struct net_dev;
struct net_frame;
struct net_pcap;

enum net_pcap_direction {
	NET_PCAP_RECEIVED = 1, /* by the guest; values of epb_flags */
	NET_PCAP_SENT = 2,
};

/*
 * Begins a capture in the file @path, which is emptied. Prints what is wrong
 * and returns -errno; net_pcap_destroy() undoes it.
 */
int net_pcap_create(struct net_pcap **pcap, const char *path);
void net_pcap_destroy(struct net_pcap *pcap);

/* Its descriptor, or -1. */
int net_pcap_fd(const struct net_pcap *pcap);

/* Names the next device; they are told apart by their order. */
void net_pcap_add(struct net_pcap *pcap, struct net_dev *dev);

/*
 * Writes @count frames of @dev with the time of now, in one system call. When
 * the file takes no more, says so once, and captures nothing from then on.
 */
void net_pcap_write(struct net_pcap *pcap, const struct net_dev *dev,
		    enum net_pcap_direction direction,
		    const struct net_frame *frame, unsigned count);

#endif
