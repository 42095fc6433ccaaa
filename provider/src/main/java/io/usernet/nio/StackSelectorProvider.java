package io.usernet.nio;

import io.usernet.runtime.Engine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ProtocolFamily;
import java.net.StandardProtocolFamily;
import java.nio.channels.DatagramChannel;
import java.nio.channels.Pipe;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.AbstractSelector;
import java.nio.channels.spi.SelectorProvider;
import java.util.Objects;
import java.util.function.Supplier;

/** Channels on one stack. Thread-safe. Selectors and pipes work across stacks. */
public class StackSelectorProvider extends SelectorProvider {
    private final Supplier<Engine> engine;

    /**
     * @param engine the running stack; called whenever a channel is opened, from many threads at once,
     *     so it opens the stack once and keeps it. What it throws, the caller who opens a channel gets:
     *     of an UncheckedIOException the cause, of any other RuntimeException an IOException with its
     *     message
     */
    public StackSelectorProvider(Supplier<Engine> engine) {
        this.engine = Objects.requireNonNull(engine);
    }

    Engine engine() throws IOException {
        try {
            return engine.get();
        } catch (UncheckedIOException e) {
            // Thrown anew, because the same cause may be kept and thrown in many threads.
            throw new IOException(e.getCause().getMessage(), e.getCause());
        } catch (RuntimeException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    @Override
    public SocketChannel openSocketChannel() throws IOException {
        return new StackSocketChannel(this, engine());
    }

    @Override
    public SocketChannel openSocketChannel(ProtocolFamily family) throws IOException {
        check(family);
        return openSocketChannel();
    }

    @Override
    public ServerSocketChannel openServerSocketChannel() throws IOException {
        return new StackServerSocketChannel(this, engine());
    }

    @Override
    public ServerSocketChannel openServerSocketChannel(ProtocolFamily family) throws IOException {
        check(family);
        return openServerSocketChannel();
    }

    @Override
    public DatagramChannel openDatagramChannel() throws IOException {
        return new StackDatagramChannel(this, engine());
    }

    @Override
    public DatagramChannel openDatagramChannel(ProtocolFamily family) throws IOException {
        check(family);
        return openDatagramChannel();
    }

    @Override
    public AbstractSelector openSelector() throws IOException {
        return new StackSelector(this);
    }

    @Override
    public Pipe openPipe() throws IOException {
        return new StackPipe(this);
    }

    private static void check(ProtocolFamily family) {
        Objects.requireNonNull(family);
        if (family == StandardProtocolFamily.INET) return;
        if (family == StandardProtocolFamily.INET6)
            throw new UnsupportedOperationException("IPv6 not available");
        throw new UnsupportedOperationException("Protocol family not supported: " + family.name());
    }
}
