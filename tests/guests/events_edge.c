/* SPDX-License-Identifier: ISC */
/* Corners of epoll, of counters and timers, of pipes and of sockets. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "events.h"

static void watch(int epoll, int op, int fd, unsigned events, int data)
{
	struct epoll_event e = {.events = events, .data.fd = data};

	TELL(epoll_ctl(epoll, op, fd, &e));
}

static void show(int epoll)
{
	struct epoll_event e[8];
	int n = epoll_wait(epoll, e, 8, 20);

	printf("%d ready\n", n);
	for (int i = 0; i < n; i++)
		printf("  %d: %s\n", e[i].data.fd, events_names(e[i].events));
}

static void epoll_again(void)
{
	int e = epoll_create1(0), fds[2], other, far;

	NEED(pipe(fds) == 0);
	watch(e, EPOLL_CTL_ADD, fds[0], EPOLLIN | EPOLLONESHOT, 1);
	NEED(write(fds[1], "ab", 2) == 2);
	show(e);
	show(e);
	watch(e, EPOLL_CTL_MOD, fds[0], EPOLLIN | EPOLLONESHOT, 2);
	show(e);
	watch(e, EPOLL_CTL_MOD, fds[0], EPOLLIN | EPOLLET, 3);
	show(e);
	show(e);
	NEED(write(fds[1], "c", 1) == 1);
	show(e);
	/* The same file under two numbers, and one of them closed. */
	other = dup(fds[0]);
	watch(e, EPOLL_CTL_ADD, other, EPOLLIN, 4);
	show(e);
	close(other);
	show(e);
	watch(e, EPOLL_CTL_DEL, other, 0, 0);
	watch(e, EPOLL_CTL_MOD, fds[0], EPOLLIN, 5);
	close(fds[1]);
	show(e);
	/* Nobody asks for anything: errors are told all the same. */
	watch(e, EPOLL_CTL_MOD, fds[0], 0, 6);
	show(e);
	close(fds[0]);
	NEED(pipe(fds) == 0);
	far = epoll_create1(EPOLL_CLOEXEC);
	watch(far, EPOLL_CTL_ADD, e, EPOLLIN, 7);
	watch(e, EPOLL_CTL_ADD, fds[0], EPOLLIN | EPOLLEXCLUSIVE, 8);
	show(far);
	NEED(write(fds[1], "x", 1) == 1);
	show(far);
	show(e);
	watch(e, EPOLL_CTL_MOD, fds[0], EPOLLIN, 9);
	watch(e, EPOLL_CTL_ADD, far, EPOLLIN, 10);
	watch(e, EPOLL_CTL_ADD, e, EPOLLIN, 10);
	watch(e, EPOLL_CTL_ADD, fds[0], EPOLLIN, 10);
	watch(e, 77, fds[0], EPOLLIN, 10);
	close(e);
	show(far);
	TELL(epoll_wait(far, (struct epoll_event[1]){0}, 0, 0));
}

static void counters(void)
{
	int fd = eventfd(3, EFD_SEMAPHORE | EFD_NONBLOCK);
	struct itimerspec t = {.it_value.tv_nsec = 10000000}, was;
	uint64_t n = UINT64_MAX;
	struct timespec now;
	int timer;

	for (int i = 0; i < 4; i++) {
		TELL(read(fd, &n, sizeof(n)));
		printf("%d\n", (int)n);
	}
	n = UINT64_MAX;
	TELL(write(fd, &n, sizeof(n)));
	n--;
	TELL(write(fd, &n, sizeof(n)));
	TELL(write(fd, &n, sizeof(n)));
	TELL(write(fd, &n, 4));
	TELL(read(fd, &n, 4));
	timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	TELL(read(timer, &n, sizeof(n)));
	clock_gettime(CLOCK_MONOTONIC, &now);
	t.it_value = (struct timespec){now.tv_sec + 100, now.tv_nsec};
	t.it_interval.tv_nsec = 5000000;
	TELL(timerfd_settime(timer, TFD_TIMER_ABSTIME, &t, NULL));
	t.it_value = (struct timespec){1, 0};
	TELL(timerfd_settime(timer, 0, &t, &was));
	TELL(was.it_value.tv_sec > 90 && was.it_value.tv_sec <= 100);
	printf("%ld\n", was.it_interval.tv_nsec);
	/* Long past: it has expired at once. */
	t.it_value = (struct timespec){0, 1};
	t.it_interval = (struct timespec){1000, 0};
	TELL(timerfd_settime(timer, TFD_TIMER_ABSTIME, &t, NULL));
	TELL(poll(&(struct pollfd){timer, POLLIN, 0}, 1, 1000));
	TELL(read(timer, &n, sizeof(n)));
	TELL(n >= 1);
	t = (struct itimerspec){0};
	TELL(timerfd_settime(timer, 0, &t, &was));
	TELL(timerfd_settime(timer, 8, &t, NULL));
	TELL(timerfd_settime(fd, 0, &t, NULL));
	TELL(timerfd_create(CLOCK_THREAD_CPUTIME_ID, 0));
	t.it_value.tv_nsec = 1000000000;
	TELL(timerfd_settime(timer, 0, &t, NULL));
	TELL(eventfd(0, 0x10));
}

static void pipes(void)
{
	static char block[200000];
	int fds[2], to[2], file = memfd_create("file", 0);
	off_t offset = 2;

	NEED(pipe2(fds, O_NONBLOCK) == 0 && pipe2(to, O_NONBLOCK) == 0);
	TELL(fcntl(fds[0], F_GETPIPE_SZ));
	TELL(fcntl(fds[0], F_SETPIPE_SZ, 5000));
	TELL(fcntl(fds[1], F_GETPIPE_SZ));
	TELL(write(fds[1], block, sizeof(block)));
	TELL(write(fds[1], block, 1));
	TELL(fcntl(fds[0], F_SETPIPE_SZ, 4096));
	TELL(fcntl(fds[0], F_SETPIPE_SZ, 100000));
	TELL(fcntl(fds[0], F_SETPIPE_SZ, 0));
	TELL(fcntl(file, F_GETPIPE_SZ));
	TELL(read(fds[0], block, 8000));
	TELL(write(fds[1], "0123456789", 10));
	TELL(read(fds[0], block, 192));
	NEED(write(file, "0123456789", 10) == 10);
	TELL(sendfile(fds[1], file, &offset, 4));
	printf("%d\n", (int)offset);
	TELL(lseek(file, 0, SEEK_CUR));
	TELL(read(fds[0], block, sizeof(block)));
	TELL(sendfile(fds[1], fds[0], NULL, 4));
	offset = 0;
	TELL(copy_file_range(file, &offset, file, NULL, 5, 0));
	TELL(lseek(file, 0, SEEK_CUR));
	TELL(copy_file_range(file, &offset, fds[1], NULL, 5, 0));
	close(fds[1]);
	TELL(read(fds[0], block, 1));
	TELL(read(fds[0], block, 0));
	TELL(write(fds[0], block, 1));
	TELL(read(to[1], block, 1));
	TELL(fcntl(to[0], F_GETFL) == (O_RDONLY | O_NONBLOCK));
	TELL(fcntl(to[1], F_GETFL) == (O_WRONLY | O_NONBLOCK));
	TELL(pipe2(to, 0x40000000));
	TELL(lseek(to[0], 0, SEEK_CUR));
	TELL(ftruncate(to[1], 0));
	TELL(fsync(to[1]));
}

static void send_with(int s, int level, int type, const void *data,
		      size_t bytes)
{
	union {
		char bytes[128];
		struct cmsghdr align;
	} control = {0};
	struct iovec iov = {"x", 1};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control.bytes,
			   .msg_controllen = CMSG_SPACE(bytes)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(bytes);
	memcpy(CMSG_DATA(c), data, bytes);
	TELL(sendmsg(s, &m, 0));
}

static void receive(int s, size_t room, int flags)
{
	union {
		char bytes[256];
		struct cmsghdr align;
	} control;
	char byte[4];
	struct iovec iov = {byte, sizeof(byte)};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control.bytes,
			   .msg_controllen = room};

	TELL(recvmsg(s, &m, flags));
	printf("flags 0x%x\n", m.msg_flags);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		printf("level %d type %d bytes %d\n", c->cmsg_level,
		       c->cmsg_type, (int)(c->cmsg_len - CMSG_LEN(0)));
		if (c->cmsg_type == SCM_RIGHTS) {
			int fd;

			memcpy(&fd, CMSG_DATA(c), sizeof(fd));
			TELL(fcntl(fd, F_GETFD));
			close(fd);
		} else if (c->cmsg_type == SCM_CREDENTIALS) {
			struct ucred who;

			memcpy(&who, CMSG_DATA(c), sizeof(who));
			TELL(who.pid == getpid());
			TELL(who.uid == getuid() && who.gid == getgid());
		}
	}
}

static void messages(void)
{
	struct ucred me = {getpid(), getuid(), getgid()}, peer;
	struct ucred liar = {getpid() + 100000, getuid(), getgid()};
	socklen_t length = sizeof(peer);
	int s[2], bad = 77, yes = 1;

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
	send_with(s[0], SOL_SOCKET, SCM_RIGHTS, &s[0], sizeof(int));
	receive(s[1], 256, MSG_CMSG_CLOEXEC);
	send_with(s[0], SOL_SOCKET, SCM_RIGHTS, &s[0], sizeof(int));
	receive(s[1], 0, 0);
	send_with(s[0], SOL_SOCKET, SCM_RIGHTS, &bad, sizeof(int));
	send_with(s[0], SOL_SOCKET, SCM_RIGHTS, s, 2 * sizeof(int));
	receive(s[1], CMSG_LEN(sizeof(int)), 0);
	send_with(s[0], SOL_SOCKET, SCM_CREDENTIALS, &me, sizeof(me));
	receive(s[1], 256, 0);
	TELL(setsockopt(s[1], SOL_SOCKET, SO_PASSCRED, &yes, sizeof(yes)));
	send_with(s[0], SOL_SOCKET, SCM_CREDENTIALS, &me, sizeof(me));
	receive(s[1], 256, 0);
	TELL(send(s[0], "y", 1, 0));
	receive(s[1], 256, 0);
	send_with(s[0], SOL_SOCKET, SCM_CREDENTIALS, &liar, 5);
	TELL(getsockopt(s[0], SOL_SOCKET, SO_PEERCRED, &peer, &length));
	TELL(peer.pid == getpid());
	TELL(send(s[0], "abc", 3, 0));
	TELL(recv(s[1], &bad, 2, MSG_PEEK));
	TELL(recv(s[1], &bad, 2, MSG_TRUNC));
	TELL(recv(s[1], &bad, 4, MSG_DONTWAIT));
	TELL(recv(s[1], &bad, 4, MSG_DONTWAIT));
	TELL(shutdown(s[0], SHUT_WR));
	TELL(recv(s[1], &bad, 4, 0));
	TELL(send(s[0], "x", 1, MSG_NOSIGNAL));
	TELL(send(s[1], "x", 1, MSG_NOSIGNAL));
	TELL(shutdown(s[0], SHUT_RD));
	TELL(send(s[1], "x", 1, MSG_NOSIGNAL));
	TELL(shutdown(s[0], 9));
	TELL(recv(s[0], &bad, 4, 0));
	TELL(recv(s[0], &bad, 4, 0));
}

int main(int argc, char **argv)
{
	static const struct events_case cases[] = {
		{"epoll_again", epoll_again},
		{"counters", counters},
		{"pipes", pipes},
		{"messages", messages},
		{NULL, NULL},
	};

	signal(SIGPIPE, SIG_IGN);
	return events_main(argc, argv, cases);
}
