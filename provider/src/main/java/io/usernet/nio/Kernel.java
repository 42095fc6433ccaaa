package io.usernet.nio;

import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.channels.SelectableChannel;
import java.nio.channels.spi.SelectorProvider;

/**
 * The JDK's own provider, through which channels pass to the kernel. It is in a package that the JDK
 * doesn't export; usernet.jar as an agent opens it, or a flag, which the message of the failure names.
 * Nothing else of ours may ask the JDK for a channel or a selector: {@code SocketChannel.open} and its
 * like resolve to us. Thread-safe.
 */
public final class Kernel {
    private static final String PACKAGE = "sun.nio.ch";

    private Kernel() {}

    /** Whether {@link #provider} works. What is opened by an agent later counts from then on. */
    public static boolean isReachable() {
        return Object.class.getModule().isExported(PACKAGE, Kernel.class.getModule());
    }

    /**
     * The JDK's own provider.
     *
     * @throws IOException if it is closed to us; the message names the flag
     */
    public static SelectorProvider provider() throws IOException {
        if (!isReachable()) throw new IOException(howToReach());
        return Internals.PROVIDER;
    }

    /** One line: what a program must be started with. */
    public static String howToReach() {
        Module own = Kernel.class.getModule();
        return "pass-through to the kernel needs the JDK's own channels, which are closed to us: start"
                + " java with --add-exports java.base/"
                + PACKAGE
                + "="
                + (own.isNamed() ? own.getName() : "ALL-UNNAMED")
                + ", or with -javaagent:usernet.jar";
    }

    /** Whether a channel is one of the JDK's own, of whatever provider. */
    static boolean isOwn(SelectableChannel channel) {
        return isReachable() && Internals.CHANNEL.isInstance(channel);
    }

    /**
     * Closes the descriptor of a channel that was closed while it was registered, now that no selector
     * has it any more; what the JDK's own selectors do, and nobody else would. Harmless if done before.
     */
    static void kill(SelectableChannel channel) throws IOException {
        try {
            Internals.KILL.invoke(channel);
        } catch (IOException | RuntimeException | Error e) {
            throw e;
        } catch (Throwable t) {
            throw new AssertionError(t); // it declares nothing else
        }
    }

    /** Resolved when they are first needed, which is after they were opened. */
    private static final class Internals {
        static final Class<?> CHANNEL;
        static final SelectorProvider PROVIDER;
        static final MethodHandle KILL;

        static {
            try {
                MethodHandles.Lookup lookup = MethodHandles.publicLookup();
                CHANNEL = Class.forName(PACKAGE + ".SelChImpl");
                KILL = lookup.findVirtual(CHANNEL, "kill", MethodType.methodType(void.class));
                Class<?> defaults = Class.forName(PACKAGE + ".DefaultSelectorProvider");
                PROVIDER = (SelectorProvider) defaults.getMethod("get").invoke(null);
            } catch (ReflectiveOperationException e) {
                throw new ExceptionInInitializerError(e);
            }
        }
    }
}
