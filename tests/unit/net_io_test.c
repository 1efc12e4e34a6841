/* SPDX-License-Identifier: ISC */
/*
 * net_io on a machine without a vCPU: whatever a guest puts into its lists,
 * and whenever, memory changes only where it may, and what leaves is frames.
 */
#include <pthread.h>
#include <sys/socket.h>

#include "hypercall_model.h"
#include "net_stream.h"

#define NET	     3u /* the number of the device */
#define RANDOM_CALLS 200000u
#define RACE_CALLS   400000u
#define OUT_GPA	     HEAP_GPA
#define IN_GPA	     (HEAP_GPA + PAGE)

static int peer;
static struct call_result result;

static void attach(void)
{
	struct net_dev *dev = &m.net[NET];
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		exit(1);
	*dev = (struct net_dev){
		.backend = &net_unix_backend, .name = "test", .fd = pair[0]};
	if (net_stream_attach(dev))
		exit(1);
	m.device[NET].kind = BP_DEVICE_NET;
	peer = pair[1];
}

static enum call_outcome net_io(uint64_t out, uint64_t out_count, uint64_t in,
				uint64_t in_count)
{
	struct vcpu_exit exit = {
		.kind = VCPU_CALL,
		.call = {BP_CALL_NET_IO, {NET, out, out_count, in, in_count}},
	};

	results = 0;
	return hypercall_dispatch(&m, &exit, &result);
}

/* The list of a test, in guest memory and in the model of it. */
static void put_list(uint64_t gpa, const struct bp_frame *list, unsigned count)
{
	memcpy(m.mem.base + gpa, list, count * sizeof(*list));
	memcpy(model_mem + gpa, list, count * sizeof(*list));
}

static bool model_list(const struct bp_frame *list, unsigned count,
		       unsigned access)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < count; i++) {
		if (!model_has(list[i].gpa, list[i].bytes, access))
			return false;
		bytes += list[i].bytes;
		if (list[i].flags & BP_FRAME_MORE)
			continue;
		if (bytes < 14 || (access == GUEST_READ && bytes > 65550))
			return false;
		bytes = 0;
	}
	return !count || !(list[count - 1].flags & BP_FRAME_MORE);
}

static void random_list(struct bp_frame *list, unsigned count, unsigned access,
			uint64_t *seed)
{
	for (unsigned i = 0; i < count; i++) {
		uint64_t r = random_next(seed);
		uint64_t from = access == GUEST_WRITE ? 11 : 4;

		list[i].gpa = from * PAGE + (r >> 8) % (2 * PAGE - 200);
		list[i].bytes = (uint32_t)(14 + (r >> 32) % 180);
		list[i].flags = r >> 62 ? 0 : BP_FRAME_MORE | 6;
		if (r % 64 == 0)
			list[i].bytes = (uint32_t)(r >> 40) % 14;
		if (r % 64 == 1)
			list[i].gpa = (r >> 8) % ALL_BYTES;
		if (r % 64 == 2)
			list[i].bytes = (uint32_t)(r >> 8);
	}
	if (count && random_next(seed) % 16)
		list[count - 1].flags = 0;
}

static unsigned frames_in(const struct bp_frame *list, unsigned count)
{
	unsigned frames = 0;

	for (unsigned i = 0; i < count; i++)
		frames += !(list[i].flags & BP_FRAME_MORE);
	return frames;
}

/* Reads what was sent, as frames, and holds it against the model. */
static void check_sent(const struct bp_frame *list, unsigned count)
{
	static uint8_t got[1 << 20];
	size_t at = 0, want = 0;
	ssize_t n = recv(peer, got, sizeof(got), MSG_DONTWAIT);

	for (unsigned i = 0; i < count; at = want) {
		uint32_t bytes = 0;

		for (want = at + 4;; i++) {
			EXPECT(!memcmp(got + want, model_mem + list[i].gpa,
				       list[i].bytes),
			       "a frame with other bytes");
			want += list[i].bytes;
			bytes += list[i].bytes;
			if (!(list[i].flags & BP_FRAME_MORE))
				break;
		}
		i++;
		EXPECT(got[at + 2] == bytes >> 8 &&
			       got[at + 3] == (uint8_t)bytes,
		       "a frame of another length");
	}
	EXPECT((n < 0 ? 0 : (size_t)n) == want, "%zd bytes left, not %zu", n,
	       want);
}

static void test_lists(void)
{
	unsigned good = 0, bad = 0;
	struct bp_frame out[12], in[12];
	uint64_t seed = 17;

	for (unsigned i = 0; i < RANDOM_CALLS; i++) {
		unsigned outs = (unsigned)random_next(&seed) % 12;
		unsigned ins = (unsigned)random_next(&seed) % 12;
		bool right;

		random_list(out, outs, GUEST_READ, &seed);
		random_list(in, ins, GUEST_WRITE, &seed);
		put_list(OUT_GPA, out, outs);
		put_list(IN_GPA, in, ins);
		right = model_list(out, outs, GUEST_READ) &&
			model_list(in, ins, GUEST_WRITE);
		EXPECT(net_io(OUT_GPA, outs, IN_GPA, ins) ==
			       (right ? CALL_DONE : CALL_VIOLATION),
		       "call %u: '%s'", i, right ? result.what : "accepted");
		if (right)
			EXPECT(last_result == frames_in(out, outs),
			       "call %u: result 0x%llx", i,
			       (unsigned long long)last_result);
		check_sent(out, right ? outs : 0);
		EXPECT(!memcmp(m.mem.base, model_mem, ALL_BYTES),
		       "call %u: memory has changed", i);
		good += right;
		bad += !right;
	}
	EXPECT(good > 1000 && bad > 1000, "%u good, %u bad", good, bad);
	promise("200,000 random lists send what the model does, or nothing");
}

static void test_receiving(void)
{
	struct bp_frame in[12];
	uint64_t seed = 23;

	for (unsigned i = 0; i < RANDOM_CALLS / 4; i++) {
		uint8_t frame[4 + 200] = {0};
		uint32_t bytes = 14 + (uint32_t)(random_next(&seed) % 187);
		unsigned ins = 1 + (unsigned)random_next(&seed) % 3;
		uint32_t at = 0, room = 0;

		for (unsigned j = 0; j < ins; j++) {
			/* One behind the other, so that none overlaps. */
			in[j].gpa =
				11 * PAGE + j * 300 + random_next(&seed) % 100;
			in[j].bytes = 14 + (uint32_t)(random_next(&seed) % 100);
			in[j].flags = j + 1 < ins ? BP_FRAME_MORE : 0;
			room += in[j].bytes;
		}
		put_list(IN_GPA, in, ins);
		frame[3] = (uint8_t)bytes;
		for (unsigned j = 4; j < 4 + bytes; j++)
			frame[j] = (uint8_t)random_next(&seed);
		if (write(peer, frame, 4 + bytes) < 0)
			exit(1);
		EXPECT(net_io(0, 0, IN_GPA, ins) == CALL_DONE &&
			       last_result == (bytes <= room ? 65536 : 0),
		       "%u bytes into %u: 0x%llx", bytes, room,
		       (unsigned long long)last_result);
		for (unsigned j = 0; bytes <= room && j < ins; j++) {
			uint32_t n = bytes - at < in[j].bytes ? bytes - at
							      : in[j].bytes;

			memcpy(model_mem + in[j].gpa, frame + 4 + at, n);
			memcpy(model_mem + IN_GPA + j * 16 + 8, &n, 4);
			at += n;
		}
		EXPECT(!memcmp(m.mem.base, model_mem, ALL_BYTES),
		       "frame %u: memory is not as it should be", i);
	}
	promise("a frame and its lengths are written where the list says, and "
		"nowhere else");
}

static void test_edges(void)
{
	static const uint64_t counts[] = {
		0, 1, 128, 129, 0x8000, (1ULL << 60) + 129, UINT64_MAX};
	static const uint64_t gpas[] = {
		0,	  PAGE,		  4 * PAGE,	  TEXT_GPA,
		HEAP_GPA, 10 * PAGE - 16, 10 * PAGE - 15, 14 * PAGE,
		BYTES,	  UINT64_MAX - 15};

	memset(m.mem.base + 4 * PAGE, 0, 3 * PAGE);
	memset(m.mem.base + HEAP_GPA, 0, 2 * PAGE);
	memset(m.mem.base + 14 * PAGE, 0, PAGE);
	for (unsigned i = 0; i < 2 * 7 * 10; i++) {
		uint64_t count = counts[i / 2 % 7], gpa = gpas[i / 14];
		bool in = i % 2;

		/* Frames of no bytes are wrong wherever the list is right. */
		EXPECT((in ? net_io(0, 0, gpa, count)
			   : net_io(gpa, count, 0, 0)) ==
			       (count ? CALL_VIOLATION : CALL_DONE),
		       "list at 0x%llx of 0x%llx", (unsigned long long)gpa,
		       (unsigned long long)count);
	}
	/* A full list whose last frame goes on behind it. */
	for (unsigned i = 0; i < BP_MAX_FRAME_ENTRIES; i++)
		((struct bp_frame *)(void *)(m.mem.base + HEAP_GPA))[i] =
			(struct bp_frame){TEXT_GPA, 14, BP_FRAME_MORE};
	EXPECT(net_io(HEAP_GPA, BP_MAX_FRAME_ENTRIES, 0, 0) == CALL_VIOLATION,
	       "a frame without an end");
	memcpy(model_mem, m.mem.base, ALL_BYTES);
	promise("no list and no count leads out of guest memory");
}

static _Atomic bool race_over;

/* Changes length and address of the only entry, as fast as it goes. */
static void *race(void *arg)
{
	volatile struct bp_frame *entry = arg;
	uint64_t seed = 1;

	while (!race_over) {
		uint64_t r = random_next(&seed);

		entry->bytes = r % 8 ? 14 + (uint32_t)(r >> 8) % 100
				     : (uint32_t)(r >> 8);
		entry->gpa = r % 16 ? 11 * PAGE + (r >> 40) % PAGE : r >> 40;
	}
	return NULL;
}

/* Reads all there is and counts frames; the stream must not lose its place. */
static unsigned drain(void)
{
	static uint8_t got[1 << 20];
	static size_t have;
	unsigned frames = 0;
	uint32_t bytes;
	ssize_t n;
	int next;

	while ((n = recv(peer, got + have, sizeof(got) - have, MSG_DONTWAIT)) >
	       0) {
		size_t at = 0;

		have += (size_t)n;
		while ((next = net_stream_next(got + at, have - at, &bytes)) ==
		       1) {
			at += 4 + bytes;
			frames++;
		}
		EXPECT(next == 0, "what was sent is no frame");
		memmove(got, got + at, have - at);
		have -= at;
	}
	return frames;
}

static void test_race(void)
{
	unsigned sent = 0, seen = 0, violations = 0;
	pthread_t thread;

	if (pthread_create(&thread, NULL, race, m.mem.base + OUT_GPA))
		exit(1);
	for (unsigned i = 0; i < RACE_CALLS; i++) {
		if (net_io(OUT_GPA, 1, 0, 0) == CALL_DONE)
			sent += (unsigned)last_result;
		else
			violations++;
		seen += drain();
	}
	race_over = true;
	pthread_join(thread, NULL);
	memcpy(model_mem + OUT_GPA, m.mem.base + OUT_GPA, 16);
	EXPECT(!memcmp(m.mem.base, model_mem, ALL_BYTES), "memory changed");
	EXPECT(sent == seen && sent && violations, "%u sent, %u seen, %u not",
	       sent, seen, violations);
	promise("a list that changes while it is read sends whole frames only");
}

int main(void)
{
	tap_file = fdopen(dup(STDOUT_FILENO), "w");
	if (!tap_file)
		return 1;
	machine_init();
	attach();
	test_lists();
	test_receiving();
	test_race();
	test_edges();
	return promises_end();
}
