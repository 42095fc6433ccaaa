package io.usernet.tuntap;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each implementation on the kernel itself. */
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class SyscallsTest {
    private static final int O_RDWR = 2, FIONREAD = 0x541B;

    @TempDir Path directory;

    private static int open(Syscalls sys, Path file) {
        NativeBuffer path = new NativeBuffer(sys, 200).text(0, file.toString());
        int fd = sys.open(path.address, O_RDWR, 0);
        path.keep();
        return fd;
    }

    private static NativeBuffer iovecs(Syscalls sys, NativeBuffer... parts) {
        NativeBuffer array = new NativeBuffer(sys, 16 * parts.length);
        for (int i = 0; i < parts.length; i++) {
            array.bytes.putLong(16 * i, parts[i].address);
            array.bytes.putLong(16 * i + 8, parts[i].bytes.capacity());
        }
        return array;
    }

    @ParameterizedTest
    @MethodSource("io.usernet.tuntap.Natives#here")
    void readsAndWritesFiles(Natives natives) throws Exception {
        Syscalls sys = natives.calls().sys();
        Path file = Files.writeString(directory.resolve("file"), "0123456789");
        int fd = open(sys, file);
        assertTrue(fd > 2, "fd " + fd);

        NativeBuffer head = new NativeBuffer(sys, 4);
        assertEquals(3, sys.read(fd, head.address + 1, 3));
        assertEquals("\0" + "012", US_ASCII.decode(head.bytes.duplicate()).toString());

        NativeBuffer left = new NativeBuffer(sys, 4);
        assertEquals(0, sys.ioctl(fd, FIONREAD, left.address));
        assertEquals(7, left.bytes.getInt(0));

        assertEquals(2, sys.write(fd, head.address + 2, 2));
        NativeBuffer a = new NativeBuffer(sys, 2).text(0, "a");
        NativeBuffer b = new NativeBuffer(sys, 1);
        b.bytes.put(0, (byte) 'b');
        NativeBuffer iovecs = iovecs(sys, a, b);
        assertEquals(3, sys.writev(fd, iovecs.address, 2));
        assertEquals("01212a\0b89", Files.readString(file));
        assertEquals(0, sys.close(fd));
        for (NativeBuffer buffer : List.of(head, left, a, b, iovecs)) buffer.keep();
    }

    @ParameterizedTest
    @MethodSource("io.usernet.tuntap.Natives#here")
    void answersMinusTheErrorNumber(Natives natives) {
        Syscalls sys = natives.calls().sys();
        assertEquals(-Errno.ENOENT, open(sys, directory.resolve("none")));
        assertEquals(-Errno.ENOTDIR, open(sys, Path.of("/dev/null/none")));
        assertEquals(-Errno.EBADF, sys.close(-1));
        assertEquals(-Errno.EBADF, sys.flock(-1, 2));
        assertEquals(-Errno.EBADF, sys.read(-1, 0, 0));
        assertEquals(-Errno.EBADF, sys.write(-1, 0, 0));
        assertEquals(-Errno.EBADF, sys.writev(-1, 0, 0));
        assertEquals(-Errno.EBADF, sys.ioctl(-1, FIONREAD, 0));
        assertEquals(-Errno.EBADF, sys.bind(-1, 0, 0));
        assertEquals(-Errno.EBADF, sys.listen(-1, 0));
        assertEquals(-Errno.EBADF, sys.accept(-1, 0));
        assertEquals(-Errno.EBADF, sys.connect(-1, 0, 0));
        assertEquals(-Errno.EBADF, sys.setsockopt(-1, 1, 7, 0, 4));
        assertEquals(-Errno.EBADF, sys.sendmsg(-1, 0, 0));
        assertEquals(-Errno.EBADF, sys.recvmsg(-1, 0, 0));
        assertEquals(-Errno.EINVAL, sys.eventfd(0, -1));
        assertEquals(-Errno.EFAULT, sys.ppoll(8, 1, 0));
        assertTrue(sys.socket(-1, 1, 0) < 0);
    }

    @ParameterizedTest
    @MethodSource("io.usernet.tuntap.Natives#here")
    void waits(Natives natives) {
        Syscalls sys = natives.calls().sys();
        int event = sys.eventfd(5, 0);
        NativeBuffer memory = new NativeBuffer(sys, 40);
        int timespec = 8, value = 24;
        memory.bytes.putInt(0, event).putShort(4, (short) Readiness.POLLIN);
        memory.bytes.putLong(timespec + 8, 1_000);
        assertEquals(1, sys.ppoll(memory.address, 1, memory.address + timespec));
        assertEquals(Readiness.POLLIN, memory.bytes.getShort(6));
        assertEquals(8, sys.read(event, memory.address + value, 8));
        assertEquals(5, memory.bytes.getLong(value));
        assertEquals(0, sys.ppoll(memory.address, 1, memory.address + timespec));
        memory.keep();
        assertEquals(0, sys.close(event));
    }

    @ParameterizedTest
    @MethodSource("io.usernet.tuntap.Natives#here")
    void addressesAreOfTheFirstByte(Natives natives) {
        Syscalls sys = natives.calls().sys();
        ByteBuffer buffer = ByteBuffer.allocateDirect(100);
        long address = sys.address(buffer);
        assertEquals(address, sys.address(buffer.position(60).limit(70)));
        assertEquals(address + 60, sys.address(buffer.slice()));
        assertEquals(address, sys.address(buffer.asReadOnlyBuffer()));
        assertEquals(60, buffer.position());
    }

    /** More of them than the pool has places, and some wait meanwhile. */
    @ParameterizedTest
    @MethodSource("io.usernet.tuntap.Natives#here")
    void threadsSeeTheirOwnErrors(Natives natives) throws Exception {
        Syscalls sys = natives.calls().sys();
        NativeBuffer none = new NativeBuffer(sys, 20).text(0, "/none");
        int event = sys.eventfd(0, 0x800);
        NativeBuffer poll = new NativeBuffer(sys, 8);
        poll.bytes.putInt(0, event).putShort(4, (short) Readiness.POLLIN);
        ExecutorService threads = Executors.newFixedThreadPool(100);
        try {
            List<Future<Integer>> waiting = new ArrayList<>();
            for (int i = 0; i < 80; i++) {
                waiting.add(threads.submit(() -> sys.ppoll(poll.address, 1, 0)));
            }
            List<Callable<Void>> calls = new ArrayList<>();
            for (int t = 0; t < 20; t++) {
                boolean odd = t % 2 == 1;
                calls.add(
                        () -> {
                            for (int i = 0; i < 5_000; i++) {
                                assertEquals(
                                        odd ? -Errno.EBADF : -Errno.ENOENT,
                                        odd ? sys.close(-1) : sys.open(none.address, 0, 0));
                            }
                            return null;
                        });
            }
            for (Future<Void> f : threads.invokeAll(calls)) f.get();
            NativeBuffer one = new NativeBuffer(sys, 8);
            one.bytes.putLong(0, 1);
            assertEquals(8, sys.write(event, one.address, 8));
            one.keep();
            for (Future<Integer> f : waiting) assertEquals(1, f.get(10, TimeUnit.SECONDS));
        } finally {
            threads.shutdownNow();
            sys.close(event);
            none.keep();
            poll.keep();
        }
    }

    /** Once it is compiled: it is called until then. */
    @ParameterizedTest
    @MethodSource("io.usernet.tuntap.Natives#here")
    void callsAllocateNothing(Natives natives) throws Exception {
        Syscalls sys = natives.calls().sys();
        int fd = open(sys, Path.of("/dev/null"));
        NativeBuffer byteToWrite = new NativeBuffer(sys, 1);
        NativeBuffer iovec = iovecs(sys, byteToWrite);
        Allocation.assertNone(
                2,
                natives,
                () -> {
                    sys.writev(fd, iovec.address, 1);
                    sys.close(-1);
                });
        byteToWrite.keep();
        iovec.keep();
        assertEquals(0, sys.close(fd));
    }
}
