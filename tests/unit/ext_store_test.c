/* SPDX-License-Identifier: ISC */
/* The store under an ext file system: what it accepts, keeps, and costs. */
#include "ext_journal.h"
#include "ext_store_fixture.h"

#define EXT4 "-b 1024 -t ext4 -J size=1 -O 64bit,metadata_csum"
#define EXT2 "-b 1024 -t ext2"

static struct ext2_super_block *super_of(struct memory_disk *d)
{
	return (void *)(d->bytes + SUPERBLOCK_OFFSET);
}

static void seal_super(struct memory_disk *d)
{
	super_of(d)->s_checksum =
		ext2fs_crc32c_le(~0u, (uint8_t *)super_of(d),
				 offsetof(struct ext2_super_block, s_checksum));
}

/* The journal's superblock of @d, which must not be changed meanwhile. */
static journal_superblock_t *journal_super(struct memory_disk *d)
{
	uint32_t magic = be32(JBD2_MAGIC_NUMBER);

	for (uint64_t at = 0; at < d->disk.bytes; at += 1024)
		if (!memcmp(d->bytes + at, &magic, 4))
			return (void *)(d->bytes + at);
	abort();
}

/* A copy of @from, to be spoiled. */
static void copy_disk(struct memory_disk *d, const struct memory_disk *from)
{
	disk_init(d, from->disk.bytes, from->disk.block_bytes);
	memcpy(d->bytes, from->bytes, from->disk.bytes);
}

/* Opens for writing: -errno, or 0; *@why is NULL where it can be written. */
static long try_open(struct memory_disk *d, const char **why)
{
	struct ext_store *store;
	bool read_only;
	size_t events = d->count;
	long err = ext_store_open(&d->disk, true, &store, &read_only, why);

	if (err)
		return err;
	EXPECT(read_only == (*why != NULL) || d->disk.read_only,
	       "read-only %d: %s", read_only, *why ? *why : "");
	if (read_only) {
		EXPECT(ext_store_write(store, 100, NULL, 0) == -EROFS,
		       "a read-only store can be written");
		EXPECT(!ext_store_commit(store) && !ext_store_pending(store),
		       "there is something to commit");
	}
	EXPECT(!ext_store_close(store, true), "close");
	EXPECT(!read_only || events == d->count, "%zu events",
	       d->count - events);
	return 0;
}

static struct node *some_file(struct model *m, int i, unsigned blocks)
{
	struct node *n = &m->nodes[i];

	*n = (struct node){
		.type = NODE_FILE, .parent = -1, .seed = 7 + (uint64_t)i};
	snprintf(n->name, sizeof(n->name), "file%d", i);
	if (create_node(m, n) || append_blocks(m, n, blocks))
		abort();
	return n;
}

static void test_strangers(void)
{
	struct memory_disk d;
	const char *why = NULL;

	disk_init(&d, 1 << 20, 512);
	EXPECT(try_open(&d, &why) == -EINVAL, "zeros");
	memset(d.bytes, 0x53, 1 << 20);
	EXPECT(try_open(&d, &why) == -EINVAL, "a byte over and over");
	d.disk.bytes = 2048;
	EXPECT(try_open(&d, &why) == -EINVAL, "a small one");
	d.disk.bytes = 512;
	EXPECT(try_open(&d, &why) == -EINVAL, "a smaller one");
	disk_finish(&d);
	promise("what holds no ext file system is not one");
}

enum field { COMPAT, INCOMPAT, RO_COMPAT, STATE, UUID, BLOCKS, SIZE };

struct oddity {
	const char *what;
	enum field field;
	uint32_t set, clear;
	long err; /* 0: can be read */
	const char *why;
};

static const struct oddity oddities[] = {
	{"nothing", INCOMPAT, 0, 0, 0, NULL},
	{"an unknown feature", INCOMPAT, 0x800000, 0, -EOPNOTSUPP, "feature"},
	{"compression", INCOMPAT, 1, 0, -EOPNOTSUPP, "feature"},
	{"a journal", INCOMPAT, EXT3_FEATURE_INCOMPAT_JOURNAL_DEV, 0,
	 -EOPNOTSUPP, "external journal"},
	{"mmp", INCOMPAT, EXT4_FEATURE_INCOMPAT_MMP, 0, -EOPNOTSUPP, "mount"},
	{"inline data", INCOMPAT, EXT4_FEATURE_INCOMPAT_INLINE_DATA, 0, 0,
	 "inside inodes"},
	{"encryption", INCOMPAT, EXT4_FEATURE_INCOMPAT_ENCRYPT, 0, 0,
	 "encrypted"},
	{"case folding", INCOMPAT, EXT4_FEATURE_INCOMPAT_CASEFOLD, 0, 0,
	 "case"},
	{"large attributes", INCOMPAT, EXT4_FEATURE_INCOMPAT_EA_INODE, 0, 0,
	 "attributes"},
	{"an unknown feature to write", RO_COMPAT, 0x4000000, 0, 0, "feature"},
	{"quotas", RO_COMPAT, EXT4_FEATURE_RO_COMPAT_QUOTA, 0, 0, "quota"},
	{"verity", RO_COMPAT, EXT4_FEATURE_RO_COMPAT_VERITY, 0, 0, "verif"},
	{"read-only", RO_COMPAT, EXT4_FEATURE_RO_COMPAT_READONLY, 0, 0,
	 "read-only"},
	{"shared blocks", RO_COMPAT, EXT4_FEATURE_RO_COMPAT_SHARED_BLOCKS, 0, 0,
	 "share"},
	{"orphans in a file", RO_COMPAT, EXT4_FEATURE_RO_COMPAT_ORPHAN_PRESENT,
	 0, 0, "orphan"},
	{"errors", STATE, EXT2_ERROR_FS, 0, 0, "errors on record"},
	{"not clean", STATE, 0, EXT2_VALID_FS, 0, "not cleanly unmounted"},
	{"a journal elsewhere", UUID, 1, 0, 0, "elsewhere"},
	{"more blocks than the disk", BLOCKS, 0x100000, 0, -EOPNOTSUPP,
	 "larger than the disk"},
	{"a block size out of bounds", SIZE, 0x80, 0, -EUCLEAN, "damaged"},
};

static void apply(struct ext2_super_block *super, const struct oddity *o)
{
	uint32_t *fields[] = {
		[COMPAT] = &super->s_feature_compat,
		[INCOMPAT] = &super->s_feature_incompat,
		[RO_COMPAT] = &super->s_feature_ro_compat,
		[BLOCKS] = &super->s_blocks_count,
		[SIZE] = &super->s_log_block_size,
	};

	if (o->field == STATE) {
		super->s_state =
			(uint16_t)((super->s_state & ~o->clear) | o->set);
	} else if (o->field == UUID) {
		super->s_journal_uuid[3] = (uint8_t)o->set;
	} else {
		*fields[o->field] &= ~o->clear;
		*fields[o->field] |= o->set;
	}
}

static void test_oddities(void)
{
	struct memory_disk good, d;

	make_disk(&good, EXT4, 5, 512);
	for (size_t i = 0; i < COUNT_OF(oddities); i++) {
		const struct oddity *o = &oddities[i];
		const char *why = NULL;
		long err;

		copy_disk(&d, &good);
		apply(super_of(&d), o);
		seal_super(&d);
		err = try_open(&d, &why);
		EXPECT(err == o->err, "%s: %ld", o->what, err);
		EXPECT(!o->why == !why && (!why || strstr(why, o->why)),
		       "%s: %s", o->what, why ? why : "-");
		disk_finish(&d);
	}
	disk_finish(&good);
	promise("what cannot be written safely is read-only or refused, "
		"and says why");
}

struct journal_oddity {
	const char *what;
	size_t field; /* offset of 32 bits */
	uint32_t value;
	bool recover;
	long err;
	const char *why;
};

#define JOURNAL(field) offsetof(journal_superblock_t, field)

static const struct journal_oddity journal_oddities[] = {
	{"nothing", JOURNAL(s_errno), 0, false, 0, NULL},
	{"an empty log to recover", JOURNAL(s_errno), 0, true, 0, NULL},
	{"another magic", 0, 1, false, 0, "damaged"},
	{"another magic, needed", 0, 1, true, -EUCLEAN, "damaged"},
	{"version 1", 4, JBD2_SUPERBLOCK_V1, false, 0, "old format"},
	{"an unknown type", 4, 9, false, 0, "format"},
	{"an unknown feature", JOURNAL(s_feature_incompat), 0x100, false, 0,
	 "format"},
	{"a feature of writing", JOURNAL(s_feature_ro_compat), 1, false, 0,
	 "format"},
	{"two users", JOURNAL(s_nr_users), 2, false, 0, "shared"},
	{"an error", JOURNAL(s_errno), 5, false, 0, "errors"},
	{"another block size", JOURNAL(s_blocksize), 4096, false, 0, "damaged"},
	{"too many blocks", JOURNAL(s_maxlen), 1025, false, 0, "damaged"},
	{"hardly any blocks", JOURNAL(s_maxlen), 9, false, 0, "damaged"},
	{"a log from 0 on", JOURNAL(s_first), 0, false, 0, "damaged"},
	{"a log past the end", JOURNAL(s_first), 1024, false, 0, "damaged"},
	{"a start past the end", JOURNAL(s_start), 1024, true, -EUCLEAN,
	 "damaged"},
	{"a start, unannounced", JOURNAL(s_start), 1, false, 0, "not empty"},
	{"a start before an empty log", JOURNAL(s_start), 1, true, 0, NULL},
	{"fast commits, none left", JOURNAL(s_feature_incompat),
	 JBD2_FEATURE_INCOMPAT_FAST_COMMIT, false, 0, NULL},
	{"both kinds of checksum", JOURNAL(s_feature_incompat),
	 JBD2_FEATURE_INCOMPAT_CSUM_V2 | JBD2_FEATURE_INCOMPAT_CSUM_V3, false,
	 0, "damaged"},
	{"a wrong checksum", JOURNAL(s_feature_incompat),
	 JBD2_FEATURE_INCOMPAT_CSUM_V3, false, 0, "damaged"},
};

static void test_journal_oddities(void)
{
	struct memory_disk good, d;

	make_disk(&good, EXT4, 5, 512);
	for (size_t i = 0; i < COUNT_OF(journal_oddities); i++) {
		const struct journal_oddity *o = &journal_oddities[i];
		uint32_t value = be32(o->value);
		const char *why = NULL;
		long err;

		copy_disk(&d, &good);
		memcpy((uint8_t *)journal_super(&d) + o->field, &value, 4);
		if (o->recover)
			super_of(&d)->s_feature_incompat |=
				EXT3_FEATURE_INCOMPAT_RECOVER;
		seal_super(&d);
		err = try_open(&d, &why);
		EXPECT(err == o->err, "%s: %ld", o->what, err);
		EXPECT(!o->why == !why && (!why || strstr(why, o->why)),
		       "%s: %s", o->what, why ? why : "-");
		disk_finish(&d);
	}
	copy_disk(&d, &good);
	journal_super(&d)->s_feature_incompat =
		be32(JBD2_FEATURE_INCOMPAT_FAST_COMMIT);
	journal_super(&d)->s_start = be32(1);
	super_of(&d)->s_feature_incompat |= EXT3_FEATURE_INCOMPAT_RECOVER;
	seal_super(&d);
	{
		const char *why = NULL;

		EXPECT(try_open(&d, &why) == -EOPNOTSUPP && why &&
			       strstr(why, "fast"),
		       "fast commits: %s", why ? why : "-");
	}
	disk_finish(&d);
	disk_finish(&good);
	promise("a journal that is not as it should be is not written to");
}

/* A log full of records of one transaction goes round for ever. */
static void test_endless_log(void)
{
	struct memory_disk d;
	struct ext_store *store;
	journal_superblock_t *s;
	const char *why = NULL;
	unsigned run;
	uint32_t header[4] = {be32(JBD2_MAGIC_NUMBER), be32(JBD2_REVOKE_BLOCK),
			      be32(77), be32(16)};

	make_disk(&d, "-b 1024 -t ext4 -J size=1 -O ^metadata_csum", 5, 512);
	store = open_store(&d, false);
	for (uint32_t i = 1; store && i < store->journal.end; i++)
		memcpy(d.bytes + ext_journal_block(store, i, &run) * 1024,
		       header, sizeof(header));
	ext_store_close(store, false);
	s = journal_super(&d);
	s->s_start = be32(1);
	s->s_sequence = be32(77);
	super_of(&d)->s_feature_incompat |= EXT3_FEATURE_INCOMPAT_RECOVER;
	alarm(60);
	EXPECT(try_open(&d, &why) == -EUCLEAN, "%s", why ? why : "-");
	alarm(0);
	disk_finish(&d);
	promise("a log that never ends is refused");
}

static void test_torn_super(void)
{
	static const size_t halves[] = {0, 512};
	struct memory_disk good, d;
	struct ext2_super_block super;

	make_disk(&good, EXT4, 5, 512);
	for (int i = 0; i < 4; i++) {
		const char *why = NULL;

		/* The first half of one with the other half of the other. */
		copy_disk(&d, &good);
		super = *super_of(&good);
		super_of(&d)->s_feature_incompat |=
			EXT3_FEATURE_INCOMPAT_RECOVER;
		seal_super(&d);
		if (i & 2) {
			struct ext2_super_block turned = *super_of(&d);

			*super_of(&d) = super;
			super = turned;
		}
		memcpy((uint8_t *)super_of(&d) + halves[i & 1],
		       (uint8_t *)&super + halves[i & 1], 512);
		EXPECT(!ext_store_super_csum_good(super_of(&d)), "not torn");
		EXPECT(!try_open(&d, &why) && !why, "half %d: %s", i,
		       why ? why : "-");
		EXPECT(ext_store_super_csum_good(super_of(&d)),
		       "half %d is still torn", i);
		disk_finish(&d);
	}
	copy_disk(&d, &good);
	super_of(&d)->s_free_inodes_count ^= 1;
	{
		const char *why = NULL;

		EXPECT(try_open(&d, &why) == -EUCLEAN && why &&
			       strstr(why, "superblock"),
		       "a wrong checksum: %s", why ? why : "-");
	}
	disk_finish(&d);
	disk_finish(&good);
	promise("a superblock torn at the start or end of a mount is mended, "
		"any other damage is not");
}

static void test_read_only_disk(void)
{
	struct memory_disk d;
	struct ext_store *store;
	struct model m = {.seed = 1};
	const char *why = "x";
	bool read_only = false;

	make_disk(&d, EXT4, 5, 512);
	m.store = open_store(&d, true);
	some_file(&m, 0, 9);
	if (model_commit(&m))
		abort();
	ext_store_close(m.store, false); /* replay is needed */
	d.disk.read_only = 1;
	EXPECT(!ext_store_open(&d.disk, true, &store, &read_only, &why) &&
		       read_only && !why,
	       "%s", why ? why : "-");
	EXPECT(tree_digest(store, NULL) == model_digest(&m),
	       "it is not as at the last commit");
	ext_store_close(store, true);
	disk_finish(&d);
	promise("a read-only disk is replayed in memory alone");
}

static void test_no_change(void)
{
	struct memory_disk d;
	struct ext_store *store;
	size_t writes = 0;

	make_disk(&d, EXT4, 5, 512);
	store = open_store(&d, true);
	EXPECT(!ext_store_pending(store), "something is pending at once");
	EXPECT(!ext_store_commit(store), "commit");
	/* Rewrites superblock and descriptors as they are. */
	ext2fs_mark_super_dirty(ext_store_fs(store));
	ext_store_fs(store)->super->s_wtime = 1;
	EXPECT(!ext2fs_flush(ext_store_fs(store)), "flush");
	EXPECT(!ext_store_flush(store), "flush");
	EXPECT(!ext_store_close(store, false), "close");
	store = open_store(&d, true);
	EXPECT(!ext_store_close(store, true), "close");
	for (size_t i = 0; i < d.count; i++)
		writes += !d.events[i].flush;
	EXPECT(!writes, "%zu writes", writes);
	disk_finish(&d);
	promise("what does not change is not written");
}

/* The events of one commit, by kind: "wfwf". */
static const char *kinds(const struct memory_disk *d, size_t from)
{
	static char text[64];
	size_t n = 0;

	for (size_t i = from; i < d->count && n < sizeof(text) - 1; i++)
		text[n++] = d->events[i].flush ? 'f' : 'w';
	text[n] = 0;
	return text;
}

static void test_cost(void)
{
	struct memory_disk d;
	struct model m = {.seed = 1};
	size_t before;

	make_disk(&d, "-b 4096 -t ext4 -J size=8 -O 64bit,metadata_csum", 32,
		  512);
	m.store = open_store(&d, true);
	for (int i = 0; i < 20; i++) {
		some_file(&m, i, 1);
		before = d.count;
		EXPECT(!model_commit(&m), "commit");
		/* The journal begins with small pieces; two more to begin. */
		EXPECT(i < 10 || !strcmp(kinds(&d, before), "wfwf"),
		       "requests: %s", kinds(&d, before));
	}
	before = d.count;
	EXPECT(!model_commit(&m) && d.count == before, "nothing: %s",
	       kinds(&d, before));
	EXPECT(!ext_store_close(m.store, true), "close");
	disk_finish(&d);
	promise("a small commit is two writes and two flushes");
}

static void test_ext2(void)
{
	struct memory_disk d;
	struct model m = {.seed = 1};
	const char *why = NULL;
	size_t before;

	make_disk(&d, EXT2, 5, 512);
	m.store = open_store(&d, true);
	some_file(&m, 0, 3);
	before = d.count;
	EXPECT(!model_commit(&m), "commit");
	EXPECT(!strncmp(kinds(&d, before), "fwfw", 4), "requests: %s",
	       kinds(&d, before));
	EXPECT(!(super_of(&d)->s_state & EXT2_VALID_FS), "still clean");
	disk_save(&d, image);
	some_file(&m, 1, 3);
	remove_node(&m, &m.nodes[0]);
	EXPECT(!ext_store_close(m.store, true), "close");
	EXPECT(super_of(&d)->s_state & EXT2_VALID_FS, "not clean");
	m.store = open_store(&d, true);
	EXPECT(tree_digest(m.store, NULL) == model_digest(&m), "not as left");
	ext_store_close(m.store, true);
	disk_load(&d, image);
	EXPECT(!try_open(&d, &why) && why && strstr(why, "e2fsck"),
	       "after a crash: %s", why ? why : "can be written");
	disk_finish(&d);
	promise("without a journal a file system is written in order, and "
		"after "
		"a crash only read");
}

/* By each of the ways that libext2fs has to free blocks. */
static void test_freed(void)
{
	struct memory_disk d;
	struct ext_store *store;
	ext2_filsys fs;
	blk64_t blk = 0, again = 0;

	make_disk(&d, EXT4, 5, 512);
	store = open_store(&d, true);
	fs = ext_store_fs(store);
	if (ext2fs_new_block2(fs, 0, NULL, &blk))
		abort();
	for (int way = 0; way < 4; way++) {
		ext2fs_block_alloc_stats_range(fs, blk, 8, 1);
		EXPECT(!ext_store_commit(store), "commit");
		EXPECT(!ext_store_freed(store), "freed before it was");
		if (way == 0)
			ext2fs_block_alloc_stats_range(fs, blk, 8, -1);
		for (unsigned i = 0; way == 1 && i < 8; i++)
			ext2fs_block_alloc_stats2(fs, blk + i, -1);
		if (way >= 2)
			ext2fs_unmark_block_bitmap_range2(fs->block_map, blk,
							  8);
		EXPECT(ext_store_freed(store), "way %d: not noted", way);
		EXPECT(ext_store_pending(store), "way %d: not pending", way);
		if (ext2fs_new_block2(fs, blk, NULL, &again))
			abort();
		EXPECT(again >= blk + 8, "way %d: given out again", way);
		if (way == 3) {
			/* Taken back. */
			ext2fs_mark_block_bitmap2(fs->block_map, blk);
			ext2fs_mark_block_bitmap_range2(fs->block_map, blk + 1,
							7);
		}
		EXPECT(!ext_store_commit(store), "commit");
		if (ext2fs_new_block2(fs, blk, NULL, &again))
			abort();
		EXPECT((again == blk) == (way != 3),
		       "way %d: after the commit %llu", way, again);
	}
	ext_store_close(store, false);
	disk_finish(&d);
	promise("freed blocks are not used again before the next commit");
}

static void test_too_big(void)
{
	struct memory_disk d;
	struct ext_store *store;
	ext2_filsys fs;
	uint8_t block[1024] = {1};
	size_t before;
	unsigned n = 0;

	make_disk(&d, EXT4, 5, 512);
	shrink_log(&d, 40);
	store = open_store(&d, true);
	fs = ext_store_fs(store);
	EXPECT(!ext_store_should_commit(store), "before anything");
	for (; n < 50; n++) {
		if (n == 11)
			EXPECT(ext_store_should_commit(store), "at a quarter");
		if (io_channel_write_blk64(fs->io, 3000 + n, 1, block))
			abort();
	}
	before = d.count;
	for (int i = 0; i < 2; i++)
		EXPECT(ext_store_commit(store) == -EFBIG, "commit");
	EXPECT(d.count == before, "something was written");
	EXPECT(ext_store_pending(store), "nothing is pending");
	ext_store_close(store, false);
	disk_finish(&d);
	promise("a transaction that does not fit into the log is refused "
		"whole");
}

/* Transactions of every size, so that the log is full to the last block. */
static void test_full_log(void)
{
	struct memory_disk d;
	struct ext_store *store;
	uint8_t block[1024], seen[1024];
	uint64_t seed = 5;

	make_disk(&d, EXT4, 5, 512);
	shrink_log(&d, 40);
	for (unsigned size = 1; size <= 38; size++) {
		store = open_store(&d, true);
		/* Descriptor, size blocks, commit; 38 of them fill it. */
		for (unsigned round = 0; round < 3; round++) {
			for (unsigned i = 0; i < size; i++) {
				memset(block, (int)(seed % 251), sizeof(block));
				memcpy(block, &i, sizeof(i));
				if (io_channel_write_blk64(
					    ext_store_fs(store)->io, 3000 + i,
					    1, block))
					abort();
			}
			EXPECT(!ext_store_commit(store), "size %u", size);
			random_next(&seed);
		}
		ext_store_close(store, false);
		store = open_store(&d, false);
		for (unsigned i = 0; i < size; i++) {
			memcpy(block, &i, sizeof(i));
			if (io_channel_read_blk64(ext_store_fs(store)->io,
						  3000 + i, 1, seen))
				abort();
			EXPECT(!memcmp(block, seen, sizeof(seen)),
			       "block %u of %u", i, size);
		}
		ext_store_close(store, false);
	}
	disk_finish(&d);
	promise("a log can be full to its last block");
}

/* Content that recovery would take for its own. */
static void test_escape(void)
{
	struct memory_disk d;
	struct ext_store *store;
	uint32_t block[256] = {be32(JBD2_MAGIC_NUMBER),
			       be32(JBD2_COMMIT_BLOCK)};
	uint32_t magic = block[0], seen[256];
	unsigned headers = 0, run;

	make_disk(&d, EXT4, 5, 512);
	store = open_store(&d, true);
	if (io_channel_write_blk64(ext_store_fs(store)->io, 3000, 1, block) ||
	    ext_store_commit(store))
		abort();
	for (uint32_t i = 1; i < store->journal.end; i++) {
		blk64_t blk = ext_journal_block(store, i, &run);

		headers += !memcmp(d.bytes + blk * 1024, &magic, 4);
	}
	EXPECT(headers == 2, "%u headers", headers);
	ext_store_close(store, false);
	store = open_store(&d, true);
	if (io_channel_read_blk64(ext_store_fs(store)->io, 3000, 1, seen))
		abort();
	EXPECT(!memcmp(block, seen, sizeof(seen)), "it is not as it was");
	ext_store_close(store, false);
	disk_finish(&d);
	promise("nothing in the log can be taken for a part of the log");
}

/* Pieces of all sizes, more of them than a request takes. */
static void test_pieces(void)
{
	static uint8_t memory[1 << 20], other[1 << 20];
	static struct bp_segment list[3000];
	struct memory_disk d;
	struct ext_store *store;
	uint64_t seed = 9;

	make_disk(&d, EXT4, 5, 512);
	store = open_store(&d, true);
	for (unsigned round = 0; round < 200; round++) {
		uint64_t total = 1024 * (1 + random_next(&seed) % 60);
		uint64_t most = 1 + random_next(&seed) % 4000, at = 0;
		struct bp_segment one = {(uintptr_t)other, total};
		unsigned n = 0;
		bool write = round & 1;

		for (uint64_t left = total; left;) {
			uint64_t bytes = random_next(&seed) % most;

			if (bytes > left || n == COUNT_OF(list) - 1)
				bytes = left;
			list[n++] = (struct bp_segment){(uintptr_t)memory + at,
							bytes};
			at += bytes + random_next(&seed) % 2;
			left -= bytes;
		}
		for (size_t i = 0; i < sizeof(memory); i++)
			memory[i] = (uint8_t)random_next(&seed);
		if (write)
			EXPECT(!ext_store_write(store, 3000, list, n), "write");
		EXPECT(!ext_store_read(store, 3000, &one, 1), "read one");
		if (!write)
			EXPECT(!ext_store_read(store, 3000, list, n), "read");
		at = 0;
		for (unsigned i = 0; i < n; i++) {
			EXPECT(!memcmp((void *)(uintptr_t)list[i].gpa,
				       other + at, list[i].bytes),
			       "piece %u of %u", i, n);
			at += list[i].bytes;
		}
	}
	EXPECT(ext_store_read(store, store->blocks, list, 1) == -EIO,
	       "past the end");
	ext_store_close(store, false);
	disk_finish(&d);
	promise("data goes to and from any pieces of memory");
}

static void test_coherence(void)
{
	struct memory_disk d;
	struct ext_store *store;
	uint8_t meta[1024], data[1024], seen[1024];
	struct bp_segment out = {(uintptr_t)data, 1024};
	struct bp_segment in = {(uintptr_t)seen, 1024};
	io_channel io;

	make_disk(&d, EXT4, 5, 512);
	memset(meta, 1, sizeof(meta));
	memset(data, 2, sizeof(data));
	store = open_store(&d, true);
	io = ext_store_fs(store)->io;
	for (int committed = 0; committed < 4; committed++) {
		if (io_channel_write_blk64(io, 3000, 1, meta))
			abort();
		if (committed)
			EXPECT(!ext_store_commit(store), "commit");
		if (committed == 2)
			EXPECT(!ext_journal_checkpoint(
				       store, store->journal.tid, false),
			       "checkpoint");
		ext_store_read(store, 3000, &in, 1);
		EXPECT(!memcmp(seen, meta, 1024), "%d: metadata", committed);
		EXPECT(!ext_store_write(store, 3000, &out, 1), "write");
		if (committed == 3)
			EXPECT(!ext_journal_checkpoint(
				       store, store->journal.tid, false),
			       "checkpoint");
		ext_store_read(store, 3000, &in, 1);
		EXPECT(!memcmp(seen, data, 1024), "%d: data", committed);
		io_channel_read_blk64(io, 3000, 1, seen);
		EXPECT(!memcmp(seen, data, 1024), "%d: data, by libext2fs",
		       committed);
		EXPECT(!ext_store_flush(store), "flush");
		io_channel_read_blk64(io, 3000, 1, seen);
		EXPECT(!memcmp(seen, data, 1024), "%d: flushed", committed);
		/* What a crash now leaves. */
		{
			struct memory_disk copy;
			struct ext_store *after;

			copy_disk(&copy, &d);
			after = open_store(&copy, true);
			ext_store_read(after, 3000, &in, 1);
			EXPECT(!memcmp(seen, data, 1024), "%d: replay",
			       committed);
			ext_store_close(after, false);
			disk_finish(&copy);
		}
	}
	ext_store_close(store, false);
	disk_finish(&d);
	promise("a block that was metadata and is data now reads as data");
}

/* A group is begun by its flag alone when its first inode is given out. */
static void test_begun_group(void)
{
	struct memory_disk d;
	struct ext_store *store;
	ext2_filsys fs;
	ext2_ino_t ino;
	int status;

	make_disk(&d, "-b 1024 -t ext4 -J size=1 -O metadata_csum,^flex_bg", 40,
		  512);
	store = open_store(&d, true);
	fs = ext_store_fs(store);
	for (dgrp_t group = 1; group < fs->group_desc_count; group++) {
		ext2_ino_t near = group * fs->super->s_inodes_per_group + 1;

		/* Looks there, clears the flags, and is not used. */
		if (ext2fs_new_inode(fs, near, 0, NULL, &ino))
			abort();
		ext2fs_clear_block_uninit(fs, group);
	}
	EXPECT(!ext_store_close(store, true), "close");
	disk_save(&d, image);
	status = run(said, "e2fsck -fn %s", image);
	EXPECT(said_good(!status, said), "e2fsck: %d", status);
	disk_finish(&d);
	promise("a group's bitmaps are written when it comes into use");
}

static void test_memory(void)
{
	struct memory_disk d;
	struct ext_store *store;
	uint8_t block[1024];
	io_channel io;

	make_disk(&d, EXT4, 40, 512);
	store = open_store(&d, true);
	io = ext_store_fs(store)->io;
	d.reads = 0;
	for (blk64_t blk = 0; blk < 40 * 1024; blk++)
		if (io_channel_read_blk64(io, blk, 1, block))
			abort();
	EXPECT(store->cache.count <= store->cache.clean_max + 200,
	       "%zu blocks in memory", store->cache.count);
	EXPECT(d.reads < 40 * 1024 / 20, "%zu reads", d.reads);
	d.reads = 0;
	for (blk64_t blk = 39 * 1024; blk < 40 * 1024; blk++)
		if (io_channel_read_blk64(io, blk, 1, block))
			abort();
	EXPECT(!d.reads, "%zu reads of what was just read", d.reads);
	ext_store_close(store, false);
	disk_finish(&d);
	promise("the cache reads ahead, and keeps no more than it may");
}

int main(void)
{
	int status;

	fixture_init();
	test_strangers();
	test_oddities();
	test_journal_oddities();
	test_endless_log();
	test_torn_super();
	test_read_only_disk();
	test_no_change();
	test_cost();
	test_ext2();
	test_freed();
	test_too_big();
	test_full_log();
	test_escape();
	test_pieces();
	test_coherence();
	test_begun_group();
	test_memory();
	status = promises_end();
	fixture_finish();
	return status;
}
