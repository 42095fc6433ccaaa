package io.usernet.nio;

import io.usernet.config.PassThrough;
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
    private final Supplier<PassThrough> rules;

    /** Everything is the stack's. */
    public StackSelectorProvider(Supplier<Engine> engine) {
        this(engine, () -> PassThrough.NONE);
    }

    /**
     * @param engine the running stack; called whenever a channel is opened, from many threads at once,
     *     so it opens the stack once and keeps it. What it throws, the caller who opens a channel gets:
     *     of an UncheckedIOException the cause, of any other RuntimeException an IOException with its
     *     message
     * @param rules which channels are the kernel's; called and thrown from likewise, but opens nothing
     */
    public StackSelectorProvider(Supplier<Engine> engine, Supplier<PassThrough> rules) {
        this.engine = Objects.requireNonNull(engine);
        this.rules = Objects.requireNonNull(rules);
    }

    private Engine engine() throws IOException {
        return get(engine);
    }

    private PassThrough rules() throws IOException {
        return get(rules);
    }

    private static <T> T get(Supplier<T> from) throws IOException {
        try {
            return from.get();
        } catch (UncheckedIOException e) {
            // Thrown anew, because the same cause may be kept and thrown in many threads.
            throw new IOException(e.getCause().getMessage(), e.getCause());
        } catch (RuntimeException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    @Override
    public SocketChannel openSocketChannel() throws IOException {
        return openSocket(null);
    }

    @Override
    public SocketChannel openSocketChannel(ProtocolFamily family) throws IOException {
        check(family);
        return openSocket(family);
    }

    private SocketChannel openSocket(ProtocolFamily family) throws IOException {
        Engine stack = engine();
        PassThrough by = rules();
        if (!by.isInet()) return new StackSocketChannel(this, stack);
        return new RoutedSocketChannel(this, stack, new Routing(by, stack), family);
    }

    @Override
    public ServerSocketChannel openServerSocketChannel() throws IOException {
        return openServerSocket(null);
    }

    @Override
    public ServerSocketChannel openServerSocketChannel(ProtocolFamily family) throws IOException {
        check(family);
        return openServerSocket(family);
    }

    private ServerSocketChannel openServerSocket(ProtocolFamily family) throws IOException {
        Engine stack = engine();
        PassThrough by = rules();
        if (!by.isInet()) return new StackServerSocketChannel(this, stack);
        return new RoutedServerSocketChannel(this, stack, new Routing(by, stack), family);
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
