/* SPDX-License-Identifier: ISC */
/*
 * System calls on files, chosen by the input, on /tmp and on a disk that the
 * input may lie about. Whatever happens, nothing crashes, hangs or leaks. On a
 * disk that neither lies nor fails, e2fsck finds nothing wrong afterwards.
 */
#include "vfs_calls.h"

#define STEPS_MAX 200u
#define LIES_MAX  32u
#define CHECK_ONE 64u /* of so many disks that should be sound */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

/* A disk to begin with, and where it has bytes that say something. */
struct kind {
	const char *options;
	size_t bytes;
	uint8_t *image;
	uint32_t *told;
	unsigned told_count;
};

static struct kind kinds[] = {
	{.options = "-N 128 -t ext2 -b 1024", .bytes = 512 << 10},
	{.options = "-N 128 -t ext4 -b 1024 -O ^has_journal,^metadata_csum",
	 .bytes = 1 << 20},
	{.options = "-N 128 -t ext4 -b 1024 -J size=1 -O ^metadata_csum",
	 .bytes = 4 << 20},
	{.options = "-N 128 -t ext4 -b 4096 -O ^has_journal", .bytes = 2 << 20},
};

static void check(bool good, int line, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "ERROR: line %d: not so: %s\n", line, what);
	abort();
}

#define expect(good) check(good, __LINE__, #good)

static void make_file(const char *path, unsigned pieces, int64_t start)
{
	long fd = __rt_sys_open(path, O_RDWR | O_CREAT, 0644);

	expect(fd >= 0);
	for (unsigned i = 0; i < pieces; i++)
		expect(__rt_sys_pwrite64((int)fd, data, 3000,
					 start + i * 37 % pieces * 8192) ==
		       3000);
	__rt_sys_close((int)fd);
}

/* One of everything, and a directory of several blocks. */
static void populate(void)
{
	char name[100];

	memset(data, 't', sizeof(data));
	expect(!__rt_sys_mkdir("/data/dir", 0755));
	expect(!__rt_sys_mkdir("/data/dir/sub", 0755));
	for (unsigned i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "/data/dir/f%u%040u", i, i);
		make_file(name, i < 4, 0);
	}
	make_file("/data/a", 1, 0);
	make_file("/data/large", 20, 0);
	make_file("/data/f1", 0, 0);
	make_file("/data/far", 1, 66 << 20);
	expect(!__rt_sys_symlink("dir/sub", "/data/fast"));
	memset(name, 'x', 90);
	name[90] = '\0';
	expect(!__rt_sys_symlink(name, "/data/slow"));
	expect(!__rt_sys_symlink("loop", "/data/loop"));
	expect(!__rt_sys_link("/data/a", "/data/twice"));
	expect(!__rt_sys_mknod("/data/b", S_IFCHR | 0600, 0x103));
}

static void prepare(struct kind *k)
{
	image_make(&machine_disk, k->bytes, k->options);
	populate();
	expect(!machine_unmount());
	expect(image_clean(&machine_disk));
	k->image = malloc(k->bytes);
	k->told = malloc(k->bytes * sizeof(*k->told));
	memcpy(k->image, machine_disk.bytes, k->bytes);
	for (uint32_t i = 1024; i < k->bytes; i++)
		if (k->image[i] && k->image[i] != 't')
			k->told[k->told_count++] = i;
	image_destroy(&machine_disk);
}

static void lie(const struct kind *k)
{
	uint8_t *at = machine_disk.bytes + k->told[any(k->told_count)];

	switch (any(3)) {
	case 0:
		*at ^= (uint8_t)(1u << any(8));
		break;
	case 1:
		*at = (uint8_t)any(256);
		break;
	default:
		/* A number from elsewhere: of a block, an inode, a length. */
		at -= (at - machine_disk.bytes) % 4;
		memcpy(at, k->image + k->told[any(k->told_count)] / 4 * 4, 4);
	}
}

static void remove_all(int parent, const char *name)
{
	long dir = __rt_sys_openat(parent, name, O_RDONLY | O_DIRECTORY, 0), n;
	char list[2048];

	expect(dir >= 0);
	while ((n = __rt_sys_getdents64((int)dir, list, sizeof(list))) > 0) {
		for (long at = 0; at < n;) {
			struct dirent *d = (struct dirent *)(list + at);

			at += d->d_reclen;
			if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
				continue;
			if (d->d_type == DT_DIR)
				remove_all((int)dir, d->d_name);
			expect(!__rt_sys_unlinkat(
				(int)dir, d->d_name,
				d->d_type == DT_DIR ? AT_REMOVEDIR : 0));
		}
	}
	expect(n == 0);
	__rt_sys_close((int)dir);
}

static void op_remount(void)
{
	leave();
	machine_unmount();
}

static void operate(void)
{
	static void (*const ops[])(void) = {
		op_open,       op_open,	     op_open,  op_transfer, op_name,
		op_transfer,   op_name,	     op_size,  op_look,	    op_look,
		op_descriptor, op_attribute, op_close, op_map,	    op_touch,
		op_unmap,      op_remount,   op_fail,  op_sync,
	};

	ONE_OF(ops)();
}

/* Nothing is left of the machine; a @sound disk is as it should be. */
static void end(bool sound, unsigned hash)
{
	long err;

	leave();
	sound = sound && machine_disk.fail_after == -1;
	machine_disk.fail_after = machine_fail_memory = -1;
	remove_all(AT_FDCWD, "/tmp");
	err = machine_unmount();
	expect(!sound || !err || err == -ENOSPC);
	if (sound && !err && hash % CHECK_ONE == 0)
		expect(image_clean(&machine_disk));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	unsigned lies, hash = 0;
	struct kind *k;

	machine_fail_memory = -1;
	for (unsigned i = 0; i < COUNT_OF(kinds); i++)
		if (!kinds[i].image)
			prepare(&kinds[i]);
	for (size_t i = 0; i < count; i++)
		hash = hash * 31 + bytes[i];
	in = bytes;
	in_end = bytes + count;
	k = &ONE_OF(kinds);
	image_create(&machine_disk, k->bytes);
	memcpy(machine_disk.bytes, k->image, k->bytes);
	lies = any(2) ? any(LIES_MAX) : 0;
	for (unsigned i = 0; i < lies; i++)
		lie(k);
	for (unsigned i = 0; i < STEPS_MAX && in < in_end; i++)
		operate();
	end(!lies, hash);
	image_destroy(&machine_disk);
	return 0;
}
