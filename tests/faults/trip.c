// trip: makes one call of a C function of a program go wrong, as LUNAXCODE_TRIP=FUNCTION:NUMBER:HOW says. HOW is before or
// after (the process is killed there, as by kill -9), or the number of an errno that the call fails with. Before that it makes the
// file LUNAXCODE_TRIPPED: who got an answer that was the last cannot see yet that it was. Preloaded by tests.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int calls;

// 0: nothing special; 1: kill after it; otherwise -errno.
static int trips(const char* function) {
    const char* wanted = getenv("LUNAXCODE_TRIP");
    size_t size = strlen(function);
    if (!wanted || strncmp(wanted, function, size) != 0 || wanted[size] != ':') return 0;
    if (__sync_add_and_fetch(&calls, 1) != atoi(wanted + size + 1)) return 0;
    const char* how = strrchr(wanted, ':') + 1;
    const char* mark = getenv("LUNAXCODE_TRIPPED");
    if (mark) close(open(mark, O_CREAT | O_WRONLY, 0600));
    if (strcmp(how, "before") == 0) kill(getpid(), SIGKILL);
    return strcmp(how, "after") == 0 ? 1 : -atoi(how);
}

#define TRIP(type, name, parameters, ...)                                     \
    type name parameters {                                                    \
        static type(*real) parameters;                                        \
        if (!real) real = (type(*) parameters)dlsym(RTLD_NEXT, #name);        \
        int how = trips(#name);                                               \
        if (how < 0) {                                                        \
            errno = -how;                                                     \
            return (type)-1;                                                  \
        }                                                                     \
        type result = real(__VA_ARGS__);                                      \
        if (how == 1) kill(getpid(), SIGKILL);                                \
        return result;                                                        \
    }

TRIP(ssize_t, pwrite, (int file, const void* bytes, size_t size, off_t at), file, bytes, size, at)
TRIP(ssize_t, send, (int to, const void* bytes, size_t size, int flags), to, bytes, size, flags)
TRIP(int, fsync, (int file), file)
TRIP(int, link, (const char* from, const char* to), from, to)
TRIP(int, unlink, (const char* path), path)
