/* SPDX-License-Identifier: ISC */
/* Boot info as a guest reads it: boot_info.h, byte by byte. */
#include "boot_info_write.h"

#include <stdlib.h>
#include <string.h>

#include "guest_memory.h"
#include "image_layout.h"
#include "image_load.h"
#include "memory_map.h"
#include "tap.h"

#define MEM_BYTES  (4ULL << 20)
#define ROOM_BYTES (BP_BOOT_INFO_END - BP_BOOT_INFO_GPA)

static char *some[] = {"image.hvt", "",		  "a b",
		       "--disk=x",  "\xc3\xa4\n", "last"};
static char *env[] = {"A=1", "EMPTY=", "LONG=============="};

static const char *const no_mount[BP_MAX_DEVICES];
static const struct bp_net *const no_net[BP_MAX_DEVICES];

static const struct image image = {.phdr_gpa = 0x100040, .phdr_count = 7};
static const struct image_layout layout = {0x110000, 0x200000, 0x201000,
					   MEM_BYTES, MEM_BYTES};

/* What is said of devices 0, 3, 6...; 1, 4...; 2, 5... */
static const char *const mounts[] = {"/srv", NULL, ""};

/* What is said of devices 8, 18, 28; 3, 13, 23. */
static const struct bp_net nets[] = {
	{.mtu = 65520, .mac = {2, 0, 0, 0, 0, 1}, .ip4 = {10, 0, 0, 2}},
	{.mtu = 1500, .mac = {2, 0, 0, 0, 0, 2}, .ip6_dns[15] = 9},
};

static const uint64_t trace[6] = {0x20000, 0x100040000, 0x123456, 1, 0, 0};

static uint32_t word(const struct guest_mem *mem, uint64_t offset)
{
	uint32_t n;

	memcpy(&n, mem->base + BP_BOOT_INFO_GPA + offset, sizeof(n));
	return n;
}

static uint64_t quad(const struct guest_mem *mem, uint64_t offset)
{
	return word(mem, offset) | (uint64_t)word(mem, offset + 4) << 32;
}

/* Writes boot info with that many of each; the bytes it says it takes. */
static uint32_t write_info(struct guest_mem *mem, int argc, int envc,
			   unsigned devices)
{
	struct bp_device device[BP_MAX_DEVICES];
	const char *mount[BP_MAX_DEVICES];
	const struct bp_net *net[BP_MAX_DEVICES];
	struct boot_strings strings = {.argc = argc,
				       .argv = some,
				       .envc = envc,
				       .env = env,
				       .mount = mount,
				       .net = net};
	struct bp_boot_info info = {
		.flags = 0x15,
		.tsc_hz = 0x123456789abcULL,
		.device_count = devices,
	};
	uint32_t bytes;

	/* Something to say of a trace with every third one. */
	if (devices % 3 == 1) {
		strings.trace = (const void *)trace;
		strings.trace_bytes = sizeof(trace);
	}
	for (unsigned i = 0; i < devices; i++) {
		mount[i] = mounts[i % COUNT_OF(mounts)];
		net[i] = i % 5 == 3 ? &nets[i % COUNT_OF(nets)] : NULL;
	}
	bytes = boot_info_bytes(&strings, devices);
	memset(device, 0, sizeof(device));
	for (unsigned i = 0; i < devices; i++) {
		device[i].kind = BP_DEVICE_BLOCK;
		device[i].capacity_bytes = 512 * (i + 1);
		snprintf(device[i].name, sizeof(device[i].name), "disk%u", i);
	}
	memset(info.random, 0xa5, sizeof(info.random));
	if (guest_mem_init(mem, MEM_BYTES, 0))
		exit(1);
	memset(mem->base, 0x77, 0x100000);
	EXPECT(!boot_info_reserve(mem, bytes), "%u bytes are refused", bytes);
	boot_info_write(mem, &info, &image, &layout, device, &strings);
	return bytes;
}

static void check_strings(const struct guest_mem *mem, const char *what,
			  uint32_t at, char *const *string, int count)
{
	for (int i = 0; i < count; i++) {
		size_t bytes = strlen(string[i]) + 1;

		EXPECT(!memcmp(mem->base + BP_BOOT_INFO_GPA + at, string[i],
			       bytes),
		       "%s %d is not '%s'", what, i, string[i]);
		at += (uint32_t)bytes;
	}
}

static void check_fixed(const struct guest_mem *mem)
{
	EXPECT(!memcmp(mem->base + BP_BOOT_INFO_GPA, "HvTi\1\0\3\0", 8),
	       "magic or version");
	EXPECT(word(mem, 8) == 0x15, "flags");
	EXPECT(quad(mem, 16) == MEM_BYTES && quad(mem, 24) == 0x110000 &&
		       quad(mem, 32) == 0x200000 && quad(mem, 40) == 0x201000 &&
		       quad(mem, 48) == MEM_BYTES,
	       "memory map");
	EXPECT(quad(mem, 56) == 0x123456789abcULL, "TSC frequency");
	for (unsigned i = 64; i < 96; i++)
		EXPECT(mem->base[BP_BOOT_INFO_GPA + i] == 0xa5,
		       "random byte %u", i);
	EXPECT(quad(mem, 96) == 0x100040 && word(mem, 104) == 7,
	       "program headers");
}

static void check_devices(const struct guest_mem *mem, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		uint64_t at = word(mem, 112) + i * 72;
		char name[32];

		snprintf(name, sizeof(name), "disk%u", i);
		EXPECT(word(mem, at) == BP_DEVICE_BLOCK &&
			       !strcmp((const char *)mem->base +
					       BP_BOOT_INFO_GPA + at + 8,
				       name) &&
			       quad(mem, at + 40) == 512 * (i + 1),
		       "device %u", i);
	}
}

/* These lie behind all strings, where there are any. */
static uint32_t check_nets(const struct guest_mem *mem, unsigned count,
			   uint32_t at)
{
	for (unsigned i = 0; i < count; i++) {
		uint32_t offset = word(mem, word(mem, 112) + i * 72 + 56);

		if (i % 5 != 3) {
			EXPECT(offset == 0, "device %u is a network", i);
			continue;
		}
		at = (at + 7) / 8 * 8;
		EXPECT(offset == at &&
			       !memcmp(mem->base + BP_BOOT_INFO_GPA + at,
				       &nets[i % COUNT_OF(nets)], 80),
		       "network of device %u at %u", i, offset);
		at += 80;
	}
	return at;
}

static uint32_t check_trace(const struct guest_mem *mem, int wanted,
			    uint32_t at)
{
	uint32_t offset = word(mem, 136);

	if (!wanted) {
		EXPECT(!offset, "a trace at %u", offset);
		return at;
	}
	at = (at + 7) / 8 * 8;
	EXPECT(offset == at && !memcmp(mem->base + BP_BOOT_INFO_GPA + at, trace,
				       sizeof(trace)),
	       "trace at %u", offset);
	return at + (uint32_t)sizeof(trace);
}

/* The strings lie one after another behind all others. */
static void check_mounts(const struct guest_mem *mem, unsigned count,
			 uint32_t at)
{
	for (unsigned i = 0; i < count; i++) {
		const char *path = mounts[i % COUNT_OF(mounts)];
		uint32_t offset = word(mem, word(mem, 112) + i * 72 + 52);

		if (!path) {
			EXPECT(offset == 0, "device %u has a path", i);
			continue;
		}
		EXPECT(offset == at && !strcmp((const char *)mem->base +
						       BP_BOOT_INFO_GPA + at,
					       path),
		       "path of device %u at %u", i, offset);
		at += (uint32_t)strlen(path) + 1;
	}
	at = check_nets(mem, count, at);
	at = check_trace(mem, count % 3 == 1, at);
	EXPECT(word(mem, 12) == at, "ends at %u", at);
}

static void check_case(int argc, int envc, unsigned devices)
{
	struct guest_mem mem;
	uint32_t bytes = write_info(&mem, argc, envc, devices);
	uint32_t argv_at = word(&mem, 120), env_at = word(&mem, 128);
	uint64_t end = BP_BOOT_INFO_GPA + bytes;

	check_fixed(&mem);
	EXPECT(word(&mem, 12) == bytes, "size %u, not %u", word(&mem, 12),
	       bytes);
	EXPECT(word(&mem, 108) == devices && word(&mem, 112) == 144,
	       "device table");
	check_devices(&mem, devices);
	EXPECT(word(&mem, 116) == (unsigned)argc &&
		       argv_at == 144 + 72 * devices,
	       "arguments at %u", argv_at);
	check_strings(&mem, "argument", argv_at, some, argc);
	EXPECT(word(&mem, 124) == (unsigned)envc, "%u variables",
	       word(&mem, 124));
	check_strings(&mem, "variable", env_at, env, envc);
	check_mounts(&mem, devices, argv_at + word(&mem, 132));
	EXPECT(mem.base[end] == 0x77 && mem.base[BP_BOOT_INFO_GPA - 1] == 0x77,
	       "written beyond its bytes");
	EXPECT(mem.region_count == 1 &&
		       mem.region[0].start == BP_BOOT_INFO_GPA &&
		       mem.region[0].end == (end + 4095) / 4096 * 4096 &&
		       mem.region[0].access == GUEST_READ,
	       "region");
	guest_mem_finish(&mem);
}

static void test_layout(void)
{
	for (int argc = 0; argc <= (int)COUNT_OF(some); argc++)
		for (int envc = 0; envc <= (int)COUNT_OF(env); envc++)
			for (unsigned devices = 0; devices <= BP_MAX_DEVICES;
			     devices++)
				check_case(argc, envc, devices);
	promise("boot info is as boot_info.h says, for any number of "
		"arguments, variables and devices");
}

static void test_limit(void)
{
	uint64_t fixed = sizeof(struct bp_boot_info) + sizeof(struct bp_device);
	char *text = malloc(ROOM_BYTES + 1);
	struct boot_strings strings = {.argc = 1,
				       .argv = &text,
				       .envc = 1,
				       .env = &text,
				       .mount = no_mount,
				       .net = no_net};

	if (!text)
		exit(1);
	for (uint64_t over = 0; over < 2; over++) {
		size_t left = ROOM_BYTES - fixed + over;

		memset(text, 'x', ROOM_BYTES);
		text[left - 1] = 0;
		strings.envc = 0;
		EXPECT(boot_info_bytes(&strings, 1) ==
			       (over ? UINT32_MAX : ROOM_BYTES),
		       "arguments: %u", boot_info_bytes(&strings, 1));
		strings.argc = 0;
		strings.envc = 1;
		EXPECT(boot_info_bytes(&strings, 1) ==
			       (over ? UINT32_MAX : ROOM_BYTES),
		       "variables: %u", boot_info_bytes(&strings, 1));
		strings.argc = 1;
	}
	promise("boot info fills its place to the last byte, and not more");
	free(text);
}

static void test_far_too_much(void)
{
	size_t big = 1 << 20;
	char *text = malloc(big), *many[4096];
	struct boot_strings strings = {.argc = COUNT_OF(many),
				       .argv = many,
				       .mount = no_mount,
				       .net = no_net};

	if (!text)
		exit(1);
	memset(text, 'x', big);
	text[big - 1] = 0;
	for (unsigned i = 0; i < COUNT_OF(many); i++)
		many[i] = text;
	EXPECT(boot_info_bytes(&strings, 0) == UINT32_MAX,
	       "4 GiB of strings: %u", boot_info_bytes(&strings, 0));
	promise("strings of 4 GiB do not wrap to nothing");
	free(text);
}

int main(void)
{
	test_layout();
	test_limit();
	test_far_too_much();
	return promises_end();
}
