/* SPDX-License-Identifier: ISC */
#include "boot_info_write.h"

#include <errno.h>
#include <string.h>

#include "guest_memory.h"
#include "image_layout.h"
#include "image_load.h"
#include "memory_map.h"

static uint64_t strings_bytes(int count, char *const *strings)
{
	uint64_t bytes = 0;

	for (int i = 0; i < count; i++)
		bytes += strlen(strings[i]) + 1;
	return bytes;
}

static uint64_t mount_bytes(const struct boot_strings *s, unsigned count)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < count; i++)
		if (s->mount[i])
			bytes += strlen(s->mount[i]) + 1;
	return bytes;
}

/* Where a struct bp_net or bp_trace may begin, from @bytes on. */
static uint64_t word_align(uint64_t bytes)
{
	return (bytes + 7) & ~7ULL;
}

uint32_t boot_info_bytes(const struct boot_strings *s, unsigned device_count)
{
	uint64_t bytes = sizeof(struct bp_boot_info) +
			 device_count * sizeof(struct bp_device) +
			 strings_bytes(s->argc, s->argv) +
			 strings_bytes(s->envc, s->env) +
			 mount_bytes(s, device_count);

	for (unsigned i = 0; i < device_count; i++)
		if (s->net[i])
			bytes = word_align(bytes) + sizeof(*s->net[i]);
	if (s->trace)
		bytes = word_align(bytes) + s->trace_bytes;
	return bytes <= BP_BOOT_INFO_END - BP_BOOT_INFO_GPA ? (uint32_t)bytes
							    : UINT32_MAX;
}

int boot_info_reserve(struct guest_mem *mem, uint32_t bytes)
{
	uint64_t pages = (bytes + BP_PAGE_BYTES - 1) / BP_PAGE_BYTES;

	return guest_mem_add_region(mem, BP_BOOT_INFO_GPA,
				    BP_BOOT_INFO_GPA + pages * BP_PAGE_BYTES,
				    GUEST_READ);
}

static char *put_strings(char *at, int count, char *const *strings)
{
	for (int i = 0; i < count; i++)
		at = stpcpy(at, strings[i]) + 1;
	return at;
}

/* Writes what belongs to the devices to @at, and where it lies to them. */
static char *put_details(char *base, char *at, const struct bp_boot_info *info,
			 const struct boot_strings *s)
{
	struct bp_device *d =
		(struct bp_device *)(void *)(base + info->device_offset);

	for (unsigned i = 0; i < info->device_count; i++) {
		if (!s->mount[i])
			continue;
		d[i].mount_offset = (uint32_t)(at - base);
		at = stpcpy(at, s->mount[i]) + 1;
	}
	for (unsigned i = 0; i < info->device_count; i++) {
		if (!s->net[i])
			continue;
		at = base + word_align((uint64_t)(at - base));
		d[i].net_offset = (uint32_t)(at - base);
		memcpy(at, s->net[i], sizeof(*s->net[i]));
		at += sizeof(*s->net[i]);
	}
	return at;
}

void boot_info_write(struct guest_mem *mem, struct bp_boot_info *info,
		     const struct image *image,
		     const struct image_layout *layout,
		     const struct bp_device *devices,
		     const struct boot_strings *s)
{
	char *base = (char *)mem->base + BP_BOOT_INFO_GPA, *at;

	info->magic = BP_BOOT_MAGIC;
	info->abi_major = BP_ABI_MAJOR;
	info->abi_minor = BP_ABI_MINOR;
	info->mem_bytes = mem->bytes;
	info->heap_start = layout->heap_start;
	info->heap_end = layout->heap_end;
	info->stack_start = layout->stack_start;
	info->stack_end = layout->stack_end;
	info->phdr_gpa = image->phdr_gpa;
	info->phdr_count = image->phdr_count;
	info->device_offset = sizeof(*info);
	memcpy(base + info->device_offset, devices,
	       info->device_count * sizeof(*devices));
	info->argc = (uint32_t)s->argc;
	info->argv_offset = info->device_offset +
			    info->device_count * (uint32_t)sizeof(*devices);
	at = put_strings(base + info->argv_offset, s->argc, s->argv);
	info->envc = (uint32_t)s->envc;
	info->env_offset = (uint32_t)(at - base);
	at = put_strings(at, s->envc, s->env);
	info->strings_bytes = (uint32_t)(at - base) - info->argv_offset;
	at = put_details(base, at, info, s);
	if (s->trace) {
		at = base + word_align((uint64_t)(at - base));
		info->trace_offset = (uint32_t)(at - base);
		memcpy(at, s->trace, s->trace_bytes);
		at += s->trace_bytes;
	}
	info->size_bytes = (uint32_t)(at - base);
	memcpy(base, info, sizeof(*info));
}
