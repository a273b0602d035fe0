/* Preloaded, it makes a disk refuse calls: REFUSED names them with their error, as "fsync=22 flock=37"; opening a
   file whose name ends in the value of UNREADABLE is refused with EACCES. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

static int refused(const char *call) {
    const char *list = getenv("REFUSED"), *found = list ? strstr(list, call) : NULL;
    if (found == NULL || found[strlen(call)] != '=') return 0;
    errno = atoi(found + strlen(call) + 1);
    return 1;
}

static int unreadable(const char *path) {
    const char *name = getenv("UNREADABLE");
    if (name == NULL || path == NULL || strlen(path) < strlen(name)) return 0;
    if (strcmp(path + strlen(path) - strlen(name), name) != 0) return 0;
    errno = EACCES;
    return 1;
}

#define REAL(type, name, ...) ((type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name))

int fsync(int file) { return refused("fsync") ? -1 : REAL(int, "fsync", int)(file); }
int fdatasync(int file) { return refused("fsync") ? -1 : REAL(int, "fdatasync", int)(file); }
int flock(int file, int how) { return refused("flock") ? -1 : REAL(int, "flock", int, int)(file, how); }
int chmod(const char *path, mode_t mode) {
    return refused("chmod") ? -1 : REAL(int, "chmod", const char *, mode_t)(path, mode);
}
int fchmod(int file, mode_t mode) { return refused("chmod") ? -1 : REAL(int, "fchmod", int, mode_t)(file, mode); }
int fchmodat(int at, const char *path, mode_t mode, int flags) {
    return refused("chmod") ? -1 : REAL(int, "fchmodat", int, const char *, mode_t, int)(at, path, mode, flags);
}

static mode_t mode_of(int flags, va_list rest) { return flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; }

#define OPEN(name)                                                                                                  \
    int name(const char *path, int flags, ...) {                                                                    \
        va_list rest;                                                                                               \
        va_start(rest, flags);                                                                                      \
        mode_t mode = mode_of(flags, rest);                                                                         \
        va_end(rest);                                                                                               \
        return unreadable(path) ? -1 : REAL(int, #name, const char *, int, ...)(path, flags, mode);                 \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                                                                \
    int name(int at, const char *path, int flags, ...) {                                                            \
        va_list rest;                                                                                               \
        va_start(rest, flags);                                                                                      \
        mode_t mode = mode_of(flags, rest);                                                                         \
        va_end(rest);                                                                                               \
        return unreadable(path) ? -1 : REAL(int, #name, int, const char *, int, ...)(at, path, flags, mode);        \
    }
OPENAT(openat)
OPENAT(openat64)
