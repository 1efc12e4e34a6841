/* SPDX-License-Identifier: ISC */
/* What there is no native run to compare with: what is left behind, and idle.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <link.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/klog.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include <unwind.h>

#define CYCLES 10000

#define CHECK(what)                                                   \
	do {                                                          \
		if (!(what)) {                                        \
			printf("line %d: %s (%s)\n", __LINE__, #what, \
			       strerror(errno));                      \
			exit(1);                                      \
		}                                                     \
	} while (0)

static void cycle_pipe(void)
{
	char buffer[9000];
	int p[2];

	CHECK(pipe2(p, O_NONBLOCK) == 0);
	CHECK(write(p[1], buffer, 9000) == 9000);
	CHECK(read(p[0], buffer, 5000) == 5000);
	close(p[0]);
	close(p[1]);
}

static void cycle_fifo(void)
{
	int r, w;

	CHECK(mkfifo("/tmp/fifo", 0600) == 0);
	r = open("/tmp/fifo", O_RDONLY | O_NONBLOCK);
	w = open("/tmp/fifo", O_WRONLY);
	CHECK(r >= 0 && w >= 0 && write(w, "x", 1) == 1);
	CHECK(unlink("/tmp/fifo") == 0);
	close(r);
	close(w);
}

static void cycle_event(void)
{
	int fd = eventfd(1, 0);

	CHECK(fd >= 0 && eventfd_write(fd, 1) == 0);
	close(fd);
}

static void cycle_timer(void)
{
	struct itimerspec s = {{1, 0}, {1, 0}};
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);

	CHECK(fd >= 0 && timerfd_settime(fd, 0, &s, NULL) == 0);
	close(fd);
}

static void cycle_epoll(void)
{
	struct epoll_event event = {.events = EPOLLIN};
	int e = epoll_create1(0), other = epoll_create1(0), fd = eventfd(1, 0);

	CHECK(epoll_ctl(e, EPOLL_CTL_ADD, fd, &event) == 0);
	CHECK(epoll_ctl(other, EPOLL_CTL_ADD, fd, &event) == 0);
	CHECK(epoll_ctl(other, EPOLL_CTL_ADD, e, &event) == 0);
	CHECK(epoll_wait(other, &event, 1, -1) == 1);
	/* First the watcher, first the watched. */
	close(e);
	close(fd);
	close(other);
}

static void cycle_pair(void)
{
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};

	for (int i = 0; i < 3; i++) {
		int s[2];

		CHECK(socketpair(AF_UNIX, types[i], 0, s) == 0);
		CHECK(write(s[0], "left", 4) == 4 && write(s[1], "x", 1) == 1);
		close(s[i % 2]);
		close(s[1 - i % 2]);
	}
}

static void send_fd(int to, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec iov = {(char[]){"x"}, 1};
	struct msghdr h = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&h);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	CHECK(sendmsg(to, &h, 0) == 1);
}

static void cycle_connection(void)
{
	struct sockaddr_un name = {AF_UNIX, "/tmp/socket"};
	int l = socket(AF_UNIX, SOCK_STREAM, 0), c, a, waits;

	CHECK(bind(l, (void *)&name, sizeof(name)) == 0 && listen(l, 5) == 0);
	c = socket(AF_UNIX, SOCK_STREAM, 0);
	waits = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK(connect(c, (void *)&name, sizeof(name)) == 0);
	CHECK(connect(waits, (void *)&name, sizeof(name)) == 0);
	a = accept(l, NULL, NULL);
	CHECK(a >= 0 && write(c, "unread", 6) == 6);
	send_fd(a, l);
	close(l);
	CHECK(unlink(name.sun_path) == 0);
	close(a);
	close(c);
	close(waits);
}

/* Sockets that are under way to themselves, or to each other. */
static void cycle_loop(void)
{
	int s[2], t[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
	CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, t) == 0);
	send_fd(s[0], s[1]);
	send_fd(s[0], t[0]);
	send_fd(t[1], s[0]);
	send_fd(t[1], t[1]);
	close(s[0]);
	close(s[1]);
	close(t[0]);
	close(t[1]);
}

static unsigned long free_bytes(void)
{
	struct sysinfo info;

	CHECK(sysinfo(&info) == 0);
	return info.freeram;
}

/* After each kind 10,000 times, memory and descriptors are as before. */
static void leaks(void)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} kinds[] = {
		{"pipe", cycle_pipe},	{"fifo", cycle_fifo},
		{"event", cycle_event}, {"timer", cycle_timer},
		{"epoll", cycle_epoll}, {"pair", cycle_pair},
		{"loop", cycle_loop},	{"connection", cycle_connection},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		int lowest = dup(0);
		unsigned long before;

		close(lowest);
		for (int k = 0; k < CYCLES / 10; k++)
			kinds[i].run();
		before = free_bytes();
		for (int k = 0; k < CYCLES; k++)
			kinds[i].run();
		if (free_bytes() + 65536 < before) {
			printf("%s: %lu KiB are gone\n", kinds[i].name,
			       (before - free_bytes()) / 1024);
			exit(1);
		}
		CHECK(dup(0) == lowest);
		close(lowest);
	}
}

/* Nothing happens for three seconds. */
static void idle(void)
{
	struct epoll_event event = {.events = EPOLLIN};
	int e = epoll_create1(0), p[2];
	struct pollfd fds[2] = {{STDIN_FILENO, POLLIN, 0}, {e, POLLIN, 0}};

	CHECK(pipe(p) == 0);
	CHECK(epoll_ctl(e, EPOLL_CTL_ADD, p[0], &event) == 0);
	CHECK(epoll_ctl(e, EPOLL_CTL_ADD, STDIN_FILENO, &event) == 0);
	CHECK(poll(fds, 2, 1500) == 0);
	CHECK(epoll_wait(e, &event, 1, 1500) == 0);
}

/* Input is there and watched, but the program waits for other things. */
static void deaf(void)
{
	struct epoll_event event = {.events = EPOLLIN};
	int e = epoll_create1(0), p[2];
	struct pollfd fd;

	CHECK(pipe(p) == 0);
	CHECK(epoll_ctl(e, EPOLL_CTL_ADD, STDIN_FILENO, &event) == 0);
	CHECK(epoll_wait(e, &event, 1, -1) == 1);
	fd = (struct pollfd){p[0], POLLIN, 0};
	CHECK(poll(&fd, 1, 500) == 0);
	CHECK(usleep(500000) == 0);
	CHECK(epoll_wait(e, &event, 1, -1) == 1);
}

/* A line comes in while other things are waited for too. */
static void typed(void)
{
	struct epoll_event event = {.events = EPOLLIN};
	int e = epoll_create1(0), p[2];
	char buffer[20];

	CHECK(pipe(p) == 0);
	CHECK(epoll_ctl(e, EPOLL_CTL_ADD, p[0], &event) == 0);
	event.data.fd = 77;
	CHECK(epoll_ctl(e, EPOLL_CTL_ADD, STDIN_FILENO, &event) == 0);
	puts("ready");
	for (;;) {
		ssize_t n;

		CHECK(epoll_wait(e, &event, 1, -1) == 1);
		CHECK(event.data.fd == 77);
		n = read(STDIN_FILENO, buffer, sizeof(buffer));
		CHECK(n >= 0);
		if (!n)
			break;
		printf("%.*s", (int)n, buffer);
	}
	/* The end of input can be read for ever. */
	CHECK(poll((struct pollfd[]){{STDIN_FILENO, POLLIN, 0}}, 1, -1) == 1);
}

static _Unwind_Reason_Code one_frame(struct _Unwind_Context *context, void *arg)
{
	int *count = arg;

	if (_Unwind_GetIP(context))
		++*count;
	return _URC_NO_REASON;
}

static int __attribute__((noinline)) frames(int depth)
{
	int count = 0;

	if (depth)
		count = frames(depth - 1);
	else
		_Unwind_Backtrace(one_frame, &count);
	__asm__ volatile("" : "+r"(count));
	return count;
}

static int one_object(struct dl_phdr_info *info, size_t bytes, void *arg)
{
	int *loads = arg;

	CHECK(bytes >= sizeof(*info));
	for (int i = 0; i < info->dlpi_phnum; i++)
		*loads += info->dlpi_phdr[i].p_type == PT_LOAD;
	return 5;
}

static void unwinding(void)
{
	int loads = 0;

	CHECK(dl_iterate_phdr(one_object, &loads) == 5);
	CHECK(loads > 1);
	CHECK(frames(5) > 5);
	CHECK(frames(20) - frames(5) == 15);
}

/* What would need a second process says so, and goes on. */
static void alone(void)
{
	pid_t pid;

	CHECK(fork() == -1 && errno == ENOSYS);
	CHECK(vfork() == -1 && errno == ENOSYS);
	CHECK(system("true") == -1 && errno == ENOSYS);
	CHECK(!popen("true", "r") && errno == ENOSYS);
	CHECK(posix_spawn(&pid, "/bin/true", NULL, NULL,
			  (char *[]){"true", NULL}, NULL) == ENOSYS);
	CHECK(execl("/bin/true", "true", NULL) == -1 && errno == ENOSYS);
	CHECK(syscall(SYS_getxattr, "/tmp", "user.x", NULL, 0) == -1 &&
	      errno == EOPNOTSUPP);
	CHECK(syscall(SYS_listxattr, "/tmp", NULL, 0) == 0);
	CHECK(syscall(SYS_getxattr, "/none", "user.x", NULL, 0) == -1 &&
	      errno == ENOENT);
	CHECK(klogctl(10, NULL, 0) == -1 && errno == EPERM);
	CHECK(setsid() == -1 && errno == EPERM);
	CHECK(clock_settime(CLOCK_REALTIME, &(struct timespec){1, 0}) == -1 &&
	      errno == EPERM);
}

/* Ids change as credentials(7) says, and names as they are set. */
static void identity(void)
{
	gid_t groups[4] = {5, 6, 7};
	struct utsname u;
	uid_t r, e, s;
	char name[70];

	CHECK(!getuid() && !geteuid() && !getgid() && !getegid());
	CHECK(sethostname("machine", 7) == 0 && uname(&u) == 0);
	CHECK(!strcmp(u.nodename, "machine"));
	CHECK(gethostname(name, sizeof(name)) == 0 && !strcmp(name, "machine"));
	CHECK(sethostname(name, 65) == -1 && errno == EINVAL);
	CHECK(getgroups(0, groups) == 0);
	CHECK(setgroups(3, groups) == 0 && getgroups(4, groups) == 3);
	CHECK(getgroups(2, groups) == -1 && errno == EINVAL && groups[2] == 7);
	CHECK(setresgid(1, 2, 3) == 0 && getgid() == 1 && getegid() == 2);
	CHECK(seteuid(1000) == 0 && geteuid() == 1000 && getuid() == 0);
	CHECK(setgid(9) == -1 && errno == EPERM);
	CHECK(setgid(3) == 0 && getgid() == 1 && getegid() == 3);
	CHECK(sethostname("other", 5) == -1 && errno == EPERM);
	CHECK(seteuid(0) == 0 && setuid(1000) == 0);
	CHECK(getresuid(&r, &e, &s) == 0 && r == 1000 && e == 1000 &&
	      s == 1000);
	CHECK(setuid(0) == -1 && errno == EPERM);
	CHECK(setreuid(0, 1000) == -1 && errno == EPERM);
	CHECK(setresuid((uid_t)-1, 0, (uid_t)-1) == -1 && errno == EPERM);
	CHECK(setgroups(0, groups) == -1 && errno == EPERM);
}

/* Something is always ready, and still input is seen. */
static void busy(void)
{
	struct epoll_event event = {.events = EPOLLIN};
	int e = epoll_create1(0), fd = eventfd(1, 0);

	CHECK(epoll_ctl(e, EPOLL_CTL_ADD, fd, &event) == 0);
	event.data.fd = 77;
	CHECK(epoll_ctl(e, EPOLL_CTL_ADD, STDIN_FILENO, &event) == 0);
	puts("ready");
	do
		CHECK(epoll_wait(e, &event, 1, -1) == 1);
	while (event.data.fd != 77);
}

int main(int argc, char **argv)
{
	const char *name = argc == 2 ? argv[1] : "";

	if (!strcmp(name, "leaks"))
		leaks();
	else if (!strcmp(name, "idle"))
		idle();
	else if (!strcmp(name, "deaf"))
		deaf();
	else if (!strcmp(name, "busy"))
		busy();
	else if (!strcmp(name, "typed"))
		typed();
	else if (!strcmp(name, "unwinding"))
		unwinding();
	else if (!strcmp(name, "alone"))
		alone();
	else if (!strcmp(name, "identity"))
		identity();
	else
		return 2;
	puts("done");
	return 0;
}
