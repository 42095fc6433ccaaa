package io.usernet.tuntap;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.concurrent.TimeUnit;

/**
 * A lock between processes, and between threads: a file that exists while it is held. The kernel frees
 * it when its owner is killed; the file that stays then does no harm.
 *
 * <p>It is flock(2)'s, which belongs to our descriptor. A {@link java.nio.channels.FileLock} is
 * fcntl(2)'s, which a process loses as soon as it closes any descriptor of the file: also that of a
 * second thread which only tried.
 */
record PathLock(Syscalls sys, Path file, int fd) {
    private static final int O_RDWR = 0x2, O_CREAT = 0x40, O_CLOEXEC = 0x80000;
    private static final int MODE = 0666; // less the umask
    private static final int LOCK_EX = 2, LOCK_NB = 4;

    private static final long PAUSE_MS = 10;

    /** Among the flags that we use, the only one that isn't the same on all architectures. */
    private static final int O_NOFOLLOW =
            System.getProperty("os.arch").equals("aarch64") ? 0x8000 : 0x20000;

    /**
     * Takes the lock.
     *
     * @param waitNs how long another may have it, at most
     * @throws ErrnoException if the file cannot be made or opened; never through a symbolic link
     * @throws IOException if another has it for longer, or this thread is interrupted; with one line for
     *     the user
     */
    static PathLock on(Syscalls sys, Path file, long waitNs) throws IOException {
        long start = System.nanoTime();
        while (true) {
            PathLock lock = new PathLock(sys, file, open(sys, file));
            try {
                if (lock.isTaken()) return lock;
                sys.close(lock.fd);
            } catch (Throwable t) {
                sys.close(lock.fd);
                throw t;
            }
            if (System.nanoTime() - start >= waitNs) throw new IOException(kept(file, waitNs));
            pause();
        }
    }

    private static int open(Syscalls sys, Path file) throws ErrnoException {
        NativeBuffer path = NativeBuffer.path(sys, file.toString());
        int fd = sys.open(path.address, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, MODE);
        path.keep();
        if (fd < 0) throw new ErrnoException("open " + file, fd);
        return fd;
    }

    /** Also whether the file is still there: its last owner may have removed it before we locked it. */
    private boolean isTaken() throws IOException {
        int result = sys.flock(fd, LOCK_EX | LOCK_NB);
        if (result == -Errno.EAGAIN) return false;
        if (result < 0) throw new ErrnoException("flock " + file, result);
        try {
            return key(file, LinkOption.NOFOLLOW_LINKS).equals(key(Path.of("/proc/self/fd/" + fd)));
        } catch (NoSuchFileException e) {
            if (e.getFile().equals(file.toString())) return false;
            throw new IOException("/proc must be mounted, there is no " + e.getFile(), e);
        }
    }

    private static Object key(Path file, LinkOption... options) throws IOException {
        return Files.readAttributes(file, BasicFileAttributes.class, options).fileKey();
    }

    private static String kept(Path file, long waitNs) {
        return "another process has kept "
                + file
                + " locked for "
                + TimeUnit.NANOSECONDS.toMillis(waitNs)
                + " ms: end that, or choose another path";
    }

    static void pause() throws IOException {
        try {
            TimeUnit.MILLISECONDS.sleep(PAUSE_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while it was opened", e);
        }
    }

    /** Removes the file, too. Once. */
    void release() throws IOException {
        try {
            Files.deleteIfExists(file);
        } finally {
            sys.close(fd);
        }
    }
}
