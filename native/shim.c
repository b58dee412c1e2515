/*
 * killpoint's native hooks: what harness/hooks does inside Node, below any dynamically linked program on Linux.
 *
 * Preloaded (LD_PRELOAD), it stands between the program and its C library at every call that changes or syncs a file, numbers those
 * that touch the state directory (KILLPOINT_DIR) and every write to the ledger, lets faults strike at them, and writes the same op
 * log and count file as the hooks for Node. Built where it runs with `cc`, from this one file (harness/native/build.ts).
 *
 *  N1  One life is one stream, whatever processes and threads it is made of: number, faults and log are shared by all of them through
 *      a mapped file (KILLPOINT_NATIVE_DIR/native.state), under one robust lock. So ops are a total order, the `mv` of a shell script
 *      is as much a crash point as the script's own writes, and a log can be replayed without merging.
 *  N2  What a descriptor is, is asked at each op (fstat, /proc/self/fd): nothing is remembered that a dup2, a fork or a close made
 *      elsewhere could make false. The ledger is known by its inode, so `>&3` and a copy of it are the ledger too.
 *  N3  A fault is in the ledger before it acts; a kill ends the process that leads the life, and with it the life: no process of it
 *      begins another op, also where the kill came from outside (the warden's shot at a random time).
 *      Who leads the life is who leads the process group of its first hooked process, where the harness says that each life
 *      has one of its own (KILLPOINT_NATIVE_LEADER=group): a static launcher that starts a hooked worker is waited for, not the
 *      worker. The header of the log names the leader, and the harness compares.
 *  N4  The shim's own calls are system calls made here: no function that it replaces, and no lock of the C library.
 *  N5  It sees calls, not stores: memory mappings, stdio inside the C library, io_uring, system calls that a program makes itself, and
 *      programs without a dynamic linker pass by. So nobody may believe it unasked: the harness rebuilds the directory from the log and
 *      compares (harness/native/sight.ts). That a file is mapped to be stored into is told in the log.
 *
 * Why a fork or an exec does not break it: the lock and the counter live in the mapped file, the descriptors of log and count file
 * are checked by inode before each use and opened anew where the program closed them or put something else there.
 * What would make copies that it cannot see (copy_file_range, sendfile, splice, reflinks, O_TMPFILE) is answered with the error
 * that says "not supported here", upon which programs read and write.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

/* ---- system calls ------------------------------------------------------------------------------------------------------- */

static long raw6(long n, long a, long b, long c, long d, long e, long f) {
#if defined(__x86_64__)
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long x8 __asm__("x8") = n;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = f;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return x0;
#else
#error "the native hooks know x86_64 and aarch64"
#endif
}

/* The kernel's own answer: a negative error number, or the result. */
#define RAW(n, ...) RAW_(n, __VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define RAW_(n, a, b, c, d, e, f, ...) \
  raw6(SYS_##n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

/* As a C library function answers. */
static long answer(long result) {
  if (result >= 0 || result < -4095) return result;
  errno = (int)-result;
  return -1;
}

static long raw_fstat(int fd, struct stat *into) { return RAW(fstat, fd, into); }
static long raw_stat(int dirfd, const char *path, struct stat *into, bool follow) {
  return RAW(newfstatat, dirfd, path, into, follow ? 0 : AT_SYMLINK_NOFOLLOW);
}

/* ---- what the processes of a life share --------------------------------------------------------------------------------- */

enum { FAULTS_MAX = 64, NODES_BITS = 16, NODES_MAX = 1 << NODES_BITS, PATHS = 4096 };

struct node {
  uint64_t ino; /* 0: free */
  uint32_t number;
};

/* A fault that goes on deciding ops of a class, or the next write to a file. */
struct standing {
  int fault; /* from 1; 0: none */
};

struct shared {
  atomic_int made; /* 0: nobody yet; 1: being made; 2: ready */
  atomic_int dead; /* it was killed: nothing more happens in this life */
  pthread_mutex_t lock;
  int leader; /* process that leads the life: the one that the harness started (N3) */
  uint64_t count;
  bool has_header;
  bool fired[FAULTS_MAX];
  struct standing sticky[3];
  struct standing cut;
  uint64_t cut_ino;
  uint64_t cut_dev;
  bool has_room;
  int64_t room; /* bytes until the quota is used up */
  uint32_t names;
  uint32_t nodes;
  struct node node[NODES_MAX];
};

/* A shot at a random time is told there (harness/live/warden-main.ts). */
_Static_assert(offsetof(struct shared, dead) == 4, "the harness writes it at this place");

enum lane { LANE_PLAIN, LANE_COUNTED, LANE_RECORDING };
enum class { CLASS_WRITE, CLASS_SYNC, CLASS_OTHER };
enum act { ACT_KILL, ACT_INSIDE, ACT_STOP, ACT_TERMINATE, ACT_ERROR, ACT_SHORT, ACT_LIE };
enum phase { PHASE_BEFORE, PHASE_AFTER };
enum { FLAG_STICKY = 1, FLAG_DROP = 2 };

struct fault {
  bool is_quota;
  uint64_t n; /* op, or bytes of the quota */
  enum act act;
  enum phase phase;
  uint64_t bytes;
  int code;
  int flags;
  char text[160]; /* empty: no fault, the harness holds the process for purposes of its own */
};

static struct {
  int ready; /* 0: not asked yet; 1: at work; -1: nothing to do in this process */
  struct shared *shared;
  enum lane lane;
  char root[PATHS];
  size_t root_length;
  char directory[PATHS]; /* of log, count file and shared state */
  char ledger[PATHS];
  dev_t ledger_dev;
  ino_t ledger_ino;
  bool has_ledger;
  dev_t root_dev;
  int life;
  int faults;
  struct fault fault[FAULTS_MAX];
  uint64_t last_due; /* no fault is addressed to an op behind it */
  bool has_quota;
  int sink; /* log or count file; -1: closed */
  dev_t sink_dev;
  ino_t sink_ino;
} me = {.sink = -1};

/* Set while this thread is inside an op: its own calls, and those of a signal handler that falls into it, pass. */
static __thread int inside;

static void say(const char *text) {
  RAW(write, 2, "killpoint native hooks: ", 24);
  RAW(write, 2, text, strlen(text));
  RAW(write, 2, "\n", 1);
}

static void give_up(const char *text) {
  say(text);
  RAW(exit_group, 70);
  __builtin_unreachable();
}

static bool lock_shared(void) {
  int result = pthread_mutex_lock(&me.shared->lock);
  /* Its holder died in the middle of an op: that op is under way for ever, and the next one begins. */
  if (result == EOWNERDEAD) pthread_mutex_consistent(&me.shared->lock);
  else if (result != 0) return false;
  return true;
}

static void make_shared(struct shared *shared) {
  int nobody = 0;
  if (!atomic_compare_exchange_strong(&shared->made, &nobody, 1)) {
    while (atomic_load(&shared->made) != 2) {
      struct timespec moment = {0, 50000};
      RAW(nanosleep, &moment, 0);
    }
    return;
  }
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init(&shared->lock, &attributes);
  const char *leader = getenv("KILLPOINT_NATIVE_LEADER");
  bool is_group = leader != 0 && strcmp(leader, "group") == 0;
  shared->leader = (int)(is_group ? RAW(getpgid, 0) : RAW(getpid, 0));
  shared->has_room = me.has_quota;
  for (int index = 0; index < me.faults; index += 1)
    if (me.fault[index].is_quota) shared->room = (int64_t)me.fault[index].n;
  atomic_store(&shared->made, 2);
}

/* ---- what the harness tells (harness/native/faults.ts writes the lines) ------------------------------------------------- */

static const char *next_word(const char *from, char *into, size_t size) {
  while (*from == ' ') from += 1;
  size_t length = 0;
  while (*from != ' ' && *from != '\n' && *from != 0) {
    if (length + 1 < size) into[length++] = *from;
    from += 1;
  }
  into[length] = 0;
  return from;
}

static const char *const act_names[] = {"kill", "kill-inside", "stop", "terminate", "error", "short", "lie"};

/* One line each: `op N ACT PHASE BYTES ERRNO FLAGS TEXT`, or the same with `quota BYTES` in front. */
static void read_faults(const char *text) {
  while (text != 0 && *text != 0) {
    if (me.faults == FAULTS_MAX) give_up("too many faults");
    struct fault *fault = &me.fault[me.faults++];
    char word[160];
    text = next_word(text, word, sizeof word);
    fault->is_quota = strcmp(word, "quota") == 0;
    text = next_word(text, word, sizeof word);
    fault->n = strtoull(word, 0, 10);
    text = next_word(text, word, sizeof word);
    int act = 0;
    while (strcmp(act_names[act], word) != 0)
      if (++act == 7) give_up("a fault that these hooks do not know");
    fault->act = (enum act)act;
    text = next_word(text, word, sizeof word);
    fault->phase = strcmp(word, "after") == 0 ? PHASE_AFTER : PHASE_BEFORE;
    text = next_word(text, word, sizeof word);
    fault->bytes = strtoull(word, 0, 10);
    text = next_word(text, word, sizeof word);
    fault->code = atoi(word);
    text = next_word(text, word, sizeof word);
    fault->flags = atoi(word);
    text = next_word(text, fault->text, sizeof fault->text);
    if (strcmp(fault->text, "-") == 0) fault->text[0] = 0;
    if (fault->is_quota) me.has_quota = true;
    else if (fault->n > me.last_due) me.last_due = fault->n;
    while (*text == '\n') text += 1;
  }
}

static bool copy_text(char *into, const char *from) {
  if (from == 0 || *from == 0 || strlen(from) >= PATHS) return false;
  strcpy(into, from);
  return true;
}

static void begin_process(void) {
  me.ready = -1;
  const char *life = getenv("KILLPOINT_LIFE");
  char given[PATHS];
  if (!copy_text(given, getenv("KILLPOINT_DIR"))) return;
  if (!copy_text(me.directory, getenv("KILLPOINT_NATIVE_DIR"))) return;
  const char *lane = getenv("KILLPOINT_LANE");
  me.lane = lane != 0 && strcmp(lane, "recording") == 0 ? LANE_RECORDING
            : lane != 0 && strcmp(lane, "counted") == 0 ? LANE_COUNTED
                                                        : LANE_PLAIN;
  me.life = life == 0 ? 1 : atoi(life);
  read_faults(getenv("KILLPOINT_NATIVE_FAULTS"));
  if (me.lane == LANE_PLAIN && me.faults == 0) return;
  if (realpath(given, me.root) == 0) return;
  me.root_length = strlen(me.root);
  struct stat stat;
  if (raw_stat(AT_FDCWD, me.root, &stat, true) != 0) return;
  me.root_dev = stat.st_dev;
  if (copy_text(me.ledger, getenv("KILLPOINT_LEDGER")) && raw_stat(AT_FDCWD, me.ledger, &stat, true) == 0) {
    me.ledger_dev = stat.st_dev;
    me.ledger_ino = stat.st_ino;
    me.has_ledger = true;
  }
  char path[PATHS + 16];
  snprintf(path, sizeof path, "%s/native.state", me.directory);
  int fd = (int)RAW(openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) give_up("cannot open the shared state of this life");
  /* Its file is sparse: what is not touched takes no room. */
  if (RAW(ftruncate, fd, sizeof(struct shared)) != 0) give_up("cannot size the shared state of this life");
  void *mapped = (void *)RAW(mmap, 0, sizeof(struct shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  RAW(close, fd);
  if ((long)mapped < 0 && (long)mapped > -4096) give_up("cannot map the shared state of this life");
  me.shared = mapped;
  make_shared(me.shared);
  me.ready = 1;
}

__attribute__((constructor)) static void start(void) {
  if (me.ready == 0) begin_process();
}

/* Whether calls are looked at: not inside the shim itself, and not once nothing can happen any more in lane plain. */
static bool watches(void) {
  if (inside) return false;
  if (me.ready == 0) begin_process();
  if (me.ready < 0) return false;
  if (me.lane != LANE_PLAIN || me.has_quota) return true;
  struct shared *shared = me.shared;
  return me.last_due > shared->count || shared->dead || shared->cut.fault || shared->sticky[0].fault ||
         shared->sticky[1].fault || shared->sticky[2].fault;
}

/* ---- places ------------------------------------------------------------------------------------------------------------- */

/* The part of an absolute true path below the state directory; 0 where it lies outside. */
static const char *below_root(const char *path) {
  if (strncmp(path, me.root, me.root_length) != 0) return 0;
  if (path[me.root_length] == 0) return ".";
  return path[me.root_length] == '/' ? path + me.root_length + 1 : 0;
}

static bool path_of_fd(int fd, char *into) {
  char link[40];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  long length = RAW(readlinkat, AT_FDCWD, link, into, PATHS - 1);
  if (length <= 0) return false;
  into[length] = 0;
  return into[0] == '/';
}

enum kind { KIND_NONE, KIND_STATE, KIND_LEDGER };

struct place {
  enum kind kind;
  char path[PATHS]; /* relative to the state directory */
  struct stat stat;
};

/* What a descriptor stands for, now. */
static void place_of_fd(int fd, struct place *place) {
  place->kind = KIND_NONE;
  if (raw_fstat(fd, &place->stat) != 0) return;
  struct stat *stat = &place->stat;
  if (!S_ISREG(stat->st_mode) && !S_ISDIR(stat->st_mode)) return;
  if (me.has_ledger && stat->st_ino == me.ledger_ino && stat->st_dev == me.ledger_dev) {
    place->kind = KIND_LEDGER;
    return;
  }
  if (stat->st_dev != me.root_dev) return;
  char path[PATHS];
  if (!path_of_fd(fd, path)) return;
  if (stat->st_nlink == 0) {
    size_t length = strlen(path);
    if (length > 10 && strcmp(path + length - 10, " (deleted)") == 0) path[length - 10] = 0;
  }
  const char *below = below_root(path);
  if (below == 0) return;
  place->kind = KIND_STATE;
  strcpy(place->path, below);
}

/* True path of a name: links among its directories followed, its last part left as it is. False where it lies outside. */
static bool below_of_path(int dirfd, const char *path, char *into) {
  if (path == 0 || *path == 0 || strlen(path) >= PATHS) return false;
  char parent[PATHS];
  strcpy(parent, path);
  size_t length = strlen(parent);
  while (length > 1 && parent[length - 1] == '/') parent[--length] = 0;
  char *slash = strrchr(parent, '/');
  const char *base = slash == 0 ? parent : slash + 1;
  char last[PATHS];
  strcpy(last, base);
  bool is_whole = strcmp(last, ".") == 0 || strcmp(last, "..") == 0 || *last == 0;
  if (!is_whole) {
    if (slash == 0) strcpy(parent, ".");
    else if (slash == parent) parent[1] = 0;
    else *slash = 0;
  }
  char absolute[2 * PATHS];
  int fd = (int)RAW(openat, dirfd, parent, O_PATH | O_CLOEXEC);
  bool is_known = fd >= 0 && path_of_fd(fd, absolute);
  if (fd >= 0) RAW(close, fd);
  if (!is_known) {
    /* Its directory is not there: the call will fail, and is an op all the same where the path says so. */
    if (strstr(path, "..") != 0) return false;
    absolute[0] = 0;
    if (parent[0] != '/') {
      if (dirfd != AT_FDCWD) is_known = path_of_fd(dirfd, absolute);
      else is_known = RAW(getcwd, absolute, PATHS) > 0;
      if (!is_known || strlen(absolute) + strlen(parent) + 2 > sizeof absolute) return false;
      strcat(absolute, "/");
    }
    strcat(absolute, parent);
  }
  if (!is_whole) {
    if (strcmp(absolute, "/") != 0) strcat(absolute, "/");
    if (strlen(absolute) + strlen(last) >= PATHS) return false;
    strcat(absolute, last);
  }
  const char *below = below_root(absolute);
  if (below == 0) return false;
  strcpy(into, below);
  return true;
}

/* ---- the op log and the count file -------------------------------------------------------------------------------------- */

/* A line of the log; written under the lock only. */
static char line[8 * PATHS];
static size_t line_length;

static void put_text(const char *text) {
  size_t length = strlen(text);
  if (line_length + length < sizeof line) memcpy(line + line_length, text, length), line_length += length;
}

static void put_number(int64_t number) {
  char text[24];
  snprintf(text, sizeof text, "%lld", (long long)number);
  put_text(text);
}

/* A JSON string. */
static void put_string(const char *text) {
  put_text("\"");
  for (const unsigned char *at = (const unsigned char *)text; *at != 0; at += 1) {
    char escaped[8];
    if (*at == '"' || *at == '\\') snprintf(escaped, sizeof escaped, "\\%c", *at);
    else if (*at < 0x20) snprintf(escaped, sizeof escaped, "\\u%04x", *at);
    else snprintf(escaped, sizeof escaped, "%c", *at);
    put_text(escaped);
  }
  put_text("\"");
}

static void put_member(const char *name, const char *text) {
  put_text(",\"");
  put_text(name);
  put_text("\":");
  put_string(text);
}

static void put_count(const char *name, int64_t number) {
  put_text(",\"");
  put_text(name);
  put_text("\":");
  put_number(number);
}

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* The log or count file; opened anew where the program closed it or has something else there (N2). */
static int sink(void) {
  struct stat stat;
  if (me.sink >= 0 && raw_fstat(me.sink, &stat) == 0 && stat.st_ino == me.sink_ino && stat.st_dev == me.sink_dev)
    return me.sink;
  char path[PATHS + 16];
  snprintf(path, sizeof path, "%s/1.%s", me.directory, me.lane == LANE_COUNTED ? "count" : "ops");
  int fd = (int)RAW(openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) give_up("cannot open the op log");
  /* Out of the way of programs that number descriptors themselves. */
  int far = (int)RAW(fcntl, fd, F_DUPFD_CLOEXEC, 700);
  if (far >= 0) RAW(close, fd), fd = far;
  raw_fstat(fd, &stat);
  me.sink = fd;
  me.sink_dev = stat.st_dev;
  me.sink_ino = stat.st_ino;
  return fd;
}

static void write_all(int fd, const char *bytes, size_t length) {
  while (length > 0) {
    long written = RAW(write, fd, bytes, length);
    if (written == -EINTR) continue;
    if (written <= 0) give_up("cannot write the op log");
    bytes += written;
    length -= (size_t)written;
  }
}

static void end_line(void) {
  put_text("}\n");
  write_all(sink(), line, line_length);
  line_length = 0;
}

/* The same with a payload behind it. */
static void end_line_with(const char *bytes, size_t length) {
  put_text("}\n");
  struct iovec parts[3] = {{line, line_length}, {(void *)bytes, length}, {"\n", 1}};
  size_t whole = line_length + length + 1;
  long written = RAW(writev, sink(), parts, 3);
  if (written < 0) written = 0;
  for (int index = 0; index < 3 && (size_t)written < whole; index += 1) {
    size_t before = 0;
    for (int earlier = 0; earlier < index; earlier += 1) before += parts[earlier].iov_len;
    if ((size_t)written >= before + parts[index].iov_len) continue;
    size_t done = (size_t)written > before ? (size_t)written - before : 0;
    write_all(sink(), (char *)parts[index].iov_base + done, parts[index].iov_len - done);
  }
  line_length = 0;
}

/* The number of a file or directory in the log. `fresh`: made just now, so an inode number seen before was another's. */
static uint32_t node_of(const struct stat *stat, const char *path, bool fresh) {
  struct shared *shared = me.shared;
  uint64_t ino = stat->st_ino;
  uint32_t at = (uint32_t)((ino * 0x9e3779b97f4a7c15u) >> (64 - NODES_BITS));
  while (shared->node[at].ino != 0 && shared->node[at].ino != ino) at = (at + 1) & (NODES_MAX - 1);
  struct node *node = &shared->node[at];
  if (node->ino == ino && !fresh) return node->number;
  if (node->ino == 0 && shared->nodes > NODES_MAX / 2) give_up("more files than one recording can hold");
  node->ino = ino;
  node->number = ++shared->nodes;
  put_text("{\"e\":\"node\"");
  put_count("node", node->number);
  put_count("ino", (int64_t)ino);
  put_member("path", path);
  end_line();
  return node->number;
}

static uint32_t node_at(const char *below, bool follow, bool fresh) {
  char absolute[2 * PATHS];
  snprintf(absolute, sizeof absolute, "%s/%s", me.root, below);
  struct stat stat;
  return raw_stat(AT_FDCWD, absolute, &stat, follow) == 0 ? node_of(&stat, below, fresh) : 0;
}

/* ---- ops ---------------------------------------------------------------------------------------------------------------- */

enum op_kind { OP_OPEN, OP_WRITE, OP_TRUNCATE, OP_SYNC, OP_DATASYNC, OP_RENAME, OP_LINK, OP_UNLINK, OP_MKDIR, OP_RMDIR,
               OP_SYMLINK, OP_ATTRIBUTES, OP_MARK };

struct op {
  enum op_kind kind;
  const char *path;   /* below the state directory; 0: outside */
  const char *to;     /* of a rename or link; 0: outside */
  const char *target; /* of a symbolic link, as it was given */
  const char *call;   /* of a change of attributes */
  bool create, truncate, exclusive;
  int64_t offset;
  bool synced;       /* a write that is durable once it has returned */
  const char *bytes; /* of a write or mark */
  size_t length;     /* the same, or the length of a truncation */
  const struct stat *stat; /* of a descriptor's file */
  bool is_pathless;        /* the write has no position of its own in the call */
  /* Runs it; `length` is that of the write, cut short where a fault says so. A raw result. */
  long (*run)(struct op *op, size_t length);
  void *arguments;
  /* Filled in on the way. */
  uint64_t n;
  uint32_t node;
};

static enum class class_of(const struct op *op) {
  if (op->kind == OP_WRITE) return CLASS_WRITE;
  return op->kind == OP_SYNC || op->kind == OP_DATASYNC ? CLASS_SYNC : CLASS_OTHER;
}

static void describe(struct op *op) {
  static const char *const names[] = {"open",   "write",  "truncate", "sync", "datasync", "rename", "link",
                                      "unlink", "mkdir", "rmdir",    "symlink", "attributes", "mark"};
  bool is_directory = op->stat != 0 && S_ISDIR(op->stat->st_mode);
  bool is_sync = class_of(op) == CLASS_SYNC;
  put_text("\"op\":{\"kind\":");
  put_string(is_sync && is_directory ? "sync-directory" : names[op->kind]);
  switch (op->kind) {
    case OP_MARK:
      put_count("length", (int64_t)op->length);
      put_text("}");
      return;
    case OP_RENAME:
    case OP_LINK:
      if (op->path != 0) put_member("from", op->path);
      if (op->to != 0) put_member("to", op->to);
      break;
    default:
      put_member("path", op->path);
  }
  put_count("node", op->node);
  if (op->kind == OP_OPEN) {
    put_text(op->create ? ",\"create\":true" : ",\"create\":false");
    put_text(op->truncate ? ",\"truncate\":true" : ",\"truncate\":false");
    put_text(op->exclusive ? ",\"exclusive\":true" : ",\"exclusive\":false");
  }
  if (op->kind == OP_WRITE) put_count("offset", op->offset);
  if (op->kind == OP_WRITE || op->kind == OP_TRUNCATE) put_count("length", (int64_t)op->length);
  if (op->kind == OP_WRITE && op->synced) put_text(",\"synced\":true");
  if (op->kind == OP_SYMLINK) put_member("target", op->target);
  if (op->kind == OP_ATTRIBUTES) put_member("call", op->call);
  put_text("}");
}

/* The node that the op acts on, where it exists before. */
static uint32_t identify(const struct op *op) {
  if (op->stat != 0) return node_of(op->stat, op->path, false);
  switch (op->kind) {
    case OP_OPEN:
    case OP_TRUNCATE:
    case OP_ATTRIBUTES:
      return node_at(op->path, true, false);
    case OP_RENAME:
    case OP_LINK:
      return op->path == 0 ? 0 : node_at(op->path, false, false);
    case OP_UNLINK:
    case OP_RMDIR:
      return node_at(op->path, false, false);
    default:
      return 0;
  }
}

static void put_phase(uint32_t phase) {
  unsigned char bytes[4] = {phase & 255, (phase >> 8) & 255, (phase >> 16) & 255, (phase >> 24) & 255};
  write_all(sink(), (const char *)bytes, 4);
}

static void put_header(void) {
  if (me.shared->has_header) return;
  me.shared->has_header = true;
  put_text("{\"e\":\"log\",\"version\":1,\"stream\":\"1\"");
  put_count("life", me.life);
  put_count("pid", me.shared->leader);
  put_member("order", "serial");
  put_member("node", "native");
  put_member("directory", me.root);
  end_line();
}

static void begin(struct op *op) {
  if (me.lane == LANE_COUNTED) put_phase((uint32_t)(2 * op->n));
  if (me.lane != LANE_RECORDING) return;
  put_header();
  op->node = op->kind == OP_MARK ? 0 : identify(op);
  put_text("{\"e\":\"call\"");
  put_count("n", (int64_t)op->n);
  put_text(",");
  describe(op);
  put_text(",\"form\":\"sync\",\"site\":0");
  put_count("at", now());
  if (op->bytes == 0) return end_line();
  put_count("bytes", (int64_t)op->length);
  end_line_with(op->bytes, op->length);
}

static const char *name_of(int error) {
  const char *name = 0;
#if defined(__GLIBC__) && (__GLIBC__ > 2 || (__GLIBC__ == 2 && __GLIBC_MINOR__ >= 32))
  name = strerrorname_np(error);
#endif
  if (name != 0) return name;
  static char number[16];
  snprintf(number, sizeof number, "E%d", error);
  return number;
}

static void end(struct op *op, long result, bool dropped, bool lied) {
  if (me.lane == LANE_COUNTED) put_phase((uint32_t)(2 * op->n + 1));
  if (me.lane != LANE_RECORDING) return;
  bool is_created = false;
  if (result >= 0) {
    if (op->kind == OP_OPEN && op->node == 0) op->node = node_at(op->path, true, true), is_created = true;
    if (op->kind == OP_MKDIR || op->kind == OP_SYMLINK)
      op->node = node_at(op->path, false, true), is_created = true;
    if ((op->kind == OP_RENAME || op->kind == OP_LINK) && op->node == 0 && op->to != 0)
      op->node = node_at(op->to, false, true);
  }
  put_text("{\"e\":\"done\"");
  put_count("n", (int64_t)op->n);
  if (result < 0) put_member("code", name_of((int)-result));
  else if (op->kind == OP_WRITE || op->kind == OP_MARK) put_count("written", result);
  else if (op->node != 0 && op->kind != OP_WRITE) put_count("node", op->node);
  if (is_created) put_text(",\"created\":true");
  if (dropped) put_text(",\"dropped\":true");
  if (lied) put_text(",\"lied\":true");
  put_count("at", now());
  end_line();
}

/* ---- faults ------------------------------------------------------------------------------------------------------------- */

/* The proof, before it acts (N3). */
static void prove(int index, uint64_t n) {
  struct fault *fault = &me.fault[index];
  if (me.shared->fired[index]) return;
  me.shared->fired[index] = true;
  if (fault->text[0] == 0) return;
  if (me.lane == LANE_RECORDING) {
    put_text("{\"e\":\"fault\"");
    put_count("n", (int64_t)n);
    put_member("fault", fault->text);
    end_line();
  }
  put_text("{\"mark\":\"fault\"");
  put_count("life", me.life);
  put_member("fault", fault->text);
  put_member("stream", "1");
  put_count("op", (int64_t)n);
  put_text("}\n");
  int fd = me.has_ledger ? (int)RAW(openat, AT_FDCWD, me.ledger, O_WRONLY | O_APPEND | O_CLOEXEC) : 3;
  if (fd < 0) give_up("cannot open the ledger");
  write_all(fd, line, line_length);
  line_length = 0;
  if (me.has_ledger) RAW(close, fd);
}

static void die(void) {
  me.shared->dead = 1;
  RAW(kill, me.shared->leader, SIGKILL);
  for (;;) RAW(kill, RAW(getpid, 0), SIGKILL);
}

struct leader_state {
  bool is_stopped;
  bool is_dead; /* or dying: the kernel takes its time from the kill to the zombie, and shows it as running meanwhile */
  bool awaits;  /* the stop was sent and has not been taken */
};

static bool read_leader(const char *name, char *into, size_t size) {
  char path[40];
  snprintf(path, sizeof path, "/proc/%d/%s", me.shared->leader, name);
  int fd = (int)RAW(openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  long length = RAW(read, fd, into, size - 1);
  RAW(close, fd);
  into[length > 0 ? length : 0] = 0;
  return length > 0;
}

static bool has_pending(const char *status, const char *name, int signal) {
  const char *pending = strstr(status, name);
  return pending != 0 && (strtoull(pending + strlen(name), 0, 16) >> (signal - 1)) & 1;
}

/* PF_EXITING of the kernel, in the flags of /proc/PID/stat since ever. */
enum { EXITING = 4 };

/* A kill is pending, then taken, then the process is exiting, a few instructions later: they are looked for in this order. */
static struct leader_state leader_state(void) {
  struct leader_state state = {false, true, false};
  char status[4096], stat[1024];
  if (!read_leader("status", status, sizeof status) || !read_leader("stat", stat, sizeof stat)) return state;
  const char *rest = strrchr(stat, ')');
  char letter;
  unsigned flags;
  if (rest == 0 || sscanf(rest, ") %c %*d %*d %*d %*d %*d %u", &letter, &flags) != 2) return state;
  state.is_stopped = letter == 'T';
  state.is_dead = letter == 'X' || letter == 'Z' || (flags & EXITING) != 0 || has_pending(status, "\nSigPnd:\t", SIGKILL);
  state.awaits = has_pending(status, "\nShdPnd:\t", SIGSTOP);
  return state;
}

/*
 * Stops the life. A child of the leader waits, with the lock held, until the leader goes on: that is, until its stop was taken and it
 * is not stopped. (It may have been let go on between two looks, and is then never seen stopped.) A leader that was killed meanwhile
 * does not go on, and neither does the life.
 */
static void stop_life(void) {
  int self = (int)RAW(getpid, 0);
  if (self == me.shared->leader) {
    RAW(tgkill, self, RAW(gettid, 0), SIGSTOP);
    return;
  }
  RAW(kill, me.shared->leader, SIGSTOP);
  bool was_taken = false;
  for (;;) {
    struct leader_state state = leader_state();
    if (state.is_dead) die();
    if (was_taken && !state.is_stopped) return;
    was_taken = !state.awaits;
    struct timespec moment = {0, 200000};
    RAW(nanosleep, &moment, 0);
  }
}

static void strike(struct op *op, enum phase phase) {
  for (int index = 0; index < me.faults; index += 1) {
    struct fault *fault = &me.fault[index];
    if (fault->is_quota || fault->n != op->n || fault->phase != phase) continue;
    if (fault->act != ACT_KILL && fault->act != ACT_STOP && fault->act != ACT_TERMINATE) continue;
    if (me.shared->fired[index]) continue;
    prove(index, op->n);
    if (fault->act == ACT_KILL) die();
    if (fault->act == ACT_STOP) stop_life();
    /* Shot where it was held. */
    if (me.shared->dead) die();
    if (fault->act == ACT_TERMINATE) RAW(kill, me.shared->leader, SIGTERM);
  }
}

/* What takes the place of an op: a fault, from 1, and what it does there. */
struct injection {
  int fault;
  enum act act;
  uint64_t bytes;
  int code;
};

static uint64_t growth(const struct op *op) {
  int64_t end = op->offset + (int64_t)op->length;
  int64_t size = op->stat == 0 ? 0 : (int64_t)op->stat->st_size;
  return end > size ? (uint64_t)(end - (size > op->offset ? size : op->offset)) : 0;
}

/* Whether the fault fits the op at its address; what does not fit does not fire, and is not proven. */
static bool fits(const struct fault *fault, const struct op *op, struct injection *into) {
  into->act = fault->act;
  into->bytes = fault->bytes;
  into->code = fault->code;
  if (fault->act == ACT_INSIDE) {
    /* A torn line in the ledger would damage the witness, not the system. */
    if (op->kind == OP_MARK) into->bytes = 0;
    return op->kind != OP_WRITE || fault->bytes <= op->length;
  }
  if (op->kind == OP_MARK) return false;
  bool is_short = op->kind == OP_WRITE && fault->bytes > 0 && fault->bytes < op->length;
  switch (fault->act) {
    case ACT_ERROR:
      if ((fault->flags & FLAG_DROP) && class_of(op) != CLASS_SYNC) return false;
      if (is_short) into->act = ACT_SHORT;
      return fault->bytes == 0 || is_short;
    case ACT_SHORT:
      return is_short;
    case ACT_LIE:
      return class_of(op) == CLASS_SYNC;
    default:
      return false;
  }
}

static struct injection from_standing(int index) {
  const struct fault *fault = &me.fault[index - 1];
  struct injection injection = {index, fault->act == ACT_LIE ? ACT_LIE : ACT_ERROR, 0, fault->code};
  return injection;
}

static struct injection choose(const struct op *op) {
  struct shared *shared = me.shared;
  struct injection chosen = {0, ACT_ERROR, 0, 0};
  for (int index = 0; index < me.faults; index += 1) {
    const struct fault *fault = &me.fault[index];
    if (fault->is_quota || fault->n != op->n || !fits(fault, op, &chosen)) continue;
    chosen.fault = index + 1;
    return chosen;
  }
  if (op->kind == OP_MARK) return chosen;
  bool is_cut = op->kind == OP_WRITE && shared->cut.fault != 0 && shared->cut_ino == op->stat->st_ino &&
                shared->cut_dev == op->stat->st_dev;
  if (is_cut) return from_standing(shared->cut.fault);
  int standing = shared->sticky[class_of(op)].fault;
  if (standing != 0) return from_standing(standing);
  if (!me.has_quota || op->kind != OP_WRITE) return chosen;
  for (int index = 0; index < me.faults; index += 1) {
    const struct fault *fault = &me.fault[index];
    if (!fault->is_quota) continue;
    int64_t grows = (int64_t)growth(op);
    if (grows <= shared->room) break;
    int64_t room = (int64_t)op->length - (grows - shared->room);
    chosen.fault = index + 1;
    chosen.act = room > 0 ? ACT_SHORT : ACT_ERROR;
    chosen.bytes = room > 0 ? (uint64_t)room : 0;
    chosen.code = fault->code;
    return chosen;
  }
  return chosen;
}

/* What it means for later ops. */
static void remember(const struct injection *injection, const struct op *op) {
  struct shared *shared = me.shared;
  const struct fault *fault = &me.fault[injection->fault - 1];
  if (fault->is_quota) {
    if (injection->act == ACT_SHORT) shared->room = 0;
    return;
  }
  if (fault->act == ACT_LIE && (fault->flags & FLAG_STICKY)) shared->sticky[CLASS_SYNC].fault = injection->fault;
  if (fault->act != ACT_ERROR) return;
  if (op->kind == OP_WRITE) {
    if (injection->act == ACT_SHORT) {
      shared->cut.fault = injection->fault;
      shared->cut_ino = op->stat->st_ino;
      shared->cut_dev = op->stat->st_dev;
    } else if (shared->cut_ino == op->stat->st_ino && shared->cut_dev == op->stat->st_dev) shared->cut.fault = 0;
  }
  if (fault->flags & FLAG_STICKY) shared->sticky[class_of(op)].fault = injection->fault;
}

static long inject(struct op *op, const struct injection *injection, bool *dropped, bool *lied) {
  const struct fault *fault = &me.fault[injection->fault - 1];
  prove(injection->fault - 1, op->n);
  size_t some = injection->bytes < op->length ? (size_t)injection->bytes : op->length;
  switch (injection->act) {
    case ACT_ERROR:
      *dropped = (fault->flags & FLAG_DROP) != 0 && class_of(op) == CLASS_SYNC;
      return -injection->code;
    case ACT_LIE:
      *lied = true;
      return 0;
    case ACT_SHORT:
      return op->run(op, some);
    default:
      if (op->kind == OP_WRITE && some > 0) op->run(op, some);
      die();
      return 0;
  }
}

/* Numbers an op, lets faults strike, runs it, records it. A raw result. */
static long perform(struct op *op) {
  inside = 1;
  if (!lock_shared()) give_up("the lock of this life is lost");
  if (me.shared->dead) die();
  op->n = ++me.shared->count;
  struct injection injection = choose(op);
  if (injection.fault == 0 && me.has_quota && op->kind == OP_WRITE) me.shared->room -= (int64_t)growth(op);
  if (injection.fault != 0) remember(&injection, op);
  begin(op);
  strike(op, PHASE_BEFORE);
  bool dropped = false, lied = false;
  long result = injection.fault == 0 ? op->run(op, op->length) : inject(op, &injection, &dropped, &lied);
  end(op, result, dropped, lied);
  strike(op, PHASE_AFTER);
  pthread_mutex_unlock(&me.shared->lock);
  inside = 0;
  return result;
}

#define EXPORT __attribute__((visibility("default")))

/* Calls the next definition of a function. */
#define NEXT(type, name) ((type)dlsym(RTLD_NEXT, name))

/* ---- writes ------------------------------------------------------------------------------------------------------------- */

struct write_arguments {
  int fd;
  int64_t position; /* -1: the descriptor's own */
  int flags;        /* of pwritev2 */
};

static long run_write(struct op *op, size_t length) {
  const struct write_arguments *given = op->arguments;
  if (given->flags != 0) {
    struct iovec part = {(void *)op->bytes, length};
    return RAW(pwritev2, given->fd, &part, 1, given->position, 0, given->flags);
  }
  if (given->position >= 0) return RAW(pwrite64, given->fd, op->bytes, length, given->position);
  return RAW(write, given->fd, op->bytes, length);
}

static int64_t offset_of(int fd, int64_t position, const struct stat *stat) {
  long flags = RAW(fcntl, fd, F_GETFL);
  if (flags > 0 && (flags & O_APPEND)) return stat->st_size;
  return position >= 0 ? position : RAW(lseek, fd, 0, SEEK_CUR);
}

#ifndef RWF_DSYNC
#define RWF_DSYNC 2
#endif
#ifndef RWF_SYNC
#define RWF_SYNC 4
#endif

/* Whether the write is its own sync: O_SYNC of its descriptor contains O_DSYNC, and RWF_SYNC of its call does not contain RWF_DSYNC. */
static bool is_synced(int fd, int flags) {
  long of_descriptor = RAW(fcntl, fd, F_GETFL);
  return (flags & (RWF_SYNC | RWF_DSYNC)) != 0 || (of_descriptor > 0 && (of_descriptor & O_DSYNC) != 0);
}

/* A write, if it is an op. Sets `result` and returns true; false where it is none. */
static bool write_op(int fd, const void *bytes, size_t length, int64_t position, int flags, long *result) {
  if (!watches()) return false;
  struct place place;
  place_of_fd(fd, &place);
  if (place.kind == KIND_NONE || !S_ISREG(place.stat.st_mode)) return false;
  struct write_arguments arguments = {fd, position, flags};
  struct op op = {.kind = place.kind == KIND_LEDGER ? OP_MARK : OP_WRITE,
                  .path = place.path,
                  .bytes = bytes,
                  .length = length,
                  .stat = &place.stat,
                  .offset = me.lane == LANE_RECORDING || me.has_quota ? offset_of(fd, position, &place.stat) : 0,
                  .synced = me.lane == LANE_RECORDING && is_synced(fd, flags),
                  .run = run_write,
                  .arguments = &arguments};
  *result = perform(&op);
  return true;
}

static long write_raw(int fd, const void *bytes, size_t length, int64_t position) {
  long result;
  if (write_op(fd, bytes, length, position, 0, &result)) return result;
  return position >= 0 ? RAW(pwrite64, fd, bytes, length, position) : RAW(write, fd, bytes, length);
}

static long writev_raw(int fd, const struct iovec *parts, int count, int64_t position, int flags) {
  long result = -1;
  if (watches() && count > 0 && count <= 1024) {
    struct place place;
    place_of_fd(fd, &place);
    if (place.kind != KIND_NONE) {
      size_t length = 0;
      for (int index = 0; index < count; index += 1) length += parts[index].iov_len;
      char *all = malloc(length + 1);
      if (all == 0) return -ENOMEM;
      size_t at = 0;
      for (int index = 0; index < count; index += 1) {
        memcpy(all + at, parts[index].iov_base, parts[index].iov_len);
        at += parts[index].iov_len;
      }
      bool is_op = write_op(fd, all, length, position, flags, &result);
      free(all);
      if (is_op) return result;
    }
  }
  if (flags != 0) return RAW(pwritev2, fd, parts, count, position, 0, flags);
  return position >= 0 ? RAW(pwritev, fd, parts, count, position, 0) : RAW(writev, fd, parts, count);
}

EXPORT ssize_t write(int fd, const void *bytes, size_t length) { return answer(write_raw(fd, bytes, length, -1)); }
EXPORT ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) {
  if (at < 0) return answer(-EINVAL);
  return answer(write_raw(fd, bytes, length, at));
}
EXPORT ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) { return pwrite64(fd, bytes, length, at); }
EXPORT ssize_t writev(int fd, const struct iovec *parts, int count) { return answer(writev_raw(fd, parts, count, -1, 0)); }
EXPORT ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) {
  if (at < 0) return answer(-EINVAL);
  return answer(writev_raw(fd, parts, count, at, 0));
}
EXPORT ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) { return pwritev64(fd, parts, count, at); }
EXPORT ssize_t pwritev64v2(int fd, const struct iovec *parts, int count, off64_t at, int flags) {
  if (at < -1) return answer(-EINVAL);
  return answer(writev_raw(fd, parts, count, at, flags));
}
EXPORT ssize_t pwritev2(int fd, const struct iovec *parts, int count, off_t at, int flags) {
  return pwritev64v2(fd, parts, count, at, flags);
}

/* ---- opens -------------------------------------------------------------------------------------------------------------- */

struct open_arguments {
  int dirfd;
  const char *path;
  int flags;
  mode_t mode;
};

static long run_open(struct op *op, size_t length) {
  (void)length;
  const struct open_arguments *given = op->arguments;
  return RAW(openat, given->dirfd, given->path, given->flags, given->mode);
}

static long open_raw(int dirfd, const char *path, int flags, mode_t mode) {
  bool is_temporary = (flags & O_TMPFILE) == O_TMPFILE;
  bool may_change = (flags & (O_CREAT | O_TRUNC)) != 0 || is_temporary;
  char below[PATHS];
  if (!may_change || !watches() || !below_of_path(dirfd, path, below))
    return RAW(openat, dirfd, path, flags, mode);
  if (is_temporary) return -EOPNOTSUPP;
  struct open_arguments arguments = {dirfd, path, flags, mode};
  struct op op = {.kind = OP_OPEN,
                  .path = below,
                  .create = (flags & O_CREAT) != 0,
                  .truncate = (flags & O_TRUNC) != 0,
                  .exclusive = (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL),
                  .run = run_open,
                  .arguments = &arguments};
  return perform(&op);
}

static mode_t mode_of(int flags, va_list more) {
  bool has_mode = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
  return has_mode ? (mode_t)va_arg(more, int) : 0;
}

#define OPEN_LIKE(name)                                  \
  EXPORT int name(const char *path, int flags, ...) {    \
    va_list more;                                        \
    va_start(more, flags);                               \
    mode_t mode = mode_of(flags, more);                  \
    va_end(more);                                        \
    return (int)answer(open_raw(AT_FDCWD, path, flags, mode)); \
  }
#define OPENAT_LIKE(name)                                        \
  EXPORT int name(int dirfd, const char *path, int flags, ...) { \
    va_list more;                                                \
    va_start(more, flags);                                       \
    mode_t mode = mode_of(flags, more);                          \
    va_end(more);                                                \
    return (int)answer(open_raw(dirfd, path, flags, mode));            \
  }
OPEN_LIKE(open)
OPEN_LIKE(open64)
OPENAT_LIKE(openat)
OPENAT_LIKE(openat64)
EXPORT int __open_2(const char *path, int flags) { return (int)answer(open_raw(AT_FDCWD, path, flags, 0)); }
EXPORT int __open64_2(const char *path, int flags) { return (int)answer(open_raw(AT_FDCWD, path, flags, 0)); }
EXPORT int __openat_2(int dirfd, const char *path, int flags) { return (int)answer(open_raw(dirfd, path, flags, 0)); }
EXPORT int __openat64_2(int dirfd, const char *path, int flags) { return (int)answer(open_raw(dirfd, path, flags, 0)); }
EXPORT int creat(const char *path, mode_t mode) {
  return (int)answer(open_raw(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode));
}
EXPORT int creat64(const char *path, mode_t mode) { return creat(path, mode); }

/* A stream's file is opened inside the C library; the open is an op, what the stream then writes is not seen (N5). */
struct fopen_arguments {
  const char *path;
  const char *mode;
  const char *name;
  FILE *file;
};

static long run_fopen(struct op *op, size_t length) {
  (void)length;
  struct fopen_arguments *given = op->arguments;
  given->file = NEXT(FILE *(*)(const char *, const char *), given->name)(given->path, given->mode);
  return given->file == 0 ? -errno : 0;
}

static FILE *fopen_like(const char *name, const char *path, const char *mode) {
  char below[PATHS];
  bool may_change = mode != 0 && (mode[0] == 'w' || mode[0] == 'a');
  if (!may_change || !watches() || !below_of_path(AT_FDCWD, path, below))
    return NEXT(FILE *(*)(const char *, const char *), name)(path, mode);
  struct fopen_arguments arguments = {path, mode, name, 0};
  struct op op = {.kind = OP_OPEN,
                  .path = below,
                  .create = true,
                  .truncate = mode[0] == 'w',
                  .exclusive = strchr(mode, 'x') != 0,
                  .run = run_fopen,
                  .arguments = &arguments};
  long result = perform(&op);
  if (result < 0) errno = (int)-result;
  return result < 0 ? 0 : arguments.file;
}

EXPORT FILE *fopen(const char *path, const char *mode) { return fopen_like("fopen", path, mode); }
EXPORT FILE *fopen64(const char *path, const char *mode) { return fopen_like("fopen64", path, mode); }

/* ---- truncations and syncs ---------------------------------------------------------------------------------------------- */

struct fd_arguments {
  int fd;
  long number;
  long a, b, c;
};

static long run_call(struct op *op, size_t length) {
  (void)length;
  const struct fd_arguments *given = op->arguments;
  return raw6(given->number, given->fd, given->a, given->b, given->c, 0, 0);
}

static long fd_op(enum op_kind kind, const char *call, int64_t length, struct fd_arguments arguments) {
  struct place place;
  if (watches()) {
    place_of_fd(arguments.fd, &place);
    if (place.kind == KIND_STATE) {
      struct op op = {.kind = kind,
                      .path = place.path,
                      .call = call,
                      .length = (size_t)length,
                      .stat = &place.stat,
                      .run = run_call,
                      .arguments = &arguments};
      return perform(&op);
    }
  }
  return raw6(arguments.number, arguments.fd, arguments.a, arguments.b, arguments.c, 0, 0);
}

EXPORT int ftruncate64(int fd, off64_t length) {
  return (int)answer(fd_op(OP_TRUNCATE, 0, length, (struct fd_arguments){fd, SYS_ftruncate, length, 0, 0}));
}
EXPORT int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }
EXPORT int fsync(int fd) { return (int)answer(fd_op(OP_SYNC, 0, 0, (struct fd_arguments){fd, SYS_fsync, 0, 0, 0})); }
EXPORT int fdatasync(int fd) {
  return (int)answer(fd_op(OP_DATASYNC, 0, 0, (struct fd_arguments){fd, SYS_fdatasync, 0, 0, 0}));
}

/* ---- names -------------------------------------------------------------------------------------------------------------- */

struct path_arguments {
  long number;
  long given[5];
};

static long run_path(struct op *op, size_t length) {
  (void)length;
  const struct path_arguments *call = op->arguments;
  return raw6(call->number, call->given[0], call->given[1], call->given[2], call->given[3], call->given[4], 0);
}

/* A call on one path. */
static long path_op(enum op_kind kind, const char *call, int64_t length, int dirfd, const char *path,
                    struct path_arguments arguments) {
  char below[PATHS];
  struct op op = {.kind = kind,
                  .path = below,
                  .call = call,
                  .length = (size_t)length,
                  .run = run_path,
                  .arguments = &arguments};
  if (!watches() || !below_of_path(dirfd, path, below)) return run_path(&op, 0);
  return perform(&op);
}

EXPORT int truncate64(const char *path, off64_t length) {
  return (int)answer(path_op(OP_TRUNCATE, 0, length, AT_FDCWD, path,
                        (struct path_arguments){SYS_truncate, {(long)path, length}}));
}
EXPORT int truncate(const char *path, off_t length) { return truncate64(path, length); }

static int rename_like(enum op_kind kind, long number, int from_fd, const char *from, int to_fd, const char *to,
                       unsigned flags) {
  struct path_arguments arguments = {number, {from_fd, (long)from, to_fd, (long)to, flags}};
  char below_from[PATHS], below_to[PATHS];
  struct op op = {.kind = kind, .run = run_path, .arguments = &arguments};
  if (watches()) {
    if (below_of_path(from_fd, from, below_from)) op.path = below_from;
    if (below_of_path(to_fd, to, below_to)) op.to = below_to;
    /* Two files that change places are no op that a crash state knows. */
    if ((op.path != 0 || op.to != 0) && kind == OP_RENAME && (flags & ~1u) != 0) return (int)answer(-EINVAL);
    if (op.path != 0 || op.to != 0) return (int)answer(perform(&op));
  }
  return (int)answer(run_path(&op, 0));
}

EXPORT int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags) {
  return rename_like(OP_RENAME, SYS_renameat2, from_fd, from, to_fd, to, flags);
}
EXPORT int renameat(int from_fd, const char *from, int to_fd, const char *to) {
  return renameat2(from_fd, from, to_fd, to, 0);
}
EXPORT int rename(const char *from, const char *to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }
EXPORT int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags) {
  return rename_like(OP_LINK, SYS_linkat, from_fd, from, to_fd, to, (unsigned)flags);
}
EXPORT int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

EXPORT int symlinkat(const char *target, int dirfd, const char *path) {
  struct path_arguments arguments = {SYS_symlinkat, {(long)target, dirfd, (long)path}};
  char below[PATHS];
  struct op op = {.kind = OP_SYMLINK, .path = below, .target = target, .run = run_path, .arguments = &arguments};
  if (!watches() || !below_of_path(dirfd, path, below)) return (int)answer(run_path(&op, 0));
  return (int)answer(perform(&op));
}
EXPORT int symlink(const char *target, const char *path) { return symlinkat(target, AT_FDCWD, path); }

EXPORT int unlinkat(int dirfd, const char *path, int flags) {
  enum op_kind kind = (flags & AT_REMOVEDIR) ? OP_RMDIR : OP_UNLINK;
  return (int)answer(path_op(kind, 0, 0, dirfd, path, (struct path_arguments){SYS_unlinkat, {dirfd, (long)path, flags}}));
}
EXPORT int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
EXPORT int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }
EXPORT int remove(const char *path) {
  struct stat stat;
  bool is_directory = raw_stat(AT_FDCWD, path, &stat, false) == 0 && S_ISDIR(stat.st_mode);
  return unlinkat(AT_FDCWD, path, is_directory ? AT_REMOVEDIR : 0);
}
EXPORT int mkdirat(int dirfd, const char *path, mode_t mode) {
  return (int)answer(path_op(OP_MKDIR, 0, 0, dirfd, path, (struct path_arguments){SYS_mkdirat, {dirfd, (long)path, mode}}));
}
EXPORT int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

/* ---- attributes: no content changes, but a crash can fall there ---------------------------------------------------------- */

EXPORT int fchmod(int fd, mode_t mode) {
  return (int)answer(fd_op(OP_ATTRIBUTES, "fchmod", 0, (struct fd_arguments){fd, SYS_fchmod, mode, 0, 0}));
}
EXPORT int fchown(int fd, uid_t owner, gid_t group) {
  return (int)answer(fd_op(OP_ATTRIBUTES, "fchown", 0, (struct fd_arguments){fd, SYS_fchown, owner, group, 0}));
}
EXPORT int chmod(const char *path, mode_t mode) {
  return (int)answer(path_op(OP_ATTRIBUTES, "chmod", 0, AT_FDCWD, path,
                        (struct path_arguments){SYS_fchmodat, {AT_FDCWD, (long)path, mode}}));
}
EXPORT int fchmodat(int dirfd, const char *path, mode_t mode, int flags) {
  if (flags != 0) return NEXT(int (*)(int, const char *, mode_t, int), "fchmodat")(dirfd, path, mode, flags);
  return (int)answer(path_op(OP_ATTRIBUTES, "chmod", 0, dirfd, path,
                        (struct path_arguments){SYS_fchmodat, {dirfd, (long)path, mode}}));
}
EXPORT int fchownat(int dirfd, const char *path, uid_t owner, gid_t group, int flags) {
  return (int)answer(path_op(OP_ATTRIBUTES, "chown", 0, dirfd, path,
                        (struct path_arguments){SYS_fchownat, {dirfd, (long)path, owner, group, flags}}));
}
EXPORT int chown(const char *path, uid_t owner, gid_t group) { return fchownat(AT_FDCWD, path, owner, group, 0); }
EXPORT int lchown(const char *path, uid_t owner, gid_t group) {
  return fchownat(AT_FDCWD, path, owner, group, AT_SYMLINK_NOFOLLOW);
}
EXPORT int futimens(int fd, const struct timespec times[2]) {
  return (int)answer(fd_op(OP_ATTRIBUTES, "futimes", 0, (struct fd_arguments){fd, SYS_utimensat, 0, (long)times, 0}));
}
EXPORT int utimensat(int dirfd, const char *path, const struct timespec times[2], int flags) {
  return (int)answer(path_op(OP_ATTRIBUTES, "utimes", 0, dirfd, path,
                        (struct path_arguments){SYS_utimensat, {dirfd, (long)path, (long)times, flags}}));
}

static const struct timespec *finer(const struct timeval *given, struct timespec into[2]) {
  if (given == 0) return 0;
  for (int index = 0; index < 2; index += 1) {
    into[index].tv_sec = given[index].tv_sec;
    into[index].tv_nsec = given[index].tv_usec * 1000;
  }
  return into;
}
EXPORT int utimes(const char *path, const struct timeval times[2]) {
  struct timespec fine[2];
  return utimensat(AT_FDCWD, path, finer(times, fine), 0);
}
EXPORT int lutimes(const char *path, const struct timeval times[2]) {
  struct timespec fine[2];
  return utimensat(AT_FDCWD, path, finer(times, fine), AT_SYMLINK_NOFOLLOW);
}
EXPORT int futimes(int fd, const struct timeval times[2]) {
  struct timespec fine[2];
  return futimens(fd, finer(times, fine));
}
EXPORT int utime(const char *path, const struct utimbuf *times) {
  struct timespec fine[2] = {{0, 0}, {0, 0}};
  if (times != 0) fine[0].tv_sec = times->actime, fine[1].tv_sec = times->modtime;
  return utimensat(AT_FDCWD, path, times == 0 ? 0 : fine, 0);
}

/* ---- space -------------------------------------------------------------------------------------------------------------- */

/* Space that makes a file longer is a truncation to that length: zeros, in a crash state as on a disk. Holes are refused. */
static long fallocate_raw(int fd, int mode, off64_t offset, off64_t length) {
  struct place place;
  if (!watches()) return RAW(fallocate, fd, mode, offset, length);
  place_of_fd(fd, &place);
  if (place.kind != KIND_STATE) return RAW(fallocate, fd, mode, offset, length);
  if ((mode & ~FALLOC_FL_KEEP_SIZE) != 0) return -EOPNOTSUPP;
  bool grows = mode == 0 && offset + length > place.stat.st_size;
  return fd_op(grows ? OP_TRUNCATE : OP_ATTRIBUTES, "fallocate", offset + length,
               (struct fd_arguments){fd, SYS_fallocate, mode, offset, length});
}

EXPORT int fallocate64(int fd, int mode, off64_t offset, off64_t length) {
  return (int)answer(fallocate_raw(fd, mode, offset, length));
}
EXPORT int fallocate(int fd, int mode, off_t offset, off_t length) {
  return (int)answer(fallocate_raw(fd, mode, offset, length));
}
EXPORT int posix_fallocate64(int fd, off64_t offset, off64_t length) {
  return (int)-fallocate_raw(fd, 0, offset, length);
}
EXPORT int posix_fallocate(int fd, off_t offset, off_t length) { return (int)-fallocate_raw(fd, 0, offset, length); }

/* ---- copies inside the kernel: not supported here, so that programs read and write ---------------------------------------- */

static bool is_state_fd(int fd) {
  if (!watches()) return false;
  struct place place;
  place_of_fd(fd, &place);
  return place.kind != KIND_NONE;
}

EXPORT ssize_t copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at, size_t length, unsigned flags) {
  if (is_state_fd(to)) return answer(-ENOSYS);
  return answer(RAW(copy_file_range, from, from_at, to, to_at, length, flags));
}
EXPORT ssize_t sendfile64(int to, int from, off64_t *at, size_t length) {
  if (is_state_fd(to)) return answer(-EINVAL);
  return answer(RAW(sendfile, to, from, at, length));
}
EXPORT ssize_t sendfile(int to, int from, off_t *at, size_t length) { return sendfile64(to, from, at, length); }
EXPORT ssize_t splice(int from, off64_t *from_at, int to, off64_t *to_at, size_t length, unsigned flags) {
  if (is_state_fd(to)) return answer(-EINVAL);
  return answer(RAW(splice, from, from_at, to, to_at, length, flags));
}
EXPORT int ioctl(int fd, unsigned long request, ...) {
  va_list more;
  va_start(more, request);
  void *argument = va_arg(more, void *);
  va_end(more);
  bool is_clone = request == FICLONE || request == FICLONERANGE || request == FIDEDUPERANGE;
  if (is_clone && is_state_fd(fd)) return (int)answer(-EOPNOTSUPP);
  return (int)answer(RAW(ioctl, fd, request, argument));
}

/* ---- mappings: what is stored there is no op, and that is told ------------------------------------------------------------ */

static void tell_mapping(int fd) {
  struct place place;
  place_of_fd(fd, &place);
  if (place.kind != KIND_STATE) return;
  inside = 1;
  if (!lock_shared()) give_up("the lock of this life is lost");
  put_header();
  put_text("{\"e\":\"mapped\"");
  put_member("path", place.path);
  end_line();
  pthread_mutex_unlock(&me.shared->lock);
  inside = 0;
}

/* Allocators map too, before anything else runs: only what is a file is looked at. */
EXPORT void *mmap64(void *at, size_t length, int access, int flags, int fd, off64_t offset) {
  bool is_stored = (access & PROT_WRITE) != 0 && (flags & MAP_SHARED) != 0 && (flags & MAP_ANONYMOUS) == 0;
  if (is_stored && watches() && me.lane == LANE_RECORDING) tell_mapping(fd);
  return (void *)answer(RAW(mmap, at, length, access, flags, fd, offset));
}
EXPORT void *mmap(void *at, size_t length, int access, int flags, int fd, off_t offset) {
  return mmap64(at, length, access, flags, fd, offset);
}

/* Programs that make system calls by number, through the C library. */
EXPORT long syscall(long number, ...) {
  long given[6];
  va_list more;
  va_start(more, number);
  for (int index = 0; index < 6; index += 1) given[index] = va_arg(more, long);
  va_end(more);
  switch (number) {
    case SYS_io_uring_setup:
      if (me.ready == 1) return answer(-ENOSYS);
      break;
    case SYS_copy_file_range:
      if (is_state_fd((int)given[2])) return answer(-ENOSYS);
      break;
    case SYS_renameat2:
      return renameat2((int)given[0], (const char *)given[1], (int)given[2], (const char *)given[3], (unsigned)given[4]);
    case SYS_write:
      return write((int)given[0], (const void *)given[1], (size_t)given[2]);
    case SYS_pwrite64:
      return pwrite64((int)given[0], (const void *)given[1], (size_t)given[2], given[3]);
    case SYS_openat:
      return answer(open_raw((int)given[0], (const char *)given[1], (int)given[2], (mode_t)given[3]));
    case SYS_mmap:
      return (long)mmap64((void *)given[0], (size_t)given[1], (int)given[2], (int)given[3], (int)given[4], given[5]);
    case SYS_fsync:
      return fsync((int)given[0]);
    case SYS_fdatasync:
      return fdatasync((int)given[0]);
    default:
      break;
  }
  return answer(raw6(number, given[0], given[1], given[2], given[3], given[4], given[5]));
}

/* ---- temporary names: made here, and the same in every run ---------------------------------------------------------------- */

static char *template_end(char *template, int suffix) {
  size_t length = strlen(template);
  if (suffix < 0 || length < 6 + (size_t)suffix) return 0;
  char *at = template + length - (size_t)suffix - 6;
  return strncmp(at, "XXXXXX", 6) == 0 ? at : 0;
}

static void next_name(char *at) {
  static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyz";
  /* Names of other lives may still be there: the life is a part of the name. */
  uint32_t number = (uint32_t)me.life * 1000003u;
  if (me.shared != 0) number += __atomic_add_fetch(&me.shared->names, 1, __ATOMIC_RELAXED);
  for (int index = 0; index < 6; index += 1) {
    at[index] = letters[number % 36];
    number /= 36;
  }
}

typedef int (*temporary)(char *, int, int);

static int mkstemp_like(char *template, int suffix, int flags) {
  char below[PATHS];
  if (!watches() || !below_of_path(AT_FDCWD, template, below))
    return NEXT(temporary, "mkostemps")(template, suffix, flags);
  char *at = template_end(template, suffix);
  if (at == 0) return (int)answer(-EINVAL);
  for (;;) {
    next_name(at);
    long fd = open_raw(AT_FDCWD, template, flags | O_RDWR | O_CREAT | O_EXCL, 0600);
    if (fd != -EEXIST) return (int)answer(fd);
  }
}

EXPORT int mkstemp(char *template) { return mkstemp_like(template, 0, 0); }
EXPORT int mkstemp64(char *template) { return mkstemp_like(template, 0, 0); }
EXPORT int mkostemp(char *template, int flags) { return mkstemp_like(template, 0, flags); }
EXPORT int mkostemp64(char *template, int flags) { return mkstemp_like(template, 0, flags); }
EXPORT int mkstemps(char *template, int suffix) { return mkstemp_like(template, suffix, 0); }
EXPORT int mkstemps64(char *template, int suffix) { return mkstemp_like(template, suffix, 0); }
EXPORT int mkostemps(char *template, int suffix, int flags) { return mkstemp_like(template, suffix, flags); }
EXPORT int mkostemps64(char *template, int suffix, int flags) { return mkstemp_like(template, suffix, flags); }
EXPORT char *mkdtemp(char *template) {
  char below[PATHS];
  if (!watches() || !below_of_path(AT_FDCWD, template, below)) return NEXT(char *(*)(char *), "mkdtemp")(template);
  char *at = template_end(template, 0);
  if (at == 0) return errno = EINVAL, (char *)0;
  for (;;) {
    next_name(at);
    if (mkdir(template, 0700) == 0) return template;
    if (errno != EEXIST) return 0;
  }
}
