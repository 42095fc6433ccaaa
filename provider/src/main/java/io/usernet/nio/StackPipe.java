package io.usernet.nio;

import io.usernet.runtime.Engine;
import io.usernet.runtime.Engine.Waited;
import io.usernet.runtime.VirtualThreads;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.nio.channels.spi.SelectorProvider;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/** A pipe inside the JVM, which needs neither stack nor kernel; its ends serve with our selectors. */
final class StackPipe extends Pipe {
    private final Source source;
    private final Sink sink;

    StackPipe(SelectorProvider provider) {
        PipeRing ring = new PipeRing();
        source = new Source(provider, ring);
        sink = new Sink(provider, ring);
    }

    @Override
    public SourceChannel source() {
        return source;
    }

    @Override
    public SinkChannel sink() {
        return sink;
    }

    private static final class Source extends SourceChannel implements Pollable {
        private final PipeRing ring;
        private final ReentrantLock readLock = new ReentrantLock();
        private final BooleanSupplier readable;

        Source(SelectorProvider provider, PipeRing ring) {
            super(provider);
            this.ring = ring;
            this.readable = () -> ring.isReadable() || !isOpen();
        }

        @Override
        public int read(ByteBuffer dst) throws IOException {
            Objects.requireNonNull(dst);
            return (int) read(dst, null, 0, 0);
        }

        @Override
        public long read(ByteBuffer[] dsts) throws IOException {
            return read(dsts, 0, dsts.length);
        }

        @Override
        public long read(ByteBuffer[] dsts, int offset, int length) throws IOException {
            Objects.checkFromIndexSize(offset, length, dsts.length);
            return read(null, dsts, offset, length);
        }

        private long read(ByteBuffer dst, ByteBuffer[] dsts, int offset, int length)
                throws IOException {
            readLock.lock();
            try {
                if (!isOpen()) throw new ClosedChannelException();
                Buffers.checkWritable(dst, dsts, offset, length);
                boolean blocking = isBlocking();
                long n = 0;
                if (blocking) begin();
                try {
                    n = receive(dst, dsts, offset, length);
                    while (n == 0
                            && blocking
                            && isOpen()
                            && Buffers.hasRemaining(dst, dsts, offset, length)) {
                        Waited waited =
                                Engine.await(ring.source.reader(), readable, Deadlines.NEVER);
                        if (waited == Waited.INTERRUPTED)
                            begin(); // closes it, if the interrupter has not got there yet
                        if (!isOpen()) break; // end() says so
                        n = receive(dst, dsts, offset, length);
                    }
                } finally {
                    if (blocking) end(n > 0);
                }
                return n;
            } finally {
                readLock.unlock();
            }
        }

        private long receive(ByteBuffer dst, ByteBuffer[] dsts, int offset, int length) {
            if (dst != null) return ring.read(dst);
            long total = 0;
            for (int i = offset; i < offset + length; i++) {
                int n = ring.read(dsts[i]);
                if (n < 0) return total > 0 ? total : n;
                total += n;
                if (dsts[i].hasRemaining()) break;
            }
            return total;
        }

        @Override
        protected void implCloseSelectableChannel() {
            ring.closeSource();
        }

        @Override
        protected void implConfigureBlocking(boolean block) {
            readLock.lock(); // whoever is inside keeps the mode in which he began
            readLock.unlock();
        }

        @Override
        public int ready(int ops) {
            return ring.isReadable() && isOpen() ? ops & SelectionKey.OP_READ : 0;
        }

        @Override
        public void attach(StackSelectionKey key) {
            ring.source.add(key.interest());
        }

        @Override
        public void detach(StackSelectionKey key) {
            ring.source.remove(key.interest());
        }
    }

    private static final class Sink extends SinkChannel implements Pollable {
        private final PipeRing ring;
        private final ReentrantLock writeLock = new ReentrantLock();
        private final BooleanSupplier writable;

        Sink(SelectorProvider provider, PipeRing ring) {
            super(provider);
            this.ring = ring;
            this.writable = () -> ring.isWritable() || !isOpen();
        }

        @Override
        public int write(ByteBuffer src) throws IOException {
            Objects.requireNonNull(src);
            return (int) write(src, null, 0, 0);
        }

        @Override
        public long write(ByteBuffer[] srcs) throws IOException {
            return write(srcs, 0, srcs.length);
        }

        @Override
        public long write(ByteBuffer[] srcs, int offset, int length) throws IOException {
            Objects.checkFromIndexSize(offset, length, srcs.length);
            return write(null, srcs, offset, length);
        }

        private long write(ByteBuffer src, ByteBuffer[] srcs, int offset, int length)
                throws IOException {
            writeLock.lock();
            try {
                if (!isOpen()) throw new ClosedChannelException();
                boolean blocking = isBlocking();
                long n = 0;
                if (blocking) begin();
                try {
                    n = send(src, srcs, offset, length);
                    while (blocking
                            && isOpen()
                            && Buffers.hasRemaining(src, srcs, offset, length)) {
                        if (n > 0 && VirtualThreads.isCurrent())
                            break; // as the JDK's: it has written
                        Waited waited = Engine.await(ring.sink.writer(), writable, Deadlines.NEVER);
                        if (waited == Waited.INTERRUPTED)
                            begin(); // closes it, if the interrupter has not got there yet
                        if (!isOpen()) break; // end() says so
                        if (n > 0 && ring.isSourceClosed()) break; // for the next write to say
                        n += send(src, srcs, offset, length);
                    }
                } finally {
                    if (blocking) end(n > 0);
                }
                if (n == 0 && !isOpen()) throw new AsynchronousCloseException();
                return n;
            } finally {
                writeLock.unlock();
            }
        }

        private long send(ByteBuffer src, ByteBuffer[] srcs, int offset, int length)
                throws IOException {
            if (src == null)
                for (int i = offset; i < offset + length; i++) Objects.requireNonNull(srcs[i]);
            if (!Buffers.hasRemaining(src, srcs, offset, length)) return 0;
            if (ring.isSourceClosed()) throw new IOException("Broken pipe");
            if (src != null) return ring.write(src);
            long total = 0;
            for (int i = offset; i < offset + length; i++) {
                total += ring.write(srcs[i]);
                if (srcs[i].hasRemaining()) break;
            }
            return total;
        }

        @Override
        protected void implCloseSelectableChannel() {
            ring.closeSink();
        }

        @Override
        protected void implConfigureBlocking(boolean block) {
            writeLock.lock(); // whoever is inside keeps the mode in which he began
            writeLock.unlock();
        }

        @Override
        public int ready(int ops) {
            return ring.isWritable() && isOpen() ? ops & SelectionKey.OP_WRITE : 0;
        }

        @Override
        public void attach(StackSelectionKey key) {
            ring.sink.add(key.interest());
        }

        @Override
        public void detach(StackSelectionKey key) {
            ring.sink.remove(key.interest());
        }
    }
}
