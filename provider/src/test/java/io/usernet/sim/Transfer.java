package io.usernet.sim;

import io.usernet.stack.Binding;
import io.usernet.stack.Reuse;
import io.usernet.tcp.Backlog;
import io.usernet.tcp.CloseCause;
import io.usernet.tcp.Stream;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Applications that move a known sequence of bytes, and check what they get. */
public final class Transfer {
    private Transfer() {}

    /** The byte at a position of the sequence number {@code salt}. */
    static byte at(long position, int salt) {
        long x = (position + salt) * 0x9E37_79B9_7F4A_7C15L;
        return (byte) (x >>> 56);
    }

    private static void post(SimNetwork.Host host, Stream stream, int what) {
        host.stack.inbox().post(stream, what);
    }

    /** Writes {@code length} bytes and then sends a FIN. */
    public static final class Source implements SimNetwork.App {
        private final SimNetwork.Host host;
        private final Stream stream;
        private final long length;
        private final int salt;
        private final ByteBuffer piece = ByteBuffer.allocate(16 << 10);
        private long written;
        private boolean ended;

        public Source(SimNetwork.Host host, Stream stream, long length, int salt) {
            this.host = host;
            this.stream = stream;
            this.length = length;
            this.salt = salt;
        }

        @Override
        public boolean step(long nowNs) {
            if (ended || stream.cause() != null || !stream.isConnected()) return false;
            boolean did = false;
            while (written < length && stream.sendQueue().room() > 0) {
                piece.clear();
                long left = length - written;
                for (int i = 0; piece.hasRemaining() && i < left; i++) {
                    piece.put(at(written + i, salt));
                }
                int n = stream.write(piece.flip());
                if (n == 0) break;
                written += n;
                did = true;
            }
            if (did) post(host, stream, Stream.WRITTEN);
            if (written == length) {
                ended = true;
                post(host, stream, Stream.SHUTDOWN_OUTPUT);
                did = true;
            }
            return did;
        }

        public boolean isDelivered() {
            return ended && stream.isTerminated() && stream.cause() == null;
        }
    }

    /** Reads to the end and checks each byte. */
    public static final class Sink implements SimNetwork.App {
        private final SimNetwork.Host host;
        private final Stream stream;
        private final int salt;
        private final ByteBuffer piece = ByteBuffer.allocate(16 << 10);
        private long read;
        private boolean ended;

        public Sink(SimNetwork.Host host, Stream stream, int salt) {
            this.host = host;
            this.stream = stream;
            this.salt = salt;
        }

        @Override
        public boolean step(long nowNs) {
            if (ended) return false;
            boolean did = false;
            while (true) {
                int n = stream.read(piece.clear());
                if (n < 0) ended = true;
                if (n <= 0) break;
                piece.flip();
                for (int i = 0; i < n; i++) {
                    byte expected = at(read + i, salt);
                    if (piece.get(i) != expected) {
                        throw new AssertionError("wrong byte at " + (read + i));
                    }
                }
                read += n;
                did = true;
            }
            boolean announce = stream.shouldAnnounce();
            if (announce) post(host, stream, Stream.CONSUMED);
            return did || announce;
        }

        public long read() {
            return read;
        }

        /** Whether the end of input was reached in good order. */
        public boolean isEnded() {
            return ended;
        }

        public CloseCause cause() {
            return stream.cause();
        }

        public void close() {
            post(host, stream, Stream.CLOSE);
        }
    }

    /** What a server does with a connection that it accepted. */
    public interface Handler {
        void accepted(Stream stream, int number);
    }

    /** Listens, and hands each connection on. */
    public static final class Server implements SimNetwork.App {
        private final Backlog backlog;
        private final Handler handler;
        private int accepted;

        public Server(SimNetwork.Host host, int port, int backlog, Handler handler)
                throws IOException {
            Binding binding = host.stack.bind(0, port, Reuse.NONE.withAddress(true));
            this.backlog = host.stack.listen(binding, backlog, 0);
            this.handler = handler;
            host.add(this);
        }

        @Override
        public boolean step(long nowNs) {
            boolean did = false;
            for (Stream s = backlog.poll(); s != null; s = backlog.poll()) {
                handler.accepted(s, accepted++);
                did = true;
            }
            return did;
        }

        public int accepted() {
            return accepted;
        }

        public Backlog backlog() {
            return backlog;
        }
    }
}
