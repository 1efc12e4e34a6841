/* SPDX-License-Identifier: ISC */
/*
 * Boot info: what the tender tells the guest, once, in read-only memory at
 * BP_BOOT_INFO_GPA. All integers are little-endian; offsets are bytes from
 * the start of struct bp_boot_info. See SPEC.md, "Boot info".
 */
#ifndef BP_BOOT_INFO_H
#define BP_BOOT_INFO_H

#include <stddef.h>
#include <stdint.h>

#include "abi_version.h"

#define BP_BOOT_MAGIC 0x69547648u /* "HvTi" */

#define BP_MAX_DEVICES	     32
#define BP_DEVICE_NAME_BYTES 32 /* with the final NUL */

/* bp_boot_info.flags */
#define BP_BOOT_FSGSBASE   (1u << 0) /* wrfsbase works; set_tls not needed */
#define BP_BOOT_STDIN_TTY  (1u << 1) /* console input is a terminal */
#define BP_BOOT_STDOUT_TTY (1u << 2) /* console stream 1 is a terminal */
#define BP_BOOT_STDERR_TTY (1u << 3) /* console stream 2 is a terminal */
#define BP_BOOT_STRICT	   (1u << 4) /* an unknown system call is fatal */

struct bp_boot_info {
	uint32_t magic;
	uint16_t abi_major;
	uint16_t abi_minor;
	uint32_t flags;
	uint32_t size_bytes; /* of all boot info, tables included */
	uint64_t mem_bytes;  /* guest memory: [0, mem_bytes) */
	uint64_t heap_start; /* [heap_start, heap_end) is the heap */
	uint64_t heap_end;
	uint64_t stack_start; /* [stack_start, stack_end) is the stack */
	uint64_t stack_end;
	uint64_t tsc_hz;    /* ticks of rdtsc per second, constant */
	uint8_t random[32]; /* fresh from the host's entropy */
	uint64_t phdr_gpa;  /* the image's program headers, 0: not mapped */
	uint32_t phdr_count;
	uint32_t device_count; /* of struct bp_device */
	uint32_t device_offset;
	uint32_t argc;
	uint32_t argv_offset; /* argc strings, one after another, each NUL */
	uint32_t envc;
	uint32_t env_offset;	/* envc strings "K=V", likewise */
	uint32_t strings_bytes; /* of both, which are contiguous */
	/* Since 1.3. Of struct bp_trace, a multiple of 8; 0: no trace. */
	uint32_t trace_offset;
	uint32_t reserved;
};

enum bp_device_kind {
	BP_DEVICE_NONE = 0,
	BP_DEVICE_BLOCK = 1,
	BP_DEVICE_NET = 2, /* since 1.2 */
	BP_DEVICE_KIND_COUNT
};

/* bp_device.flags */
#define BP_DEVICE_READ_ONLY (1u << 0)
#define BP_DEVICE_DISCARD   (1u << 1) /* BP_BLOCK_DISCARD may succeed */

/*
 * The string at mount_offset (bytes from the start of boot info, NUL at its
 * end) is the absolute path under which the guest shall mount the device's file
 * system; an empty one: nowhere. At net_offset, a multiple of 8, lies a
 * struct bp_net. At map_gpa, which is a multiple of a page and above guest
 * memory, lie the device's capacity_bytes, to be read and nothing else.
 *
 * The index of a device in the table is its number in hypercalls.
 */
struct bp_device {
	uint32_t kind;
	uint32_t flags;
	char name[BP_DEVICE_NAME_BYTES];
	uint64_t capacity_bytes; /* block: a multiple of block_bytes */
	uint32_t block_bytes;	 /* block: power of two, 512 to 65536 */
	uint32_t mount_offset;	 /* block: see below; 0: nothing was said */
	uint32_t net_offset;	 /* net, since 1.2: of its struct bp_net */
	uint32_t reserved;
	uint64_t map_gpa; /* block, since 1.3: where it can be read; 0: not */
};

/* bp_net.flags */
#define BP_NET_SEND_UNSUMMED   (1u << 0) /* nobody checks TCP, UDP sums */
#define BP_NET_RECEIVE_TRUSTED (1u << 1) /* frames come from this host */

/*
 * How to use a network device: addresses in network byte order, all zero where
 * none is given. With an address the guest uses that one; without, it asks the
 * network (DHCP; router advertisements and DHCPv6).
 */
struct bp_net {
	uint32_t mtu;	/* bytes behind the Ethernet header, 68 to 65535 */
	uint32_t flags; /* BP_NET_* */
	uint8_t mac[6];
	uint8_t ip4_prefix; /* bits, 1 to 32 */
	uint8_t ip6_prefix; /* bits, 1 to 128 */
	uint8_t ip4[4];
	uint8_t ip4_gateway[4];
	uint8_t ip4_dns[4];
	uint8_t ip6[16];
	uint8_t ip6_gateway[16];
	uint8_t ip6_dns[16];
	uint32_t reserved;
};

_Static_assert(sizeof(struct bp_boot_info) == 144, "ABI");
_Static_assert(offsetof(struct bp_boot_info, magic) == 0, "ABI");
_Static_assert(offsetof(struct bp_boot_info, abi_major) == 4, "ABI");
_Static_assert(offsetof(struct bp_boot_info, abi_minor) == 6, "ABI");
_Static_assert(offsetof(struct bp_boot_info, flags) == 8, "ABI");
_Static_assert(offsetof(struct bp_boot_info, size_bytes) == 12, "ABI");
_Static_assert(offsetof(struct bp_boot_info, mem_bytes) == 16, "ABI");
_Static_assert(offsetof(struct bp_boot_info, heap_start) == 24, "ABI");
_Static_assert(offsetof(struct bp_boot_info, heap_end) == 32, "ABI");
_Static_assert(offsetof(struct bp_boot_info, stack_start) == 40, "ABI");
_Static_assert(offsetof(struct bp_boot_info, stack_end) == 48, "ABI");
_Static_assert(offsetof(struct bp_boot_info, tsc_hz) == 56, "ABI");
_Static_assert(offsetof(struct bp_boot_info, random) == 64, "ABI");
_Static_assert(offsetof(struct bp_boot_info, phdr_gpa) == 96, "ABI");
_Static_assert(offsetof(struct bp_boot_info, phdr_count) == 104, "ABI");
_Static_assert(offsetof(struct bp_boot_info, device_count) == 108, "ABI");
_Static_assert(offsetof(struct bp_boot_info, device_offset) == 112, "ABI");
_Static_assert(offsetof(struct bp_boot_info, argc) == 116, "ABI");
_Static_assert(offsetof(struct bp_boot_info, argv_offset) == 120, "ABI");
_Static_assert(offsetof(struct bp_boot_info, envc) == 124, "ABI");
_Static_assert(offsetof(struct bp_boot_info, env_offset) == 128, "ABI");
_Static_assert(offsetof(struct bp_boot_info, strings_bytes) == 132, "ABI");
_Static_assert(offsetof(struct bp_boot_info, trace_offset) == 136, "ABI");

_Static_assert(sizeof(struct bp_device) == 72, "ABI");
_Static_assert(offsetof(struct bp_device, kind) == 0, "ABI");
_Static_assert(offsetof(struct bp_device, flags) == 4, "ABI");
_Static_assert(offsetof(struct bp_device, name) == 8, "ABI");
_Static_assert(offsetof(struct bp_device, capacity_bytes) == 40, "ABI");
_Static_assert(offsetof(struct bp_device, block_bytes) == 48, "ABI");
_Static_assert(offsetof(struct bp_device, mount_offset) == 52, "ABI");
_Static_assert(offsetof(struct bp_device, net_offset) == 56, "ABI");
_Static_assert(offsetof(struct bp_device, map_gpa) == 64, "ABI");

_Static_assert(sizeof(struct bp_net) == 80, "ABI");
_Static_assert(offsetof(struct bp_net, flags) == 4, "ABI");
_Static_assert(offsetof(struct bp_net, mac) == 8, "ABI");
_Static_assert(offsetof(struct bp_net, ip4_prefix) == 14, "ABI");
_Static_assert(offsetof(struct bp_net, ip6_prefix) == 15, "ABI");
_Static_assert(offsetof(struct bp_net, ip4) == 16, "ABI");
_Static_assert(offsetof(struct bp_net, ip4_gateway) == 20, "ABI");
_Static_assert(offsetof(struct bp_net, ip4_dns) == 24, "ABI");
_Static_assert(offsetof(struct bp_net, ip6) == 28, "ABI");
_Static_assert(offsetof(struct bp_net, ip6_gateway) == 44, "ABI");
_Static_assert(offsetof(struct bp_net, ip6_dns) == 60, "ABI");

#endif
