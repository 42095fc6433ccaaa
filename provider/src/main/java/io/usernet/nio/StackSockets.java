package io.usernet.nio;

import io.usernet.config.PassThrough;
import io.usernet.runtime.Engine;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * Sockets of the stack to which java.net's rules apply, and not those of channels: {@link
 * Thread#interrupt} does not close them; where it is a virtual thread that is interrupted, they fail with
 * an {@link java.io.InterruptedIOException}. Thread-safe; every method fails where the stack cannot be
 * opened, with the message of that.
 */
public final class StackSockets {
    private static final Interruption INTERRUPTION = Interruption.FAILS_VIRTUAL_THREADS;

    private final StackSelectorProvider provider;
    private final Supplier<PassThrough> rules;

    /**
     * @param provider of the channels below
     * @param rules who serves what; asked for after the provider's stack was opened
     */
    public StackSockets(StackSelectorProvider provider, Supplier<PassThrough> rules) {
        this.provider = Objects.requireNonNull(provider);
        this.rules = Objects.requireNonNull(rules);
    }

    /** Who serves a socket, as things are now. */
    public Routing routing() throws IOException {
        Engine engine = provider.engine();
        return new Routing(rules.get(), engine);
    }

    /** An unconnected socket. */
    public Socket socket() throws IOException {
        return new StackSocketChannel(provider, provider.engine(), INTERRUPTION).socket();
    }

    /** An unbound server socket; the same rules apply to what it accepts. */
    public ServerSocket serverSocket() throws IOException {
        return new StackServerSocketChannel(provider, provider.engine(), INTERRUPTION).socket();
    }

    /** An unbound socket for datagrams. */
    public DatagramSocket datagramSocket() throws IOException {
        return new StackDatagramChannel(provider, provider.engine(), INTERRUPTION).socket();
    }
}
