package io.usernet.socket.contract;

import io.usernet.config.PassThrough;
import io.usernet.nio.StackSelectorProvider;
import io.usernet.nio.StackSockets;
import io.usernet.runtime.Engine;
import io.usernet.socket.RoutedDatagramSocketImpl;
import io.usernet.socket.RoutedServerSocketImpl;
import io.usernet.socket.RoutedSocketImpl;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.DatagramSocketImpl;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketImpl;
import java.util.function.Supplier;

/** Sockets with our implementations, as the factories would give them. */
final class OfUsernet implements Subject {
    private final StackSockets stack;

    /**
     * @param rules who serves them
     */
    OfUsernet(Supplier<Engine> engine, PassThrough rules) {
        this.stack = new StackSockets(new StackSelectorProvider(engine), () -> rules);
    }

    @Override
    public Socket socket() throws SocketException {
        return new Plain(new RoutedSocketImpl(stack));
    }

    @Override
    public ServerSocket serverSocket() {
        return new Server(new RoutedServerSocketImpl(stack), this);
    }

    @Override
    public DatagramSocket datagramSocket() {
        return new Datagrams(new RoutedDatagramSocketImpl(stack));
    }

    @Override
    public void acceptInto(ServerSocket server, Socket socket) throws IOException {
        ((Server) server).acceptInto(socket);
    }

    /** For the constructor, which is protected. */
    private static final class Plain extends Socket {
        Plain(SocketImpl impl) throws SocketException {
            super(impl);
        }
    }

    private static final class Datagrams extends DatagramSocket {
        Datagrams(DatagramSocketImpl impl) {
            super(impl);
        }
    }

    private static final class Server extends ServerSocket {
        private final Subject clients;

        Server(SocketImpl impl, Subject clients) {
            super(impl);
            this.clients = clients;
        }

        void acceptInto(Socket socket) throws IOException {
            implAccept(socket);
        }

        /** As ServerSocket has it, but for the factory of sockets. */
        @Override
        public Socket accept() throws IOException {
            if (isClosed()) throw new SocketException("Socket is closed");
            if (!isBound()) throw new SocketException("Socket is not bound yet");
            Socket accepted = clients.socket();
            try {
                implAccept(accepted);
            } catch (IOException | RuntimeException e) {
                accepted.close();
                throw e;
            }
            return accepted;
        }
    }
}
