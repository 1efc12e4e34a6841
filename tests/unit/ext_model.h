/* SPDX-License-Identifier: ISC */
/*
 * A file system and what should be in it: random changes through libext2fs and
 * the store, kept in a small model, and digests of both to compare.
 *
 * Block i of a file holds one word over and over, derived from the file's seed
 * and i. Nothing is ever overwritten in place, as no file system promises
 * anything about that.
 */
#ifndef EXT_MODEL_H
#define EXT_MODEL_H

#include "ext_disk.h"
#include "ext_store.h"

#define MODEL_NODES	 48
#define MODEL_FILE_MAX	 40 /* blocks */
#define MODEL_FREE_LEAST 60
#define DIGEST_BAD	 0xbadbadbadbadbadULL

enum node_type { NODE_NONE, NODE_FILE, NODE_DIR, NODE_LINK };

struct node {
	enum node_type type;
	int parent; /* -1: the root */
	char name[48];
	uint64_t seed;
	unsigned blocks;
	ext2_ino_t ino;
};

struct model {
	struct ext_store *store;
	uint64_t seed;
	struct node nodes[MODEL_NODES];
	unsigned freed; /* blocks, about, since the last commit */
	unsigned serial;
	unsigned operations, commits;
};

static inline uint64_t mix(uint64_t a, uint64_t b)
{
	uint64_t state = a ^ b * 0xff51afd7ed558ccdULL;

	return random_next(&state);
}

static inline uint64_t hash_text(const char *text, size_t bytes)
{
	uint64_t hash = 5381;

	for (size_t i = 0; i < bytes; i++)
		hash = mix(hash, (uint8_t)text[i]);
	return hash;
}

static inline uint64_t node_path(const struct model *m, int i)
{
	const struct node *n = &m->nodes[i < 0 ? 0 : i];

	if (i < 0)
		return 1;
	return mix(node_path(m, n->parent),
		   hash_text(n->name, strlen(n->name)));
}

/* The beginning of each is what a journal block begins with, for some. */
static inline void link_target(uint64_t seed, char to[120])
{
	memset(to, 'a' + (int)(seed % 26), 119);
	to[119] = 0;
	if (seed & 1)
		memcpy(to, "\xc0\x3b\x39\x98", 4);
	snprintf(to + 100, 20, "%016llx", (unsigned long long)seed);
	to[116] = 'z';
}

static inline uint64_t model_digest(const struct model *m)
{
	uint64_t sum = 0;
	char target[120];

	for (int i = 0; i < MODEL_NODES; i++) {
		const struct node *n = &m->nodes[i];
		uint64_t h;

		if (n->type == NODE_NONE)
			continue;
		h = mix(node_path(m, i), (uint64_t)n->type);
		for (unsigned j = 0; n->type == NODE_FILE && j < n->blocks; j++)
			h = mix(h, mix(n->seed, j));
		if (n->type == NODE_LINK) {
			link_target(n->seed, target);
			h = mix(h, hash_text(target, strlen(target)));
		}
		sum += h;
	}
	return sum;
}

/* The same of what is there. */
struct walk {
	struct ext_store *store;
	ext2_filsys fs;
	uint64_t path, sum;
	unsigned depth;
	bool broken;
	FILE *list; /* names go there, if it is not NULL */
};

static inline uint64_t file_digest(struct walk *w, ext2_ino_t ino,
				   struct ext2_inode *inode, uint64_t h)
{
	uint32_t bytes = w->fs->blocksize;
	uint64_t *words = must(malloc(bytes));
	struct bp_segment one = {(uintptr_t)words, bytes};
	uint64_t blocks = EXT2_I_SIZE(inode) / bytes;

	for (uint64_t i = 0; i < blocks && i < 2 * MODEL_FILE_MAX; i++) {
		blk64_t blk = 0;
		int flags = 0;

		memset(words, 0, bytes);
		if (ext2fs_bmap2(w->fs, ino, inode, NULL, 0, i, &flags, &blk))
			w->broken = true;
		else if (blk && !(flags & BMAP_RET_UNINIT) &&
			 ext_store_read(w->store, blk, &one, 1))
			w->broken = true;
		for (uint32_t j = 1; j < bytes / 8; j++)
			if (words[j] != words[0])
				words[0] = DIGEST_BAD;
		h = mix(h, words[0]);
	}
	free(words);
	return h;
}

static inline uint64_t link_digest(struct walk *w, ext2_ino_t ino,
				   struct ext2_inode *inode, uint64_t h)
{
	char *block = must(malloc(w->fs->blocksize));

	/* All of them are too long for an inode. */
	if (inode->i_size != 119) {
		w->broken = true;
	} else {
		blk64_t blk = 0;

		if (ext2fs_bmap2(w->fs, ino, inode, NULL, 0, 0, NULL, &blk) ||
		    io_channel_read_blk64(w->fs->io, blk, 1, block))
			w->broken = true;
		else
			h = mix(h, hash_text(block, 119));
	}
	free(block);
	return h;
}

static inline int walk_entry(ext2_ino_t dir, int entry,
			     struct ext2_dir_entry *e, int offset, int bytes,
			     char *buf, void *arg)
{
	struct walk *w = arg;
	int len = ext2fs_dirent_name_len(e);
	uint64_t path = mix(w->path, hash_text(e->name, (size_t)len));
	struct ext2_inode inode;

	(void)dir, (void)entry, (void)offset, (void)bytes, (void)buf;
	if ((len == 1 && e->name[0] == '.') ||
	    (len == 2 && !memcmp(e->name, "..", 2)) ||
	    (len == 10 && !memcmp(e->name, "lost+found", 10)))
		return 0;
	if (ext2fs_read_inode(w->fs, e->inode, &inode)) {
		w->broken = true;
		return 0;
	}
	if (w->list)
		fprintf(w->list, "%*s%.*s ino %u size %u\n", (int)w->depth * 2,
			"", len, e->name, e->inode, inode.i_size);
	if (LINUX_S_ISDIR(inode.i_mode)) {
		uint64_t up = w->path;

		w->sum += mix(path, NODE_DIR);
		w->path = path;
		if (++w->depth > 20 || ext2fs_dir_iterate2(w->fs, e->inode, 0,
							   NULL, walk_entry, w))
			w->broken = true;
		w->depth--;
		w->path = up;
	} else if (LINUX_S_ISREG(inode.i_mode)) {
		w->sum +=
			file_digest(w, e->inode, &inode, mix(path, NODE_FILE));
	} else if (LINUX_S_ISLNK(inode.i_mode)) {
		w->sum +=
			link_digest(w, e->inode, &inode, mix(path, NODE_LINK));
	} else {
		w->broken = true;
	}
	return 0;
}

static inline uint64_t tree_digest(struct ext_store *store, FILE *list)
{
	struct walk w = {.store = store,
			 .fs = ext_store_fs(store),
			 .path = 1,
			 .list = list};

	if (ext2fs_dir_iterate2(w.fs, EXT2_ROOT_INO, 0, NULL, walk_entry, &w))
		w.broken = true;
	return w.broken ? DIGEST_BAD : w.sum;
}

/* Changes. All return 0, or an error that the workload does not expect. */

static inline ext2_ino_t dir_of(const struct model *m, const struct node *n)
{
	return n->parent < 0 ? EXT2_ROOT_INO : m->nodes[n->parent].ino;
}

static inline errcode_t add_name(struct model *m, ext2_ino_t dir,
				 const char *name, ext2_ino_t ino, int type)
{
	ext2_filsys fs = ext_store_fs(m->store);
	errcode_t err = ext2fs_link(fs, dir, name, ino, type);

	if (err == EXT2_ET_DIR_NO_SPACE) {
		err = ext2fs_expand_dir(fs, dir);
		if (!err)
			err = ext2fs_link(fs, dir, name, ino, type);
	}
	return err;
}

static inline errcode_t append_blocks(struct model *m, struct node *n,
				      unsigned count)
{
	ext2_filsys fs = ext_store_fs(m->store);
	uint32_t bytes = fs->blocksize;
	struct ext2_inode inode;
	errcode_t err = ext2fs_read_inode(fs, n->ino, &inode);

	for (unsigned i = 0; !err && i < count; i++) {
		uint64_t *words = must(malloc(bytes));
		struct bp_segment one = {(uintptr_t)words, bytes};
		blk64_t blk = 0;

		for (uint32_t j = 0; j < bytes / 8; j++)
			words[j] = mix(n->seed, n->blocks);
		err = ext2fs_bmap2(fs, n->ino, &inode, NULL, BMAP_ALLOC,
				   n->blocks, NULL, &blk);
		if (!err && ext_store_write(m->store, blk, &one, 1))
			err = EIO;
		n->blocks++;
		free(words);
	}
	if (!err)
		err = ext2fs_inode_size_set(fs, &inode,
					    (ext2_off64_t)n->blocks * bytes);
	if (!err)
		err = ext2fs_write_inode(fs, n->ino, &inode);
	return err;
}

static inline errcode_t create_file(struct model *m, struct node *n)
{
	ext2_filsys fs = ext_store_fs(m->store);
	struct ext2_inode inode = {0};
	ext2_extent_handle_t handle;
	errcode_t err;

	err = ext2fs_new_inode(fs, dir_of(m, n), LINUX_S_IFREG, 0, &n->ino);
	if (err)
		return err;
	inode.i_mode = LINUX_S_IFREG | 0644;
	inode.i_links_count = 1;
	err = ext2fs_write_new_inode(fs, n->ino, &inode);
	if (!err && ext2fs_has_feature_extents(fs->super)) {
		inode.i_flags |= EXT4_EXTENTS_FL;
		err = ext2fs_extent_open2(fs, n->ino, &inode, &handle);
		if (!err)
			ext2fs_extent_free(handle);
		if (!err)
			err = ext2fs_write_inode(fs, n->ino, &inode);
	}
	ext2fs_inode_alloc_stats2(fs, n->ino, 1, 0);
	if (!err)
		err = add_name(m, dir_of(m, n), n->name, n->ino,
			       EXT2_FT_REG_FILE);
	return err;
}

static inline errcode_t create_node(struct model *m, struct node *n)
{
	ext2_filsys fs = ext_store_fs(m->store);
	ext2_ino_t dir = dir_of(m, n);
	char target[120];
	errcode_t err;

	if (n->type == NODE_FILE)
		return create_file(m, n);
	link_target(n->seed, target);
	for (int again = 0; again < 2; again++) {
		if (n->type == NODE_DIR)
			err = ext2fs_mkdir(fs, dir, 0, n->name);
		else
			err = ext2fs_symlink(fs, dir, 0, n->name, target);
		if (err != EXT2_ET_DIR_NO_SPACE)
			break;
		err = ext2fs_expand_dir(fs, dir);
		if (err)
			break;
	}
	if (!err)
		err = ext2fs_lookup(fs, dir, n->name, (int)strlen(n->name),
				    NULL, &n->ino);
	return err;
}

static inline errcode_t punch_from(struct model *m, struct node *n,
				   unsigned from)
{
	ext2_filsys fs = ext_store_fs(m->store);
	struct ext2_inode inode;
	errcode_t err = ext2fs_read_inode(fs, n->ino, &inode);

	if (!err)
		err = ext2fs_punch(fs, n->ino, &inode, NULL, from, ~0ULL);
	if (!err && n->type == NODE_FILE)
		err = ext2fs_inode_size_set(fs, &inode,
					    (ext2_off64_t)from * fs->blocksize);
	if (!err)
		err = ext2fs_write_inode(fs, n->ino, &inode);
	m->freed += n->blocks - from + 4;
	n->blocks = from;
	return err;
}

static inline errcode_t remove_node(struct model *m, struct node *n)
{
	ext2_filsys fs = ext_store_fs(m->store);
	ext2_ino_t dir = dir_of(m, n);
	bool is_dir = n->type == NODE_DIR;
	struct ext2_inode inode;
	errcode_t err = ext2fs_unlink(fs, dir, n->name, n->ino, 0);

	if (!err)
		err = punch_from(m, n, 0);
	if (!err)
		err = ext2fs_read_inode(fs, n->ino, &inode);
	if (err)
		return err;
	inode.i_links_count = 0;
	inode.i_dtime = 1700000000; /* a small one would be an orphan */
	err = ext2fs_write_inode(fs, n->ino, &inode);
	ext2fs_inode_alloc_stats2(fs, n->ino, -1, is_dir);
	if (!err && is_dir) {
		err = ext2fs_read_inode(fs, dir, &inode);
		inode.i_links_count--;
		if (!err)
			err = ext2fs_write_inode(fs, dir, &inode);
	}
	n->type = NODE_NONE;
	return err;
}

/* By another name, in the same directory. */
static inline errcode_t rename_node(struct model *m, struct node *n,
				    const char *name)
{
	static const int types[] = {0, EXT2_FT_REG_FILE, EXT2_FT_DIR,
				    EXT2_FT_SYMLINK};
	ext2_ino_t dir = dir_of(m, n);
	errcode_t err = add_name(m, dir, name, n->ino, types[n->type]);

	if (!err)
		err = ext2fs_unlink(ext_store_fs(m->store), dir, n->name,
				    n->ino, 0);
	snprintf(n->name, sizeof(n->name), "%s", name);
	return err;
}

static inline bool is_empty(const struct model *m, int dir)
{
	for (int i = 0; i < MODEL_NODES; i++)
		if (m->nodes[i].type != NODE_NONE && m->nodes[i].parent == dir)
			return false;
	return true;
}

static inline void new_name(struct model *m, char to[48])
{
	unsigned bytes = random_next(&m->seed) % 24;

	snprintf(to, 48, "n%u%.*s", m->serial++, (int)bytes,
		 "_________________________");
}

static inline errcode_t create_some(struct model *m, int i)
{
	struct node *n = &m->nodes[i];
	unsigned kind = random_next(&m->seed) % 8;
	int parent = (int)(random_next(&m->seed) % MODEL_NODES);
	errcode_t err;

	*n = (struct node){.parent = -1};
	if (m->nodes[parent].type == NODE_DIR && parent != i)
		n->parent = parent;
	new_name(m, n->name);
	n->seed = random_next(&m->seed);
	n->type = kind < 4 ? NODE_FILE : kind < 6 ? NODE_DIR : NODE_LINK;
	err = create_node(m, n);
	if (!err && n->type == NODE_FILE)
		err = append_blocks(m, n,
				    (unsigned)(random_next(&m->seed) %
					       (MODEL_FILE_MAX / 2)));
	return err;
}

static inline errcode_t change_some(struct model *m, int i)
{
	struct node *n = &m->nodes[i];
	unsigned kind = random_next(&m->seed) % 8;
	char name[48];

	if (kind < 2) {
		new_name(m, name);
		return rename_node(m, n, name);
	}
	if (kind < 4 && n->type == NODE_FILE && n->blocks < MODEL_FILE_MAX / 2)
		return append_blocks(m, n,
				     (unsigned)(random_next(&m->seed) %
						(MODEL_FILE_MAX / 2)));
	if (kind < 5 && n->type == NODE_FILE && n->blocks)
		return punch_from(
			m, n, (unsigned)(random_next(&m->seed) % n->blocks));
	if (n->type == NODE_DIR && !is_empty(m, i))
		return 0;
	return remove_node(m, n);
}

static inline long model_commit(struct model *m)
{
	long err = ext_store_commit(m->store);

	if (!err)
		m->freed = 0;
	m->commits++;
	return err;
}

/* One random change. The caller commits, and asks should_commit before. */
static inline errcode_t model_step(struct model *m)
{
	ext2_filsys fs = ext_store_fs(m->store);
	blk64_t left = ext2fs_free_blocks_count(fs->super);
	int i = (int)(random_next(&m->seed) % MODEL_NODES);
	bool low = left < MODEL_FREE_LEAST + MODEL_FILE_MAX;

	m->operations++;
	if (m->nodes[i].type == NODE_NONE)
		return low ? 0 : create_some(m, i);
	return low ? (m->nodes[i].type == NODE_DIR && !is_empty(m, i)
			      ? 0
			      : remove_node(m, &m->nodes[i]))
		   : change_some(m, i);
}

/* Whether freed blocks must become usable before the next change. */
static inline bool model_wants_commit(const struct model *m)
{
	ext2_filsys fs = ext_store_fs(m->store);

	return ext_store_should_commit(m->store) ||
	       ext2fs_free_blocks_count(fs->super) <
		       m->freed + MODEL_FREE_LEAST + MODEL_FILE_MAX;
}

#endif
