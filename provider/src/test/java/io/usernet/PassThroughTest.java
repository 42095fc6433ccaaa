package io.usernet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.config.Settings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Pass-through by the public doors. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PassThroughTest {
    /** An application with a server, a local database, and a supervisor behind a UNIX-domain socket. */
    @Test
    void oneSelectorServesTheStackTheLoopbackAndUnixDomainSockets(@TempDir Path directory)
            throws IOException {
        SelectorProvider kernel = SelectorProvider.provider(); // nobody has made ours the JVM's
        try (Stack stack =
                        Stack.builder().address("10.0.0.2/24").passThrough("loopback,unix").open();
                Selector selector = stack.provider().openSelector();
                ServerSocketChannel own = stack.provider().openServerSocketChannel();
                ServerSocketChannel database = kernel.openServerSocketChannel();
                ServerSocketChannel supervisor =
                        stack.provider().openServerSocketChannel(StandardProtocolFamily.UNIX)) {
            own.bind(new InetSocketAddress("10.0.0.2", 0));
            database.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            supervisor.bind(UnixDomainSocketAddress.of(directory.resolve("supervisor")));
            Set<SelectionKey> all = new HashSet<>();
            for (ServerSocketChannel server : Set.of(own, database, supervisor)) {
                SocketChannel client =
                        server == supervisor
                                ? stack.provider().openSocketChannel(StandardProtocolFamily.UNIX)
                                : stack.provider().openSocketChannel();
                client.connect(server.getLocalAddress());
                client.configureBlocking(false);
                all.add(client.register(selector, SelectionKey.OP_READ, server.accept()));
            }
            assertEquals(0, selector.selectNow());
            for (SelectionKey key : all) {
                ((SocketChannel) key.attachment()).write(ByteBuffer.allocate(1));
            }
            while (selector.selectedKeys().size() < 3) selector.select();
            assertEquals(all, selector.selectedKeys());
            for (SelectionKey key : all) {
                key.channel().close();
                ((SocketChannel) key.attachment()).close();
            }
        }
    }

    @Test
    void unixDomainChannelsOfTheJvmsProviderOpenNoStack() throws IOException {
        System.setProperty(Settings.PASSTHROUGH, "unix");
        try (SocketChannel channel =
                new UsernetProvider().openSocketChannel(StandardProtocolFamily.UNIX)) {
            assertTrue(channel.isOpen());
            assertTrue(UsernetProvider.stack().isEmpty());
        } finally {
            System.clearProperty(Settings.PASSTHROUGH);
        }
    }

    @Test
    void wrongRulesAreRefusedByTheirName() {
        String message =
                assertThrows(
                                IllegalArgumentException.class,
                                () -> Stack.builder().passThrough("localhost").open())
                        .getMessage();
        assertTrue(message.startsWith("usernet.passthrough=localhost: "), message);
    }
}
