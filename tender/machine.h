/* SPDX-License-Identifier: ISC */
/* All that belongs to one running guest. */
#ifndef MACHINE_H
#define MACHINE_H

#include "boot_info.h"
#include "call_log.h"
#include "device_block.h"
#include "device_net.h"
#include "guest_memory.h"
#include "image_layout.h"
#include "image_load.h"
#include "symbol.h"
#include "token_bucket.h"
#include "upcall_enter.h"
#include "vcpu.h"

struct inspect;

struct machine {
	const char *image_name;
	struct image image;
	struct symbol_file symbols; /* for reports */
	struct image_layout layout;
	struct guest_mem mem;
	struct vcpu *vcpu;
	struct upcall_target upcall;
	struct token_bucket console_limit;
	unsigned device_count;
	struct bp_device device[BP_MAX_DEVICES]; /* as in boot info */
	struct block_dev block[BP_MAX_DEVICES];	 /* where device is a disk */
	struct token_bucket device_limit[BP_MAX_DEVICES];
	struct net_dev net[BP_MAX_DEVICES]; /* where it is a network */
	struct call_log calls;
	int ended_by;		 /* signal that the guest trapped with, or 0 */
	uint64_t threads_gpa;	 /* see guest_threads.h; only for inspect */
	struct inspect *inspect; /* NULL: nobody looks */
};

#endif
