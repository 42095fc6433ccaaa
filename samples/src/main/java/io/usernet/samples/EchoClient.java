package io.usernet.samples;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * Sends its standard input to an echo server and prints what comes back; or, with {@code --bulk}, sends pseudo-random
 * bytes and checks by SHA-256 that the same bytes come back. Exit status 0: all of it came back.
 */
public final class EchoClient {
    private static final long SEED = 6888;
    private static final int CHUNK = 64 << 10;
    private static final String USAGE =
            "usage: EchoClient [--bulk MIB] [host [port]]: at most 1,048,576 MiB, port 1 to 65535";

    private EchoClient() {}

    public static void main(String[] args) throws IOException {
        int status = run(args, System.in, System.out);
        if (status != 0) {
            System.exit(status);
        }
    }

    static int run(String[] args, InputStream in, PrintStream out) throws IOException {
        long bulkBytes;
        InetSocketAddress server;
        try {
            int next = args.length > 0 && args[0].equals("--bulk") ? 2 : 0;
            bulkBytes = next == 0 ? -1 : parse(args[1], 1 << 20) << 20;
            InetAddress host =
                    args.length > next
                            ? InetAddress.getByName(args[next])
                            : InetAddress.getLoopbackAddress();
            int port =
                    args.length > next + 1 ? (int) parse(args[next + 1], 65_535) : EchoServer.PORT;
            server = new InetSocketAddress(host, port);
        } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
            System.err.println(USAGE);
            return 2;
        }
        try (SocketChannel channel = SocketChannel.open(server)) {
            return bulkBytes >= 0 ? bulk(channel, bulkBytes, out) : lines(channel, in, out);
        } catch (IOException e) {
            System.err.println(server + ": " + e.getMessage());
            return 1;
        }
    }

    private static long parse(String number, int max) {
        int n = Integer.parseInt(number);
        if (n < 1 || n > max) {
            throw new IllegalArgumentException(number);
        }
        return n;
    }

    /** Ends when the server does, also while the input still waits for somebody to type. */
    private static int lines(SocketChannel channel, InputStream in, PrintStream out)
            throws IOException {
        Thread sender =
                new Thread(
                        () -> {
                            byte[] bytes = new byte[CHUNK];
                            try {
                                for (int n; (n = in.read(bytes)) >= 0; ) {
                                    writeFully(channel, ByteBuffer.wrap(bytes, 0, n));
                                }
                                channel.shutdownOutput();
                            } catch (IOException e) {
                                // After the end of the conversation nobody minds.
                                if (channel.isOpen()) {
                                    System.err.println("not sent: " + e.getMessage());
                                }
                            }
                        },
                        "sender");
        sender.setDaemon(true);
        sender.start();
        ByteBuffer buffer = ByteBuffer.allocate(CHUNK);
        while (channel.read(buffer.clear()) >= 0) {
            out.write(buffer.array(), 0, buffer.position());
            out.flush();
        }
        return 0;
    }

    private static int bulk(SocketChannel channel, long bytes, PrintStream out) throws IOException {
        // Ahead of time, so that it does not count as transport.
        String sent = sha256(bytes);
        Sending sending = new Sending(channel, bytes);
        long start = System.nanoTime();
        sending.start();
        MessageDigest digest = newDigest();
        ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK);
        long received = 0;
        for (int n; (n = channel.read(buffer.clear())) >= 0; ) {
            received += n;
            digest.update(buffer.flip());
        }
        long end = System.nanoTime();
        if (!sending.succeeded()) {
            return 1;
        }
        String echoed = HexFormat.of().formatHex(digest.digest());
        report(out, "sent", bytes, sending.end - start);
        report(out, "received", received, end - start);
        if (received != bytes || !echoed.equals(sent)) {
            out.println("sha256 " + sent + " sent");
            out.println("sha256 " + echoed + " received: NO match");
            return 1;
        }
        out.println("sha256 " + sent + " match");
        return 0;
    }

    private static void report(PrintStream out, String what, long bytes, long ns) {
        out.printf(
                Locale.ROOT,
                "%-8s %d bytes in %.3f s, %.2f Gbit/s%n",
                what,
                bytes,
                ns / 1e9,
                8.0 * bytes / ns);
    }

    private static final class Sending extends Thread {
        private final SocketChannel channel;
        private final Pattern pattern;
        // Written before the thread ends, read after join.
        private IOException failure;
        private long end;

        Sending(SocketChannel channel, long bytes) {
            super("sender");
            setDaemon(true);
            this.channel = channel;
            this.pattern = new Pattern(bytes);
        }

        @Override
        public void run() {
            try {
                while (pattern.next()) {
                    writeFully(channel, pattern.chunk);
                }
                channel.shutdownOutput();
            } catch (IOException e) {
                failure = e;
            }
            end = System.nanoTime();
        }

        boolean succeeded() throws IOException {
            try {
                join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
            if (failure != null) {
                throw failure;
            }
            return true;
        }
    }

    /** Pseudo-random bytes, the same every time, and no line feed among them that could make an {@code exit} line. */
    private static final class Pattern {
        private final SplittableRandom random = new SplittableRandom(SEED);
        private final byte[] bytes = new byte[CHUNK];
        private ByteBuffer chunk;
        private long remaining;

        Pattern(long total) {
            remaining = total;
        }

        /** Puts the next bytes into the chunk; false if there are no more. */
        boolean next() {
            int n = (int) Math.min(CHUNK, remaining);
            random.nextBytes(bytes);
            for (int i = 0; i < n; i++) {
                if (bytes[i] == '\n') {
                    bytes[i] = (byte) 0xff;
                }
            }
            chunk = ByteBuffer.wrap(bytes, 0, n);
            remaining -= n;
            return n > 0;
        }
    }

    private static String sha256(long bytes) {
        MessageDigest digest = newDigest();
        for (Pattern pattern = new Pattern(bytes); pattern.next(); ) {
            digest.update(pattern.chunk);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest newDigest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    private static void writeFully(SocketChannel channel, ByteBuffer src) throws IOException {
        while (src.hasRemaining()) {
            channel.write(src);
        }
    }
}
