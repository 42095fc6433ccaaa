package io.usernet.tuntap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.frame.Frame;
import io.usernet.frame.FramePool;
import io.usernet.frame.Memory;
import io.usernet.link.LinkCapabilities;
import io.usernet.link.LinkDevice.Transmit;
import io.usernet.link.LinkFailure;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Answers of the kernel that are hard to get from a real one. */
class TunTapLinkErrorsTest {
    private static final int DEVICE = 3, EVENT = 4;

    /** Answers reads, writes and waits with what was put here; all else succeeds. */
    private static final class Script implements Syscalls {
        final ArrayDeque<Long> answers = new ArrayDeque<>();
        final List<String> calls = new ArrayList<>();
        int eventfd = EVENT;
        int stillThere;
        int revents;
        private final List<ByteBuffer> memory = new ArrayList<>(); // by the address's upper bits

        private long answer(String call) {
            calls.add(call);
            return answers.remove();
        }

        @Override
        public int open(long path, int flags, int mode) {
            throw new AssertionError("the link opens nothing");
        }

        @Override
        public int flock(int fd, int operation) {
            throw new AssertionError("the link locks nothing");
        }

        @Override
        public int close(int fd) {
            calls.add("close " + fd);
            return 0;
        }

        @Override
        public long read(int fd, long buffer, long length) {
            return answer("read " + fd);
        }

        @Override
        public long write(int fd, long buffer, long length) {
            return answer("write " + fd);
        }

        @Override
        public long writev(int fd, long iovecs, int count) {
            return answer("writev " + fd);
        }

        @Override
        public int ioctl(int fd, long request, long argument) {
            calls.add("ioctl " + fd);
            return stillThere;
        }

        @Override
        public int socket(int domain, int type, int protocol) {
            throw new AssertionError("the link makes no socket");
        }

        @Override
        public int bind(int fd, long address, int length) {
            throw new AssertionError("the link makes no socket");
        }

        @Override
        public int listen(int fd, int backlog) {
            throw new AssertionError("the link makes no socket");
        }

        @Override
        public int accept(int fd, int flags) {
            throw new AssertionError("the link makes no socket");
        }

        @Override
        public int setsockopt(int fd, int level, int option, long value, int length) {
            throw new AssertionError("the link makes no socket");
        }

        @Override
        public int connect(int fd, long address, int length) {
            throw new AssertionError("the link makes no socket");
        }

        @Override
        public long sendmsg(int fd, long message, int flags) {
            throw new AssertionError("the link makes no socket");
        }

        @Override
        public long recvmsg(int fd, long message, int flags) {
            throw new AssertionError("the link makes no socket");
        }

        @Override
        public int eventfd(int initial, int flags) {
            return eventfd;
        }

        @Override
        public int ppoll(long pollfds, int count, long timespec) {
            ByteBuffer fds = memory.get((int) (pollfds >>> 40));
            int result = (int) answer("ppoll " + fds.getInt(0));
            fds.putShort(6, (short) (result > 0 ? revents : 0));
            return result;
        }

        @Override
        public long address(ByteBuffer direct) {
            memory.add(direct);
            return (long) (memory.size() - 1) << 40;
        }
    }

    private final Script kernel = new Script();
    private final TunTapLink link = link();
    private final FramePool pool = new FramePool(new Memory(4 << 20));
    private final Frame frame = pool.take();

    private TunTapLink link() {
        try {
            return new TunTapLink(
                    kernel,
                    DEVICE,
                    Mode.TAP,
                    new LinkCapabilities("usernet0", 2, 1500, 0x02L << 40, false, 0));
        } catch (ErrnoException e) {
            throw new AssertionError(e);
        }
    }

    private void answers(long... answers) {
        for (long a : answers) kernel.answers.add(a);
    }

    private void outgoing() {
        frame.begin();
        frame.prepend(60);
    }

    @Test
    void interruptedCallsAreRepeated() {
        answers(-Errno.EINTR, -Errno.EINTR, 60);
        assertTrue(link.receive(frame));
        assertEquals(60, frame.length());
        outgoing();
        answers(-Errno.EINTR, 60);
        assertEquals(Transmit.DONE, link.transmit(frame));
        answers(-Errno.EINTR, 8);
        link.wake();
        answers(-Errno.EINTR);
        link.await(1, false); // may return early
        assertEquals(0, link.dropped());
        assertTrue(kernel.answers.isEmpty());
    }

    @Test
    void fullIsSaidAndNotCounted() {
        outgoing();
        answers(-Errno.EAGAIN);
        assertEquals(Transmit.FULL, link.transmit(frame));
        assertEquals(0, link.dropped());
    }

    @ParameterizedTest
    @ValueSource(longs = {-Errno.EIO, -Errno.ENOBUFS, -Errno.ENOMEM, -Errno.EINVAL, 59})
    void whatTheKernelDoesNotTakeIsDroppedAndCounted(long answer) {
        outgoing();
        answers(answer);
        assertEquals(Transmit.DONE, link.transmit(frame));
        assertEquals(1, link.dropped());
    }

    @ParameterizedTest
    @ValueSource(ints = {Errno.EBADFD, Errno.EBADF, Errno.ENODEV, Errno.ENXIO})
    void goneIsAFailure(int errno) {
        outgoing();
        answers(-errno, -errno);
        String text = Errno.text(errno);
        assertTrue(
                assertThrows(LinkFailure.class, () -> link.transmit(frame))
                        .getMessage()
                        .contains(text));
        assertTrue(
                assertThrows(LinkFailure.class, () -> link.receive(frame))
                        .getMessage()
                        .contains(text));
    }

    @Test
    void framesThatAreTooLongDoNotKeepTheTurn() {
        for (int i = 0; i < 1_000; i++) answers(1500 + 18 + 1);
        assertFalse(link.receive(frame));
        assertEquals(64, link.dropped());
        kernel.answers.clear();
        answers(1500 + 18);
        assertTrue(link.receive(frame));
    }

    @Test
    void anErrorThatIsNotTheEndIsNotPolledBusily() {
        kernel.revents = 0x8; // POLLERR
        answers(1, 0);
        link.await(Long.MAX_VALUE, false);
        assertEquals(List.of("ppoll 3", "ioctl 3", "ppoll -1"), kernel.calls);
    }

    @Test
    void anErrorOfADeletedDeviceIsAFailure() {
        kernel.revents = 0x8;
        kernel.stillThere = -Errno.EBADFD;
        answers(1);
        assertThrows(LinkFailure.class, () -> link.await(Long.MAX_VALUE, false));
    }

    @Test
    void bothDescriptorsAreClosed() {
        link.close();
        assertEquals(List.of("close 4", "close 3"), kernel.calls);
    }

    @Test
    void noEventfdIsAnError() {
        kernel.eventfd = -24;
        assertThrows(
                ErrnoException.class,
                () ->
                        new TunTapLink(
                                kernel,
                                DEVICE,
                                Mode.TAP,
                                new LinkCapabilities("usernet0", 2, 1500, 2L << 40, false, 0)));
    }
}
