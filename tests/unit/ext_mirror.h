/* SPDX-License-Identifier: ISC */
/*
 * What should be in a file system: files and names in plain memory, and the
 * comparison with what a walk through the file system finds.
 */
#ifndef EXT_MIRROR_H
#define EXT_MIRROR_H

#include <dirent.h>

#include "ext_vfs.h"

#define MIRROR_FILES 512
#define MIRROR_NAMES 1024

struct mfile {
	mode_t mode; /* 0: not in use */
	uid_t uid;
	dev_t rdev;
	struct timespec mtime;
	unsigned names;
	char target[1024];
	uint8_t *data;
	uint64_t size;
	struct rt_vnode *open; /* held, with or without a name */
	bool touched;	       /* data changed since the last commit */
};

struct mname {
	struct mfile *dir; /* NULL: not in use */
	struct mfile *file;
	char text[RT_NAME_MAX + 1];
};

static struct mfile mirror_files[MIRROR_FILES]; /* 0 is the root */
static struct mname mirror_names[MIRROR_NAMES];

static inline struct mfile *mirror_file(mode_t mode)
{
	for (unsigned i = 0; i < MIRROR_FILES; i++) {
		struct mfile *f = &mirror_files[i];

		if (f->mode)
			continue;
		memset(f, 0, sizeof(*f));
		f->mode = mode;
		return f;
	}
	return NULL;
}

static inline struct mname *mirror_find(const struct mfile *dir,
					const char *text)
{
	for (unsigned i = 0; i < MIRROR_NAMES; i++)
		if (mirror_names[i].dir == dir &&
		    strcmp(mirror_names[i].text, text) == 0)
			return &mirror_names[i];
	return NULL;
}

static inline struct mname *mirror_name(struct mfile *dir, const char *text,
					struct mfile *file)
{
	for (unsigned i = 0; i < MIRROR_NAMES; i++) {
		struct mname *n = &mirror_names[i];

		if (n->dir)
			continue;
		n->dir = dir;
		n->file = file;
		strcpy(n->text, text);
		file->names++;
		return n;
	}
	abort();
}

static inline void mirror_drop_file(struct mfile *f)
{
	if (f->names || f->open)
		return;
	free(f->data);
	memset(f, 0, sizeof(*f));
}

static inline void mirror_drop_name(struct mname *n)
{
	n->dir = NULL;
	n->file->names--;
	mirror_drop_file(n->file);
}

static inline unsigned mirror_count(const struct mfile *dir, mode_t type)
{
	unsigned count = 0;

	for (unsigned i = 0; i < MIRROR_NAMES; i++)
		if (mirror_names[i].dir == dir &&
		    (!type || (mirror_names[i].file->mode & S_IFMT) == type))
			count++;
	return count;
}

static inline void mirror_clear(void)
{
	for (unsigned i = 0; i < MIRROR_FILES; i++)
		free(mirror_files[i].data);
	memset(mirror_files, 0, sizeof(mirror_files));
	memset(mirror_names, 0, sizeof(mirror_names));
	mirror_file(S_IFDIR | 0755);
}

/* Entries as readdir gives them, a few at a time. */
struct listing {
	struct {
		char text[RT_NAME_MAX + 1];
		uint64_t ino;
		unsigned type;
	} entry[MIRROR_NAMES];
	unsigned count, room;
	uint64_t next;
};

static int listing_emit(void *to, const char *name, size_t bytes, uint64_t ino,
			unsigned type, uint64_t next)
{
	struct listing *l = to;

	if (!l->room || l->count == MIRROR_NAMES)
		return 1;
	memcpy(l->entry[l->count].text, name, bytes);
	l->entry[l->count].text[bytes] = 0;
	l->entry[l->count].ino = ino;
	l->entry[l->count++].type = type;
	l->next = next;
	l->room--;
	return 0;
}

static inline long listing_read(struct rt_vnode *dir, struct listing *l)
{
	unsigned before;
	long r = 0;

	l->count = 0;
	l->next = 0;
	do {
		before = l->count;
		l->room = 7;
		r = dir->mount->ops->readdir(dir, l->next, listing_emit, l);
	} while (r == 0 && l->count > before);
	return r;
}

static inline void compare_file(struct mfile *f, struct rt_vnode *v,
				const char *name)
{
	char target[1025] = "";
	uint8_t *data;

	EXPECT(v->mode == f->mode, "%s: mode 0%o, not 0%o", name, v->mode,
	       f->mode);
	EXPECT(v->uid == f->uid, "%s: uid %u, not %u", name, v->uid, f->uid);
	EXPECT(v->rdev == f->rdev, "%s: device %#lx, not %#lx", name, v->rdev,
	       f->rdev);
	if (S_ISDIR(f->mode))
		return;
	EXPECT(v->nlink == f->names, "%s: %u names, not %u", name, v->nlink,
	       f->names);
	EXPECT(v->mtime.tv_sec == f->mtime.tv_sec, "%s: mtime %lld, not %lld",
	       name, (long long)v->mtime.tv_sec, (long long)f->mtime.tv_sec);
	if (S_ISLNK(f->mode)) {
		long n = v->mount->ops->readlink(v, target, 1024);

		EXPECT(n == (long)strlen(f->target) &&
			       !strcmp(target, f->target),
		       "%s: leads to %s (%ld)", name, target, n);
	}
	if (!S_ISREG(f->mode))
		return;
	EXPECT(v->size == f->size, "%s: size %llu, not %llu", name,
	       (unsigned long long)v->size, (unsigned long long)f->size);
	data = malloc(f->size + 1);
	if (v->size == f->size && f->size) {
		long r = vfs_read(v, 0, data, f->size);

		EXPECT(r == 0, "%s: read %ld", name, r);
		for (uint64_t i = 0; r == 0 && i < f->size; i++) {
			if (data[i] == f->data[i])
				continue;
			EXPECT(false, "%s: byte %llu of %llu is %#x, not %#x",
			       name, (unsigned long long)i,
			       (unsigned long long)f->size, data[i],
			       f->data[i]);
			break;
		}
	}
	free(data);
}

static inline unsigned dt_of(mode_t mode)
{
	return (mode & S_IFMT) >> 12;
}

/* Compares all of a directory, and what is below it. */
static inline void compare_dir(struct mfile *dir, struct rt_vnode *v,
			       const char *name, bool types)
{
	struct listing *l = malloc(sizeof(*l));
	long r = listing_read(v, l);
	unsigned count = mirror_count(dir, 0) + 2;

	EXPECT(r == 0, "%s: readdir %ld", name, r);
	EXPECT(l->count == count, "%s: %u entries, not %u", name, l->count,
	       count);
	EXPECT(v->nlink == mirror_count(dir, S_IFDIR) + 2,
	       "%s: %u links, not %u", name, v->nlink,
	       mirror_count(dir, S_IFDIR) + 2);
	for (unsigned i = 0; i < l->count; i++) {
		const struct mname *n = mirror_find(dir, l->entry[i].text);
		struct rt_vnode *below;

		if (!strcmp(l->entry[i].text, ".") ||
		    !strcmp(l->entry[i].text, ".."))
			continue;
		EXPECT(n, "%s: has a name %s", name, l->entry[i].text);
		if (!n)
			continue;
		EXPECT(!types || l->entry[i].type == dt_of(n->file->mode),
		       "%s: type %u", n->text, l->entry[i].type);
		below = vfs_find(v, n->text);
		EXPECT(below && below->ino == l->entry[i].ino, "%s: lookup %s",
		       n->text, strerror(errno));
		if (!below)
			continue;
		compare_file(n->file, below, n->text);
		if (S_ISDIR(below->mode) && S_ISDIR(n->file->mode))
			compare_dir(n->file, below, n->text, types);
		__rt_vnode_put(below);
	}
	free(l);
}

/* All that there should be, is, and nothing else. */
static inline void mirror_compare(bool types)
{
	compare_dir(&mirror_files[0], vfs_mount.root, "/", types);
	for (unsigned i = 0; i < MIRROR_FILES; i++)
		if (mirror_files[i].open)
			compare_file(&mirror_files[i], mirror_files[i].open,
				     "(open)");
}

#endif
