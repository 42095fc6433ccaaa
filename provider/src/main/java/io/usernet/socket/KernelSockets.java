package io.usernet.socket;

import io.usernet.nio.Kernel;
import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.InvocationTargetException;
import java.net.DatagramSocket;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketImpl;
import java.nio.channels.DatagramChannel;
import java.nio.channels.spi.SelectorProvider;

/**
 * Sockets of the kernel, as {@code new Socket()} makes them where there is no factory. Their
 * implementation is private to java.net, which usernet.jar as an agent opens, or a flag, which the
 * message of the failure names. Thread-safe.
 */
final class KernelSockets {
    private static final String PACKAGE = "java.net";

    private KernelSockets() {}

    /** Whether sockets of TCP can be made. What is opened by an agent later counts from then on. */
    static boolean isReachable() {
        return Object.class.getModule().isOpen(PACKAGE, KernelSockets.class.getModule());
    }

    /** One line: what a program must be started with. */
    static String howToReach() {
        Module own = KernelSockets.class.getModule();
        return "pass-through of java.net sockets to the kernel needs the JDK's own, which are closed"
                + " to us: start java with --add-opens java.base/"
                + PACKAGE
                + "="
                + (own.isNamed() ? own.getName() : "ALL-UNNAMED")
                + ", or with -javaagent:usernet.jar";
    }

    /**
     * An unconnected socket.
     *
     * @throws SocketException if it is closed to us; the message names the flag
     */
    static Socket socket() throws SocketException {
        return new KernelSocket(newImpl(false));
    }

    /**
     * An unbound server socket.
     *
     * @throws SocketException if it is closed to us; the message names the flag
     */
    static ServerSocket serverSocket() throws SocketException {
        return new KernelServerSocket(newImpl(true));
    }

    /**
     * An unbound socket for datagrams; in truth a MulticastSocket.
     *
     * @throws IOException if it is closed to us; the message names the flag
     */
    static DatagramSocket datagramSocket() throws IOException {
        SelectorProvider provider = Kernel.provider();
        try {
            // As DatagramSocket does; it differs from openDatagramChannel as our own do: see
            // StackSockets.
            Object channel =
                    provider.getClass()
                            .getMethod("openUninterruptibleDatagramChannel")
                            .invoke(provider);
            return ((DatagramChannel) channel).socket();
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof IOException failure) throw failure;
            throw new IOException(e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IOException("this JDK has no such datagram sockets: " + e.getMessage(), e);
        }
    }

    private static SocketImpl newImpl(boolean server) throws SocketException {
        if (!isReachable()) throw new SocketException(howToReach());
        try {
            return (SocketImpl) Internals.CREATE.invokeExact(server);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError(e); // it declares nothing else
        }
    }

    /** For the constructor, which is protected; what it is given, no factory has a say in. */
    private static final class KernelSocket extends Socket {
        KernelSocket(SocketImpl impl) throws SocketException {
            super(impl);
        }
    }

    /** The same; the JDK gives what it accepts an implementation of the same kind. */
    private static final class KernelServerSocket extends ServerSocket {
        KernelServerSocket(SocketImpl impl) {
            super(impl);
        }
    }

    /** Resolved when they are first needed, which is after they were opened. */
    private static final class Internals {
        static final MethodHandle CREATE;

        static {
            try {
                MethodHandles.Lookup lookup =
                        MethodHandles.privateLookupIn(SocketImpl.class, MethodHandles.lookup());
                CREATE =
                        lookup.findStatic(
                                SocketImpl.class,
                                "createPlatformSocketImpl",
                                MethodType.methodType(SocketImpl.class, boolean.class));
            } catch (ReflectiveOperationException e) {
                throw new ExceptionInInitializerError(e);
            }
        }
    }
}
