/* SPDX-License-Identifier: ISC */
/*
 * The mount table.
 *
 * THEORY OF OPERATION
 * The first path that is looked up sets up "/", /dev, /dev/shm and /tmp. A disk
 * is only noted then, and mounted when a path first leads to it: a program that
 * uses no disk pays for none. What is done to a file system is committed when
 * the program asks (fsync), when it is five seconds old, when there is much of
 * it, and at the end of the program.
 */
#include "mount.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "boot_info.h"
#include "dev.h"
#include "disk_device.h"
#include "ext.h"
#include "host_signal.h"
#include "page_pool.h"
#include "path.h"
#include "resolv.h"
#include "rootfs.h"
#include "rt_syscall.h"
#include "runtime.h"
#include "tmpfs.h"
#include "wait.h"

#define COMMIT_AGE_NS 5000000000ULL

static struct rt_mount *mounts, *root_mount;
static struct rt_disk disks[BP_MAX_DEVICES];
static struct rt_poller commits = {.before_wait = __rt_mount_wait};

static struct rt_mount *new_mount(const char *path)
{
	static dev_t last_dev;
	struct rt_mount *m = __rt_calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->path = path;
	m->dev = ++last_dev;
	return m;
}

static void add(struct rt_mount *m)
{
	m->next = mounts;
	mounts = m;
}

/* A directory that the tree does not have, for a mount to lie in. */
static long make_dir(struct rt_vnode *dir, const char *name, size_t bytes,
		     struct rt_vnode **to)
{
	struct rt_mount *m = new_mount("");
	char *copy = __rt_calloc(1, bytes + 1);
	long err = -ENOMEM;

	if (m && copy)
		err = __rt_tmpfs_mount(m);
	if (err) {
		__rt_free(m);
		__rt_free(copy);
		return err;
	}
	memcpy(copy, name, bytes);
	m->read_only = 1;
	m->source = "none";
	m->parent = __rt_vnode_hold(dir);
	m->name = copy;
	add(m);
	*to = __rt_vnode_hold(m->root);
	return 0;
}

/* Finds where @m belongs and adds it to the table. */
static long place(struct rt_mount *m)
{
	struct rt_vnode *dir = __rt_vnode_hold(root_mount->root), *next;
	const char *at = m->path + 1, *end;
	long err = 0;

	for (; (end = strchr(at, '/')); at = end + 1) {
		err = __rt_path_lookup(dir, at, (size_t)(end - at), &next);
		if (err == -ENOENT)
			err = make_dir(dir, at, (size_t)(end - at), &next);
		__rt_vnode_put(dir);
		if (err)
			return err;
		dir = next;
		if (!S_ISDIR(dir->mode)) {
			__rt_vnode_put(dir);
			return -ENOTDIR;
		}
	}
	m->parent = dir;
	m->name = at;
	add(m);
	return 0;
}

static long mount_tmpfs(const char *path, struct rt_mount **to)
{
	struct rt_mount *m = new_mount(path);
	long err = m ? __rt_tmpfs_mount(m) : -ENOMEM;

	if (err) {
		__rt_free(m);
		return err;
	}
	m->source = "tmpfs";
	err = place(m);
	if (!err && to)
		*to = m;
	return err;
}

static long add_resolv(const char *path)
{
	struct rt_mount *m;

	if (!__rt_net_resolv)
		return 0;
	m = new_mount(path);
	if (!m)
		return -ENOMEM;
	m->attach = __rt_resolv_attach;
	return place(m);
}

/* Mounts what is on the disk. -EINVAL where that is no file system. */
static long attach_disk(struct rt_mount *m)
{
	const struct bp_device *d = __rt_device(m->device);
	const char *why = NULL;
	long err;

	if (__rt_dev_open_for_writing(m->device)) {
		__rt_complain("disk ", d->name, ": is open for writing under ",
			      "/dev: not mounted on ", m->path, (char *)NULL);
		return -EBUSY;
	}
	__rt_disk_of_device(&disks[m->device], m->device);
	m->mapped = d->map_gpa != 0;
	/* So that neither SIGTERM nor a trap loses what is written. */
	__rt_host_signals_on();
	err = __rt_ext_mount(m, &disks[m->device], &why);
	if (err == -EINVAL)
		return err;
	if (err)
		__rt_complain("disk ", d->name, ": cannot be mounted on ",
			      m->path, ": ", why ? why : "input/output error",
			      (char *)NULL);
	else if (why)
		__rt_complain("disk ", d->name, ": mounted ",
			      m->read_only ? "read-only on " : "on ", m->path,
			      ": ", why, (char *)NULL);
	if (!err) {
		__rt_pool_reserve();
		m->source = d->name;
		m->attach = NULL;
	}
	return err;
}

/* --disk=...,mount=PATH */
static long attach_named(struct rt_mount *m)
{
	long err = attach_disk(m);

	if (err != -EINVAL)
		return err;
	__rt_complain("disk ", __rt_device(m->device)->name,
		      ": no file system on it to mount on ", m->path,
		      "; imgbuild disk create makes one", (char *)NULL);
	return -ENODEV;
}

/* Whether it was said where to mount the device, and where. */
static int has_path(unsigned device, const char **path)
{
	uint32_t offset = __rt_device(device)->mount_offset;

	*path = (const char *)__rt_boot + offset;
	return offset != 0;
}

/* The first disk with a file system, of those of which nothing was said. */
static long attach_first(struct rt_mount *m)
{
	for (; m->device < __rt_boot->device_count; m->device++) {
		const char *path;
		long err;

		if (__rt_device(m->device)->kind != BP_DEVICE_BLOCK ||
		    has_path(m->device, &path))
			continue;
		err = attach_disk(m);
		if (err != -EINVAL)
			return err;
	}
	return -ENOENT;
}

static long add_disks(void)
{
	struct rt_mount *m;
	int rest = 0;
	long err;

	for (unsigned i = 0; i < __rt_boot->device_count; i++) {
		const char *path;

		if (__rt_device(i)->kind != BP_DEVICE_BLOCK)
			continue;
		if (!has_path(i, &path)) {
			rest = 1;
			continue;
		}
		/* "" is mount=none; "/" has been mounted before. */
		if (!path[0] || !path[1])
			continue;
		m = new_mount(path);
		if (!m)
			return -ENOMEM;
		m->device = i;
		m->attach = attach_named;
		err = place(m);
		if (err)
			return err;
	}
	if (!rest)
		return 0;
	m = new_mount("/data");
	if (!m)
		return -ENOMEM;
	m->attach = attach_first;
	return place(m);
}

/* A disk with mount=/, the image's own file system, or an empty directory. */
static long mount_root(struct rt_mount *m)
{
	long err;

	for (unsigned i = 0; i < __rt_boot->device_count; i++) {
		const char *path;

		if (!has_path(i, &path) || strcmp(path, "/"))
			continue;
		m->device = i;
		return attach_named(m);
	}
	err = __rt_rootfs_mount(m);
	if (err != -ENOENT)
		return err;
	m->source = "none";
	err = __rt_tmpfs_mount(m);
	m->read_only = 1;
	return err;
}

static void (*finish_next)(void);

static void finish(void)
{
	long err;

	if (finish_next)
		finish_next();
	err = __rt_mount_sync(NULL);
	for (struct rt_mount *m = mounts; m; m = m->next) {
		if (m->attach || m->read_only || !m->ops->unmount)
			continue;
		if (!err)
			err = m->ops->unmount(m);
		if (err)
			__rt_complain("disk ", m->source, ": not all that was ",
				      "written is on it: ",
				      err == -ENOSPC ? "the host is full"
						     : "input/output error",
				      (char *)NULL);
	}
}

static long init(void)
{
	struct rt_mount *m = new_mount("/"), *dev = NULL;
	long err = m ? mount_root(m) : -ENOMEM;

	if (err) {
		__rt_free(m);
		return err;
	}
	root_mount = m;
	add(m);
	finish_next = __rt_at_exit;
	__rt_at_exit = finish;
	__rt_poller_add(&commits);
	err = mount_tmpfs("/dev", &dev);
	if (!err)
		err = __rt_dev_fill(dev);
	/* A mistyped name must not become a file that nobody sees. */
	if (!err)
		dev->read_only = 1;
	if (!err)
		err = mount_tmpfs("/tmp", NULL);
	if (!err) /* of shm_open() and sem_open() */
		err = mount_tmpfs("/dev/shm", NULL);
	if (!err)
		err = add_resolv("/etc/resolv.conf");
	if (!err)
		err = add_resolv("/etc/hosts");
	return err ? err : add_disks();
}

long __rt_root(struct rt_vnode **root)
{
	static long failed;

	if (!root_mount && !failed)
		failed = init();
	if (failed)
		return failed;
	*root = root_mount->root;
	return 0;
}

long __rt_mount_at(struct rt_vnode *dir, const char *name, size_t bytes,
		   struct rt_vnode **to)
{
	long err;

	*to = NULL;
	for (struct rt_mount *m = mounts; m; m = m->next) {
		if (m->parent != dir || strlen(m->name) != bytes ||
		    memcmp(m->name, name, bytes))
			continue;
		if (m->attach) {
			err = m->attach(m);
			/* Nothing to mount: no mount. */
			if (err == -ENOENT)
				return 0;
			if (err)
				return err;
		}
		*to = __rt_vnode_hold(m->root);
		return 0;
	}
	return 0;
}

long __rt_mount_readdir(struct rt_vnode *dir, uint64_t at, rt_emit *emit,
			void *to)
{
	uint64_t i = 0, ino;

	for (struct rt_mount *m = mounts; m; m = m->next) {
		struct rt_vnode *v;
		size_t bytes;
		mode_t mode;

		if (m->parent != dir || i++ < at)
			continue;
		bytes = strlen(m->name);
		if (!dir->mount->ops->lookup(dir, m->name, bytes, &ino))
			continue;
		if (__rt_mount_at(dir, m->name, bytes, &v) || !v)
			continue;
		ino = v->ino;
		mode = v->mode & S_IFMT;
		__rt_vnode_put(v);
		if (emit(to, m->name, bytes, ino, mode >> 12, i))
			return 0;
	}
	return 0;
}

int __rt_mount_has_disk(unsigned device)
{
	for (const struct rt_mount *m = mounts; m; m = m->next)
		if (!m->attach && m->ops && m->fs && m->device == device &&
		    m->ops->commit)
			return 1;
	return 0;
}

void __rt_mount_changed(struct rt_mount *mount)
{
	if (!mount->commit_due_ns && mount->ops->commit)
		mount->commit_due_ns = __rt_monotonic_ns() + COMMIT_AGE_NS;
}

static long sync_one(struct rt_mount *m)
{
	long err;

	if (m->attach || m->read_only || !m->ops->commit)
		return 0;
	err = __rt_vnode_write_back(m);
	if (!err)
		err = m->ops->commit(m);
	/* After a failure too: not at once again. */
	m->commit_due_ns = err ? __rt_monotonic_ns() + COMMIT_AGE_NS : 0;
	return err;
}

long __rt_mount_sync(struct rt_mount *mount)
{
	long first = 0, err;

	if (mount)
		return sync_one(mount);
	for (struct rt_mount *m = mounts; m; m = m->next) {
		err = sync_one(m);
		if (err && !first)
			first = err;
	}
	return first;
}

void __rt_mount_tick(struct rt_mount *mount)
{
	if (!mount->commit_due_ns)
		return;
	if (mount->ops->pending(mount) > 1 ||
	    __rt_monotonic_ns() > mount->commit_due_ns)
		sync_one(mount); /* fsync tells of errors: nothing is lost */
}

uint64_t __rt_mount_wait(uint64_t deadline_ns)
{
	for (struct rt_mount *m = mounts; m; m = m->next) {
		__rt_mount_tick(m);
		if (m->commit_due_ns && m->commit_due_ns < deadline_ns)
			deadline_ns = m->commit_due_ns;
	}
	return deadline_ns;
}

long __rt_sys_sync(void)
{
	__rt_mount_sync(NULL);
	return 0;
}
