/* SPDX-License-Identifier: ISC */
/*
 * lwIP's configuration; what is not here is as in its opt.h. Files that are
 * not built and what takes their place: mem.c, memp.c (net_memory.c),
 * timeouts.c (net_timer.c), dns.c (net_config.c).
 */
#ifndef LWIP_LWIPOPTS_H
#define LWIP_LWIPOPTS_H

#include <stdint.h>

/* One thread, callbacks, and a timer of our own. */
#define NO_SYS		     1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_TIMERS	     0
#define LWIP_NETCONN	     0
#define LWIP_SOCKET	     0
#define LWIP_STATS	     0
#define LWIP_CALLBACK_API    1

/* Memory: net_memory.c counts and limits it. */
#define MEM_LIBC_MALLOC		 1
#define MEMP_MEM_MALLOC		 1
#define MEM_ALIGNMENT		 8
#define LWIP_PBUF_REF_T		 u16_t
#define LWIP_SUPPORT_CUSTOM_PBUF 1
/* The most there may be of each; what only data needs, memory limits. */
#define MEMP_NUM_RAW_PCB	 64
#define MEMP_NUM_UDP_PCB	 4096
#define MEMP_NUM_TCP_PCB	 4096
#define MEMP_NUM_TCP_PCB_LISTEN	 1024
#define MEMP_NUM_TCP_SEG	 65535
#define MEMP_NUM_REASSDATA	 32
#define MEMP_NUM_FRAG_PBUF	 4096
#define MEMP_NUM_ARP_QUEUE	 1024
#define MEMP_NUM_ND6_QUEUE	 256
#define MEMP_NUM_IGMP_GROUP	 64
#define MEMP_NUM_MLD6_GROUP	 64
#define MEMP_NUM_PBUF		 65535
#define PBUF_POOL_SIZE		 64
#define PBUF_POOL_BUFSIZE	 1600

/* Interfaces. */
#define LWIP_ETHERNET		     1
#define LWIP_ARP		     1
#define LWIP_HAVE_LOOPIF	     1
#define LWIP_NETIF_LOOPBACK	     1
#define LWIP_LOOPIF_MULTICAST	     1
#define LWIP_NETIF_HOSTNAME	     1
#define LWIP_NETIF_STATUS_CALLBACK   1
#define ARP_QUEUEING		     1
#define ARP_QUEUE_LEN		     64 /* a whole datagram in fragments */
#define ARP_TABLE_SIZE		     64
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1
#define LWIP_CHECKSUM_ON_COPY	     1

/* IPv4. */
#define IP_DEFAULT_TTL	    64
#define IP_SOF_BROADCAST    1
#define IP_REASS_MAX_PBUFS  512
#define LWIP_IGMP	    1
#define LWIP_RAW	    1
#define LWIP_DHCP	    1
#define DHCP_DOES_ARP_CHECK 0 /* a second that every start would wait */
#define LWIP_DNS	    1 /* only where servers are told; net_config.c */
#define DNS_MAX_SERVERS	    3

/* IPv6. */
#define LWIP_IPV6		       1
#define IPV6_FRAG_COPYHEADER	       1 /* pointers are larger than the header */
#define LWIP_IPV6_NUM_ADDRESSES	       4
#define LWIP_IPV6_DUP_DETECT_ATTEMPTS  0 /* likewise */
#define LWIP_ND6_NUM_NEIGHBORS	       32
#define LWIP_ND6_NUM_DESTINATIONS      32
#define LWIP_ND6_RDNSS_MAX_DNS_SERVERS 2
#define LWIP_IPV6_DHCP6		       1

/*
 * TCP. An MTU of 65520, of which TCP_MSS is what IPv4 leaves, is the most that
 * fits with its Ethernet header into the 16 bits of a pbuf's length.
 */
#define TCP_MSS			       65480
#define LWIP_WND_SCALE		       1
#define TCP_RCV_SCALE		       5
#define TCP_WND			       (1024 * 1024)
#define TCP_SND_BUF		       (1024 * 1024)
#define TCP_SND_QUEUELEN	       8192
#define TCP_OVERSIZE		       1024 /* not a whole MSS ahead of small writes */
#define TCP_OOSEQ_MAX_BYTES	       TCP_WND
#define TCP_OOSEQ_MAX_PBUFS	       2048
#define LWIP_TCP_SACK_OUT	       1
#define LWIP_TCP_KEEPALIVE	       1
#define TCP_LISTEN_BACKLOG	       1
#define SO_REUSE		       1
#define TCP_TMR_INTERVAL	       50   /* ms; a retransmission after 300 */
#define LWIP_TCP_RTO_TIME	       1000 /* ms, before the first measurement */
#define TCP_SYNMAXRTX		       12
#define TCP_MSL			       15000 /* ms; half as long as TIME_WAIT */
/* The checks are about lwIP's own socket layer. */
#define LWIP_DISABLE_TCP_SANITY_CHECKS 1

uint32_t net_isn(const void *local, uint16_t local_port, const void *remote,
		 uint16_t remote_port);
#define LWIP_HOOK_TCP_ISN(local, local_port, remote, remote_port) \
	net_isn(local, local_port, remote, remote_port)

struct tcp_pcb;
struct tcp_hdr;
signed char net_tcp_check(struct tcp_pcb *pcb, struct tcp_hdr *head,
			  uint16_t bytes, uint16_t first_bytes, uint8_t *rest);
#define LWIP_HOOK_TCP_INPACKET_PCB(pcb, head, bytes, first_bytes, rest, p) \
	net_tcp_check(pcb, head, bytes, first_bytes, rest)

struct tcp_pcb_listen;
int net_tcp_make_room(const struct tcp_pcb_listen *listener);

struct ip6_addr;
struct netif;
const struct ip6_addr *net_gateway6(struct netif *netif,
				    const struct ip6_addr *to);
#define LWIP_HOOK_ND6_GET_GW(netif, to) net_gateway6(netif, to)

#endif
