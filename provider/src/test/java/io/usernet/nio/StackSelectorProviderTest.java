package io.usernet.nio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.config.PassThrough;
import io.usernet.config.PassThrough.Wildcard;
import io.usernet.runtime.Engine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.nio.channels.Pipe;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StackSelectorProviderTest {
    private static StackSelectorProvider failing(RuntimeException failure) {
        Supplier<Engine> engine =
                () -> {
                    throw failure;
                };
        return new StackSelectorProvider(engine);
    }

    @Test
    void wrongConfigurationFailsWhereAChannelIsOpened() {
        IllegalArgumentException wrong = new IllegalArgumentException("usernet.link=x: no such");
        StackSelectorProvider provider = failing(wrong);
        IOException failure = assertThrows(IOException.class, provider::openSocketChannel);
        assertEquals("usernet.link=x: no such", failure.getMessage());
        assertSame(wrong, failure.getCause());
        assertThrows(IOException.class, provider::openServerSocketChannel);
        assertThrows(IOException.class, provider::openDatagramChannel);
    }

    @Test
    void ioExceptionKeepsItsMessage() {
        IOException cause = new IOException("usernet0: in use");
        StackSelectorProvider provider = failing(new UncheckedIOException(cause));
        IOException failure = assertThrows(IOException.class, provider::openSocketChannel);
        assertEquals("usernet0: in use", failure.getMessage());
        assertSame(cause, failure.getCause());
    }

    @Test
    void selectorsAndPipesNeedNoStack() throws IOException {
        StackSelectorProvider provider = failing(new IllegalStateException("no stack"));
        try (Selector selector = provider.openSelector()) {
            Pipe pipe = provider.openPipe();
            pipe.source().configureBlocking(false);
            assertTrue(pipe.source().register(selector, 0).isValid());
            pipe.source().close();
            pipe.sink().close();
        }
    }

    @Test
    void familiesThatAreNotThere() throws IOException {
        StackSelectorProvider provider = failing(new IllegalStateException("no stack"));
        assertThrows(
                IOException.class, () -> provider.openSocketChannel(StandardProtocolFamily.INET));
        for (StandardProtocolFamily family :
                new StandardProtocolFamily[] {
                    StandardProtocolFamily.INET6, StandardProtocolFamily.UNIX
                }) {
            assertThrows(
                    UnsupportedOperationException.class, () -> provider.openSocketChannel(family));
            assertThrows(
                    UnsupportedOperationException.class,
                    () -> provider.openServerSocketChannel(family));
            assertThrows(
                    UnsupportedOperationException.class,
                    () -> provider.openDatagramChannel(family));
        }
        assertThrows(NullPointerException.class, () -> provider.openSocketChannel(null));
        assertThrows(NullPointerException.class, () -> provider.openDatagramChannel(null));
        assertNull(provider.inheritedChannel());
    }

    @Test
    void unixDomainChannelsAreTheKernelsAndNeedNoStack() throws IOException {
        StackSelectorProvider closed = failing(new IllegalStateException("no stack"));
        String message =
                assertThrows(
                                UnsupportedOperationException.class,
                                () -> closed.openSocketChannel(StandardProtocolFamily.UNIX))
                        .getMessage();
        assertTrue(message.contains("usernet.passthrough=unix"), message);

        PassThrough unix = new PassThrough(false, false, true, List.of(), Wildcard.STACK);
        StackSelectorProvider provider =
                new StackSelectorProvider(
                        () -> {
                            throw new IllegalStateException("no stack");
                        },
                        () -> unix);
        try (SocketChannel client = provider.openSocketChannel(StandardProtocolFamily.UNIX);
                ServerSocketChannel server =
                        provider.openServerSocketChannel(StandardProtocolFamily.UNIX)) {
            assertEquals(Kernel.provider(), client.provider());
            assertEquals(Kernel.provider(), server.provider());
        }
    }

    @Test
    void wrongRulesFailWhereAUnixDomainChannelIsOpened() {
        IllegalArgumentException wrong = new IllegalArgumentException("usernet.passthrough=x: no");
        StackSelectorProvider provider =
                new StackSelectorProvider(
                        () -> null,
                        () -> {
                            throw wrong;
                        });
        IOException failure =
                assertThrows(
                        IOException.class,
                        () -> provider.openSocketChannel(StandardProtocolFamily.UNIX));
        assertEquals("usernet.passthrough=x: no", failure.getMessage());
    }

    @Test
    void standardInputMayBeASocket(@TempDir Path directory) throws IOException {
        Path socket = directory.resolve("socket"), pipe = directory.resolve("pipe");
        Files.createSymbolicLink(socket, Path.of("socket:[4711]"));
        Files.createSymbolicLink(pipe, Path.of("pipe:[4712]"));
        assertTrue(InheritedSocket.isSocket(socket));
        assertFalse(InheritedSocket.isSocket(pipe));
        assertFalse(InheritedSocket.isSocket(directory));
        assertFalse(InheritedSocket.isSocket(directory.resolve("closed")));
    }
}
