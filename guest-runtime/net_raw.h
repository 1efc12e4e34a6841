/* SPDX-License-Identifier: ISC */
/* ICMP. */
#ifndef RT_NET_RAW_H
#define RT_NET_RAW_H

/* From now on errors of ICMP reach the sockets that they are about. */
void net_raw_start(void);

#endif
