/* SPDX-License-Identifier: ISC */
/* What tests of the store begin with: images, and the programs that know them.
 */
#ifndef EXT_STORE_FIXTURE_H
#define EXT_STORE_FIXTURE_H

#include "ext_model.h"
#include "ext_store_internal.h"

/* In memory: e2fsck waits for its disk. */
static char dir[] = "/dev/shm/ext_test.XXXXXX";
static char image[64], said[64];

static inline void fixture_init(void)
{
	if (!mkdtemp(dir))
		abort();
	snprintf(image, sizeof(image), "%s/image", dir);
	snprintf(said, sizeof(said), "%s/said", dir);
}

static inline void fixture_finish(void)
{
	unlink(image);
	unlink(said);
	rmdir(dir);
}

static inline struct ext_store *open_store(struct memory_disk *d, bool write)
{
	struct ext_store *store = NULL;
	const char *why = NULL;
	bool read_only;
	long err = ext_store_open(&d->disk, write, &store, &read_only, &why);

	EXPECT(!err, "open: %ld, %s", err, why ? why : "");
	EXPECT(err || read_only == !write, "read-only: %s", why ? why : "");
	if (err)
		return NULL;
	return store;
}

/* A log of so few blocks that it goes round often. */
static inline void shrink_log(struct memory_disk *d, unsigned blocks)
{
	struct ext_store *store = open_store(d, true);
	uint32_t *super = (uint32_t *)store->journal.super;

	super[4] = __builtin_bswap32(store->journal.first + blocks);
	if (ext_journal_write_super(store, 0, store->journal.tid))
		abort();
	ext_store_close(store, false);
	disk_rewind(d, 0, false);
}

/* mke2fs decides; inode tables are cleared, as they are not ours to clear. */
static inline void make_disk(struct memory_disk *d, const char *options,
			     unsigned megabytes, unsigned device_block)
{
	disk_init(d, (uint64_t)megabytes << 20, device_block);
	unlink(image);
	if (run(said, "mke2fs -q -F -N 256 -E lazy_itable_init=0 %s %s %uM",
		options, image, megabytes))
		abort();
	disk_load(d, image);
}

#endif
