/* Makes the system fail, for tests: preloaded, it counts the calls that change what is below a folder or open a file
 * there, and at one of them answers with an error or raises a signal. fault_process.py arms it in a forked process. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define SHOWN 300

struct note { /* shared with the process that watches */
    long changes; /* calls at which a signal can come */
    long errors;  /* calls that can fail */
    char struck[SHOWN]; /* the call that failed, and its path; empty if none did */
};

static struct {
    char folder[PATH_MAX];
    long at;
    int error, signal, on, after;
    struct note *note;
} plan;

enum kind { CHANGES, REMOVES, READS }; /* what only removes does not fail; a signal does not come at what only reads */

/* error: errno of call number `at` of those that can fail, and with `on` of every later one that changes something.
 * signal: raised at change number `at`, before it or, with `after`, after it. */
void fault_arm(const char *folder, long at, int error, int signal, int on, int after, struct note *note)
{
    snprintf(plan.folder, sizeof plan.folder, "%s", folder);
    plan.at = at, plan.error = error, plan.signal = signal, plan.on = on, plan.after = after;
    plan.note = note;
}

static int is_below(const char *path)
{
    size_t length = strlen(plan.folder);
    return !strncmp(path, plan.folder, length) && (path[length] == '/' || !path[length]);
}

static int place(int folder, const char *name, char *path, size_t size)
{
    char link[64];
    ssize_t length;
    if (name && name[0] == '/')
        return snprintf(path, size, "%s", name), 1;
    if (folder == AT_FDCWD) {
        if (!getcwd(path, size))
            return 0;
    } else {
        snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
        if ((length = readlink(link, path, size - 1)) < 0)
            return 0;
        path[length] = 0;
    }
    if (name)
        snprintf(path + strlen(path), size - strlen(path), "/%s", name);
    return 1;
}

static long next(long *counted)
{
    return __atomic_add_fetch(counted, 1, __ATOMIC_SEQ_CST);
}

/* Whether this call fails, with errno as planned. `late`: a signal comes after it. */
static int strikes(const char *call, int folder, const char *name, enum kind kind, int *late)
{
    char path[2 * PATH_MAX];
    int kept = errno, failing;
    long change = 0, error = 0, number;
    *late = 0;
    if (!plan.note || !place(folder, name, path, sizeof path) || !is_below(path))
        return errno = kept, 0;
    if (kind != READS)
        change = next(&plan.note->changes);
    if (kind != REMOVES)
        error = next(&plan.note->errors);
    number = plan.error ? error : change;
    if (number && number == plan.at)
        snprintf(plan.note->struck, SHOWN, "%s %s", kind == READS ? "read" : call, path + strlen(plan.folder));
    failing = plan.error && number && (number == plan.at || (plan.on && plan.at && number > plan.at && kind != READS));
    if (plan.signal && number && number == plan.at) {
        *late = plan.after;
        if (!plan.after)
            kill(getpid(), plan.signal);
    }
    errno = failing ? plan.error : kept;
    return failing;
}

static void finish(int late)
{
    if (late)
        kill(getpid(), plan.signal);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define CALL(type, name, parameters, folder, path, kind, partly, ...)                                                 \
    type name parameters                                                                                              \
    {                                                                                                                 \
        int late;                                                                                                     \
        type result;                                                                                                  \
        if (strikes(#name, folder, path, kind, &late)) {                                                              \
            int error = errno;                                                                                        \
            partly;                                                                                                   \
            errno = error;                                                                                            \
            return -1;                                                                                                \
        }                                                                                                             \
        result = REAL(name)(__VA_ARGS__);                                                                             \
        finish(late);                                                                                                 \
        return result;                                                                                                \
    }

/* A write that fails has written half, unless a signal interrupted it. */
CALL(ssize_t, write, (int fd, const void *data, size_t size), fd, NULL, CHANGES,
     if (error != EINTR) (void)!REAL(write)(fd, data, size / 2), fd, data, size)
CALL(ssize_t, pwrite, (int fd, const void *data, size_t size, off_t at), fd, NULL, CHANGES, , fd, data, size, at)
CALL(ssize_t, pwrite64, (int fd, const void *data, size_t size, off64_t at), fd, NULL, CHANGES, , fd, data, size, at)
CALL(ssize_t, writev, (int fd, const struct iovec *parts, int count), fd, NULL, CHANGES, , fd, parts, count)
CALL(int, fsync, (int fd), fd, NULL, CHANGES, , fd)
CALL(int, fdatasync, (int fd), fd, NULL, CHANGES, , fd)
CALL(int, ftruncate, (int fd, off_t size), fd, NULL, CHANGES, , fd, size)
CALL(int, ftruncate64, (int fd, off64_t size), fd, NULL, CHANGES, , fd, size)
CALL(int, truncate, (const char *path, off_t size), AT_FDCWD, path, CHANGES, , path, size)
CALL(int, truncate64, (const char *path, off64_t size), AT_FDCWD, path, CHANGES, , path, size)
CALL(int, rename, (const char *from, const char *to), AT_FDCWD, to, CHANGES, , from, to)
CALL(int, renameat, (int f, const char *from, int t, const char *to), t, to, CHANGES, , f, from, t, to)
CALL(int, link, (const char *from, const char *to), AT_FDCWD, to, CHANGES, , from, to)
CALL(int, linkat, (int f, const char *from, int t, const char *to, int flags), t, to, CHANGES, , f, from, t, to, flags)
CALL(int, mkdir, (const char *path, mode_t mode), AT_FDCWD, path, CHANGES, , path, mode)
CALL(int, mkdirat, (int folder, const char *path, mode_t mode), folder, path, CHANGES, , folder, path, mode)
CALL(int, unlink, (const char *path), AT_FDCWD, path, REMOVES, , path)
CALL(int, unlinkat, (int folder, const char *path, int flags), folder, path, REMOVES, , folder, path, flags)
CALL(int, rmdir, (const char *path), AT_FDCWD, path, REMOVES, , path)

size_t fwrite(const void *data, size_t size, size_t count, FILE *file)
{
    int late;
    size_t result;
    if (plan.note && strikes("fwrite", fileno(file), NULL, CHANGES, &late))
        return 0;
    result = REAL(fwrite)(data, size, count, file);
    if (plan.note)
        finish(late);
    return result;
}

static int is_file(int folder, const char *path)
{
    struct stat found;
    int kept = errno, file = plan.note && !fstatat(folder, path, &found, 0) && S_ISREG(found.st_mode);
    errno = kept;
    return file;
}

#define WRITES(flags) ((flags) & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC))

#define OPEN(name, parameters, folder, ...)                                                                           \
    int name parameters                                                                                               \
    {                                                                                                                 \
        int late = 0, result;                                                                                         \
        mode_t mode = 0;                                                                                              \
        va_list rest;                                                                                                 \
        va_start(rest, flags);                                                                                        \
        mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;                                                            \
        va_end(rest);                                                                                                 \
        if ((WRITES(flags) || is_file(folder, path)) &&                                                               \
            strikes(#name, folder, path, WRITES(flags) ? CHANGES : READS, &late))                                     \
            return -1;                                                                                                \
        result = REAL(name)(__VA_ARGS__, mode);                                                                       \
        finish(late);                                                                                                 \
        return result;                                                                                                \
    }

OPEN(open, (const char *path, int flags, ...), AT_FDCWD, path, flags)
OPEN(open64, (const char *path, int flags, ...), AT_FDCWD, path, flags)
OPEN(openat, (int folder, const char *path, int flags, ...), folder, folder, path, flags)
OPEN(openat64, (int folder, const char *path, int flags, ...), folder, folder, path, flags)
