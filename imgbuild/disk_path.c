/* SPDX-License-Identifier: ISC */
#include "disk_path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "disk_dir.h"
#include "disk_text.h"

#define SYMLINKS_MAX 40

/* What is left to walk, symbolic links included, is never longer than this. */
#define REST_BYTES (2 * PATH_MAX)

static int set_image(struct disk_path *path, const char *text, size_t bytes)
{
	if (bytes >= sizeof(path->image)) {
		disk_warn("%s: %s", text, strerror(ENAMETOOLONG));
		return -ENAMETOOLONG;
	}
	memcpy(path->image, text, bytes);
	path->image[bytes] = '\0';
	return 0;
}

int disk_path_parse(struct disk_path *path, const char *text)
{
	const char *colon = strstr(text, ":/");

	path->image[0] = '\0';
	path->path = text;
	if (!colon || colon == text)
		return 0;
	path->path = colon + 1;
	return set_image(path, text, (size_t)(colon - text));
}

int disk_path_parse_image(struct disk_path *path, const char *text)
{
	int err = disk_path_parse(path, text);

	if (err || path->image[0])
		return err;
	path->path = "/";
	return set_image(path, text, strlen(text));
}

void disk_path_base(const char *path, char name[EXT2_NAME_LEN + 1])
{
	const char *end = path + strlen(path), *start;
	size_t n;

	while (end > path && end[-1] == '/')
		end--;
	start = end;
	while (start > path && start[-1] != '/')
		start--;
	n = (size_t)(end - start);
	if (n > EXT2_NAME_LEN)
		n = EXT2_NAME_LEN;
	memcpy(name, start, n);
	name[n] = '\0';
	if (!strcmp(name, ".") || !strcmp(name, ".."))
		name[0] = '\0';
}

struct walk {
	ext2_filsys fs;
	/* From the root directory to where the walk is: what ".." goes back. */
	ext2_ino_t *trail;
	size_t depth;
	unsigned links;
	char rest[REST_BYTES];
};

static errcode_t enter(struct walk *w, ext2_ino_t ino)
{
	ext2_ino_t *trail =
		reallocarray(w->trail, w->depth + 1, sizeof(*trail));

	if (!trail)
		return EXT2_ET_NO_MEMORY;
	w->trail = trail;
	trail[w->depth++] = ino;
	return 0;
}

static errcode_t follow_link(struct walk *w, const struct disk_inode *link,
			     const char *rest)
{
	char target[DISK_TARGET_BYTES], all[REST_BYTES];
	errcode_t err;

	if (w->links++ >= SYMLINKS_MAX)
		return ELOOP;
	err = disk_inode_target(w->fs, link, target);
	if (err)
		return err;
	if (strlen(target) + strlen(rest) + 2 > sizeof(all))
		return ENAMETOOLONG;
	stpcpy(stpcpy(stpcpy(all, target), "/"), rest);
	strcpy(w->rest, *rest ? all : target);
	if (target[0] == '/')
		w->depth = 1;
	return 0;
}

/* Goes one name further; that name's inode is then the last of the trail. */
static errcode_t step(struct walk *w, bool follow_last)
{
	char *name = w->rest + strspn(w->rest, "/");
	char *end = name + strcspn(name, "/");
	const char *rest = end + strspn(end, "/");
	bool slash = *end == '/', last = !*rest;
	struct disk_inode dir, inode;
	ext2_ino_t ino;
	errcode_t err;

	*end = '\0';
	err = disk_inode_read(w->fs, w->trail[w->depth - 1], &dir);
	if (err)
		return err;
	if (!disk_inode_is_dir(&dir))
		return ENOTDIR;
	if (strlen(name) > EXT2_NAME_LEN)
		return ENAMETOOLONG;
	if (!strcmp(name, "..")) {
		w->depth -= w->depth > 1;
	} else if (*name && strcmp(name, ".") != 0) {
		err = disk_dir_lookup(w->fs, &dir, name, &ino);
		if (!err)
			err = disk_inode_read(w->fs, ino, &inode);
		if (err)
			return err;
		if (disk_inode_is_symlink(&inode) &&
		    (!last || slash || follow_last))
			return follow_link(w, &inode, rest);
		if ((slash || !last) && !disk_inode_is_dir(&inode))
			return ENOTDIR;
		err = enter(w, ino);
		if (err)
			return err;
	}
	memmove(w->rest, rest, strlen(rest) + 1);
	return 0;
}

errcode_t disk_path_find(ext2_filsys fs, const char *path, bool follow,
			 struct disk_inode *inode)
{
	struct walk w = {.fs = fs};
	errcode_t err;

	if (strlen(path) >= PATH_MAX)
		return ENAMETOOLONG;
	strcpy(w.rest, path);
	err = enter(&w, EXT2_ROOT_INO);
	while (!err && w.rest[strspn(w.rest, "/")])
		err = step(&w, follow);
	if (!err)
		err = disk_inode_read(fs, w.trail[w.depth - 1], inode);
	free(w.trail);
	return err;
}

errcode_t disk_path_find_parent(ext2_filsys fs, const char *path,
				struct disk_inode *dir,
				char name[EXT2_NAME_LEN + 1])
{
	char parent[PATH_MAX];
	size_t n = strlen(path), base;
	errcode_t err;

	disk_path_base(path, name);
	if (!*name)
		return EINVAL;
	while (n && path[n - 1] == '/')
		n--;
	for (base = n; base && path[base - 1] != '/'; base--)
		;
	if (n - base > EXT2_NAME_LEN || base >= sizeof(parent))
		return ENAMETOOLONG;
	memcpy(parent, path, base);
	parent[base] = '\0';
	err = disk_path_find(fs, parent, true, dir);
	return err || disk_inode_is_dir(dir) ? err : ENOTDIR;
}
