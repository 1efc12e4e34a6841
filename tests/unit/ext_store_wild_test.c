/* SPDX-License-Identifier: ISC */
/*
 * Damaged images: whatever their bytes, the store opens them or says why not.
 * It never crashes, never hangs, and loses no memory; the sanitizers watch.
 *
 * HVT_WILD=n tries n times as many.
 */
#include "ext_journal.h"
#include "ext_store_fixture.h"

#define ROUNDS	  700
#define READS_MAX 400000 /* of one round; more is a hang */

/* Numbers from the disk become sizes; too large ones are to fail. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1:max_allocation_size_mb=512";
}

enum region { SUPER, GROUPS, JOURNAL_SUPER, LOG, INODES, ANYWHERE, REGIONS };

struct base {
	struct memory_disk disk;
	uint64_t at[REGIONS], bytes[REGIONS]; /* where they are */
	uint64_t *log;			      /* its blocks */
	size_t log_blocks;
};

static const char *const options[] = {
	"-b 1024 -t ext4 -J size=1 -O 64bit,metadata_csum",
	"-b 1024 -t ext3 -J size=1",
	"-b 4096 -t ext4 -J size=4 -O ^metadata_csum",
	"-b 1024 -t ext2",
};

/* With some files; @dirty: with a log to replay, full of everything. */
static void make_base(struct base *b, const char *how, bool dirty)
{
	struct model m = {.seed = 11};
	ext2_filsys fs;
	uint32_t unit, run;

	make_disk(&b->disk, how, 10, 512);
	if (!strstr(how, "ext2"))
		shrink_log(&b->disk, 200);
	m.store = open_store(&b->disk, true);
	fs = ext_store_fs(m.store);
	unit = fs->blocksize;
	for (unsigned i = 0; i < 60; i++) {
		if (model_wants_commit(&m))
			model_commit(&m);
		if (model_step(&m))
			abort();
	}
	b->at[SUPER] = SUPERBLOCK_OFFSET;
	b->bytes[SUPER] = SUPERBLOCK_SIZE;
	b->at[GROUPS] = (fs->super->s_first_data_block + 1) * unit;
	b->bytes[GROUPS] = fs->group_desc_count * EXT2_DESC_SIZE(fs->super);
	b->at[INODES] = ext2fs_inode_table_loc(fs, 0) * unit;
	b->bytes[INODES] = EXT2_INODE_SIZE(fs->super) * 60;
	b->bytes[ANYWHERE] = b->disk.disk.bytes;
	b->log_blocks = m.store->journal.end;
	b->log = must(calloc(b->log_blocks + 1, sizeof(uint64_t)));
	for (uint32_t i = 0; i < b->log_blocks; i++)
		b->log[i] = ext_journal_block(m.store, i, &run) * unit;
	b->at[JOURNAL_SUPER] = b->log[0];
	b->bytes[JOURNAL_SUPER] = b->log_blocks ? 256 : 0;
	b->bytes[LOG] = b->log_blocks ? unit : 0;
	model_commit(&m);
	if (ext_store_close(m.store, !dirty))
		abort();
	disk_rewind(&b->disk, 0, false);
}

static void spoil(struct base *b, uint64_t *seed)
{
	static const uint8_t odd[] = {0, 1, 0x7f, 0x80, 0xff, 4, 0x10, 0xc0};
	enum region r = (enum region)(random_next(seed) % REGIONS);
	unsigned count = 1 + random_next(seed) % 6;
	uint64_t at = b->at[r];

	if (!b->bytes[r])
		r = SUPER;
	for (unsigned i = 0; i < count; i++) {
		uint64_t n = random_next(seed);
		uint8_t sector[512];

		if (r == LOG)
			at = b->log[1 + n % (b->log_blocks - 1)];
		at = (r == LOG ? at : b->at[r]) + (n >> 20) % b->bytes[r];
		memcpy(sector, b->disk.bytes + at / 512 * 512, 512);
		sector[at % 512] =
			n & 1 ? odd[n / 2 % sizeof(odd)] : (uint8_t)(n >> 8);
		disk_put(&b->disk, at / 512 * 512, sector, 512);
	}
}

/* So that what is behind checksums is reached. */
static void seal(struct base *b)
{
	uint8_t block[1024];
	struct ext2_super_block *super = (void *)block;
	journal_superblock_t *journal = (void *)block;

	memcpy(block, b->disk.bytes + SUPERBLOCK_OFFSET, sizeof(block));
	super->s_checksum = ext2fs_crc32c_le(
		~0u, block, offsetof(struct ext2_super_block, s_checksum));
	disk_put(&b->disk, SUPERBLOCK_OFFSET, block, sizeof(block));
	if (!b->log_blocks)
		return;
	memcpy(block, b->disk.bytes + b->at[JOURNAL_SUPER], sizeof(block));
	journal->s_checksum = 0;
	journal->s_checksum = be32(ext2fs_crc32c_le(~0u, block, sizeof(block)));
	disk_put(&b->disk, b->at[JOURNAL_SUPER], block, sizeof(block));
}

struct tally {
	unsigned refused, read_only, writable;
};

static void try_image(struct base *b, uint64_t seed, struct tally *t)
{
	struct model m = {.seed = seed, .serial = 5000};
	const char *why = "";
	bool read_only = false;
	long err;

	b->disk.reads = 0;
	err = ext_store_open(&b->disk.disk, true, &m.store, &read_only, &why);
	EXPECT(!err || err == -EINVAL || why, "%ld without a reason", err);
	if (err) {
		t->refused++;
		return;
	}
	if (read_only)
		t->read_only++;
	else
		t->writable++;
	EXPECT(!read_only == !why, "read-only without a reason");
	tree_digest(m.store, NULL);
	for (int i = 0; i < 6 && !read_only; i++)
		if (create_some(&m, i))
			break;
	ext_store_commit(m.store);
	ext_store_close(m.store, seed & 1);
	EXPECT(b->disk.reads < READS_MAX, "%zu reads", b->disk.reads);
}

static void test_base(const char *how, bool dirty, unsigned rounds)
{
	struct tally t = {0};
	struct base b = {0};
	uint64_t seed = 99;
	char text[128];

	make_base(&b, how, dirty);
	for (unsigned i = 0; i < rounds; i++) {
		uint64_t before = seed;

		alarm(60);
		spoil(&b, &seed);
		if (random_next(&seed) & 1)
			seal(&b);
		if (getenv("HVT_WILD_SHOW"))
			fprintf(stderr, "%s: round %u\n", how, i);
		try_image(&b, before, &t);
		disk_rewind(&b.disk, 0, true);
	}
	printf("# %u refused, %u read-only, %u writable\n", t.refused,
	       t.read_only, t.writable);
	snprintf(text, sizeof(text), "%s%s: no damage is too much", how,
		 dirty ? ", to be replayed" : "");
	promise(text);
	disk_finish(&b.disk);
	free(b.log);
}

/* Inode 8, all of whose pointers lead to one block, which is full of such. */
static void test_endless_journal(void)
{
	struct memory_disk d;
	struct ext_store *store;
	ext2_filsys fs;
	const char *why = NULL;
	uint32_t words[1024];
	struct ext2_inode inode;
	bool read_only = false;
	uint64_t at;
	long err;

	make_disk(&d, "-b 4096 -t ext3 -J size=4", 16, 512);
	store = open_store(&d, false);
	fs = ext_store_fs(store);
	at = ext2fs_inode_table_loc(fs, 0) * 4096 +
	     7ul * EXT2_INODE_SIZE(fs->super);
	ext_store_close(store, false);
	for (unsigned i = 0; i < COUNT_OF(words); i++)
		words[i] = 4000;
	memcpy(d.bytes + 4000 * 4096, words, sizeof(words));
	memcpy(&inode, d.bytes + at, sizeof(inode));
	for (unsigned i = 0; i < EXT2_N_BLOCKS; i++)
		inode.i_block[i] = 4000;
	inode.i_size = 0;
	inode.i_size_high = 256; /* 2^28 blocks */
	memcpy(d.bytes + at, &inode, sizeof(inode));
	err = ext_store_open(&d.disk, true, &store, &read_only, &why);
	EXPECT(!err && read_only && why && strstr(why, "cannot be found"),
	       "%ld, %s", err, why ? why : "");
	if (!err)
		ext_store_close(store, false);
	promise("a journal longer than its disk is not followed to its end");
	disk_finish(&d);
}

int main(void)
{
	const char *more = getenv("HVT_WILD");
	unsigned rounds = ROUNDS;
	int status;

	if (more)
		rounds *= (unsigned)strtoul(more, NULL, 10);
	fixture_init();
	test_endless_journal();
	for (size_t i = 0; i < COUNT_OF(options); i++) {
		test_base(options[i], false, rounds);
		if (!strstr(options[i], "ext2"))
			test_base(options[i], true, rounds);
	}
	status = promises_end();
	fixture_finish();
	return status;
}
