/* A V4L2 camera for tests, preloaded into the process: it answers for the path in FAKE_V4L2_PATH
 * with the JPEG files 0.jpg, 1.jpg, ... of the folder FAKE_V4L2_DIR, in turn, 25 times a second.
 * A file "unplug" in that folder makes the device vanish, a file "stall" makes it silent, a file
 * "busy" lets it be opened but refuses the stream, a file "raw" makes it offer YUYV only. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { BUFFERS = 4, SIZE = 1 << 20 };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int device = -1, streaming, shown, width = 640, height = 480;
static unsigned fourcc;
static struct { char *at; unsigned used; int state; struct timeval when; } buffers[BUFFERS];
enum { IDLE, QUEUED, FILLED };

static int flag(const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", getenv("FAKE_V4L2_DIR"), name);
    return access(path, F_OK) == 0;
}

static unsigned load(char *to) {
    char path[4096];
    if (fourcc != V4L2_PIX_FMT_MJPEG) {
        /* Grey noise around 120: every frame differs, as on a real sensor. */
        for (int i = 0; i < width * height * 2; i++) to[i] = i % 2 ? (char)128 : 110 + rand() % 20;
        return width * height * 2;
    }
    for (int again = 0; again < 2; again++) {
        snprintf(path, sizeof path, "%s/%d.jpg", getenv("FAKE_V4L2_DIR"), shown++);
        FILE *file = fopen(path, "rb");
        if (file) {
            unsigned used = fread(to, 1, SIZE, file);
            fclose(file);
            return used;
        }
        shown = 0;
    }
    return 0;
}

static void *fill(void *unused) {
    (void)unused;
    for (;;) {
        usleep(40000);
        pthread_mutex_lock(&lock);
        if (device < 0 || !streaming) { pthread_mutex_unlock(&lock); return NULL; }
        uint64_t one = 1;
        if (flag("unplug")) {
            if (write(device, &one, 8) < 0) { /* already readable */ }
        } else if (!flag("stall")) {
            for (int i = 0; i < BUFFERS; i++) {
                if (buffers[i].state != QUEUED) continue;
                struct timespec now;
                clock_gettime(CLOCK_MONOTONIC, &now);
                buffers[i].used = load(buffers[i].at);
                buffers[i].when = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
                buffers[i].state = FILLED;
                if (write(device, &one, 8) < 0) { /* counted by the buffer's state */ }
                break;
            }
        }
        pthread_mutex_unlock(&lock);
    }
}

static int fail(int code) { errno = code; return -1; }

static int describe(struct v4l2_format *format, int set) {
    if (format->type != V4L2_BUF_TYPE_VIDEO_CAPTURE) return fail(EINVAL);
    unsigned offered = flag("raw") ? V4L2_PIX_FMT_YUYV : V4L2_PIX_FMT_MJPEG;
    if (set && format->fmt.pix.pixelformat != offered) return fail(EINVAL);
    fourcc = offered;
    memset(&format->fmt, 0, sizeof format->fmt);
    format->fmt.pix.width = width;
    format->fmt.pix.height = height;
    format->fmt.pix.pixelformat = offered;
    format->fmt.pix.field = V4L2_FIELD_NONE;
    format->fmt.pix.bytesperline = offered == V4L2_PIX_FMT_YUYV ? width * 2 : 0;
    format->fmt.pix.sizeimage = SIZE;
    return 0;
}

static int take(struct v4l2_buffer *buffer) {
    uint64_t one;
    if (read(device, &one, 8) < 0) return fail(EAGAIN);
    for (int i = 0; i < BUFFERS; i++) {
        if (buffers[i].state != FILLED) continue;
        buffers[i].state = IDLE;
        buffer->index = i;
        buffer->length = SIZE;
        buffer->bytesused = buffers[i].used;
        buffer->timestamp = buffers[i].when;
        buffer->flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
        return 0;
    }
    return fail(EAGAIN);
}

static int answer(unsigned long request, void *arg) {
    struct v4l2_buffer *buffer = arg;
    pthread_t thread;
    if (flag("unplug")) return fail(ENODEV);
    switch (request) {
    case VIDIOC_QUERYCAP: {
        struct v4l2_capability *is = arg;
        memset(is, 0, sizeof *is);
        strcpy((char *)is->driver, "fake");
        is->capabilities = is->device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
        return 0;
    }
    case VIDIOC_G_FMT: return describe(arg, 0);
    case VIDIOC_S_FMT:
    case VIDIOC_TRY_FMT: return flag("busy") ? fail(EBUSY) : describe(arg, 1);
    case VIDIOC_S_PARM:
    case VIDIOC_G_PARM: {
        struct v4l2_streamparm *rate = arg;
        rate->parm.capture.capability = V4L2_CAP_TIMEPERFRAME;
        rate->parm.capture.timeperframe = (struct v4l2_fract){1, 25};
        return 0;
    }
    case VIDIOC_REQBUFS: {
        struct v4l2_requestbuffers *wanted = arg;
        if (wanted->count > BUFFERS) wanted->count = BUFFERS;
        return 0;
    }
    case VIDIOC_QUERYBUF:
        buffer->length = SIZE;
        buffer->m.offset = buffer->index * SIZE;
        return 0;
    case VIDIOC_QBUF: buffers[buffer->index].state = QUEUED; return 0;
    case VIDIOC_DQBUF: return take(buffer);
    case VIDIOC_STREAMON:
        if (!streaming) { streaming = 1; pthread_create(&thread, NULL, fill, NULL); pthread_detach(thread); }
        return 0;
    case VIDIOC_STREAMOFF: streaming = 0; return 0;
    default: return fail(EINVAL);
    }
}

static int ours(const char *path) {
    const char *name = getenv("FAKE_V4L2_PATH");
    return name && path && strcmp(path, name) == 0;
}

static int open_device(void) {
    if (flag("unplug")) return fail(ENOENT);
    int fd = eventfd(0, EFD_SEMAPHORE | EFD_NONBLOCK);
    pthread_mutex_lock(&lock);
    device = fd;
    streaming = 0;
    memset(buffers, 0, sizeof buffers);
    pthread_mutex_unlock(&lock);
    return fd;
}

#define OPEN(name)                                                              \
    int name(const char *path, int flags, ...) {                                \
        va_list rest;                                                           \
        va_start(rest, flags);                                                  \
        mode_t mode = va_arg(rest, mode_t);                                     \
        va_end(rest);                                                           \
        if (ours(path)) return open_device();                                   \
        return ((int (*)(const char *, int, ...))dlsym(RTLD_NEXT, #name))(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)

int close(int fd) {
    pthread_mutex_lock(&lock);
    if (fd >= 0 && fd == device) { device = -1; streaming = 0; }
    pthread_mutex_unlock(&lock);
    return ((int (*)(int))dlsym(RTLD_NEXT, "close"))(fd);
}

int ioctl(int fd, unsigned long request, ...) {
    va_list rest;
    va_start(rest, request);
    void *arg = va_arg(rest, void *);
    va_end(rest);
    if (fd < 0 || fd != device)
        return ((int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl"))(fd, request, arg);
    pthread_mutex_lock(&lock);
    int result = answer(request, arg);
    pthread_mutex_unlock(&lock);
    return result;
}

#define MAP(name, offset_type)                                                  \
    void *name(void *at, size_t length, int prot, int flags, int fd, offset_type offset) { \
        void *(*real)(void *, size_t, int, int, int, offset_type) = dlsym(RTLD_NEXT, #name); \
        if (fd < 0 || fd != device) return real(at, length, prot, flags, fd, offset); \
        void *memory = real(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); \
        buffers[offset / SIZE].at = memory;                                     \
        return memory;                                                          \
    }
MAP(mmap, off_t)
MAP(mmap64, off64_t)
