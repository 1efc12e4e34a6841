/* SPDX-License-Identifier: ISC */
/* The tender: runs one unikernel image. From top to bottom, what it does. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "boot_info_write.h"
#include "device_console.h"
#include "event.h"
#include "host_check.h"
#include "image_verify.h"
#include "inspect.h"
#include "interrupt.h"
#include "log.h"
#include "machine.h"
#include "memory_map.h"
#include "net_pcap.h"
#include "options.h"
#include "relro.h"
#include "run.h"
#include "sandbox.h"
#include "test_command.h"

#define HEAP_MARGIN (2ULL << 20)

/* A descriptor below 3 that is a disk would be read and written as console. */
static bool fill_standard_fds(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
			return false;
	return true;
}

/* Opens and checks the image. 0 or an exit status, having printed why. */
static int open_image(struct machine *m, const struct options *o)
{
	const char *name = o->image;
	/* O_NONBLOCK: a FIFO must be refused, not waited for. */
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err;

	m->image_name = name;
	if (fd < 0) {
		bool missing = errno == ENOENT || errno == ENOTDIR;

		log_error("%s: %s%s", name, strerror(errno),
			  missing ? "; build an image with imgbuild" : "");
		return missing ? STATUS_NO_IMAGE : STATUS_NOT_AN_IMAGE;
	}
	if (o->verify) {
		int file = fd;

		err = image_verify(file, name, o->verify, &fd);
		close(file);
		if (err)
			return err == -ENOEXEC ? STATUS_NOT_AN_IMAGE
					       : STATUS_TENDER_FAILED;
	}
	err = image_parse(&m->image, fd);
	if (!err) {
		symbol_file_open(&m->symbols, name);
		return 0;
	}
	log_error("%s: %s", name,
		  err == -ENOEXEC ? m->image.error : strerror(-err));
	close(fd);
	return STATUS_NOT_AN_IMAGE;
}

static bool open_disks(struct machine *m, const struct options *o)
{
	for (unsigned i = 0; i < o->disk_count; i++) {
		const struct disk_option *option = &o->disk[i];
		struct bp_device *device = &m->device[i];
		struct block_dev *dev = &m->block[i];

		if (block_dev_open(dev, option) < 0)
			return false;
		m->device_count++;
		log_debug("disk %s: %s, %llu bytes, blocks of %u%s",
			  option->name, option->path,
			  (unsigned long long)dev->capacity_bytes,
			  dev->block_bytes, dev->read_only ? ", ro" : "");
		device->kind = BP_DEVICE_BLOCK;
		device->flags = dev->read_only ? BP_DEVICE_READ_ONLY
					       : BP_DEVICE_DISCARD;
		device->capacity_bytes = dev->capacity_bytes;
		device->block_bytes = dev->block_bytes;
		memcpy(device->name, option->name, sizeof(device->name));
	}
	return true;
}

static bool open_nets(struct machine *m, const struct options *o)
{
	struct net_request request = {
		.publish = o->publish,
		.publish_count = o->publish_count,
		.timeout_us = o->timeout_us,
	};

	if (o->pcap && net_pcap_create(&request.pcap, o->pcap) < 0)
		return false;
	for (unsigned i = 0; i < o->net_count; i++) {
		unsigned number = m->device_count;
		struct bp_device *device = &m->device[number];

		request.option = &o->net[i];
		device->kind = BP_DEVICE_NET;
		memcpy(device->name, o->net[i].name, sizeof(device->name));
		/* Counted first: what it may have started is to be ended. */
		m->device_count++;
		if (net_dev_open(&m->net[number], &request) < 0)
			return false;
	}
	return true;
}

static void close_nets(struct machine *m)
{
	for (unsigned i = 0; i < m->device_count; i++)
		if (m->device[i].kind == BP_DEVICE_NET)
			net_dev_close(&m->net[i]);
}

/* Every device that the image declares must be there. */
static bool check_declared(const struct machine *m)
{
	for (unsigned i = 0; i < m->image.device_count; i++) {
		const struct bp_note_device *d = &m->image.device[i];
		bool found = false;

		for (unsigned j = 0; j < m->device_count; j++)
			found |= d->kind == m->device[j].kind &&
				 !strcmp(d->name, m->device[j].name);
		if (found)
			continue;
		if (d->kind == BP_DEVICE_NET)
			log_error("%s: needs a network named '%s'; attach one "
				  "with --net=user,name=%s",
				  m->image_name, d->name, d->name);
		else
			log_error("%s: needs a disk named '%s'; attach one "
				  "with --disk=%s=PATH",
				  m->image_name, d->name, d->name);
		return false;
	}
	return true;
}

/* The kind of vCPU. *@why_not is why it is not KVM, where that was wanted. */
static const struct vcpu_ops *choose_cpu(enum cpu_choice choice,
					 const char **why_not)
{
	*why_not = NULL;
	if (choice == CPU_AUTO)
		*why_not = vcpu_kvm_ops.unusable();
	if (choice == CPU_PROCESS || *why_not)
		return &vcpu_process_ops;
	return &vcpu_kvm_ops;
}

/* Prints why the guest has no memory, or the image is not in it. */
static int no_memory(const struct machine *m, const struct options *o, int err)
{
	if (err == -ENOMEM)
		log_error("no room for %llu KiB of guest memory; use less "
			  "--mem, or raise the limit (ulimit -v)",
			  (unsigned long long)o->mem_bytes >> 10);
	else
		log_error("%s: %s", m->image_name,
			  err == -ENOEXEC ? m->image.error : strerror(-err));
	return err == -ENOEXEC ? STATUS_NOT_AN_IMAGE : STATUS_TENDER_FAILED;
}

/* Where the guest has the disks that it may read as memory. */
static bool add_windows(struct machine *m, const struct options *o)
{
	for (unsigned i = 0; i < o->disk_count; i++) {
		const struct block_dev *dev = &m->block[i];

		if (dev->map &&
		    guest_mem_add_window(&m->mem, dev->map, dev->map_bytes,
					 &m->device[i].map_gpa) < 0) {
			log_error("disk %s: no room for it in the guest's "
				  "address space; leave out map",
				  o->disk[i].name);
			return false;
		}
	}
	return true;
}

static uint64_t window_bytes(const struct machine *m)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < m->device_count; i++)
		if (m->block[i].map)
			bytes += m->block[i].map_bytes;
	return bytes;
}

static bool draw(void *random, size_t bytes)
{
	if (getrandom(random, bytes, 0) == (ssize_t)bytes)
		return true;
	log_error("no entropy from the host: %s", strerror(errno));
	return false;
}

/* Guest memory, and what of it the guest may access; nothing in it yet. */
static int reserve_memory(struct machine *m, const struct options *o,
			  const struct vcpu_ops *ops,
			  const struct boot_strings *strings)
{
	uint32_t bytes = boot_info_bytes(strings, m->device_count);
	uint64_t pointers = (uint64_t)o->guest_argc + (uint64_t)o->env_count;
	uint64_t stack_bytes, chance = 0;
	int err;

	if (bytes == UINT32_MAX) {
		log_error("arguments and environment take more than %llu KiB; "
			  "pass less",
			  (BP_BOOT_INFO_END - BP_BOOT_INFO_GPA) >> 10);
		return STATUS_TENDER_FAILED;
	}
	if (!o->no_aslr && !draw(&chance, sizeof(chance)))
		return STATUS_TENDER_FAILED;
	err = image_lay_out(&m->image, o->mem_bytes, chance, &m->layout);
	/* The guest lays them out on its stack, which they must not fill. */
	stack_bytes = m->layout.stack_end - m->layout.stack_start;
	if (!err && bytes + pointers * sizeof(uint64_t) > stack_bytes / 4) {
		log_error("arguments and environment take more than a quarter "
			  "of the guest's stack; use more --mem");
		return STATUS_TENDER_FAILED;
	}
	if (!err)
		err = vcpu_guest_mem_init(ops, &m->mem, o->mem_bytes,
					  window_bytes(m));
	if (!err)
		err = boot_info_reserve(&m->mem, bytes);
	if (!err)
		err = inspect_reserve(m, BP_BOOT_INFO_GPA + bytes);
	if (err == -ENOSPC) {
		log_error("arguments and environment leave no room for a "
			  "trace of system calls; pass less");
		return STATUS_TENDER_FAILED;
	}
	if (!err)
		err = image_add_regions(&m->image, &m->layout, &m->mem);
	if (err)
		return no_memory(m, o, err);
	if (!add_windows(m, o))
		return STATUS_TENDER_FAILED;
	/* Programs that need little stay at the ends, with small pages. */
	if (!ops->shares_memory)
		guest_mem_prefer_large(&m->mem,
				       m->layout.heap_start + HEAP_MARGIN,
				       m->layout.heap_end - HEAP_MARGIN);
	return 0;
}

static int build_machine(struct machine *m, const struct options *o,
			 const struct vcpu_ops *ops, struct vcpu_start *start)
{
	const char *mount[BP_MAX_DEVICES] = {NULL};
	const struct bp_net *net[BP_MAX_DEVICES] = {NULL};
	struct boot_strings strings = {
		.argc = o->guest_argc,
		.argv = o->guest_argv,
		.envc = o->env_count,
		.env = o->env,
		.mount = mount,
		.net = net,
	};
	struct bp_boot_info info = {.device_count = m->device_count};
	struct vcpu_features features;
	int status, err;

	for (unsigned i = 0; i < o->disk_count; i++)
		mount[i] = o->disk[i].mount;
	for (unsigned i = 0; i < m->device_count; i++)
		if (m->device[i].kind == BP_DEVICE_NET)
			net[i] = &m->net[i].config;
	strings.trace = inspect_wanted(m, &strings.trace_bytes);
	status = reserve_memory(m, o, ops, &strings);
	if (status)
		return status;
	if (ops->create(&m->vcpu, &m->mem, sandbox_drops_ids(o->sandbox)) < 0)
		return STATUS_TENDER_FAILED;
	err = image_load(&m->image, &m->mem);
	if (err)
		return no_memory(m, o, err);
	if (!draw(info.random, sizeof(info.random)))
		return STATUS_TENDER_FAILED;
	info.flags = console_boot_flags() | (o->strict ? BP_BOOT_STRICT : 0);
	start->pc = m->image.entry;
	start->sp = m->layout.sp;
	start->arg = BP_BOOT_INFO_GPA;
	if (ops->prepare(m->vcpu, start, &features) < 0)
		return STATUS_TENDER_FAILED;
	info.tsc_hz = features.tsc_hz;
	info.flags |= features.boot_flags;
	boot_info_write(&m->mem, &info, &m->image, &m->layout, m->device,
			&strings);
	log_debug("%s: ABI %u.%u, %u segments, %llu KiB of memory, vCPU %s",
		  m->image_name, m->image.abi.major, m->image.abi.minor,
		  m->image.segment_count,
		  (unsigned long long)o->mem_bytes >> 10, ops->name);
	return 0;
}

static int run_image(struct machine *m, const struct options *o)
{
	const char *why_not;
	const struct vcpu_ops *ops = choose_cpu(o->cpu, &why_not);
	struct vcpu_start start = {0};
	int status;

	/* First of all: the longer ago it is then, the better. */
	if (ops->measures_counter)
		start.early = counter_sample();
	if (!inspect_options_open_log(&o->inspect))
		return STATUS_TENDER_FAILED;
	status = open_image(m, o);
	if (status)
		return status;
	if (!open_disks(m, o) || !open_nets(m, o) || !check_declared(m) ||
	    !limits_apply(m, o))
		return STATUS_TENDER_FAILED;
	if (why_not)
		log_info("without KVM, the guest runs in a locked-down "
			 "process: the kernel's ptrace and seccomp isolate it, "
			 "not the CPU (%s)",
			 why_not);
	if (!inspect_prepare(m, &o->inspect))
		return STATUS_TENDER_FAILED;
	status = build_machine(m, o, ops, &start);
	if (status)
		return status;
	if (o->timeout_us && interrupt_arm(m->vcpu, o->timeout_us) < 0) {
		log_error("cannot arm the time limit: %s", strerror(errno));
		return STATUS_TENDER_FAILED;
	}
	if (event_begin(m->vcpu) < 0) {
		log_error("cannot catch signals: %s", strerror(errno));
		return STATUS_TENDER_FAILED;
	}
	if (!inspect_open(m, &o->inspect))
		return STATUS_TENDER_FAILED;
	if (sandbox_enter(m, o->sandbox) < 0)
		return STATUS_TENDER_FAILED;
	status = run_guest(m);
	log_debug("%s: status %d after %llu hypercalls", m->image_name, status,
		  (unsigned long long)m->calls.count);
	if (m->inspect)
		inspect_close(m, status);
	return status;
}

int main(int argc, char **argv)
{
	static struct machine machine;
	struct options options;
	int status;

	relro_protect();
	if (!fill_standard_fds()) {
		log_error("standard input, output or error is closed, and "
			  "there is no /dev/null");
		return STATUS_TENDER_FAILED;
	}
	log_begin();
	if (argc > 1 && !strcmp(argv[1], "test"))
		return test_command(argc - 1, argv + 1);
	signal(SIGPIPE, SIG_IGN); /* the guest gets a status instead */
	signal(SIGXFSZ, SIG_IGN);
	prctl(PR_SET_TIMERSLACK, 1UL); /* its sleeps end when they should */
	switch (options_parse(&options, argc, argv)) {
	case OPTIONS_CHECK:
		status = host_check() ? 0 : STATUS_TENDER_FAILED;
		break;
	case OPTIONS_DONE:
		status = 0;
		break;
	case OPTIONS_BAD:
		status = STATUS_TENDER_FAILED;
		break;
	default:
		status = run_image(&machine, &options);
	}
	if (machine.vcpu && machine.vcpu->ops->reap)
		machine.vcpu->ops->reap(machine.vcpu);
	close_nets(&machine);
	options_finish(&options);
	/* The rest goes with the process, which is quicker. */
	/* seccomp: exit_group */
	return status;
}
