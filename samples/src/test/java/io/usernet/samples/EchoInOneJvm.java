package io.usernet.samples;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/**
 * {@link EchoServer} and {@link EchoClient} in one JVM, over its loopback. Takes the client's {@code --bulk MIB}; the
 * exit status is the client's.
 */
public final class EchoInOneJvm {
    private EchoInOneJvm() {}

    public static void main(String[] args) throws IOException {
        EchoServer server =
                new EchoServer(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), EchoServer.PORT));
        Thread thread =
                new Thread(
                        () -> {
                            try {
                                server.run();
                            } catch (IOException e) {
                                throw new UncheckedIOException(e);
                            }
                        },
                        "server");
        thread.setDaemon(true);
        thread.start();
        EchoClient.main(args);
    }
}
