package io.usernet.nio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.usernet.runtime.Engine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.nio.channels.Pipe;
import java.nio.channels.Selector;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

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
}
