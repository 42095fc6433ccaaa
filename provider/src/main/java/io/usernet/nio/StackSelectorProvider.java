package io.usernet.nio;

import io.usernet.config.PassThrough;
import io.usernet.config.Settings;
import io.usernet.runtime.Engine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ProtocolFamily;
import java.net.StandardProtocolFamily;
import java.nio.channels.Channel;
import java.nio.channels.DatagramChannel;
import java.nio.channels.Pipe;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.AbstractSelector;
import java.nio.channels.spi.SelectorProvider;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * Channels on one stack, and, by the rules of pass-through, of the kernel's. Thread-safe. Selectors and
 * pipes work across stacks, and with the kernel's channels.
 */
public class StackSelectorProvider extends SelectorProvider {
    private final Supplier<Engine> engine;
    private final Supplier<PassThrough> rules;

    /** Of channels that are the stack's, all of them. */
    public StackSelectorProvider(Supplier<Engine> engine) {
        this(engine, PassThrough.NONE);
    }

    /** Of channels that the rules say whose they are. */
    public StackSelectorProvider(Supplier<Engine> engine, PassThrough rules) {
        this(engine, () -> rules);
        Objects.requireNonNull(rules);
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

    Engine engine() throws IOException {
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

    // -- TCP and UDP

    @Override
    public SocketChannel openSocketChannel() throws IOException {
        return openSocket(null);
    }

    @Override
    public SocketChannel openSocketChannel(ProtocolFamily family) throws IOException {
        if (family == StandardProtocolFamily.UNIX) return unix().openSocketChannel(family);
        check(family);
        return openSocket(family);
    }

    private SocketChannel openSocket(ProtocolFamily family) throws IOException {
        Engine stack = engine();
        PassThrough with = rules();
        if (!with.isInet()) return new StackSocketChannel(this, stack);
        return new RoutedSocketChannel(this, stack, new Routing(with, stack), family);
    }

    @Override
    public ServerSocketChannel openServerSocketChannel() throws IOException {
        return openServerSocket(null);
    }

    @Override
    public ServerSocketChannel openServerSocketChannel(ProtocolFamily family) throws IOException {
        if (family == StandardProtocolFamily.UNIX) return unix().openServerSocketChannel(family);
        check(family);
        return openServerSocket(family);
    }

    private ServerSocketChannel openServerSocket(ProtocolFamily family) throws IOException {
        Engine stack = engine();
        PassThrough with = rules();
        if (!with.isInet()) return new StackServerSocketChannel(this, stack);
        return new RoutedServerSocketChannel(this, stack, new Routing(with, stack), family);
    }

    @Override
    public DatagramChannel openDatagramChannel() throws IOException {
        return openDatagram(null);
    }

    @Override
    public DatagramChannel openDatagramChannel(ProtocolFamily family) throws IOException {
        check(family);
        return openDatagram(family);
    }

    private DatagramChannel openDatagram(ProtocolFamily family) throws IOException {
        Engine stack = engine();
        PassThrough with = rules();
        if (!with.isInet()) return new StackDatagramChannel(this, stack);
        return new RoutedDatagramChannel(this, stack, new Routing(with, stack), family);
    }

    /** IPv6 is the kernel's, where the rules leave it any address. */
    private void check(ProtocolFamily family) throws IOException {
        Objects.requireNonNull(family);
        if (family == StandardProtocolFamily.INET) return;
        if (family != StandardProtocolFamily.INET6)
            throw new UnsupportedOperationException(
                    "Protocol family not supported: " + family.name());
        if (!rules().isInet()) throw new UnsupportedOperationException("IPv6 not available");
    }

    // -- what the kernel alone has

    /** Whose UNIX-domain channels are, which neither need nor open the stack. */
    private SelectorProvider unix() throws IOException {
        if (!rules().unix()) {
            throw new UnsupportedOperationException(
                    "UNIX-domain sockets are the kernel's: allow them by "
                            + Settings.PASSTHROUGH
                            + "=unix");
        }
        return Kernel.provider();
    }

    /**
     * The socket that inetd or systemd has started this JVM with, if it has: one of the kernel's.
     *
     * @throws IOException if there is one, but the rules leave the kernel neither UNIX-domain sockets
     *     nor any address
     */
    @Override
    public Channel inheritedChannel() throws IOException {
        if (rules().unix() || rules().isInet()) return Kernel.provider().inheritedChannel();
        if (!InheritedSocket.exists()) return null;
        throw new IOException(
                "the socket that this JVM was started with is the kernel's: allow it by "
                        + Settings.PASSTHROUGH
                        + "=unix");
    }

    // -- what needs neither

    @Override
    public AbstractSelector openSelector() throws IOException {
        return new StackSelector(this);
    }

    @Override
    public Pipe openPipe() throws IOException {
        return new StackPipe(this);
    }
}
